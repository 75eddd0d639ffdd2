// Elements of the page, made in one call.

type Attributes = Record<string, string | number | boolean | undefined>;

/** An element; an attribute that is false or undefined is left out, one that is true is empty. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...inside: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  made.append(...inside);
  return made;
}

/** A button that does something. */
export function button(said: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, said);
  made.addEventListener("click", act);
  return made;
}

let numbered = 0;

/** An id that no other element of the page has. */
export function freshId(stem: string): string {
  return `cs-${stem}-${++numbered}`;
}
