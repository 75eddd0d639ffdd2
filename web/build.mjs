// Writes what the pages need into ../_build/web: each step below is one folder of it.
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const out = join(here, "..", "_build", "web");

// mathjax/: formulas, TeX in and fonts out, of MathJax's 24 MB the 1.6 that these pages use.
async function mathjax() {
  const from = join(packages, "mathjax", "es5");
  const fonts = join("output", "chtml", "fonts", "woff-v2");
  await mkdir(join(out, "mathjax"), { recursive: true });
  await cp(join(from, "tex-chtml.js"), join(out, "mathjax", "tex-chtml.js"));
  await cp(join(from, fonts), join(out, "mathjax", fonts), { recursive: true });
}

await mathjax();
