"""Every figure on one sheet, as it looks on a light and a dark page and to other eyes.

    python tools/contact_sheet.py [OUT]

Draws what the chapters keep as SVG and the figures of the package, of the real week, to
`_build/contact-sheet.html`, and to `.png` beside it with Debian's Chromium. One row a figure: as
is, in greyscale, and with protanopia, deuteranopia and tritanopia, first light, then dark. Says
which chapters still keep a figure as pixels, and which figures have colours that no page can turn
dark.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import nbformat
import pandas as pd
from browser import FLAGS, chromium
from colour_vision import SIGHTS

import carbonsched as cs
from carbonsched import plots

ROOT = Path(__file__).parents[1]
THEMES = {"light": ("#ffffff", plots.COLOURS), "dark": (plots.DARK["paper"], plots.DARK)}
WIDE = 270  # pixels of a cell
VARIABLE = re.compile(r"var\(--figure-(\w+), (#[0-9a-f]{6})\)")


def kept() -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each figure in the chapters, and tell of those kept as pixels."""
    for path in sorted((ROOT / "book").rglob("*.ipynb")):
        pixels, number = 0, 0
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if "image/svg+xml" in data:
                    number += 1
                    figure = cell.metadata.get("mystnb", {}).get("figure", {})
                    yield f"{path.stem}: {figure.get('name', number)}", data["image/svg+xml"]
                pixels += "image/png" in data
        if pixels:
            print(f"{path.stem} keeps {pixels} as pixels")


def drawn() -> Iterator[tuple[str, str]]:
    """Yield name and SVG of each figure of the package, drawn now."""
    matplotlib.use("Agg")
    week = cs.load(ROOT / "data/real-week")
    schedules = {
        method: cs.Schedule.load(ROOT / f"data/results/real-week/{method}.nc")
        for method in cs.METHODS
    }
    emissions = pd.Series({method: s.emissions for method, s in schedules.items()})
    price = week.data.import_price.transpose("time", "site").to_pandas()
    for kind in plots.KINDS:
        yield kind, plots.page_svg(plots.draw(kind, week, schedules["joint"]))
    for name, figure in {
        "stacked_benefit": plots.stacked_benefit(schedules),
        "spread": plots.spread({"import price [USD/MWh]": price}),
        "bars": plots.bars({"emissions [tCO2e]": emissions}, base="joint"),
    }.items():
        yield name, plots.page_svg(figure)


def filters() -> str:
    """Return the sights as filters of SVG, which work on linear RGB."""
    made = []
    for sight, matrix in SIGHTS.items():
        rows = " ".join(" ".join(f"{x:g}" for x in row) + " 0 0" for row in matrix)
        made.append(
            f'<filter id="{sight.replace(" ", "-")}" color-interpolation-filters="linearRGB">'
            f'<feColorMatrix type="matrix" values="{rows} 0 0 0 1 0"/></filter>'
        )
    return f'<svg width="0" height="0" style="position:absolute">{"".join(made)}</svg>'


def cells(drawing: str) -> Iterator[str]:
    """Yield a figure in every theme and sight."""
    for ground, colours in THEMES.values():
        painted = VARIABLE.sub(lambda v, set_=colours: set_.get(v[1], v[2]), drawing)
        source = base64.b64encode(painted.encode()).decode()
        for sight in SIGHTS:
            look = f"filter:url(#{sight.replace(' ', '-')});background:{ground}"
            yield (
                f'<td><img style="{look}" width="{WIDE}" alt="" '
                f'src="data:image/svg+xml;base64,{source}"></td>'
            )


def page(figures: dict[str, str]) -> str:
    """Return the sheet."""
    heads = "".join(f"<th>{theme}, {sight}</th>" for theme in THEMES for sight in SIGHTS)
    rows = "".join(
        f'<tr><th colspan="{len(THEMES) * len(SIGHTS)}">{html.escape(name)}</th></tr>'
        f"<tr>{''.join(cells(drawing))}</tr>"
        for name, drawing in figures.items()
    )
    style = (
        "body{margin:8px;font:14px sans-serif}th{text-align:left}td{padding:2px;vertical-align:top}"
    )
    return (
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Contact sheet</title>'
        f"<style>{style}</style>{filters()}<table><tr>{heads}</tr>{rows}</table></html>"
    )


def photograph(sheet: Path, path: str) -> Path:
    """Write the sheet as pixels, at most 16,384 high, which is what Chromium draws."""
    from playwright.sync_api import sync_playwright

    picture = sheet.with_suffix(".png")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        view = browser.new_page(
            viewport={"width": (WIDE + 8) * len(THEMES) * len(SIGHTS) + 16, "height": 900}
        )
        view.goto(sheet.resolve().as_uri())
        high = view.evaluate("document.documentElement.scrollHeight")
        view.evaluate(f"document.body.style.zoom = {min(1, 16000 / high)}")
        view.screenshot(path=picture, full_page=True)
        browser.close()
    return picture


def main() -> None:
    """Write the sheet, and say what a page cannot turn dark."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "_build/contact-sheet.html"
    figures = dict(kept()) | {f"package: {name}": drawing for name, drawing in drawn()}
    for name, drawing in figures.items():
        fixed = set(re.findall(r"(?:fill|stroke): ?(#[0-9a-f]{6})", VARIABLE.sub("", drawing)))
        if fixed:
            print(f"{name} has colours of its own: {', '.join(sorted(fixed))}")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(figures), encoding="utf-8")
    print(f"{len(figures)} figures on {out}")
    if path := chromium():
        print(f"and {photograph(out, path)}")
    else:
        print("no picture of it: Chromium is not here")


if __name__ == "__main__":
    main()
