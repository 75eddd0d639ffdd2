// What several values must agree on: batteries, windows, and a site for every job.
import type { Package, Parameters, Quantity } from "../engine/types";
import type { Fault } from "./faults";
import { named } from "./faults";
import { say } from "./messages";
import { labelsOf, numberOf, places, reader, type Cell, type Place } from "./values";
import { endlessWindows, windows, type Window } from "./windows";

export function agreements(pack: Package, parameters: Parameters): Fault[] {
  return [...batteries(pack, parameters), ...held(pack, parameters), ...hosts(pack, parameters)];
}

function batteries(pack: Package, parameters: Parameters): Fault[] {
  const of = (name: string) => reader(pack, parameters, name);
  const [low, high, begun] = [of("battery_min"), of("battery_energy"), of("battery_initial")];
  const [final, recovery] = [of("battery_final"), of("battery_recovery")];
  const found: Fault[] = [];
  const refuse = (name: string, place: Place, value: Cell, why: string): void => {
    const words = named(pack, pack.schema[name] as Quantity, value, place, why);
    found.push({ name, place, words });
  };
  for (const place of places(pack, parameters.battery_min?.dims ?? []))
    if (low(place) > high(place)) refuse("battery_min", place, low(place), say(pack, "above_battery"));
  for (const place of places(pack, ["site"])) {
    const least = Math.min(...places(pack, ["time"]).map((time) => low({ ...place, ...time })));
    const early = begun(place) < least && recovery(place) === 0;
    if (least <= high(place) && (early || begun(place) > high(place)))
      refuse("battery_initial", place, begun(place), say(pack, early ? "outside_battery_recovery" : "outside_battery"));
    if (final(place) > high(place) && final(place) !== begun(place))
      refuse("battery_final", place, final(place), say(pack, "above_battery"));
  }
  return found;
}

function held(pack: Package, parameters: Parameters): Fault[] {
  const [endless, within] = [endlessWindows(pack, parameters), windows(pack, parameters)];
  return labelsOf(pack, "job").flatMap((job, k) => {
    const duration = numberOf(parameters.duration?.data[k]);
    const required = parameters.required?.data[k] === true;
    const periods = ({ first, last }: Window = { first: 0, last: -1 }): number => last - first + 1;
    const [given, inside] = [periods(endless[k]), periods(within[k])];
    if (duration <= (required ? inside : given)) return [];
    const key = duration <= given ? "window_inside" : "window";
    const words = say(pack, key, { job, duration, held: Math.max(duration <= given ? inside : given, 0) });
    return [{ name: "duration", place: { job: k }, words }];
  });
}

function hosts(pack: Package, parameters: Parameters): Fault[] {
  const of = (name: string) => reader(pack, parameters, name);
  const [power, capacity] = [of("power"), of("it_capacity")];
  const allowed = (place: Place): boolean => !parameters.allowed || Boolean(of("allowed")(place));
  const times = places(pack, ["time"]);
  const most = places(pack, ["site"]).map((site) => Math.max(...times.map((time) => capacity({ ...site, ...time }))));
  return labelsOf(pack, "job").flatMap((name, job) => {
    const open = most.map((_, site) => allowed({ job, site }));
    if (open.some((so, site) => so && (most[site] ?? 0) >= power({ job }))) return [];
    const words = say(pack, open.some(Boolean) ? "no_room" : "no_site", { job: name, power: power({ job }) });
    return [{ name: "power", place: { job }, words }];
  });
}
