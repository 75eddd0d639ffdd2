// Colours, hatches and names as the book's figures have them (`carbonsched.plots`; a test compares).

export const COLOURS = {
  ink: "#1b1f24",
  quiet: "#57606a",
  rule: "#c9d1d9",
  paper: "#fefefe",
  edge: "#14171a",
  blue: "#0072b2",
  orange: "#e69f00",
  green: "#009e73",
  pink: "#cc79a7",
  sky: "#56b4e9",
  red: "#d55e00",
  yellow: "#f0e442",
  grey: "#999999",
} as const;

export type Colour = keyof typeof COLOURS;

export interface Look {
  label: string;
  colour: Colour;
  hatch: string;
}

const look = (label: string, colour: Colour, hatch = ""): Look => ({ label, colour, hatch });

/** A colour that follows the page from light to dark. */
export function ink(colour: Colour): string {
  return `var(--figure-${colour}, ${COLOURS[colour]})`;
}

export const SUPPLY: Record<string, Look> = {
  generate: look("on-site generation", "green"),
  grid_import: look("import", "grey", "///"),
  discharge: look("battery discharge", "yellow", "..."),
};

export const USE: Record<string, Look> = {
  charge: look("battery charge", "orange", "..."),
  grid_export: look("export", "sky", "\\\\\\"),
};

export const TERMS: Record<string, Look> = {
  training: look("training", "blue"),
  inference: look("inference", "sky", "\\\\\\"),
  export: look("export", "green", "..."),
  import: look("import", "grey", "///"),
  generation: look("generation", "red", "++"),
  battery: look("battery", "orange", "xxx"),
  startup: look("startup", "pink", "---"),
  stored: look("stored", "yellow", "oo"),
};

const SITES: [Colour, string][] = [
  ["blue", ""],
  ["orange", "///"],
  ["green", "..."],
  ["pink", "xxx"],
  ["sky", "\\\\\\"],
  ["red", "++"],
];

/** A look for each site, the same in every figure. */
export function siteLooks(sites: string[]): Look[] {
  return sites.map((site, k) => look(site, ...(SITES[k % SITES.length] as [Colour, string])));
}
