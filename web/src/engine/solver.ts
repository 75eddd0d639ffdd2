// Solves a package's model again and again: the integers by one program, prices by another without them.
import type { Highs } from "highs";
import { Held, parts } from "./held";
import { firstColumns, sizesOf, type Choice, type Model, type Sizes } from "./model";
import { countedAll, numbersOf } from "./numbers";
import type { Answer, Package, Parameters } from "./types";

export interface Question {
  parameters: Parameters;
  method: string;
  gap: number;
  timeLimit: number;
}

const NO_ANSWER = { objective: NaN, bound: NaN, gap: Infinity, emissions: NaN, carbonPrice: null, values: {} };

export class Solver {
  private readonly model: Model;
  private readonly sizes: Sizes;
  private readonly whole: Held;
  private readonly fixed: Held;
  private readonly integers: number[];

  constructor(
    private readonly highs: Highs,
    private readonly pack: Package,
  ) {
    this.model = pack.model as Model;
    this.sizes = sizesOf(this.model);
    this.whole = new Held(highs, this.model, true);
    this.fixed = new Held(highs, this.model, false);
    const first = firstColumns(this.model);
    this.integers = this.model.columns.flatMap((block) =>
      block.integer ? Array.from({ length: block.size }, (_, k) => first.get(block.name)! + k) : [],
    );
  }

  answer(question: Question): Answer {
    const begun = performance.now();
    const { pack } = this;
    const choice = this.model.methods[question.method];
    if (!choice) return refused(`this page has no method ${question.method}`);
    const moved = unplanned(pack, choice, question.parameters);
    if (moved) return refused(moved);
    const given = { ...pack.given, ...question.parameters };
    const numbers = planned(this.model, choice, numbersOf(this.model, countedAll(pack, given, question.method)));
    const answer = this.solve(numbers, question);
    return { ...answer, seconds: (performance.now() - begun) / 1000 };
  }

  private solve(numbers: Float64Array, { gap, timeLimit }: Question): Answer {
    const { program } = this.whole;
    this.whole.move(numbers);
    program.options.set({ mip_rel_gap: gap, mip_abs_gap: 1e-6, time_limit: program.getRunTime() + timeLimit });
    const { modelStatus } = program.run();
    const status = this.highs.constants.modelStatus;
    if (modelStatus === status.infeasible || modelStatus === status.unboundedOrInfeasible) {
      return { ...NO_ANSWER, status: "infeasible", words: this.pack.messages.infeasible ?? "", seconds: 0 };
    }
    const done = modelStatus === status.optimal;
    const bound = Number(program.info.get("mip_dual_bound"));
    const found = Number(program.info.get("primal_solution_status")) === 2;
    if (!found || (!done && modelStatus !== status.timeLimit)) {
      const why = modelStatus === status.timeLimit ? `no schedule was found in ${timeLimit} s` : `HiGHS ended with status ${modelStatus}`;
      return refused(why);
    }
    const best = this.priced(numbers, program.getSolution().colValue);
    const apart = Math.max(0, bound - best.objective) / Math.max(1, Math.abs(best.objective));
    return {
      ...best,
      bound: Math.max(bound, best.objective),
      gap: apart,
      status: apart <= 1e-6 ? "optimal" : "within gap",
      words: words(apart, done, timeLimit),
      seconds: 0,
    };
  }

  /** The best dispatch with the integers as they were found, and the price of carbon in it. */
  private priced(numbers: Float64Array, solution: Float64Array): Pick<Answer, "objective" | "emissions" | "carbonPrice" | "values"> {
    const { entries, columns, rows } = this.sizes;
    const held = numbers.slice();
    for (const column of this.integers) {
      const value = Math.round(solution[column]!);
      held[entries + columns + column] = value;
      held[entries + 2 * columns + column] = value;
    }
    this.fixed.move(held);
    const { program } = this.fixed;
    const { modelStatus } = program.run();
    const solved = modelStatus === this.highs.constants.modelStatus.optimal;
    const { colValue, rowDual } = solved ? program.getSolution() : { colValue: solution, rowDual: undefined };
    const [cost] = parts(numbers, this.sizes);
    const budget = numbers[entries + 3 * columns + rows + this.model.budget]!;
    const bounded = budget < 1e29;
    return {
      objective: dot(cost!, colValue),
      emissions: this.activity(numbers, this.model.budget, colValue),
      carbonPrice: bounded && rowDual ? Math.abs(rowDual[this.model.budget]!) : null,
      values: this.decisions(colValue),
    };
  }

  private activity(numbers: Float64Array, row: number, values: Float64Array): number {
    let sum = 0;
    this.model.row.forEach((of, k) => {
      if (of === row) sum += numbers[k]! * values[this.model.column[k]!]!;
    });
    return sum;
  }

  private decisions(values: Float64Array): Record<string, Float64Array> {
    const first = firstColumns(this.model);
    return Object.fromEntries(
      this.model.columns.map(({ name, size, integer }) => {
        const at = first.get(name)!;
        return [name, values.slice(at, at + size).map((value) => (integer ? Math.round(value) : Math.abs(value) < 1e-9 ? 0 : value))];
      }),
    );
  }
}

function words(gap: number, done: boolean, timeLimit: number): string {
  const far = `within ${(100 * gap).toPrecision(2)} % of the best possible`;
  if (!done) return `Stopped after ${timeLimit} s, ${far}.`;
  return gap <= 1e-6 ? "Solved to the optimum." : `Solved, ${far}.`;
}

function refused(why: string): Answer {
  return { ...NO_ANSWER, status: "error", words: why, seconds: 0 };
}

/** Why a method's planned workload does not hold for what is given now, or nothing. */
function unplanned(pack: Package, { planned }: Choice, parameters: Parameters): string {
  const moved = (planned ?? []).filter((name) => {
    const [before, now] = [pack.given[name], parameters[name]];
    return now && before && now.data.some((value, k) => value !== before.data[k]);
  });
  if (!moved.length) return "";
  return `this method places jobs and demand before it looks at energy, by a plan that Python made for the given ${moved.join(", ")}: set back, or solve it in a notebook`;
}

/** Numbers with the variables of a plan fixed. */
function planned(model: Model, { plan }: Choice, numbers: Float64Array): Float64Array {
  const { entries, columns } = sizesOf(model);
  const first = firstColumns(model);
  for (const [name, values] of Object.entries(plan ?? {})) {
    values.forEach((value, k) => {
      const column = first.get(name)! + k;
      numbers[entries + columns + column] = value;
      numbers[entries + 2 * columns + column] = value;
    });
  }
  return numbers;
}

function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, k) => sum + value * other[k]!, 0);
}
