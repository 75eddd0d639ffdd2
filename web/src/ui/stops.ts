// Where each slider can stop, by what the instance is given.
import type { Package, Parameters, Reference } from "../engine/types";
import { amount, fixed } from "./amounts";
import { MOVES, type Range, type Settings } from "./settings";
import { clock } from "./times";
import { labelsOf, numberOf } from "./values";
import { endlessWindows } from "./windows";

const BELOW = 20; // stops between the least emissions and those of the best schedule

/** What the sliders need to know of an instance; the page carries it, so that they stand before anything is loaded. */
export interface Start {
  budget: number | "inf";
  emissions: number;
  least?: number; // that any schedule emits, tCO2e
  times: string[];
  jobs: { name: string; earliest: number; deadline: string }[];
}

/** What the page tells besides: Python's objective for the numbers as given. */
export interface Told extends Start {
  objective: number;
  currency: string;
}

export interface Stop {
  value: number | string | undefined; // undefined: as given
  text: string;
}

export function startOf(pack: Package, given: Parameters, { emissions }: Reference, least?: number): Start {
  const held = endlessWindows(pack, given);
  const jobs = labelsOf(pack, "job").map((name, job) => {
    const earliest = Math.max(held[job]?.first ?? 0, 0) + Number(given.duration?.data[job]) - 1;
    return { name, earliest, deadline: String(given.deadline?.data[job]) };
  });
  const budget = given.carbon_budget?.data[0] as number | "inf";
  const start = { budget, emissions, times: labelsOf(pack, "time"), jobs };
  return least === undefined ? start : { ...start, least };
}

/** The stops of a slider, and which of them is as given. */
export function stopsOf(name: keyof Settings, start: Start, job = 0): Stop[] {
  if (name === "deadline") return deadlines(start, job);
  const { factor, of_emissions: share, unit } = MOVES[name];
  if (factor)
    return steps(factor).map((value) => {
      const text = `${fixed(value, 2).replace(/\.?0+$/, "")} × given`;
      return { value: value === 1 ? undefined : value, text };
    });
  const budget = numberOf(start.budget);
  const known = budgets(share as Range, start, budget);
  return known.map((value) => {
    const said = value === Infinity ? "no limit" : `${amount(value)} ${unit}`;
    return value === budget ? { value: undefined, text: `${said}, as given` } : { value, text: said };
  });
}

/** Budgets from the least that any schedule emits, close together up to what the best one emits, wider above. */
function budgets({ from, to, step }: Range, { emissions, least = from * emissions }: Start, given: number): number[] {
  const low = Math.ceil(least * 10) / 10;
  const close = steps({ from: 0, to: 1, step: 1 / BELOW }).map((part) => low + part * (emissions - low));
  const wide = steps({ from: 1 + 4 * step, to, step: 4 * step }).map((share) => share * emissions);
  const round = [...close, ...wide].map((value) => (value === low ? low : Number(value.toPrecision(4))));
  const others = round.filter((value) => Math.abs(value - given) > 2e-4 * given);
  return [...new Set([...others, given])].sort((a, b) => a - b);
}

function deadlines({ times, jobs }: Start, job: number): Stop[] {
  const { earliest = 0, deadline = "" } = jobs[job] ?? {};
  const known = times.slice(earliest);
  const labels = known.includes(deadline) ? known : [...known, deadline];
  return labels.map((label) =>
    label === deadline ? { value: undefined, text: `${clock(label)}, as given` } : { value: label, text: clock(label) },
  );
}

/** Round numbers from one to another, without the errors of adding up. */
function steps({ from, to, step }: Range): number[] {
  const many = Math.round((to - from) / step);
  return Array.from({ length: many + 1 }, (_, k) => Number((from + k * step).toFixed(6)));
}
