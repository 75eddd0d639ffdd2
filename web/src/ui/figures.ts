// The figures of an answer, each with its heading, legend and a line of words.
import type { Reference } from "../engine/types";
import { benefit } from "./benefit";
import { budget } from "./charts/budget";
import { dispatch } from "./charts/dispatch";
import { gantt } from "./charts/gantt";
import { money } from "./charts/money";
import { element } from "./dom";
import { siteLooks, SUPPLY, TERMS, USE, type Colour, type Look } from "./look";
import { Scene } from "./scene";
import { swatch } from "./svg";
import { labelsOf } from "./values";

type Entry = Look | { label: string; line: Colour; dash?: string };

export interface Drawn {
  scene: Scene;
  reference: Scene;
  python: Reference;
  paper: { objective: number; emissions: number } | undefined;
  held: boolean; // whether (16) stands
}

export class Figures {
  readonly root = element("div", { class: "cs-figures" });
  private last: Drawn | undefined;
  private width = 0;

  constructor() {
    new ResizeObserver(() => {
      if (this.last && Math.abs(this.root.clientWidth - this.width) > 1) this.draw(this.last);
    }).observe(this.root);
  }

  draw(drawn: Drawn): void {
    this.last = drawn;
    this.width = this.root.clientWidth;
    const width = Math.max(this.width, 260);
    const { scene, reference } = drawn;
    const flows: Entry[] = [...Object.values(SUPPLY), ...Object.values(USE), { label: "facility demand", line: "ink" }];
    const sites: Entry[] = siteLooks(scene.sites);
    const window: Entry = { label: "window", colour: "rule", hatch: "" };
    const lines: Entry[] = [{ label: "as given, by Python", line: "quiet", dash: "2 3" }];
    if (drawn.held) lines.push({ label: "carbon budget", line: "red", dash: "7 4" });
    const paper = drawn.paper?.objective;
    const bars = [
      { label: "now", scene },
      { label: "as given", scene: reference, ...(paper === undefined ? {} : { paper }) },
    ];
    const diamonds = `The diamond is the objective${paper === undefined ? "" : ", the hollow one the paper's"}.`;
    const terms = Object.values(TERMS).filter(({ label }) => label !== "stored" || benefit(scene).stored);
    const shown = [
      figure("Power of each site", flows, dispatch(scene, width)),
      figure("Jobs within their windows", [...sites, window], gantt(scene, width)),
      figure("Emissions", [...sites, ...lines], budget(scene, reference, drawn.held, width)),
      figure("What is earned and paid", terms, money(bars, width), diamonds),
    ];
    const jobs = labelsOf(scene.pack, "job").length;
    this.root.replaceChildren(...shown.filter((_, k) => k !== 1 || jobs));
  }
}

function figure(title: string, legend: Entry[], drawing: SVGElement, note = ""): HTMLElement {
  const entries = legend.map((entry) => element("li", {}, swatch(entry), ` ${entry.label}`));
  const caption = element("figcaption", {}, element("span", { class: "cs-title" }, title));
  const under = note ? [element("p", { class: "cs-quiet" }, note)] : [];
  return element("figure", {}, caption, element("ul", { class: "cs-legend" }, ...entries), drawing, ...under);
}
