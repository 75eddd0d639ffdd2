// The Gantt chart: when and where each job runs, within its window.
import { ink, siteLooks, type Look } from "../look";
import type { Scene } from "../scene";
import { Drawing } from "../svg";
import { clock } from "../times";
import { labelsOf } from "../values";
import { windows } from "../windows";
import { timeAxis, timeScale } from "./axes";

const ROW = 26;

/** The thin bar is the window, the thick one the run; a job without a thick bar is declined. */
export function gantt(scene: Scene, width: number): SVGElement {
  const { pack } = scene;
  const [jobs, held, starts] = [labelsOf(pack, "job"), windows(pack, scene.parameters), scene.starts()];
  const [power, duration] = [scene.given("power"), scene.given("duration")];
  const looks = siteLooks(scene.sites);
  const order = jobs.map((_, job) => job).sort((a, b) => (held[a]?.first ?? 0) - (held[b]?.first ?? 0));
  const labels = jobs.map((name, job) => `${short(name)} (${Number(power({ job }).toPrecision(3))} MW)`);
  const left = Math.min(Math.max(...labels.map((label) => label.length)) * 6.3 + 8, width * 0.44);
  const bottom = order.length * ROW + 6;
  const drawing = new Drawing(width, bottom + 38, words(scene));
  const frame = { left, right: width - 6, top: 4, bottom };
  const across = timeScale(scene, frame);
  order.forEach((job, row) => {
    const [middle, { first, last }] = [4 + ROW * (row + 0.5), held[job] ?? { first: 0, last: -1 }];
    const label = { "text-anchor": "end", "dominant-baseline": "central" };
    drawing.text(left - 7, middle, labels[job] as string, label);
    if (first <= last) {
      const window = { x: across(first), y: middle - 3, width: across(last + 1) - across(first), height: 6 };
      drawing.add("rect", { ...window, fill: ink("rule") });
    }
    const at = starts[job];
    if (!at) return;
    const [from, to] = [across(at.time), across(at.time + duration({ job }))];
    const run = { x: from, y: middle - 9, width: to - from, height: 18 };
    drawing.add("rect", { ...run, fill: drawing.fill(looks[at.site] as Look), stroke: ink("ink"), "stroke-width": 0.5 });
  });
  drawing.line(left, bottom, frame.right, bottom, "ink", { "stroke-width": 0.8 });
  timeAxis(drawing, scene, frame);
  return drawing.root;
}

function short(name: string): string {
  return name.length > 20 ? `${name.slice(0, 19)}…` : name;
}

/** As `carbonsched.plots.words` tells it. */
function words(scene: Scene): string {
  const jobs = labelsOf(scene.pack, "job");
  const starts = scene.starts();
  const runs = starts.flatMap((at, job) =>
    at ? [`${jobs[job]} on ${scene.sites[at.site]} from ${clock(scene.times[at.time] as string)}`] : [],
  );
  const declined = jobs.filter((_, job) => !starts[job]);
  const many = jobs.length === 1 ? "1 job within its window" : `${jobs.length} jobs within their windows`;
  const said = [...runs.slice(0, 20), ...(runs.length > 20 ? [`${runs.length - 20} more`] : [])];
  const last = declined.length ? `; declined: ${declined.slice(0, 20).join(", ")}` : "";
  return `Gantt chart of ${many}, times in UTC: ${said.join(", ") || "none runs"}${last}.`;
}
