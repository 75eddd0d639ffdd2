// The carbon budget: how it is used up.
import { amount } from "../amounts";
import { total } from "../benefit";
import { ink, siteLooks, type Look } from "../look";
import type { Scene } from "../scene";
import { Drawing, scale } from "../svg";
import { amountAxis, timeAxis, timeScale } from "./axes";

const HIGH = 170;

/** The emissions so far, stacked by site, below the budget (16); dashed, what Python found as given. */
export function budget(scene: Scene, reference: Scene, held: boolean, width: number): SVGElement {
  const frame = { left: 50, right: width - 6, top: 22, bottom: 22 + HIGH };
  const stacks = stacked(scene);
  const before = stacked(reference).at(-1) ?? [];
  const most = scene.given("carbon_budget")({});
  const emitted = Math.max(stacks.at(-1)?.at(-1) ?? 0, before.at(-1) ?? 0);
  const shown = held && Number.isFinite(most) && most < 1.6 * emitted;
  const drawing = new Drawing(width, frame.bottom + 38, words(scene, most, held));
  const up = scale(0, 1.1 * Math.max(emitted, shown ? most : 0) || 1, frame.bottom, frame.top, 5);
  const across = timeScale(scene, frame);
  amountAxis(drawing, up, frame);
  timeAxis(drawing, scene, frame);
  drawing.text(4, 12, "emitted so far [tCO2e]", { class: "cs-quiet" });
  siteLooks(scene.sites).forEach((look: Look, site) => {
    const [base, top] = [stacks[site] ?? [], stacks[site + 1] ?? []];
    const there = top.map((value, t) => `${t ? "L" : "M"}${across(t)},${up(value)}`);
    const back = base.map((value, t) => `L${across(t)},${up(value)}`).reverse();
    drawing.add("path", { d: `${there.join(" ")} ${back.join(" ")} Z`, fill: drawing.fill(look) });
  });
  const path = (values: number[]): string => values.map((v, t) => `${t ? "L" : "M"}${across(t)},${up(v)}`).join(" ");
  const line = { fill: "none", "stroke-width": 1.4 };
  drawing.add("path", { d: path(stacks.at(-1) ?? []), stroke: ink("ink"), ...line });
  drawing.add("path", { d: path(before), stroke: ink("quiet"), "stroke-dasharray": "2 3", ...line });
  const dashes = { "stroke-dasharray": "7 4", "stroke-width": 1.6 };
  if (shown) drawing.line(frame.left, up(most), frame.right, up(most), "red", dashes);
  else if (held && Number.isFinite(most)) {
    const above = `carbon budget ${amount(most)} tCO2e, above the figure`;
    drawing.text(frame.right, 12, width < 420 ? "budget: above" : above, { "text-anchor": "end", class: "cs-quiet" });
  }
  return drawing.root;
}

/** Emissions up to each edge of a period, summed over the sites before each, and over all. */
function stacked(scene: Scene): number[][] {
  const stacks = [[0, ...scene.times.map(() => 0)]];
  scene.sites.forEach((_, site) => {
    let sum = 0;
    const so = [0, ...scene.emitted(site).map((own) => (sum += own))];
    stacks.push(so.map((own, t) => own + (stacks[site]?.[t] ?? 0)));
  });
  return stacks;
}

/** As `carbonsched.plots.words` tells it. */
function words(scene: Scene, most: number, held: boolean): string {
  const by = scene.sites.map((_, site) => total(scene.emitted(site)));
  const of = held && Number.isFinite(most) ? ` of a budget of ${amount(most)} tCO2e` : ", without a budget";
  const each = scene.sites.map((site, k) => `${site} ${amount(by[k] ?? 0)}`).join(", ");
  return `Emissions so far, stacked by site, rising to ${amount(total(by))} tCO2e${of}: ${each}.`;
}
