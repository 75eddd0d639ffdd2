// Values that are possible and look like another unit: `carbonsched.core.plausible`, the same checks in its words.
import type { Package, Parameters, Quantity, Values } from "../engine/types";
import { labelsOf, numberOf } from "./values";

const SHOWN = 3; // labels told in full
const LEAST_USUAL = 0.1; // below, something else is wrong

/** What is unusual, a sentence a quantity. */
export function doubtsOf(pack: Package, parameters: Parameters): string[] {
  const found: [string[], string][] = [];
  for (const quantity of Object.values(pack.schema)) {
    const values = parameters[quantity.name];
    if (!quantity.plausible || !values) continue;
    const [low, high] = quantity.plausible;
    found.push([outside(pack, quantity, values), `${general(low)} to ${general(high)}${unitOf(quantity)}`]);
  }
  for (const proportion of pack.proportions)
    found.push([outOfProportion(pack, parameters, proportion), `at most ${general(proportion.most)} times`]);
  return found
    .filter(([places]) => places.length)
    .map(([places, expected]) => {
      const more = places.length > SHOWN ? `, and at ${places.length - SHOWN} more labels` : "";
      return `${places.slice(0, SHOWN).join("; ")}${more}: expected ${expected}; is the unit right?`;
    });
}

/** Typical values outside the plausible range, and single ones far above it. */
function outside(pack: Package, quantity: Quantity, values: Values): string[] {
  const [low, high] = quantity.plausible ?? [-Infinity, Infinity];
  const [first = "", ...spread] = values.dims;
  const sizes = values.data.map((value) => Math.abs(numberOf(value)));
  const rows = first ? labelsOf(pack, first).length : 1;
  const wide = sizes.length / rows;
  const of = spread.length ? ` in the median over ${spread.join(" and ")}` : "";
  const [odd, spikes]: [string[], string[]] = [[], []];
  for (let row = 0; row < rows; row++) {
    const part = sizes.slice(row * wide, (row + 1) * wide);
    const typical = median(part.filter((size) => size > 0 && Number.isFinite(size)));
    if (typical < low || typical > high)
      odd.push(`${at(pack, quantity.name, values.dims.slice(0, 1), row)} is ${general(typical)}${unitOf(quantity)}${of}`);
    else if (spread.length)
      part.forEach((size, k) => {
        if (!Number.isFinite(size) || size <= pack.spike * high) return;
        const where = at(pack, quantity.name, values.dims, row * wide + k);
        spikes.push(`${where} = ${general(numberOf(values.data[row * wide + k]))}${unitOf(quantity)}`);
      });
  }
  return [...odd, ...spikes];
}

/** The lower median; not a number of nothing. */
function median(sizes: number[]): number {
  return sizes.sort((a, b) => a - b)[(sizes.length - 1) >> 1] ?? NaN;
}

/** Sites at which the first of some quantities is too large for the others. */
function outOfProportion(pack: Package, parameters: Parameters, { names, most, alike }: Package["proportions"][number]): string[] {
  const sites = labelsOf(pack, "site");
  const highest = names.map((name) => {
    const data = (parameters[name]?.data ?? []).map(numberOf);
    const wide = data.length / sites.length;
    return sites.map((_, k) => Math.max(...data.slice(k * wide, (k + 1) * wide)));
  });
  const [size = [], ...others] = highest;
  const whole = sites.map((_, k) => others.reduce((sum, other) => sum + (other[k] ?? 0), 0));
  const ratio = sites.map((_, k) => ((others[0]?.[k] ?? 0) > 0 ? (size[k] ?? 0) / (whole[k] ?? 1) : 0));
  const usual = alike ? Math.max(median([...ratio]), LEAST_USUAL) : 1;
  const than = alike ? `, at other sites ${general(usual, 3)} times` : "";
  const unit = pack.schema[names[0] ?? ""]?.unit ?? "";
  return sites.flatMap((site, k) => {
    const times = ratio[k] ?? 0;
    if (!(times > most * usual)) return [];
    const against = `${names.slice(1).join(" + ")} = ${general(whole[k] ?? 0)}`;
    return [`${names[0]}[site=${site}] = ${general(size[k] ?? 0)} ${unit} is ${rounded(times)} times ${against}${than}`];
  });
}

/** A quantity at a place of an array, by labels. */
function at(pack: Package, name: string, dims: string[], position: number): string {
  const labels = [...dims].reverse().map((dim) => {
    const many = labelsOf(pack, dim);
    const label = `${dim}=${many[position % many.length]}`;
    position = Math.floor(position / many.length);
    return label;
  });
  return labels.length ? `${name}[${labels.reverse().join(", ")}]` : name;
}

function unitOf(quantity: Quantity): string {
  return quantity.unit === "1" ? "" : ` ${quantity.unit}`;
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** A number as Python's format ",g" writes it. */
function general(value: number, digits = 6): string {
  const [mantissa = "", power = "0"] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < digits)
    return Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 20 });
  return `${Number(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
