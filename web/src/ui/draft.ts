// The reader's numbers: the texts of all cells, and the values they say once none is refused.
import type { Package, Parameters, Quantity } from "../engine/types";
import { doubtsOf } from "./doubts";
import { faultsOf, type Fault } from "./faults";
import { labelsAt, readCell, tablesOf, textOf, type Table } from "./tables";
import { cellAt, position, type Cell, type Place } from "./values";

export class Draft {
  readonly tables: Table[];
  private parameters: Parameters;
  private readonly unread = new Map<string, { fault: Fault; text: string }>();

  constructor(readonly pack: Package) {
    this.parameters = { ...pack.given };
    this.tables = tablesOf(pack, pack.given);
  }

  /** What is to be solved; cells that say nothing keep what they said before. */
  get values(): Parameters {
    return this.parameters;
  }

  text(column: Quantity, row: Place): string {
    const values = this.parameters[column.name];
    return this.unread.get(this.key(column, row))?.text ?? (values ? textOf(cellAt(this.pack, values, row)) : "");
  }

  /** Write texts into cells. */
  write(table: Table, texts: { column: Quantity; row: Place; text: string }[]): void {
    const fresh = new Map<string, Cell[]>();
    for (const { column, row, text } of texts) {
      const values = this.parameters[column.name];
      if (!values || this.pack.fixed[column.name]) continue;
      const { value, why } = readCell(this.pack, column, text);
      this.unread.delete(this.key(column, row));
      if (why !== undefined) {
        const line = table.rows.indexOf(row) + 2;
        const words = `${table.name}.csv, row ${line}, column ${column.name}: ${why}`;
        this.unread.set(this.key(column, row), { fault: { name: column.name, place: row, words }, text });
      } else if (value !== undefined && value !== cellAt(this.pack, values, row)) {
        const data = fresh.get(column.name) ?? [...values.data];
        data[position(this.pack, values.dims, row)] = value;
        fresh.set(column.name, data);
      }
    }
    for (const [name, data] of fresh) {
      const dims = this.parameters[name]?.dims ?? [];
      this.parameters = { ...this.parameters, [name]: { dims, data } };
    }
  }

  /** Every refusal: of texts that say nothing, and of values that the schema forbids. */
  faults(): Fault[] {
    return [...[...this.unread.values()].map(({ fault }) => fault), ...faultsOf(this.pack, this.parameters)];
  }

  /** What is possible and unusual, where nothing is refused. */
  doubts(): string[] {
    return doubtsOf(this.pack, this.parameters);
  }

  reset(): void {
    this.unread.clear();
    this.parameters = { ...this.pack.given };
  }

  name(column: Quantity, table: Table, row: Place): string {
    const at = labelsAt(this.pack, table, row);
    const unit = column.unit && column.unit !== "1" ? `, ${column.unit}` : "";
    return `${column.name}${at.length ? ` of ${at.join(", ")}` : ""}${unit}`;
  }

  private key(column: Quantity, row: Place): string {
    return `${column.name}|${Object.values(row).join("|")}`;
  }
}
