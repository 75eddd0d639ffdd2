// What a figure draws: a schedule and the numbers that it was solved on.
import type { Package, Parameters } from "../engine/types";
import { labelsOf, position, reader, type Place } from "./values";

/** A schedule's decisions by name, row-major over their dimensions. */
export type Decisions = Record<string, ArrayLike<number>>;

export class Scene {
  readonly sites: string[];
  readonly times: string[];

  constructor(
    readonly pack: Package,
    readonly parameters: Parameters,
    readonly decisions: Decisions,
  ) {
    this.sites = labelsOf(pack, "site");
    this.times = labelsOf(pack, "time");
  }

  /** A decision at a place, without the solver's last digits around zero. */
  decided(name: string, place: Place): number {
    const dims = this.pack.decisions[name]?.dims ?? [];
    const value = this.decisions[name]?.[position(this.pack, dims, place)] ?? 0;
    return Math.abs(value) < 1e-7 ? 0 : value;
  }

  /** A decision of a site, period by period. */
  series(name: string, site: number): number[] {
    return this.times.map((_, time) => this.decided(name, { site, time }));
  }

  /** A reader of what is given. */
  given(name: string): (place: Place) => number {
    return reader(this.pack, this.parameters, name);
  }

  /** The sum over sites and periods of what a function says. */
  sum(term: (place: { site: number; time: number }) => number): number {
    let total = 0;
    this.sites.forEach((_, site) => this.times.forEach((_, time) => (total += term({ site, time }))));
    return total;
  }

  /** Where and when each job starts, if it does. */
  starts(): ({ site: number; time: number } | undefined)[] {
    return labelsOf(this.pack, "job").map((_, job) => {
      for (let site = 0; site < this.sites.length; site++)
        for (let time = 0; time < this.times.length; time++)
          if (this.decided("start", { job, site, time }) > 0.5) return { site, time };
      return undefined;
    });
  }

  /** What imports and generation of a site emit, tCO2e period by period: the sum of (16). */
  emitted(site: number): number[] {
    const [intensity, own] = [this.given("carbon_intensity"), this.given("generation_carbon")];
    const [bought, made] = [this.series("grid_import", site), this.series("generate", site)];
    return this.times.map((_, time) => {
      const at = { site, time };
      return this.pack.stepHours * (intensity(at) * (bought[time] ?? 0) + own(at) * (made[time] ?? 0));
    });
  }
}
