// The engine of a page: a worker that holds one package's model, and one question at a time.
import glue from "worker:./worker.ts";
import { highs, packageOf } from "./load";
import type { Question } from "./solver";
import type { Answer, Choices, Engine, Package, Parameters } from "./types";
import type { Asked, Told } from "./worker";

const PATIENCE = 300; // ms that a superseded search may take to end by itself

interface Open {
  id: number;
  question: Question;
  resolve: (answer: Answer) => void;
}

/** Open the engine of a package; `base` is the folder of the scripts, with its slash. */
export async function openEngine(name: string, base: string, onStatus: (words: string) => void): Promise<Engine> {
  onStatus("Loading the solver …");
  const [pack, { wasm, loader }] = await Promise.all([packageOf(name, base), highs(base)]);
  const source = URL.createObjectURL(new Blob([loader, ";\n", glue], { type: "text/javascript" }));
  onStatus("The solver is ready.");
  return new WorkerEngine(pack, wasm, source);
}

class WorkerEngine implements Engine {
  private worker: Worker;
  private asked = 0;
  private running: Open | undefined; // what the worker is at
  private waiting: Open | undefined; // what it will be asked next
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly package: Package;

  constructor(
    pack: Package,
    private readonly wasm: WebAssembly.Module,
    private readonly source: string,
  ) {
    this.package = pack;
    this.worker = this.opened();
  }

  solve(parameters: Parameters, choices: Choices = {}): Promise<Answer> {
    const { method, gap, timeLimit } = this.package;
    const question = { parameters, method: choices.method ?? method, gap: choices.gap ?? gap, timeLimit };
    return new Promise((resolve) => {
      this.supersede();
      this.waiting = { id: ++this.asked, question, resolve };
      if (!this.running) this.next();
      else this.timer ??= setTimeout(() => this.restart(), PATIENCE);
    });
  }

  cancel(): void {
    const busy = this.running;
    this.supersede();
    if (busy) this.restart();
  }

  close(): void {
    this.supersede();
    this.worker.terminate();
    URL.revokeObjectURL(this.source);
  }

  /** Resolve what is open as cancelled; the worker may still be at it. */
  private supersede(): void {
    for (const open of [this.running, this.waiting]) open?.resolve(cancelled);
    this.waiting = undefined;
  }

  private next(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running = this.waiting;
    this.waiting = undefined;
    if (!this.running) return;
    const { question, id } = this.running;
    const asked: Asked = { question, id };
    this.worker.postMessage(asked);
  }

  private heard(told: Told): void {
    if ("failed" in told) {
      if (!this.running) return; // it fails again when it is asked
      this.running.resolve({ ...cancelled, status: "error", words: told.failed });
      this.restart();
    } else if (told.id === this.running?.id) {
      this.running.resolve(told.answer);
      this.next();
    }
  }

  private restart(): void {
    this.worker.terminate();
    this.worker = this.opened();
    this.next();
  }

  private opened(): Worker {
    const worker = new Worker(this.source);
    worker.onmessage = ({ data }: MessageEvent<Told>) => this.heard(data);
    worker.onerror = ({ message }) => this.heard({ failed: message });
    const asked: Asked = { open: this.package, wasm: this.wasm };
    worker.postMessage(asked);
    return worker;
  }
}

const cancelled: Answer = {
  status: "cancelled", words: "Cancelled.", objective: NaN, bound: NaN, gap: Infinity, emissions: NaN, carbonPrice: null,
  values: {}, seconds: 0,
};
