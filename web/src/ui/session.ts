// One reader's session with the engine: what is asked, and the last answer, which stays while the next is sought.
import type { Answer, Engine, Parameters } from "../engine/types";
import { apply, type Settings } from "./settings";
import { faultsOf, type Fault } from "./faults";

const PATIENCE = 1500; // ms that a question may be in work before a newer one takes its place

export interface Shown {
  answer: Answer;
  parameters: Parameters;
  method: string;
  words: string;
}

export interface State {
  busy: boolean;
  words: string;
  faults: Fault[];
  shown: Shown | undefined;
  failed: boolean; // whether the last question has no answer of its own
}

export class Session {
  given: Parameters;
  settings: Settings = {};
  method: string;
  private state: State = { busy: false, words: "", faults: [], shown: undefined, failed: false };
  private asked = false;
  private stopped = false;
  private began = 0;
  private hurry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly engine: Engine,
    private readonly tell: (state: State) => void,
  ) {
    this.given = engine.package.given;
    this.method = engine.package.method;
  }

  get shown(): Shown | undefined {
    return this.state.shown;
  }

  /** Solve what is asked now. While a search runs only the newest question waits for its end. */
  ask(): void {
    this.asked = true;
    this.stopped = false;
    if (!this.state.busy) void this.work();
    else this.hurry ??= setTimeout(() => this.giveWay(), this.began + PATIENCE - performance.now());
  }

  /** End a search that a newer question has waited for long enough. */
  private giveWay(): void {
    this.hurry = undefined;
    if (this.asked) this.engine.cancel();
  }

  /** Give up what is being solved; the last answer stays. */
  cancel(): void {
    if (!this.state.busy) return;
    this.asked = false;
    this.stopped = true;
    this.engine.cancel();
  }

  private async work(): Promise<void> {
    while (this.asked) {
      this.asked = false;
      clearTimeout(this.hurry);
      this.hurry = undefined;
      const { method } = this;
      const parameters = apply(this.given, this.settings, this.engine.package.labels.job);
      const faults = faultsOf(this.engine.package, parameters);
      if (faults.length) {
        const many = faults.length === 1 ? "1 value is refused" : `${faults.length} values are refused`;
        this.change({ busy: false, faults, words: `Not solved, ${many}: ${faults[0]?.words}` });
        continue;
      }
      if (this.answered(parameters, method)) {
        this.change({ busy: false, faults, words: this.state.shown?.words ?? "" });
        continue;
      }
      this.began = performance.now();
      this.change({ busy: true, faults, words: "Solving …" });
      const answer = await this.engine.solve(parameters, { method });
      if (answer.status === "cancelled" && this.asked) continue;
      const found = answer.status === "optimal" || answer.status === "within gap";
      const words = this.stopped ? "Cancelled: the last answer is shown." : told(answer);
      const shown = found ? { answer, parameters, method, words } : this.state.shown;
      this.change({ busy: false, words, shown, failed: !found });
    }
  }

  /** Whether what is shown is the answer already. */
  private answered(parameters: Parameters, method: string): boolean {
    const { shown, failed, faults } = this.state;
    if (!shown || failed || faults.length || shown.method !== method) return false;
    return Object.entries(parameters).every(([name, values]) => shown.parameters[name] === values);
  }

  private change(part: Partial<State>): void {
    this.state = { ...this.state, ...part };
    this.tell(this.state);
  }
}

/** How good an answer is, and how long it took. */
function told({ words, seconds, status }: Answer): string {
  const said = `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, "")}.`;
  if (status === "infeasible") return `${said} The last answer is shown.`;
  if (status === "error" || status === "cancelled") return said;
  return `${said} It took ${seconds.toFixed(2)} s, here in your browser.`;
}
