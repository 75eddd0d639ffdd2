// Table I, live: pick a method, and its row is solved here, beside Python's and the paper's.
import { amount } from "./amounts";
import { Board } from "./board";
import { button, element } from "./dom";
import type { State } from "./session";

const WHOSE = ["paper", "Python", "here"];

export interface Row {
  name: string;
  title: string;
  objective: number;
  emissions: number;
  paper: { objective: number; emissions: number };
}

export function methods(page: HTMLElement, rows: Row[], currency: string): void {
  const here = new Map(rows.map(({ name }) => [name, [element("td", {}, "–"), element("td", {}, "–")] as const]));
  const picks = new Map<string, HTMLButtonElement>();
  const waiting: string[] = [];
  const board = new Board(page, filled);

  /** Write an answer into its row, and go on with the next that waits. */
  function filled({ busy, shown, failed, words }: State): void {
    const method = board.session?.method ?? "";
    for (const [name, pick] of picks) {
      pick.setAttribute("aria-pressed", String(name === method));
      pick.closest("tr")?.classList.toggle("cs-picked", name === method);
    }
    if (busy) return;
    const [objective, emissions] = here.get(method) ?? [];
    if (!objective || !emissions) return;
    if (!failed && shown?.method === method) {
      objective.textContent = amount(shown.answer.objective);
      emissions.textContent = amount(shown.answer.emissions);
    } else objective.textContent = words;
    if (failed) waiting.length = 0;
    const next = waiting.shift();
    if (next) setTimeout(() => void pick(next));
  }

  async function pick(name: string): Promise<void> {
    const session = await board.open();
    if (!session.shown) board.drawReference(session.engine.package, name);
    session.method = name;
    session.ask();
  }

  // A phone leaves one column of three out, and a head says how many it stands over.
  const amounts = Object.entries({ objective: currency, emissions: "tCO2e" }).flatMap(([name, unit]) =>
    [{ class: "cs-wide", colspan: 3 }, { class: "cs-narrow", colspan: 2 }].map((over) =>
      element("th", { scope: "colgroup", ...over }, `${name} `, element("span", { class: "cs-quiet" }, `[${unit}]`)),
    ),
  );
  const whose = [...WHOSE, ...WHOSE].map((name) => element("th", { scope: "col", class: name === "Python" && "cs-wide" }, name));
  const first = element("th", { scope: "col", rowspan: 2 }, "method");
  const heads = [element("tr", {}, first, ...amounts), element("tr", {}, ...whose)];
  const body = rows.map((row) => {
    const picked = button(row.title, () => void pick(row.name), { "aria-pressed": "false" });
    picks.set(row.name, picked);
    const numbers = (["objective", "emissions"] as const).flatMap((key, k) => [
      element("td", {}, amount(row.paper[key])),
      element("td", { class: "cs-wide" }, amount(row[key])),
      (here.get(row.name) as readonly HTMLTableCellElement[])[k] as HTMLTableCellElement,
    ]);
    return element("tr", { "data-method": row.name }, element("th", { scope: "row" }, picked), ...numbers);
  });
  const table = element("table", { class: "cs-methods" }, element("thead", {}, ...heads), element("tbody", {}, ...body));
  const all = button("Solve all six", () => {
    waiting.splice(0, waiting.length, ...rows.slice(1).map(({ name }) => name));
    void pick(rows[0]?.name ?? "joint");
  }, { class: "cs-solve" });
  const stop = board.cancel;
  stop.addEventListener("click", () => (waiting.length = 0));
  const region = { class: "cs-scroll", tabindex: 0, role: "region", "aria-label": "Table I, solved here" };
  const controls = [element("div", region, table), element("p", { class: "cs-buttons" }, all, stop), board.status];
  page.replaceChildren(...controls, board.headline.root, board.figures.root, board.keep);
  board.say("Pick a method: its model is solved here, in your browser.");
}
