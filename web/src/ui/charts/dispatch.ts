// The dispatch: where each site's power comes from, and where it goes.
import { amount } from "../amounts";
import { total } from "../benefit";
import { ink, SUPPLY, USE, type Look } from "../look";
import type { Scene } from "../scene";
import { Drawing, scale, type Scale } from "../svg";
import { amountAxis, timeAxis, timeScale, type Frame } from "./axes";

const GAP = 14;
const LEFT = 44;

/** Each site's power balance (4): supply stacked up, charging and export down, one scale for all. */
export function dispatch(scene: Scene, width: number): SVGElement {
  const { sites } = scene;
  const columns = Math.min(sites.length, width < 440 ? (sites.length > 3 ? 2 : 1) : 3);
  const rows = Math.ceil(sites.length / columns);
  const [wide, high] = [(width - LEFT - 4 - GAP * (columns - 1)) / columns, columns === 1 ? 120 : 150];
  const step = high + 42;
  const drawing = new Drawing(width, rows * step + 14, words(scene));
  const [low, top] = extent(scene);
  sites.forEach((site, k) => {
    const [row, column] = [Math.floor(k / columns), k % columns];
    const left = LEFT + column * (wide + GAP);
    const frame = { left, right: left + wide, top: row * step + 20, bottom: row * step + 20 + high };
    const up = scale(low, top, frame.bottom, frame.top, 4);
    amountAxis(drawing, up, frame, column === 0);
    drawing.text(left + wide / 2, frame.top - 7, site, { "text-anchor": "middle", "font-weight": 600 });
    balance(drawing, scene, k, frame, up);
    timeAxis(drawing, scene, frame, k === Math.min(sites.length - 1, (rows - 1) * columns + Math.floor((columns - 1) / 2)));
  });
  drawing.text(4, 12, "MW", { class: "cs-quiet" });
  return drawing.root;
}

function balance(drawing: Drawing, scene: Scene, site: number, frame: Frame, up: Scale): void {
  const across = timeScale(scene, frame);
  for (const [flows, sign] of [[SUPPLY, 1], [USE, -1]] as [Record<string, Look>, number][]) {
    let base = scene.times.map(() => 0);
    for (const [name, look] of Object.entries(flows)) {
      const top = scene.series(name, site).map((flow, t) => (base[t] ?? 0) + sign * flow);
      drawing.add("path", { d: band(base, top, across, up), fill: drawing.fill(look) });
      base = top;
    }
  }
  const demand = scene.series("facility_power", site);
  const steps = demand.map((power, t) => `${t ? "V" : `M${across(0)},`}${up(power)} H${across(t + 1)}`).join(" ");
  drawing.add("path", { d: steps, stroke: ink("ink"), "stroke-width": 1.4, fill: "none" });
}

/** The steps between two series. */
function band(base: number[], top: number[], across: (period: number) => number, up: Scale): string {
  const there = top.map((value, t) => `${t ? "L" : "M"}${across(t)},${up(value)} H${across(t + 1)}`);
  const back = base.map((value, t) => `L${across(t + 1)},${up(value)} H${across(t)}`).reverse();
  return `${there.join(" ")} ${back.join(" ")} Z`;
}

function extent(scene: Scene): [number, number] {
  let [low, high] = [0, 0];
  scene.sum((at) => {
    const [up, down] = [SUPPLY, USE].map((flows) => total(Object.keys(flows).map((name) => scene.decided(name, at))));
    high = Math.max(high, up ?? 0, scene.decided("facility_power", at));
    low = Math.min(low, -(down ?? 0));
    return 0;
  });
  return [low * 1.06, high * 1.06 || 1];
}

/** As `carbonsched.plots.words` tells it. */
function words(scene: Scene): string {
  const told = scene.sites.map((site, k) => {
    const energy = Object.entries({ ...SUPPLY, ...USE }).map(
      ([name, look]) => [look.label, total(scene.series(name, k)) * scene.pack.stepHours] as const,
    );
    const parts = energy.filter(([, mwh]) => mwh >= 0.5).map(([label, mwh]) => `${label} ${amount(mwh, 0)} MWh`);
    return `${site}: ${parts.join(", ") || "next to nothing"}`;
  });
  return `Power balance of each site over time, stacked by source and use. ${told.join("; ")}.`;
}
