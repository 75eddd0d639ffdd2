// Writes what the pages need into ../_build/web: each step below is one folder of it.
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const out = join(here, "..", "_build", "web");

// mathjax/: formulas, TeX in and fonts out, and words for screen readers; of MathJax's 24 MB the 1.2 that these pages use.
async function mathjax() {
  const parts = ["startup.js", "core.js", "input/tex.js", "output/chtml.js", "output/chtml/fonts", "a11y/assistive-mml.js"];
  for (const part of parts) {
    const target = join(out, "mathjax", part);
    await mkdir(dirname(target), { recursive: true });
    await cp(join(packages, "mathjax", "es5", part), target, { recursive: true });
  }
}

await mathjax();
