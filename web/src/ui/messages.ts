// Python's words for what it refuses, with what they are said of.
import type { Package } from "../engine/types";

/** A message of the package with its {placeholders} filled. */
export function say(pack: Package, key: string, of: Record<string, string | number> = {}): string {
  const words = pack.messages[key];
  if (words === undefined) throw new Error(`the package has no message ${key}`);
  return words.replace(/\{(\w+)\}/g, (_, name: string) => String(of[name] ?? ""));
}
