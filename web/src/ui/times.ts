// Periods: instants where their labels are timestamps, UTC, else numbers.

const HOUR = 3_600_000;
const STAMP = /^\d{4}-\d\d-\d\d/;

/** Milliseconds since 1970 of a timestamp, or undefined of what is none. */
export function instant(label: string): number | undefined {
  if (!STAMP.test(label)) return undefined;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(label) ? label : `${label}Z`;
  const at = Date.parse(zoned.replace(" ", "T"));
  return Number.isNaN(at) ? undefined : at;
}

/** A date and time of day as the book's figures have it, or the label of a numbered period. */
export function clock(label: string): string {
  const at = instant(label);
  return at === undefined ? label : stamp(at);
}

/** The time of day of an instant. */
export function timeOfDay(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

function stamp(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

/** When a period ends: a later instant, or the number after it. */
export function endOf(label: string, stepHours: number, periods = 1): string {
  const at = instant(label);
  return at === undefined ? String(Number(label) + periods) : stamp(at + periods * stepHours * HOUR);
}

/** How many periods after the first one an instant or a number is, whole or not. */
export function periodsAfter(first: string, label: string, stepHours: number): number {
  const [from, to] = [instant(first), instant(label)];
  return from === undefined || to === undefined ? Number(label) - Number(first) : (to - from) / (stepHours * HOUR);
}

export interface Tick {
  period: number; // after the first, whole or not
  text: string;
}

/** Whole hours of the day to mark on an axis, at most so many. */
export function ticks(labels: string[], stepHours: number, most: number): { marks: Tick[]; title: string } {
  const hours = labels.length * stepHours;
  const every = [1, 2, 3, 6, 12, 24, 48, 96, 168].find((step) => hours / step <= most) ?? 336;
  const begin = instant(labels[0] ?? "");
  const marks: Tick[] = [];
  const shift = begin === undefined ? 0 : (begin / HOUR) % every;
  for (let hour = (every - shift) % every; hour <= hours + 1e-9; hour += every) {
    const text = begin === undefined ? String(hour) : timeOfDay(begin + hour * HOUR);
    marks.push({ period: hour / stepHours, text });
  }
  const title = begin === undefined ? "hours after the first period" : `from ${stamp(begin).slice(0, 10)} (UTC)`;
  return { marks, title };
}
