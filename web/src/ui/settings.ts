// What the sliders say, and the tables that the model is solved on then.
import type { Parameters, Values } from "../engine/types";
import table from "./settings.json";

export interface Deadline {
  job: string;
  label: string;
}

/** Each a factor on what is given, but for the budget, tCO2e, and the deadline. Missing: as given. */
export interface Settings {
  carbon_budget?: number;
  battery?: number;
  price?: number;
  generation?: number;
  demand?: number;
  latency?: number;
  deadline?: Deadline;
}

interface Move {
  label: string;
  sets?: string[];
  scales?: string[];
  unit?: string;
  factor?: Range;
  of_emissions?: Range;
}

export interface Range {
  from: number;
  to: number;
  step: number;
}

export const MOVES = table as unknown as Record<keyof Settings, Move>;

/** The parameters that differ from the given ones, given what the sliders say. */
export function apply(given: Parameters, settings: Settings, jobs: string[] = []): Parameters {
  const moved: Parameters = { ...given };
  for (const [name, setting] of Object.entries(settings)) {
    const move = MOVES[name as keyof Settings];
    if (!move) throw new Error(`there is no setting ${name}`);
    if (setting === undefined) continue;
    for (const scaled of move.scales ?? []) {
      const values = given[scaled];
      if (values) moved[scaled] = scale(values, setting as number);
    }
    if (name === "carbon_budget") moved.carbon_budget = { dims: [], data: [setting as number] };
    if (name === "deadline" && given.deadline) moved.deadline = due(given.deadline, setting as Deadline, jobs);
  }
  return moved;
}

function scale(values: Values, factor: number): Values {
  return factor === 1 ? values : { dims: values.dims, data: values.data.map((value) => factor * Number(value)) };
}

function due(deadlines: Values, { job, label }: Deadline, jobs: string[]): Values {
  const at = jobs.indexOf(job);
  if (at < 0) throw new Error(`there is no job ${job}`);
  return { dims: deadlines.dims, data: deadlines.data.map((was, k) => (k === at ? label : was)) };
}
