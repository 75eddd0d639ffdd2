// The live figure: sliders, the tables behind them, and what the model answers.
import { Board } from "./board";
import { button, element } from "./dom";
import { Draft } from "./draft";
import { Editor } from "./editor";
import type { Session } from "./session";
import { Sliders } from "./sliders";
import { startOf, type Told } from "./stops";

export function panel(page: HTMLElement, start: Told): void {
  const board = new Board(page, () => undefined);
  const sliders = new Sliders(start, () => void touch());
  let draft: Draft | undefined;

  /** The first touch loads the engine and draws the tables; every touch asks anew. */
  async function touch(): Promise<void> {
    const first = !board.session;
    const session = await board.open();
    if (first && !draft) draft = furnish(session);
    session.settings = { ...sliders.settings };
    session.ask();
  }

  function furnish(session: Session): Draft {
    const { package: pack } = session.engine;
    const made = new Draft(pack);
    const editor = new Editor(made, (faults) => {
      if (faults.length) return board.say(refusal(faults.length));
      session.given = made.values;
      const method = pack.methods[pack.method];
      if (method) sliders.restart(startOf(pack, made.values, method.reference, start.least));
      session.ask();
    });
    page.append(editor.root);
    board.drawReference(pack, pack.method);
    return made;
  }

  const solve = button("Solve it here", () => void touch(), { class: "cs-solve" });
  const back = button("Sliders as given", () => {
    sliders.reset();
    if (board.session) void touch();
  });
  const buttons = element("p", { class: "cs-buttons" }, solve, board.cancel, back);
  const controls = element("div", { class: "cs-controls" }, sliders.root, buttons, board.status, board.keep);
  page.replaceChildren(element("div", { class: "cs-body" }, board.headline.root, controls, board.figures.root));
  board.headline.before(start);
  board.say("Move a slider: the model is solved anew, here in your browser.");
}

function refusal(many: number): string {
  return `Not solved: ${many === 1 ? "1 value is refused, see its cell" : `${many} values are refused, see their cells`}.`;
}
