// The sliders: a range input each, worked by mouse, finger or keyboard.
import { element, freshId } from "./dom";
import { MOVES, type Settings } from "./settings";
import { stopsOf, type Start, type Stop } from "./stops";

type Name = keyof Settings;

export class Sliders {
  readonly root = element("form", { class: "cs-sliders", "aria-label": "Settings" });
  readonly settings: Settings = {};

  constructor(
    private start: Start,
    private readonly moved: (settled: boolean) => void,
  ) {
    this.root.addEventListener("submit", (event) => event.preventDefault());
    this.draw();
  }

  /** Put every slider back to what is given. */
  reset(): void {
    for (const name of Object.keys(this.settings)) delete this.settings[name as Name];
    this.draw();
  }

  /** Let the sliders stand for other tables; they keep what they say. */
  restart(start: Start): void {
    this.start = start;
    this.draw();
  }

  private draw(): void {
    const names = (Object.keys(MOVES) as Name[]).filter((name) => name !== "deadline" || this.movable().length);
    this.root.replaceChildren(...names.map((name) => (name === "deadline" ? this.deadline() : this.slider(name))));
  }

  private slider(name: Exclude<Name, "deadline">): HTMLElement {
    const stops = stopsOf(name, this.start);
    return this.row(element("span", {}, MOVES[name].label), stops, this.settings[name], name, (value) => {
      if (value === undefined) delete this.settings[name];
      else this.settings[name] = value as number;
    });
  }

  private deadline(): HTMLElement {
    const id = freshId("job");
    const jobs = this.movable();
    const options = jobs.map((job) => element("option", {}, this.start.jobs[job]?.name ?? ""));
    const choice = element("select", { id, "aria-label": "Job whose deadline is moved" }, ...options);
    const chosen = jobs.findIndex((job) => this.start.jobs[job]?.name === this.settings.deadline?.job);
    choice.selectedIndex = Math.max(chosen, 0);
    const title = element("span", {}, `${MOVES.deadline.label} `, choice);
    const made = (at: number): HTMLElement => {
      const job = jobs[at] ?? 0;
      const name = this.start.jobs[job]?.name ?? "";
      const now = this.settings.deadline?.job === name ? this.settings.deadline.label : undefined;
      return this.row(title, stopsOf("deadline", this.start, job), now, `deadline of ${name}`, (value) => {
        if (value === undefined) delete this.settings.deadline;
        else this.settings.deadline = { job: name, label: value as string };
      });
    };
    let shown = made(choice.selectedIndex);
    choice.addEventListener("change", () => {
      const moves = this.settings.deadline !== undefined;
      delete this.settings.deadline;
      const next = made(choice.selectedIndex);
      shown.replaceWith(next);
      shown = next;
      choice.focus();
      if (moves) this.moved(true);
    });
    return shown;
  }

  /** The jobs, by position, whose deadline can be another. */
  private movable(): number[] {
    return this.start.jobs.map((_, job) => job).filter((job) => stopsOf("deadline", this.start, job).length > 1);
  }

  private row(
    title: HTMLElement,
    stops: Stop[],
    now: Stop["value"],
    name: string,
    set: (value: Stop["value"]) => void,
  ): HTMLElement {
    const at = Math.max(stops.findIndex((stop) => stop.value === now), 0);
    const id = freshId("slider");
    const output = element("output", { for: id });
    const input = element("input", { type: "range", id, min: 0, max: stops.length - 1, step: 1, value: at });
    input.setAttribute("aria-label", title.querySelector("select") ? `D${name.slice(1)}` : (title.textContent ?? name));
    input.dataset.setting = name.split(" ")[0];
    const tell = (): Stop["value"] => {
      const stop = stops[Number(input.value)] as Stop;
      output.textContent = stop.text;
      input.setAttribute("aria-valuetext", stop.text);
      output.classList.toggle("cs-moved", stop.value !== undefined);
      return stop.value;
    };
    tell();
    input.addEventListener("input", () => {
      set(tell());
      this.moved(false);
    });
    input.addEventListener("change", () => this.moved(true));
    return element("div", { class: "cs-slider" }, title, output, input);
  }
}
