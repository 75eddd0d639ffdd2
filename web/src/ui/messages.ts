// Python's words for what it refuses, with what they are said of.
//
// Of values (`carbonsched.core.validate`): least, above, most {bound}, finite, huge {most}, whole, flag, label_site,
// label_time, above_battery, outside_battery, outside_battery_recovery, window and window_inside {job} {duration} {held},
// no_room {job} {power}, no_site {job} {power}.
// Of the text of a cell (`carbonsched.io.cells`): cell_number, cell_comma, cell_finite {unit}, cell_whole, cell_flag, and
// cell_empty, each as it follows the text in quotes, but for the last.
import type { Package } from "../engine/types";

/** A message of the package with its {placeholders} filled. */
export function say(pack: Package, key: string, of: Record<string, string | number> = {}): string {
  const words = pack.messages[key];
  if (words === undefined) throw new Error(`the package has no message ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name: string) => String(of[name] ?? ""));
}
