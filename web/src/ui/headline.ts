// The numbers of an answer, beside what Python and the paper have.
import { amount, signed } from "./amounts";
import { element } from "./dom";
import type { Drawn } from "./figures";
import type { Answer } from "../engine/types";
import { labelsOf } from "./values";

interface Entry {
  name: string;
  value: string;
  beside: string;
}

export class Headline {
  readonly root = element("dl", { class: "cs-headline" });

  /** What Python found for the numbers as given, before anything is solved here. */
  before({ objective, emissions, currency }: { objective: number; emissions: number; currency: string }): void {
    const beside = "by Python, as given";
    this.fill([
      { name: "Objective", value: `${amount(objective)} ${currency}`, beside },
      { name: "Emissions", value: `${amount(emissions)} tCO2e`, beside },
    ]);
  }

  show(answer: Answer, { scene, python, paper, held }: Drawn): void {
    const { currency } = scene.pack;
    const most = scene.given("carbon_budget")({});
    const jobs = labelsOf(scene.pack, "job").length;
    const run = scene.starts().filter(Boolean).length;
    const beside = (now: number, given: number, printed: number | undefined): string => {
      const change = Math.abs(now - given) > 5e-5 * Math.abs(given) ? `${signed(now - given)} against ` : "the same as ";
      return `${change}Python's ${amount(given)} as given${printed === undefined ? "" : `; paper ${amount(printed)}`}`;
    };
    const limited = held && Number.isFinite(most);
    const price = answer.carbonPrice ?? 0;
    const binds = `what one more tonne in the budget of ${amount(most)} earns`;
    const pays = price > 0.005 ? binds : `the budget of ${amount(most)} does not bind`;
    const value = `${amount(limited ? price : 0)} ${currency}/tCO2e`;
    const entry = (name: string, key: "objective" | "emissions", unit: string): Entry => {
      return { name, value: `${amount(answer[key])} ${unit}`, beside: beside(answer[key], python[key], paper?.[key]) };
    };
    const entries: Entry[] = [
      entry("Objective", "objective", currency),
      entry("Emissions", "emissions", "tCO2e"),
      { name: "Marginal price of carbon", value, beside: limited ? pays : "there is no budget" },
      { name: "Jobs that run", value: `${run} of ${jobs}`, beside: `${run < jobs ? jobs - run : "none"} declined` },
    ];
    this.fill(entries);
  }

  private fill(entries: Entry[]): void {
    const shown = entries.map(({ name, value, beside }) => {
      const said = [element("strong", {}, value), element("span", { class: "cs-quiet" }, beside)];
      return element("div", {}, element("dt", {}, name), element("dd", {}, ...said));
    });
    this.root.replaceChildren(...shown);
  }
}
