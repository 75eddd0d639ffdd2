// What the schema forbids, by value, in Python's words: `carbonsched.core.validate`, the same checks on the same data.
import type { Package, Parameters, Quantity } from "../engine/types";
import { agreements } from "./agreements";
import { say } from "./messages";
import { instant } from "./times";
import { labelsOf, numberOf, places, type Cell, type Place } from "./values";

export interface Fault {
  name: string;
  place: Place;
  words: string;
}

const MOST = 1e15; // as in `carbonsched.core.validate`

/** Every value that is forbidden, and what several values must agree on where each of them is sound. */
export function faultsOf(pack: Package, parameters: Parameters): Fault[] {
  const found: Fault[] = [];
  for (const [name, values] of Object.entries(parameters)) {
    const quantity = pack.schema[name];
    if (!quantity) continue;
    const complaints = values.data.map((value) => complaint(pack, quantity, value));
    if (!complaints.some(Boolean)) continue;
    places(pack, values.dims).forEach((place, k) => {
      const why = complaints[k];
      if (why) found.push({ name, place, words: named(pack, quantity, values.data[k] as Cell, place, why) });
    });
  }
  return found.length ? found : agreements(pack, parameters);
}

/** Why a value is refused, or nothing. */
function complaint(pack: Package, quantity: Quantity, value: Cell): string {
  if (quantity.kind === "bool") return typeof value === "boolean" ? "" : say(pack, "flag");
  if (quantity.kind === "label") return known(pack, quantity, String(value)) ? "" : say(pack, `label_${quantity.labels}`);
  const number = numberOf(value);
  const { lower = -Infinity, upper = Infinity } = quantity;
  if (!Number.isFinite(number)) return number === Infinity && quantity.unlimited ? "" : say(pack, "finite");
  if (Math.abs(number) > MOST) return say(pack, "huge", { most: "1e+15" });
  if (quantity.lowerOpen && number <= lower) return say(pack, "above", { bound: lower });
  if (number < lower) return say(pack, "least", { bound: lower });
  if (number > upper) return say(pack, "most", { bound: upper });
  return quantity.kind === "integer" && number % 1 ? say(pack, "whole") : "";
}

/** A site must be one of the labels; a release or a deadline may be another instant of their kind. */
function known(pack: Package, quantity: Quantity, label: string): boolean {
  const labels = labelsOf(pack, quantity.labels ?? "");
  if (labels.includes(label)) return true;
  if (quantity.labels !== "time") return false;
  return instant(labels[0] ?? "") === undefined ? /^-?\d+$/.test(label) : instant(label) !== undefined;
}

/** A value with its name, place and unit, as Python names it. */
export function named(pack: Package, quantity: Quantity, value: Cell, place: Place, why: string): string {
  const labels = Object.entries(place).map(([dim, k]) => `${dim}=${labelsOf(pack, dim)[k]}`);
  const numeric = quantity.kind === "number" || quantity.kind === "integer";
  const unit = numeric && quantity.unit !== "1" ? ` ${quantity.unit}` : "";
  const shown = quantity.kind === "number" && Number.isInteger(value) ? Number(value).toFixed(1) : String(value);
  const at = labels.length ? `[${labels.join(", ")}]` : "";
  return `${quantity.name}${at} = ${shown}${unit}: ${why}`;
}
