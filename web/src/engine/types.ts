// What a page and the engine say to each other. The package's data come from the Python core.

/** One entry of the schema, `carbonsched.core.schema`. */
export interface Quantity {
  name: string;
  dims: string[];
  unit: string;
  meaning: string;
  symbol: string;
  equation: string;
  kind: "number" | "integer" | "bool" | "label";
  /** Whose labels a value of kind "label" is: "time" or "site". */
  labels?: string;
  lower?: number;
  upper?: number;
  lowerOpen?: boolean;
  /** Whether it may be infinite. */
  unlimited?: boolean;
  /** What its typical size is usually within. */
  plausible?: [number, number];
}

/** An array over labels, row-major over its dimensions; one value if there are none. */
export interface Values {
  dims: string[];
  /** Infinity is the string "inf". */
  data: (number | string | boolean)[];
}

export type Parameters = Record<string, Values>;

export interface Method {
  name: string;
  title: string;
  /** What the paper's Table I says of it. */
  paper?: { objective: number; emissions: number };
  /** Python's answer for `given` by this method. */
  reference: Reference;
}

export interface Reference {
  objective: number;
  emissions: number;
  values: Record<string, number[]>;
}

export interface Package {
  name: string;
  title: string;
  /** The method that a page begins with, "joint". */
  method: string;
  /** All that can be chosen, by name. */
  methods: Record<string, Method>;
  labels: Record<string, string[]>;
  stepHours: number;
  currency: string;
  schema: Record<string, Quantity>;
  given: Parameters;
  /** Parameters that a page cannot move, each with the reason in words. */
  fixed: Record<string, string>;
  decisions: Record<string, { dims: string[]; unit: string; meaning: string }>;
  /** Python's own words for refusals, with {placeholders}. */
  messages: Record<string, string>;
  /** How many times the upper end of `plausible` a single value may be. */
  spike: number;
  /** How many times the others together the first may be at a site; `alike`: times the median of that over sites. */
  proportions: { names: string[]; most: number; alike: boolean }[];
  /** The gap at which a search ends, relative, unless a call says another. */
  gap: number;
  /** Seconds after which a search ends with what it has. */
  timeLimit: number;
  /** The engine's business. */
  model: unknown;
}

export interface Answer {
  status: "optimal" | "within gap" | "infeasible" | "cancelled" | "error";
  words: string;
  objective: number;
  bound: number;
  gap: number;
  emissions: number;
  /** Dual of (16) with the integers fixed, currency per tCO2e; null where (16) does not stand. */
  carbonPrice: number | null;
  /** Each decision, row-major over its dimensions. */
  values: Record<string, Float64Array>;
  seconds: number;
}

export interface Choices {
  method?: string;
  gap?: number;
}

export interface Engine {
  readonly package: Package;
  /** Solve; a newer call supersedes an older, which then resolves as "cancelled". */
  solve(parameters: Parameters, choices?: Choices): Promise<Answer>;
  cancel(): void;
  close(): void;
}

/** What the scripts beside a page leave in it. */
declare global {
  var carbonschedHighs: { wasm: string; loader: string } | undefined;
  var carbonschedPackages: Record<string, string> | undefined;
}
