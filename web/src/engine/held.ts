// A program that HiGHS holds: changed in place to other numbers, and run again.
import type { Highs, Model as HighsModel } from "highs";
import { ENDLESS } from "./counted";
import { sizesOf, type Model, type Sizes } from "./model";

const MANY = 2000; // changed coefficients from which all are passed anew

export class Held {
  readonly program: HighsModel;
  private readonly sizes: Sizes;
  private numbers: Float64Array | undefined;

  /** @param integral whether integers are held as such, or may take any number */
  constructor(
    private readonly highs: Highs,
    private readonly model: Model,
    private readonly integral: boolean,
  ) {
    this.program = highs.createModel();
    this.program.options.set({ output_flag: false });
    this.sizes = sizesOf(model);
  }

  /** Bring the program to other numbers: only what differs is changed. */
  move(numbers: Float64Array): void {
    const before = this.numbers;
    this.numbers = numbers;
    const { entries, columns, rows } = this.sizes;
    const changed = before ? differing(before, numbers, 0, entries) : [];
    if (!before || changed.length > MANY) return this.pass(numbers);
    for (const k of changed) this.program.changeCoefficient(this.model.row[k]!, this.model.column[k]!, numbers[k]!);
    const [cost, lower, upper, least, most] = parts(numbers, this.sizes);
    const start = [entries, entries + columns, entries + 2 * columns, entries + 3 * columns, entries + 3 * columns + rows];
    const costs = differing(before, numbers, start[0]!, columns);
    if (costs.length) this.program.changeColsCost(chosen(costs), pick(cost!, costs));
    const bounds = union(differing(before, numbers, start[1]!, columns), differing(before, numbers, start[2]!, columns));
    if (bounds.length) this.bound(bounds, pick(lower!, bounds), pick(upper!, bounds));
    const limits = union(differing(before, numbers, start[3]!, rows), differing(before, numbers, start[4]!, rows));
    if (limits.length) this.program.changeRowsBounds(chosen(limits), pick(least!, limits), pick(most!, limits));
  }

  /** Bound some columns, until the next move that changes them. */
  bound(columns: number[], lower: Float64Array, upper: Float64Array): void {
    this.program.changeColsBounds(chosen(columns), lower, upper);
  }

  private pass(numbers: Float64Array): void {
    const { entries, columns, rows } = this.sizes;
    const [cost, lower, upper, least, most] = parts(numbers, this.sizes);
    const kept = Array.from({ length: entries }, (_, k) => k).filter((k) => numbers[k] !== 0);
    const starts = new Int32Array(rows + 1);
    for (const k of kept) starts[this.model.row[k]! + 1]!++;
    for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
    const { continuous, integer } = this.highs.constants.variableType;
    const kinds = this.model.columns.flatMap((block) => Array<number>(block.size).fill(this.integral && block.integer ? integer : continuous));
    this.program.passModel({
      numCols: columns,
      numRows: rows,
      sense: this.highs.constants.objectiveSense.maximize,
      colCost: cost!,
      colLower: lower!,
      colUpper: upper!,
      rowLower: least!,
      rowUpper: most!,
      matrix: {
        format: "csr",
        numRows: rows,
        numCols: columns,
        starts,
        indices: Int32Array.from(kept, (k) => this.model.column[k]!),
        values: Float64Array.from(kept, (k) => numbers[k]!),
      },
      ...(this.integral ? { integrality: Int32Array.from(kinds) } : {}),
    });
  }
}

/** Cost, lower and upper bound of columns, lower and upper bound of rows. */
export function parts(numbers: Float64Array, { entries, columns, rows }: Sizes): Float64Array[] {
  const found: Float64Array[] = [];
  let at = entries;
  for (const size of [columns, columns, columns, rows, rows]) {
    found.push(numbers.slice(at, at + size).map(limit));
    at += size;
  }
  return found;
}

function limit(number: number): number {
  return Math.abs(number) >= ENDLESS / 10 ? Math.sign(number) * Infinity : number;
}

function differing(before: Float64Array, after: Float64Array, start: number, size: number): number[] {
  const found: number[] = [];
  for (let k = 0; k < size; k++) if (before[start + k] !== after[start + k]) found.push(k);
  return found;
}

function union(one: number[], other: number[]): number[] {
  return [...new Set([...one, ...other])].sort((a, b) => a - b);
}

function pick(values: Float64Array, at: number[]): Float64Array {
  return Float64Array.from(at, (k) => values[k]!);
}

function chosen(at: number[]): { kind: "set"; indices: Int32Array } {
  return { kind: "set", indices: Int32Array.from(at) };
}
