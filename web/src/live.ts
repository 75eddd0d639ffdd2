// What a page includes: the engine, for its live figures and for whoever opens the console.
import { openEngine } from "./engine/open";

Object.assign(globalThis, { carbonsched: { openEngine } });
