// Where each slider can stop, by what the instance is given.
import type { Package, Parameters, Reference } from "../engine/types";
import { amount, fixed } from "./amounts";
import { MOVES, type Range, type Settings } from "./settings";
import { clock } from "./times";
import { labelsOf, numberOf } from "./values";
import { endlessWindows } from "./windows";

/** What the sliders need to know of an instance; the page carries it, so that they stand before anything is loaded. */
export interface Start {
  budget: number | "inf";
  emissions: number;
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

export function startOf(pack: Package, given: Parameters, reference: Reference): Start {
  const held = endlessWindows(pack, given);
  const jobs = labelsOf(pack, "job").map((name, job) => {
    const earliest = Math.max(held[job]?.first ?? 0, 0) + Number(given.duration?.data[job]) - 1;
    return { name, earliest, deadline: String(given.deadline?.data[job]) };
  });
  const budget = given.carbon_budget?.data[0] as number | "inf";
  return { budget, emissions: reference.emissions, times: labelsOf(pack, "time"), jobs };
}

/** The stops of a slider, and which of them is as given. */
export function stopsOf(name: keyof Settings, start: Start, job = 0): Stop[] {
  if (name === "deadline") return deadlines(start, job);
  const { factor, of_emissions: share, unit } = MOVES[name];
  if (factor)
    return steps(factor).map((value) => ({ value: value === 1 ? undefined : value, text: `${fixed(value, 2).replace(/\.?0+$/, "")} × given` }));
  const budget = numberOf(start.budget);
  const values = steps(share as Range).map((part) => Number((part * start.emissions).toPrecision(3)));
  const known = [...new Set([...values.filter((value) => Math.abs(value - budget) > 0.004 * budget), budget])].sort((a, b) => a - b);
  return known.map((value) => {
    const said = value === Infinity ? "no limit" : `${amount(value)} ${unit}`;
    return value === budget ? { value: undefined, text: `${said}, as given` } : { value, text: said };
  });
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
