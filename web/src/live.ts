// What a page includes: its live figures, and for whoever opens the console the engine and what moves it.
import { openEngine } from "./engine/open";
import { COLOURS, siteLooks, SUPPLY, TERMS, USE } from "./ui/look";
import { mountAll } from "./ui/mount";
import { apply } from "./ui/settings";

const look = { colours: COLOURS, supply: SUPPLY, use: USE, terms: TERMS, sites: siteLooks };
Object.assign(globalThis, { carbonsched: { openEngine, apply, look } });
mountAll();
