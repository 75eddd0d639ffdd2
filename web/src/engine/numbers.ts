// The numbers of a model from parameters: what `Recipe.numbers` of `carbonsched.page` does.
import { counted } from "./counted";
import type { Comparison, Model, Product } from "./model";
import type { Package, Parameters } from "./types";

type Counted = Map<string, Float64Array>;

/** What is given, as numbers, under a method. */
export function countedAll(pack: Package, parameters: Parameters, method: string): Counted {
  const times = pack.labels.time ?? [];
  const found: Counted = new Map();
  for (const [name, values] of Object.entries(parameters)) {
    const quantity = pack.schema[name];
    if (!quantity || pack.fixed[name]) continue;
    found.set(name, counted(quantity, values, times));
  }
  for (const { name, at, value } of (pack.model as Model).methods[method]?.sets ?? []) {
    const values = found.get(name);
    for (const k of at) if (values) values[k] = value;
  }
  return found;
}

/** The list of a model's numbers. */
export function numbersOf(model: Model, given: Counted): Float64Array {
  const numbers = Float64Array.from(model.constant);
  for (const product of model.products) add(numbers, product, given);
  const closed = new Float64Array(numbers.length).fill(NaN);
  const open = new Uint8Array(numbers.length);
  for (const gate of model.gates) {
    const tests = gate.all.map((comparison) => test(comparison, given));
    gate.at.forEach((place, k) => {
      closed[place] = gate.closed;
      if (tests.every((holds) => holds(k))) open[place] = 1;
    });
  }
  return numbers.map((number, place) => (open[place] || Number.isNaN(closed[place]) ? number : (closed[place] as number)));
}

function add(numbers: Float64Array, { at, factor, of }: Product, given: Counted): void {
  const parts = of.map(({ name, power, at: where }) => ({ values: valuesOf(given, name), where, power }));
  at.forEach((place, k) => {
    let term = typeof factor === "number" ? factor : (factor[k] as number);
    for (const { values, where, power } of parts) {
      const value = values[where[k] as number] as number;
      term = power === 1 ? term * value : term / value;
    }
    numbers[place] = (numbers[place] as number) + term;
  });
}

function test({ terms, least, strict }: Comparison, given: Counted): (k: number) => boolean {
  const parts = terms.map(({ sign, name, at }) => ({ values: valuesOf(given, name), at, sign }));
  return (k) => {
    let sum = 0;
    for (const { values, at, sign } of parts) sum += sign * (values[at[k] as number] as number);
    const limit = typeof least === "number" ? least : (least[k] as number);
    return strict ? sum > limit : sum >= limit;
  };
}

function valuesOf(given: Counted, name: string): Float64Array {
  const values = given.get(name);
  if (!values) throw new Error(`no values of ${name} are given`);
  return values;
}
