// Axes that the figures share: time below, amounts at the left.
import { fixed } from "../amounts";
import { ticks } from "../times";
import type { Drawing, Scale } from "../svg";
import type { Scene } from "../scene";

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Pixels of a time that is so many periods after the first. */
export function timeScale(scene: Scene, frame: Frame): (period: number) => number {
  return (period) => frame.left + (period / scene.times.length) * (frame.right - frame.left);
}

export function timeAxis(drawing: Drawing, scene: Scene, frame: Frame, titled = true): void {
  const across = timeScale(scene, frame);
  const { marks, title } = ticks(scene.times, scene.pack.stepHours, (frame.right - frame.left) / 52);
  for (const { period, text } of marks) {
    const x = across(period);
    drawing.line(x, frame.bottom, x, frame.bottom + 4, "quiet");
    const anchor = x > frame.right - 12 ? "end" : x < frame.left + 12 ? "start" : "middle";
    drawing.text(x, frame.bottom + 17, text, { "text-anchor": anchor, class: "cs-quiet" });
  }
  const middle = (frame.left + frame.right) / 2;
  if (titled) drawing.text(middle, frame.bottom + 34, title, { "text-anchor": "middle", class: "cs-quiet" });
}

/** Rules and marks of an amount, with the digits that the marks need; or rules alone. */
export function amountAxis(drawing: Drawing, up: Scale, frame: Frame, marked = true): void {
  const [first = 0, second = 1] = up.marks;
  const digits = Math.max(0, Math.ceil(-Math.log10(Math.abs(second - first) || 1) - 1e-9));
  for (const mark of up.marks) {
    const y = up(mark);
    drawing.line(frame.left, y, frame.right, y, mark ? "rule" : "ink", { "stroke-width": mark ? 0.6 : 0.8 });
    if (!marked) continue;
    const place = { "text-anchor": "end", "dominant-baseline": "middle", class: "cs-quiet" };
    drawing.text(frame.left - 5, y, fixed(mark, digits), place);
  }
}
