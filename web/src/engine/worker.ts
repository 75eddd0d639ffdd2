// Runs in a worker of its own, behind the source of HiGHS's loader: one package, question by question.
import type { Highs } from "highs";
import { Solver, type Question } from "./solver";
import type { Answer, Package } from "./types";

declare const Module: (options: object) => Promise<Highs>;

export type Asked = { open: Package; wasm: WebAssembly.Module } | { question: Question; id: number };
export type Told = { id: number; answer: Answer } | { failed: string };

let opening: Promise<Solver> | undefined;

self.onmessage = ({ data }: MessageEvent<Asked>) => {
  if ("open" in data) opening = started(data.wasm).then((highs) => new Solver(highs, data.open));
  else void answer(data.question, data.id);
};

async function answer(question: Question, id: number): Promise<void> {
  try {
    const solver = await opening;
    if (solver) tell({ id, answer: solver.answer(question) });
  } catch (error) {
    tell({ failed: String(error) });
  }
}

function tell(told: Told): void {
  self.postMessage(told);
}

/** HiGHS from a compiled module; the loader takes no other way to one. */
function started(wasm: WebAssembly.Module): Promise<Highs> {
  return Module({
    instantiateWasm(info: WebAssembly.Imports, done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) {
      void WebAssembly.instantiate(wasm, info).then((instance) => done(instance, wasm));
      return {};
    },
  });
}
