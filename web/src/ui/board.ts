// What all live pages share: the engine, loaded at the first touch, its status, the numbers and the figures.
import { openEngine } from "../engine/open";
import type { Package } from "../engine/types";
import { save } from "./csv";
import { button, element } from "./dom";
import { Figures, type Drawn } from "./figures";
import { Headline } from "./headline";
import { Scene } from "./scene";
import { flowsCsv, inferenceCsv, jobsCsv } from "./schedule";
import { Session, type State } from "./session";

const KEPT = { jobs: jobsCsv, flows: flowsCsv, inference: inferenceCsv };

export class Board {
  readonly status = element("p", { class: "cs-status", role: "status", "aria-live": "polite" });
  readonly headline = new Headline();
  readonly figures = new Figures();
  readonly cancel = button("Cancel", () => this.session?.cancel(), { disabled: true });
  readonly keep: HTMLElement;
  session: Session | undefined;
  private opening: Promise<Session> | undefined;
  private drawn: Drawn | undefined;

  /** @param page the element that the page has set aside, with what it shows until the first answer */
  constructor(
    private readonly page: HTMLElement,
    private readonly changed: (state: State) => void,
  ) {
    const saves = Object.entries(KEPT).map(([name, csv]) => {
      const file = `${name}.csv`;
      return button(file, () => this.drawn && save(file, csv(this.drawn.scene)), { "aria-label": `Save the schedule: ${file}` });
    });
    const still = document.getElementById(page.dataset.still ?? "");
    if (still) this.figures.root.append(still); // until the first answer
    this.keep = element("p", { class: "cs-buttons", hidden: true }, "Save the schedule: ", ...saves);
    page.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.session?.cancel();
    });
  }

  /** The session, with the engine loaded if it is not yet. */
  open(): Promise<Session> {
    this.opening ??= this.load();
    return this.opening;
  }

  private async load(): Promise<Session> {
    this.say("Loading the solver …");
    try {
      const base = this.page.dataset.base ?? "live/";
      const engine = await openEngine(this.page.dataset.package ?? "default", base, (words) => this.say(words));
      this.session = new Session(engine, (state) => this.show(state));
      return this.session;
    } catch (error) {
      this.opening = undefined;
      this.say(`The solver did not load: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  say(words: string): void {
    if (this.status.textContent !== words) this.status.textContent = words;
  }

  /** Draw what Python found for the given numbers, until the first answer is there. */
  drawReference(pack: Package, method: string): void {
    const { python, paper } = referenceOf(pack, method);
    const scene = new Scene(pack, pack.given, python.values);
    this.draw({ scene, reference: scene, python, paper, held: method !== "no_carbon" });
  }

  private show(state: State): void {
    const { shown, busy, words } = state;
    this.cancel.disabled = !busy;
    this.figures.root.setAttribute("aria-busy", String(busy));
    this.page.classList.toggle("cs-solving", busy);
    this.page.classList.toggle("cs-stale", !busy && (state.faults.length > 0 || state.failed));
    if (!busy && shown && !state.failed && this.session) {
      const { package: pack } = this.session.engine;
      const { python, paper } = referenceOf(pack, shown.method);
      const scene = new Scene(pack, shown.parameters, shown.answer.values);
      const reference = new Scene(pack, pack.given, python.values);
      this.draw({ scene, reference, python, paper, held: shown.method !== "no_carbon" });
      if (this.drawn) this.headline.show(shown.answer, this.drawn);
      this.keep.hidden = false;
    }
    this.say(words);
    this.changed(state);
  }

  private draw(drawn: Drawn): void {
    this.drawn = drawn;
    this.figures.draw(drawn);
  }
}

function referenceOf(pack: Package, method: string): Pick<Drawn, "python" | "paper"> {
  const found = pack.methods[method];
  if (!found) throw new Error(`there is no method ${method}`);
  return { python: found.reference, paper: found.paper };
}
