// Writes what the pages need into ../_build/web: each step below is one folder or file of it.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "node_modules");
const out = join(here, "..", "_build", "web");
const bundled = { bundle: true, minify: true, format: "iife", target: "es2022", logLevel: "warning" };

// mathjax/: formulas, TeX in and fonts out, and words for screen readers; of MathJax's 24 MB the 1.2 that these pages use.
async function mathjax() {
  const parts = ["startup.js", "core.js", "input/tex.js", "output/chtml.js", "output/chtml/fonts", "a11y/assistive-mml.js"];
  for (const part of parts) {
    const target = join(out, "mathjax", part);
    await mkdir(dirname(target), { recursive: true });
    await cp(join(packages, "mathjax", "es5", part), target, { recursive: true });
  }
}

// live/highs.js: the solver as one classic script, for pages that are opened as files.
async function highs() {
  const from = join(packages, "highs", "build");
  const wasm = gzipSync(await readFile(join(from, "highs.wasm")), { level: 9 }).toString("base64");
  const loader = await readFile(join(from, "highs.js"), "utf8");
  const script = `globalThis.carbonschedHighs = ${JSON.stringify({ wasm, loader })};\n`;
  await writeFile(join(out, "live", "highs.js"), script);
}

// A module that runs in a worker is bundled apart and imported as text: a file may start no worker from a file.
const workers = {
  name: "workers",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.slice("worker:".length)),
      namespace: "worker",
    }));
    onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const { outputFiles } = await build({ ...bundled, entryPoints: [path], write: false });
      return { contents: outputFiles[0].text, loader: "text" };
    });
  },
};

// live/live.js: what a page includes.
async function live() {
  const entryPoints = [join(here, "src", "live.ts")];
  await build({ ...bundled, entryPoints, outfile: join(out, "live", "live.js"), plugins: [workers] });
}

await mkdir(join(out, "live"), { recursive: true });
await Promise.all([mathjax(), highs(), live()]);
