// Finds where a page has room for a live figure, and puts it there. Nothing else is loaded until the reader touches it.
import { methods, type Row } from "./methods";
import { panel } from "./panel";
import type { Start } from "./stops";

interface Told extends Start {
  currency: string;
  methods?: Row[];
}

export function mountAll(): void {
  for (const page of document.querySelectorAll<HTMLElement>(".cs-live")) {
    if (page.dataset.mounted) continue;
    const told = page.querySelector("script[type='application/json']")?.textContent;
    if (!told) continue;
    page.dataset.mounted = "";
    const start = JSON.parse(told) as Told;
    if (page.dataset.view === "methods") methods(page, start.methods ?? [], start.currency);
    else panel(page, start);
  }
}
