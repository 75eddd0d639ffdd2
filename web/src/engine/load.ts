// Brings in what lies beside the page as classic scripts: a page that is opened as a file may fetch nothing.
import type { Package } from "./types";

const scripts = new Map<string, Promise<void>>();
let compiled: Promise<WebAssembly.Module> | undefined;

/** The package of a name. */
export async function packageOf(name: string, base: string): Promise<Package> {
  if (!globalThis.carbonschedPackages?.[name]) await script(`${base}${name}.js`);
  const packed = globalThis.carbonschedPackages?.[name];
  if (!packed) throw new Error(`${base}${name}.js holds no package ${name}`);
  return JSON.parse(new TextDecoder().decode(await unpacked(packed))) as Package;
}

/** HiGHS, compiled once for all engines of the page, and the source of its loader. */
export async function highs(base: string): Promise<{ wasm: WebAssembly.Module; loader: string }> {
  if (!globalThis.carbonschedHighs) await script(`${base}highs.js`);
  const held = globalThis.carbonschedHighs;
  if (!held) throw new Error(`${base}highs.js holds no solver`);
  compiled ??= unpacked(held.wasm).then((bytes) => WebAssembly.compile(bytes));
  return { wasm: await compiled, loader: held.loader };
}

function script(source: string): Promise<void> {
  const known = scripts.get(source);
  if (known) return known;
  const loading = new Promise<void>((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = source;
    tag.onload = () => resolve();
    tag.onerror = () => {
      scripts.delete(source);
      tag.remove();
      reject(new Error(`${source} could not be loaded`));
    };
    document.head.append(tag);
  });
  scripts.set(source, loading);
  return loading;
}

/** The bytes behind base64 of gzip. */
async function unpacked(text: string): Promise<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain).arrayBuffer();
}
