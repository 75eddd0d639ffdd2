// The schedule as tidy tables, with the columns of `carbonsched export`.
import { toCsv } from "./csv";
import type { Scene } from "./scene";
import { clock, endOf } from "./times";
import { labelsOf } from "./values";

const FLOWS = ["it_power", "facility_power", "grid_import", "grid_export", "generate", "charge", "discharge", "soc"];

/** Where and when each job runs; empty where it is declined. */
export function jobsCsv(scene: Scene): string {
  const [power, duration, reward] = [scene.given("power"), scene.given("duration"), scene.given("reward")];
  const head = ["job", "site", "start [UTC]", "end [UTC]", "accepted", "power [MW]", `reward [${scene.pack.currency}]`];
  const starts = scene.starts();
  const rows = labelsOf(scene.pack, "job").map((name, job) => {
    const at = starts[job];
    const when = at ? [scene.sites[at.site] as string, ...span(scene, at.time, duration({ job }))] : ["", "", ""];
    return [name, ...when, at ? "True" : "False", power({ job }), reward({ job })];
  });
  return toCsv([head, ...rows]);
}

/** Powers, state of charge and emissions by site and period. */
export function flowsCsv(scene: Scene): string {
  const units = FLOWS.map((name) => `${name} [${scene.pack.decisions[name]?.unit ?? ""}]`);
  const head = ["start [UTC]", "end [UTC]", "site", ...units, "emissions [tCO2e]"];
  const rows = scene.sites.flatMap((site, k) => {
    const emitted = scene.emitted(k);
    return scene.times.map((_, time) => [
      ...span(scene, time, 1),
      site,
      ...FLOWS.map((name) => scene.decided(name, { site: k, time })),
      emitted[time] ?? 0,
    ]);
  });
  return toCsv([head, ...rows]);
}

/** The workload of each service that each site serves in each period, where there is. */
export function inferenceCsv(scene: Scene): string {
  const perUnit = scene.given("power_per_unit");
  const homes = scene.parameters.home?.data ?? [];
  const head = ["start [UTC]", "end [UTC]", "service", "home", "site", "workload [unit]", "power [MW]"];
  const rows = labelsOf(scene.pack, "service").flatMap((name, service) =>
    scene.sites.flatMap((where, site) =>
      scene.times.flatMap((_, time) => {
        const served = scene.decided("route", { service, site, time });
        if (!served) return [];
        return [[...span(scene, time, 1), name, String(homes[service] ?? ""), where, served, served * perUnit({ service })]];
      }),
    ),
  );
  return toCsv([head, ...rows]);
}

function span(scene: Scene, time: number, periods: number): [string, string] {
  const label = scene.times[time] as string;
  return [clock(label), endOf(label, scene.pack.stepHours, periods)];
}
