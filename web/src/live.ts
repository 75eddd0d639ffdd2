// What a page includes: its live figures, and the engine for whoever opens the console.
import { openEngine } from "./engine/open";
import { mountAll } from "./ui/mount";
import { apply } from "./ui/settings";

Object.assign(globalThis, { carbonsched: { openEngine, apply } });
mountAll();
