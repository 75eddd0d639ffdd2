// The periods of a job between release and deadline, as `carbonsched.core.reach` counts them.
import type { Package, Parameters } from "../engine/types";
import { labelsOf } from "./values";
import { periodsAfter } from "./times";

export interface Window {
  first: number;
  last: number;
}

/** Each job's first and last period, as if the horizon had no ends. */
export function endlessWindows(pack: Package, parameters: Parameters): Window[] {
  const times = labelsOf(pack, "time");
  const start = times[0] ?? "";
  return labelsOf(pack, "job").map((_, job) => {
    const [release, deadline] = ["release", "deadline"].map((name) =>
      periodsAfter(start, String(parameters[name]?.data[job]), pack.stepHours),
    ) as [number, number];
    return { first: Math.ceil(release - 1e-9), last: lastPeriod(deadline) };
  });
}

/** Each job's first and last period within the horizon; with none the first is behind the last. */
export function windows(pack: Package, parameters: Parameters): Window[] {
  const periods = labelsOf(pack, "time").length;
  return endlessWindows(pack, parameters).map(({ first, last }) => ({
    first: Math.min(Math.max(first, 0), periods),
    last: Math.max(Math.min(last, periods - 1), -1),
  }));
}

/** A deadline that is a period's label is that period; another instant is one to have ended by. */
function lastPeriod(deadline: number): number {
  const whole = Math.round(deadline);
  return Math.abs(deadline - whole) < 1e-9 ? whole : Math.floor(deadline) - 1;
}
