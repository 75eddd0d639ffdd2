// The terms of the objective (1): income to the right, costs to the left.
import { amount, fixed } from "../amounts";
import { benefit, total } from "../benefit";
import { ink, TERMS } from "../look";
import type { Scene } from "../scene";
import { Drawing, scale } from "../svg";

export interface Bar {
  label: string;
  scene: Scene;
  paper?: number;
}

const ROW = 44;

/** Stacked bars, one above the other; the diamond is the objective, the hollow one the paper's. */
export function money(bars: Bar[], width: number): SVGElement {
  const rows = bars.map((bar) => ({ ...bar, terms: benefit(bar.scene) }));
  const currency = bars[0]?.scene.pack.currency ?? "USD";
  const sums = rows.flatMap(({ terms }) => [1, -1].map((sign) => total(Object.values(terms).filter((v) => v * sign > 0))));
  const bottom = 6 + ROW * rows.length;
  const told = rows.map(({ label, terms }) => {
    const told = Object.entries(terms).filter(([, value]) => Math.abs(value) >= 0.5);
    const parts = told.map(([name, value]) => `${name} ${amount(value)}`);
    return `${label}: ${amount(total(Object.values(terms)))} ${currency}, of which ${parts.join(", ")}`;
  });
  const drawing = new Drawing(width, bottom + 38, `Terms of the objective, stacked. ${told.join("; ")}.`);
  const [left, right] = [76, width - 14];
  const along = scale(Math.min(0, ...sums), Math.max(0, ...sums), left, right, width / 90);
  for (const mark of along.marks) {
    drawing.line(along(mark), 2, along(mark), bottom, mark ? "rule" : "ink", { "stroke-width": mark ? 0.6 : 1 });
    drawing.text(along(mark), bottom + 15, fixed(mark / 1e3, 0), { "text-anchor": "middle", class: "cs-quiet" });
  }
  const axis = `thousand ${currency} over the horizon`;
  drawing.text((left + right) / 2, bottom + 34, axis, { "text-anchor": "middle", class: "cs-quiet" });
  rows.forEach(({ label, terms, paper }, row) => {
    const middle = 4 + ROW * (row + 0.5);
    drawing.text(0, middle, label, { "dominant-baseline": "central" });
    for (const sign of [1, -1]) {
      let base = 0;
      for (const [name, look] of Object.entries(TERMS)) {
        const value = terms[name] ?? 0;
        if (value * sign <= 0) continue;
        const [from, to] = [along(base), along(base + value)];
        const bar = { x: Math.min(from, to), y: middle - 14, width: Math.abs(to - from), height: 28 };
        drawing.add("rect", { ...bar, fill: drawing.fill(look), stroke: ink("ink"), "stroke-width": 0.4 });
        base += value;
      }
    }
    const diamond = (value: number, size: number): string =>
      `M${along(value)},${middle - size} l${size},${size} l${-size},${size} l${-size},${-size} Z`;
    const edge = { stroke: ink("paper"), "stroke-width": 1.2 };
    drawing.add("path", { d: diamond(total(Object.values(terms)), 7), fill: ink("ink"), ...edge });
    const hollow = { fill: "none", stroke: ink("ink"), "stroke-width": 1.4 };
    if (paper !== undefined) drawing.add("path", { d: diamond(paper, 10), ...hollow });
  });
  return drawing.root;
}
