"""What a look at a page can find wrong, one function a kind of fault."""

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}
SMALLEST_TEXT = 9  # px, as it stands on the screen
LONG_TABLE = 15  # rows; scrolling.js makes cards of no more
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
SERIOUS = {"serious", "critical"}


@dataclass
class Look:
    """A page in a browser, and what was heard of it on the way."""

    page: object
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def look(browser, path: Path, width: str, theme: str, query: str = ""):
    """Open a page as a reader would, from its file."""
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down}, color_scheme=theme, reduced_motion="reduce"
    )
    try:
        page = context.new_page()
        page.add_init_script(
            f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
        )
        seen = Look(page)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("console", lambda m: seen.errors.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(path.as_uri() + query)
        page.evaluate("window.MathJax?.startup?.promise")
        yield seen
    finally:
        context.close()


def unheard_of(seen: Look) -> list[str]:
    """Return errors on the console, and requests that leave the files."""
    outside = [url for url in seen.requests if not url.startswith(("file:", "data:", "blob:"))]
    return seen.errors + [f"asks {url}" for url in outside]


def loaded(seen: Look) -> int:
    """Return how many bytes a first visit reads: the page and what it asks for by itself."""
    files = {unquote(urlsplit(url).path) for url in seen.requests if url.startswith("file:")}
    return sum(Path(file).stat().st_size for file in files)


OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const faults = [];
  if (document.documentElement.scrollWidth > wide)
    faults.push(`the page is ${document.documentElement.scrollWidth} px wide of ${wide}`);
  // an equation, or a table, may scroll inside itself; it may not be cut
  const boxes = "article mjx-container, article table, article svg.drawn";
  for (const one of document.querySelectorAll(boxes)) {
    const box = one.getBoundingClientRect();
    if (!box.width || box.right <= wide + 1) continue;
    let around = one, scrolls = false;
    for (; around && around.tagName !== "BODY"; around = around.parentElement)
      if (/auto|scroll/.test(getComputedStyle(around).overflowX)) { scrolls = true; break; }
    if (!scrolls) faults.push(`cut: ${one.tagName} ${one.textContent.trim().slice(0, 40)}`);
  }
  return faults;
}"""

SIDEWAYS = """(most) => [
  ...[...document.querySelectorAll("article table")].filter((table) => {
    let around = table;
    while (around.tagName !== "BODY" && !/auto|scroll/.test(getComputedStyle(around).overflowX))
      around = around.parentElement;
    return around.scrollWidth > around.clientWidth + 1 && table.tBodies[0].rows.length <= most;
  }),
  ...[...document.querySelectorAll("article mjx-container[display=true]")].filter((formula) => {
    const drawn = formula.querySelector("mjx-math, svg");
    return drawn.getBoundingClientRect().right > formula.getBoundingClientRect().right + 1;
  }),
].map((one) => `scrolls sideways: ${one.textContent.trim().slice(0, 60)}`)"""

UNDESCRIBED = """() => [
  ...[...document.querySelectorAll("img:not([alt])")].map((one) => one.src),
  ...[...document.querySelectorAll("article svg[role=img]")]
    .filter((one) => !(one.getAttribute("aria-label") || "").trim()).map((one) => `svg ${one.id}`),
  ...[...document.querySelectorAll("article figure svg.drawn, article figure img")]
    .filter((one) => !(one.getAttribute("aria-label") || one.getAttribute("alt") || "").trim())
    .map(() => "a figure without words"),
]"""

SMALL_TEXT = """(smallest) => [...document.querySelectorAll("svg.drawn text")].filter((one) => {
  const scale = one.getScreenCTM();
  const size = parseFloat(getComputedStyle(one).fontSize) * Math.hypot(scale.a, scale.b);
  return one.textContent.trim() && size < smallest - 0.05;
}).map((one) => `${one.textContent.trim()}: ${(parseFloat(getComputedStyle(one).fontSize)
  * Math.hypot(one.getScreenCTM().a, one.getScreenCTM().b)).toFixed(1)} px`)"""


def overflowing(seen: Look) -> list[str]:
    """Return what is wider than the screen and does not scroll inside itself."""
    return seen.page.evaluate(OVERFLOW)


def sideways(seen: Look) -> list[str]:
    """Return formulas, and tables but for long ones, that a phone must scroll sideways."""
    seen.page.wait_for_function("document.readyState === 'complete'")
    return seen.page.evaluate(SIDEWAYS, LONG_TABLE)


def undescribed(seen: Look) -> list[str]:
    """Return pictures without words for those who cannot see them."""
    return seen.page.evaluate(UNDESCRIBED)


def small_text(seen: Look) -> list[str]:
    """Return the words of figures that are too small to read as they stand on the screen."""
    return seen.page.evaluate(SMALL_TEXT, SMALLEST_TEXT)


def inaccessible(seen: Look, axe: str, thorough: bool = True) -> list[str]:
    """Return what axe-core judges serious or critical; else but for contrast, code and formulas."""
    seen.page.evaluate(axe)
    where = "document" if thorough else "{exclude: [['pre'], ['mjx-container']]}"
    options = {
        "runOnly": TAGS,
        "resultTypes": ["violations"],
        "rules": {
            "label-content-name-mismatch": {"enabled": True},
            "color-contrast": {"enabled": thorough},
        },
    }
    found = seen.page.evaluate(f"axe.run({where}, {json.dumps(options)})")
    return [
        f"{one['impact']} {one['id']}: {node['html'][:150]} {node['target']}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
