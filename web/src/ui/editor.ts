// The tables on the page: cells to edit, blocks to paste, files to load and save.
import type { Quantity } from "../engine/types";
import { block, save } from "./csv";
import { button, element, freshId } from "./dom";
import type { Draft } from "./draft";
import type { Fault } from "./faults";
import { labelsAt, readCsv, tableCsv, type Table } from "./tables";
import { labelsOf, type Place } from "./values";

const TITLE = "The tables behind it: put in your numbers";
const HELP =
  "Change a cell, paste a block from a spreadsheet, or load a CSV file that this page saved. " +
  "The names of sites, periods, jobs and services stay; for others take ";
const SHOWN = 8; // refusals told in full

export class Editor {
  readonly root = element("details", { class: "cs-tables" }, element("summary", {}, TITLE));
  private readonly told = element("div", { class: "cs-faults", role: "alert" });
  private readonly doubted = element("div", { class: "cs-doubts", role: "status" });
  private readonly cells = new Map<string, HTMLInputElement>();

  constructor(
    private readonly draft: Draft,
    private readonly changed: (faults: Fault[]) => void,
  ) {
    const help = element("p", {}, HELP, tutorial("the ten-minute tutorial"), ".");
    const back = button("Back to the given tables", () => {
      draft.reset();
      this.refresh();
      this.judge();
    });
    const tables = draft.tables.map((table) => this.folded(table));
    this.root.append(help, element("p", { class: "cs-buttons" }, this.loader(), back), this.told, this.doubted, ...tables);
  }

  /** A table is drawn when it is opened first. */
  private folded(table: Table): HTMLElement {
    const size = table.rows.length === 1 ? "" : `, ${table.rows.length} rows`;
    const fold = element("details", {}, element("summary", {}, `${table.title} (${table.name}.csv${size})`));
    fold.addEventListener("toggle", () => {
      if (fold.open && fold.childElementCount === 1) fold.append(this.table(table));
    });
    return fold;
  }

  private table(table: Table): HTMLElement {
    const { pack } = this.draft;
    const fixed = table.columns.filter((column) => pack.fixed[column.name]);
    const heads = table.columns.map((column) => {
      const unit = column.unit && column.unit !== "1" ? element("span", { class: "cs-quiet" }, ` [${column.unit}]`) : "";
      return element("th", { scope: "col", title: column.meaning }, column.name, unit);
    });
    const head = element("tr", {}, ...table.dims.map((dim) => element("th", { scope: "col" }, dim)), ...heads);
    const rows = table.rows.map((row) =>
      element(
        "tr",
        {},
        ...labelsAt(pack, table, row).map((label) => element("th", { scope: "row" }, label)),
        ...table.columns.map((column) => element("td", {}, this.cell(table, column, row))),
      ),
    );
    const whole = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    const scrolled = element("div", { class: "cs-scroll", tabindex: 0, role: "region", "aria-label": table.title }, whole);
    const why = fixed.map(({ name }) => element("p", { class: "cs-quiet" }, `${name} stays: ${pack.fixed[name]}`));
    const keep = button(`Save ${table.name}.csv`, () => save(`${table.name}.csv`, tableCsv(pack, this.draft.values, table)));
    return element("div", {}, scrolled, ...why, element("p", { class: "cs-buttons" }, keep));
  }

  private cell(table: Table, column: Quantity, row: Place): HTMLInputElement {
    const numeric = column.kind === "number" || column.kind === "integer";
    const input = element("input", {
      type: "text",
      inputmode: numeric ? "decimal" : "text",
      class: numeric ? "cs-number" : "",
      value: this.draft.text(column, row),
      "aria-label": this.draft.name(column, table, row),
      size: numeric ? 8 : column.kind === "bool" ? 5 : 20,
      readonly: Boolean(this.draft.pack.fixed[column.name]),
      autocomplete: "off",
    });
    this.cells.set(this.key(column.name, row), input);
    input.addEventListener("change", () => this.write(table, [{ column, row, text: input.value }]));
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!/[\t\n]/.test(text.trimEnd())) return;
      event.preventDefault();
      this.paste(table, table.columns.indexOf(column), table.rows.indexOf(row), block(text));
    });
    return input;
  }

  /** Fill cells to the right and down; a block that is larger than what is left of the table is refused whole. */
  private paste(table: Table, column: number, row: number, lines: string[][]): void {
    const wide = Math.max(...lines.map((line) => line.length));
    const [right, down] = [table.columns.length - column, table.rows.length - row];
    if (wide > right || lines.length > down) {
      const many = `${lines.length} rows and ${wide} columns`;
      this.decline(`The block has ${many}; from this cell the table has room for ${down} and ${right}.`);
      return;
    }
    const texts = lines.flatMap((line, r) =>
      line.map((text, c) => ({ column: table.columns[column + c] as Quantity, row: table.rows[row + r] as Place, text })),
    );
    this.write(table, texts);
    this.refresh();
  }

  private loader(): HTMLElement {
    const id = freshId("file");
    const input = element("input", { type: "file", id, accept: ".csv,text/csv", multiple: true, class: "cs-file" });
    input.addEventListener("change", () => void this.load([...(input.files ?? [])]).finally(() => (input.value = "")));
    return element("span", { class: "cs-load" }, element("label", { for: id }, "Load CSV files "), input);
  }

  /** Load files that all fit, or none. */
  private async load(files: File[]): Promise<void> {
    const read = [];
    for (const file of files) {
      const loaded = readCsv(this.draft.pack, this.draft.tables, await file.text());
      if ("why" in loaded) return this.decline(`${file.name} was not loaded: ${loaded.why}.`);
      read.push(loaded);
    }
    for (const { table, texts } of read) this.draft.write(table, texts);
    this.refresh();
    this.judge();
  }

  private write(table: Table, texts: { column: Quantity; row: Place; text: string }[]): void {
    this.draft.write(table, texts);
    this.judge();
  }

  /** Mark what is refused, tell it and what is unusual in words, and hand on. */
  private judge(): void {
    const faults = this.draft.faults();
    this.show(faults);
    const doubts = faults.length ? [] : this.draft.doubts();
    this.doubted.replaceChildren(...doubts.map((words) => element("p", {}, words)));
    this.changed(faults);
  }

  /** Mark the cells that are refused, and tell why. */
  show(faults: Fault[]): void {
    for (const input of this.cells.values()) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.title = "";
    }
    const lines = faults.slice(0, SHOWN).map((fault) => {
      const line = element("p", { id: freshId("fault") }, fault.words);
      const input = this.cells.get(this.key(fault.name, fault.place));
      input?.setAttribute("aria-invalid", "true");
      input?.setAttribute("aria-describedby", line.id);
      if (input) input.title = fault.words;
      return line;
    });
    for (const { name, place } of faults.slice(SHOWN)) this.cells.get(this.key(name, place))?.setAttribute("aria-invalid", "true");
    if (faults.length > SHOWN) lines.push(element("p", {}, `and ${faults.length - SHOWN} more`));
    this.told.replaceChildren(...lines);
  }

  /** Say kindly that something has another shape. */
  private decline(said: string): void {
    const more = " Fleets of another shape, with other sites, periods, jobs or services, are welcome in ";
    this.told.replaceChildren(element("p", {}, said, more, tutorial("your fleet in ten minutes"), "."));
  }

  private refresh(): void {
    for (const table of this.draft.tables)
      for (const column of table.columns)
        for (const row of table.rows) {
          const input = this.cells.get(this.key(column.name, row));
          if (input) input.value = this.draft.text(column, row);
        }
  }

  private key(name: string, place: Place): string {
    return `${name}|${Object.keys(place).map((dim) => labelsOf(this.draft.pack, dim)[place[dim] ?? 0]).join("|")}`;
  }
}

function tutorial(said: string): HTMLElement {
  return element("a", { href: "your-fleet.html" }, said);
}
