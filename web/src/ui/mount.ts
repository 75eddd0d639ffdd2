// Finds where a page has room for a live figure, and puts it there. Nothing else is loaded until the reader touches it.
import { methods, type Row } from "./methods";
import { panel } from "./panel";
import type { Told } from "./stops";

export function mountAll(): void {
  for (const page of document.querySelectorAll<HTMLElement>(".cs-live")) {
    if (page.dataset.mounted) continue;
    const told = page.querySelector("script[type='application/json']")?.textContent;
    if (!told) continue;
    page.dataset.mounted = "";
    const start = JSON.parse(told) as Told & { methods?: Row[] };
    if (page.dataset.view === "methods") methods(page, start.methods ?? [], start.currency);
    else panel(page, start);
  }
}
