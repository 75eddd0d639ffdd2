// The model as `carbonsched.page` writes it: a fixed pattern, and how parameters make its numbers.
//
// The numbers are one list: the entries of the matrix by row, each column's cost, lower and upper
// bound, each row's lower and upper bound. Beyond 1e29 a number is no limit.

export interface Block {
  name: string;
  dims: string[];
  size: number;
}

export interface Columns extends Block {
  integer: boolean;
}

/** Adds factor × parameters (or their reciprocals) to numbers. */
export interface Product {
  at: number[];
  factor: number | number[];
  of: { name: string; power: 1 | -1; at: number[] }[];
}

/** Whether a signed sum of parameters is at least something, or above it. */
export interface Comparison {
  terms: { sign: 1 | -1; name: string; at: number[] }[];
  least: number | number[];
  strict: boolean;
}

/** Numbers that are `closed` unless all comparisons hold, of one gate at least. */
export interface Gate {
  at: number[];
  closed: number;
  all: Comparison[];
}

/** What a method sets, whatever is given. */
export interface Choice {
  sets: { name: string; at: number[]; value: number }[];
  /** Values of variables that are fixed, and the parameters that Python's plan of them goes by. */
  plan?: Record<string, number[]>;
  planned?: string[];
}

export interface Model {
  columns: Columns[];
  rows: Block[];
  row: number[];
  column: number[];
  constant: number[];
  products: Product[];
  gates: Gate[];
  /** The row (16), of which the activity is the emissions. */
  budget: number;
  methods: Record<string, Choice>;
}

export interface Sizes {
  entries: number;
  columns: number;
  rows: number;
}

export function sizesOf(model: Model): Sizes {
  const total = (blocks: Block[]): number => blocks.reduce((sum, block) => sum + block.size, 0);
  return { entries: model.row.length, columns: total(model.columns), rows: total(model.rows) };
}

/** The first column of each variable. */
export function firstColumns(model: Model): Map<string, number> {
  const first = new Map<string, number>();
  let at = 0;
  for (const block of model.columns) {
    first.set(block.name, at);
    at += block.size;
  }
  return first;
}
