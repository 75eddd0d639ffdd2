// Parameters as numbers: yes as 1, a label of time by its position, as `carbonsched.core.reach` has it.
import type { Quantity, Values } from "./types";

export const ENDLESS = 1e30;

/** A parameter's values as numbers, in their order. */
export function counted(quantity: Quantity, values: Values, times: string[]): Float64Array {
  if (quantity.kind === "label") {
    const position = quantity.name === "release" ? firstPeriod : lastPeriod;
    return Float64Array.from(values.data, (label) => position(String(label), times));
  }
  return Float64Array.from(values.data, (value) => (value === "inf" ? ENDLESS : Number(value)));
}

/** The first period that begins at an instant or later. */
function firstPeriod(label: string, times: string[]): number {
  const known = times.indexOf(label);
  if (known >= 0) return known;
  const at = instant(label);
  const first = times.findIndex((time) => instant(time) >= at);
  return first < 0 ? times.length : first;
}

/** The period of a label; of any other instant the last period that ends by it. */
function lastPeriod(label: string, times: string[]): number {
  const known = times.indexOf(label);
  if (known >= 0) return known;
  const at = instant(label);
  const starts = times.map(instant);
  const step = starts.length > 1 ? (starts[1] as number) - (starts[0] as number) : Infinity;
  return starts.filter((start) => start + step <= at).length - 1;
}

function instant(label: string): number {
  const number = Number(label);
  return Number.isNaN(number) ? Date.parse(label) : number;
}
