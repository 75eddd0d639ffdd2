// The tables behind an instance, as its folder of CSV files has them: one for each set of dimensions.
import type { Package, Parameters, Quantity, Values } from "../engine/types";
import { parse, toCsv } from "./csv";
import { say } from "./messages";
import { cellAt, labelsOf, places, type Cell, type Place } from "./values";

const TITLES: Record<string, string> = {
  instance: "The whole instance",
  site: "By site",
  site_time: "By site and period",
  job: "By job",
  job_site: "By job and site",
  service: "By service",
  service_site: "Latency: by service and site",
  service_time: "Demand: by service and period",
};
const ORDER = Object.keys(TITLES);

export interface Table {
  name: string;
  title: string;
  dims: string[];
  columns: Quantity[];
  rows: Place[];
}

/** What the texts of a table say: values, or why a cell is refused. */
export interface Reading {
  value?: Cell;
  why?: string;
}

export function tablesOf(pack: Package, parameters: Parameters): Table[] {
  const found = new Map<string, Table>();
  for (const [name, values] of Object.entries(parameters)) {
    const quantity = pack.schema[name];
    if (!quantity) continue;
    const key = values.dims.join("_") || "instance";
    const fresh = { name: key, title: TITLES[key] ?? `By ${values.dims.join(" and ")}`, dims: values.dims };
    if (!found.has(key)) found.set(key, { ...fresh, columns: [], rows: places(pack, values.dims) });
    found.get(key)?.columns.push(quantity);
  }
  const rank = (table: Table): number => (ORDER.includes(table.name) ? ORDER.indexOf(table.name) : ORDER.length);
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

export function labelsAt(pack: Package, table: Table, row: Place): string[] {
  return table.dims.map((dim) => labelsOf(pack, dim)[row[dim] ?? 0] as string);
}

/** The text that stands in a cell. */
export function textOf(value: Cell): string {
  return String(value);
}

/** What a text says where a quantity stands, in the words of `carbonsched.io.cells` if it says nothing. */
export function readCell(pack: Package, quantity: Quantity, text: string): Reading {
  const { unit } = quantity;
  const trimmed = text.trim();
  const refuse = (key: string): Reading => {
    return { why: trimmed ? `'${trimmed}' ${say(pack, key, { unit })}` : say(pack, "cell_empty") };
  };
  if (quantity.kind === "bool") {
    if (/^(true|True|TRUE|1)$/.test(trimmed)) return { value: true };
    return /^(false|False|FALSE|0)$/.test(trimmed) ? { value: false } : refuse("cell_flag");
  }
  if (quantity.kind === "label") return trimmed ? { value: trimmed } : refuse("cell_empty");
  if (quantity.kind === "integer") {
    return /^[+-]?\d{1,15}(\.0*)?$/.test(trimmed) ? { value: Number(trimmed) } : refuse("cell_whole");
  }
  if (/^\+?(inf|infinity)$/i.test(trimmed) && quantity.unlimited) return { value: "inf" };
  if (/^[+-]?(inf|infinity|nan)$/i.test(trimmed)) return refuse("cell_finite");
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return { value: Number(trimmed) };
  return refuse(trimmed.includes(",") ? "cell_comma" : "cell_number");
}

/** A table as CSV: labels, then a column for each quantity. */
export function tableCsv(pack: Package, parameters: Parameters, table: Table): string {
  const head = [...table.dims, ...table.columns.map((column) => column.name)];
  const rows = table.rows.map((row) => [
    ...labelsAt(pack, table, row),
    ...table.columns.map((column) => cellAt(pack, parameters[column.name] as Values, row)),
  ]);
  return toCsv([head, ...rows]);
}

export interface Loaded {
  table: Table;
  texts: { column: Quantity; row: Place; text: string }[];
}

/** The cells of a CSV file that this page, or carbonsched, saved. Other shapes are refused in words. */
export function readCsv(pack: Package, tables: Table[], text: string): Loaded | { why: string } {
  const [head = [], ...records] = parse(text);
  const names = head.map((name) => name.trim());
  const table = tables.find(
    ({ dims, columns }) => dims.every((dim, k) => names[k] === dim) && columns.some((column) => names.includes(column.name)),
  );
  if (!table) return { why: "the columns are those of none of the tables here" };
  const columns = names.slice(table.dims.length).map((name) => table.columns.find((column) => column.name === name));
  const strange = names.filter((_, k) => k >= table.dims.length && !columns[k - table.dims.length]);
  if (strange.length) return { why: `column ${strange[0]} is none of ${table.name}.csv` };
  const places = new Map(table.rows.map((row) => [labelsAt(pack, table, row).join("\n"), row]));
  const seen = new Set<string>();
  const texts: Loaded["texts"] = [];
  for (const [k, record] of records.entries()) {
    const labels = record.slice(0, table.dims.length).map((label) => label.trim());
    const key = labels.join("\n");
    const row = places.get(key);
    if (!row) return { why: `row ${k + 2} is for ${labels.join(", ") || "nothing"}, a label that this page does not have` };
    if (seen.has(key)) return { why: `row ${k + 2} is for ${labels.join(", ")}, as a row before it` };
    if (record.length !== names.length) return { why: `row ${k + 2} has ${record.length} cells, expected ${names.length}` };
    seen.add(key);
    columns.forEach((column, c) => column && texts.push({ column, row, text: record[table.dims.length + c] as string }));
  }
  const missing = table.rows.find((row) => !seen.has(labelsAt(pack, table, row).join("\n")));
  if (missing) return { why: `no row for ${labelsAt(pack, table, missing).join(", ") || "the instance"}` };
  return { table, texts };
}
