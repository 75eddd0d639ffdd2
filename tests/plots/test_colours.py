"""Figures are read by all eyes, on light and dark pages: what is beside each other stays apart."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from colour_vision import SIGHTS, ciede2000, contrast, distance, linear, seen
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, StepPatch
from matplotlib.text import Text

import carbonsched as cs
from carbonsched import plots
from carbonsched.plots.money import TERMS
from carbonsched.plots.rows import BARS
from carbonsched.plots.style import COLOURS, DARK, EDGE, STYLE, around

THEMES = {"light": COLOURS, "dark": DARK}
NAMES = {colour: name for name, colour in COLOURS.items()}
APART = 10.0  # CIEDE2000: seen at a glance
CSS = Path(__file__).parents[2] / "book/_static/book.css"


@pytest.fixture(scope="module")
def figures(rich):
    plt.switch_backend("Agg")
    drawn = {kind: plots.draw(kind, *rich) for kind in plots.KINDS}
    drawn["stacked_benefit"] = plots.stacked_benefit({"joint": rich[1]})
    drawn["spread"] = plots.spread({"x [%]": pd.DataFrame({"a": [-1.0, 2.0], "b": [1.0, 3.0]})})
    drawn["bars"] = plots.bars({"x [%]": pd.DataFrame(np.ones((2, 4)), ["a", "b"])}, base="a")
    for figure in drawn.values():
        figure.draw_without_rendering()
    yield drawn
    plt.close("all")


def test_distance_is_that_of_its_authors():
    """Proves: pairs 1, 7, 17 and 25 of the table that Sharma, Wu and Dalal give to test with."""
    for one, other, apart in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(one), np.array(other)) == pytest.approx(apart, abs=5e-5)
    assert contrast(linear("#ffffff"), linear("#000000")) == pytest.approx(21)
    for sight in SIGHTS:  # white and grey are white and grey to all
        assert distance("#ffffff", "#ffffff") == 0
        np.testing.assert_allclose(seen("#808080", sight), linear("#808080"), atol=2e-6)


def looks():
    """Yield what stands beside each other: colour and hatch of each."""
    six = cs.generate(6, 2, 0, 0)
    yield "sites", list(plots.site_styles(six).values())
    yield "dispatch", [look[1:] for look in (plots.SUPPLY | plots.USE).values()]
    yield "terms", list(TERMS.values())
    yield "bars", list(BARS)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_fills_stay_apart(theme, sight):
    """By hatch, or else by colour; and a hatch is seen on its fill, an edge on its page."""
    page = THEMES[theme]
    for where, fills in looks():
        for (one, hatch), (other, another) in combinations(fills, 2):
            apart = distance(page[NAMES[one]], page[NAMES[other]], sight)
            assert hatch != another or apart >= APART, (where, one, other, apart)
        for fill, _ in fills:
            own, line = (seen(page[NAMES[colour]], sight) for colour in (fill, around(fill)))
            assert contrast(own, line) >= 3, (where, fill)
            paper = seen(page["paper"], sight)
            assert max(contrast(own, paper), contrast(line, paper)) >= 3, (where, fill)


@pytest.mark.parametrize("sight", SIGHTS)
def test_what_a_legend_names_stays_apart(figures, sight):
    for kind, figure in figures.items():
        handles = [handle for legend in figure.legends for handle in legend.legend_handles]
        for one, other in combinations(handles, 2):
            if type(one) is type(other):
                shapes, colours = zip(*(shape(handle) for handle in (one, other)), strict=True)
                apart = [distance(*(page[NAMES[c]] for c in colours), sight) for page in (
                    THEMES.values())]  # fmt: skip
                assert shapes[0] != shapes[1] or min(apart) >= APART, (kind, colours)


def shape(handle):
    """Return what of a legend's piece is no colour, and its colour."""
    if isinstance(handle, Line2D):
        return (handle.get_linestyle(), handle.get_marker()), to_hex(handle.get_color())
    return handle.get_hatch() or "", to_hex(handle.get_facecolor())


def lines_of(figure):
    """Yield the colour of each line that says something: all but grid, zero-width and hidden."""
    for axis in figure.axes:
        for line in axis.lines:
            if line.get_linestyle() != "None":
                yield line.get_color()
        for patch in axis.patches:
            if isinstance(patch, StepPatch):
                yield patch.get_edgecolor()


@pytest.mark.parametrize("theme", THEMES)
def test_lines_and_letters_stand_out(figures, theme):
    page = THEMES[theme]
    paper = linear(page["paper"])
    for kind, figure in figures.items():
        for colour in lines_of(figure):
            name = NAMES[to_hex(colour)]
            inside = kind == "spread" and name == "edge"  # the median, on its box
            ground = linear(page["sky"]) if inside else paper
            assert contrast(linear(page[name]), ground) >= 3, (kind, name)
        for text in figure.findobj(Text):
            if text.get_text().strip():
                name = NAMES[to_hex(text.get_color())]
                assert contrast(linear(page[name]), paper) >= 4.5, (kind, text.get_text())


@pytest.mark.parametrize("theme", THEMES)
def test_numbers_are_read_on_their_cells(figures, theme):
    """Mixed as browsers mix: in the coded values."""
    page = THEMES[theme]
    cells = figures["flows"].axes[0].patches
    assert cells
    for cell in cells:
        fill, paper = (np.array(to_rgba(page[name])[:3]) for name in ("blue", "paper"))
        ground = to_hex(cell.get_alpha() * fill + (1 - cell.get_alpha()) * paper)
        assert contrast(linear(page["ink"]), linear(ground)) >= 4.5


def test_every_colour_has_a_name(figures):
    """Or it would stay as it is on a dark page."""
    for kind, figure in figures.items():
        text = re.sub(r"var\(--figure-\w+, #[0-9a-f]{6}\)", "", plots.page_svg(figure))
        assert re.findall(r"(?:fill|stroke)[:=] ?\"?(#[0-9a-f]{3,6})", text) == [], kind
        fills = [p for p in figure.findobj(Patch) if p.get_hatch()]
        for fill in fills:
            expected = around(to_hex(fill.get_facecolor()))
            assert to_hex(fill.get_edgecolor()) == expected, kind


def test_names_are_the_same_in_both_themes():
    assert list(COLOURS) == list(DARK) and len(NAMES) == len(COLOURS)
    assert DARK["edge"] == EDGE == STYLE["patch.edgecolor"]


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_sets_these_colours(theme):
    """White is the page's own; here it is a little off, to be told from a ground that is white."""
    css = re.sub(r"/\*.*?\*/", "", CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = [
        (head, dict(re.findall(r"--figure-(\w+):\s*(#[0-9a-fA-F]{6})", body)))
        for head, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css)
    ]
    found = {
        name: colour.lower()
        for head, said in rules
        if theme == "dark" or "dark" not in head
        for name, colour in said.items()
    }
    expected = THEMES[theme] | ({"paper": "#ffffff"} if theme == "light" else {})
    assert found == expected
