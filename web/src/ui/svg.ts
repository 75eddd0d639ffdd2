// SVG by hand: elements, hatched fills, scales and axes. Drawn at the width it is shown at, so text is never scaled.
import { ink, type Colour, type Look } from "./look";

const SPACE = "http://www.w3.org/2000/svg";
export const TEXT = 12; // px

type Attributes = Record<string, string | number>;

export function node(name: string, attributes: Attributes = {}, ...inside: (Node | string)[]): SVGElement {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...inside);
  return made;
}

const STROKES: Record<string, string> = {
  "/": "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
  "\\": "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
  x: "M0,0 l8,8 M0,8 l8,-8",
  "+": "M4,0 v8 M0,4 h8",
  "-": "M0,4 h8",
};

let drawings = 0;

/** One figure: an SVG of the page's pixels that a screen reader reads as one image with these words. */
export class Drawing {
  readonly root: SVGElement;
  private readonly prefix = `cs${++drawings}`;
  private readonly known = new Map<string, string>();
  private readonly defs = node("defs");

  constructor(
    readonly width: number,
    readonly height: number,
    words: string,
  ) {
    const size = { width, height, viewBox: `0 0 ${width} ${height}` };
    this.root = node("svg", { ...size, role: "img", "aria-label": words, "font-size": TEXT }, this.defs);
  }

  add(name: string, attributes: Attributes, ...inside: (Node | string)[]): SVGElement {
    const made = node(name, attributes, ...inside);
    this.root.append(made);
    return made;
  }

  text(x: number, y: number, said: string, more: Attributes = {}): void {
    this.add("text", { x, y, fill: ink("ink"), ...more }, said);
  }

  line(x1: number, y1: number, x2: number, y2: number, colour: Colour, more: Attributes = {}): void {
    this.add("line", { x1, y1, x2, y2, stroke: ink(colour), ...more });
  }

  /** A fill of a colour with its hatch, told apart in greyscale. */
  fill({ colour, hatch }: Look): string {
    if (!hatch) return ink(colour);
    const key = colour + hatch;
    let id = this.known.get(key);
    if (!id) {
      id = `${this.prefix}-${this.known.size}`;
      this.known.set(key, id);
      this.defs.append(pattern(id, colour, hatch[0] as string));
    }
    return `url(#${id})`;
  }
}

function pattern(id: string, colour: Colour, mark: string): SVGElement {
  const stroke = ink("edge"); // dark on a light page and on a dark one
  const ground = node("rect", { width: 8, height: 8, fill: ink(colour) });
  const stroked = STROKES[mark];
  const marks = stroked
    ? [node("path", { d: stroked, stroke, "stroke-width": 0.8, fill: "none" })]
    : mark === "."
      ? [node("circle", { cx: 2, cy: 2, r: 1, fill: stroke }), node("circle", { cx: 6, cy: 6, r: 1, fill: stroke })]
      : [node("circle", { cx: 4, cy: 4, r: 2.4, stroke, fill: "none" })];
  return node("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, ground, ...marks);
}

/** The piece of a legend that shows a look, or a line in a colour. */
export function swatch(look: Look | { label: string; line: Colour; dash?: string }): SVGElement {
  const drawing = new Drawing(22, 12, look.label);
  drawing.root.removeAttribute("role");
  drawing.root.removeAttribute("aria-label");
  drawing.root.setAttribute("aria-hidden", "true");
  if ("line" in look) drawing.line(0, 6, 22, 6, look.line, { "stroke-width": 2, "stroke-dasharray": look.dash ?? "" });
  else drawing.add("rect", { width: 22, height: 12, fill: drawing.fill(look), stroke: ink("edge"), "stroke-width": 0.3 });
  return drawing.root;
}

export interface Scale {
  (value: number): number;
  marks: number[];
  top: number;
  bottom: number;
}

/** A linear scale from values to pixels, with round marks, at most so many. */
export function scale(low: number, high: number, from: number, to: number, most: number): Scale {
  const span = high - low || 1;
  const rough = span / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((k) => k * power >= rough) ?? 10) * power;
  const marks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * span; k++) marks.push(k * step);
  const place = (value: number): number => from + ((value - low) / span) * (to - from);
  return Object.assign(place, { marks, top: high, bottom: low });
}
