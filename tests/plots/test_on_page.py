"""A drawing for a page: variables for colours, letters as letters, the same text again."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from carbonsched import plots
from carbonsched.plots import small
from carbonsched.plots.style import COLOURS, styled


@styled
def drawing():
    figure, (axis,) = plots.panels()
    axis.plot([0, 1], [0, 1], color=COLOURS["blue"], label="line")
    axis.bar([0], [1], color=COLOURS["green"], hatch="///", edgecolor=COLOURS["ink"])
    axis.set_xlabel("power [MW]")
    figure.legend(loc="outside lower center")
    return figure


def test_every_colour_is_a_variable_and_letters_are_letters():
    figure = drawing()
    text = plots.page_svg(figure)
    plt.close(figure)
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg") and float(
        root.get("width").removesuffix("pt")
    ) == pytest.approx(72 * plots.WIDTH)
    bare = re.sub(r"var\(--figure-\w+, #[0-9a-f]{6}\)", "", text)
    assert re.findall(r"(?:fill|stroke): *(#[0-9a-f]{3,6})", bare) == []
    words = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"power [MW]", "line"} <= words


def test_the_same_figure_is_the_same_text():
    texts = []
    for _ in range(2):
        figure = drawing()
        texts.append(plots.page_svg(figure))
        plt.close(figure)
    assert texts[0] == texts[1]
    assert "dc:date" not in texts[0]


def test_a_readers_own_settings_change_nothing():
    usual = drawing()
    with plt.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        other = drawing()
    assert plots.page_svg(usual) == plots.page_svg(other)
    plt.close("all")


def test_what_is_said_is_left_as_it_is():
    """A label may look like a colour, a number or spaces; it is letters."""
    figure, (axis,) = plots.panels()
    axis.set_xlabel("#0072b2 0.123456  x", color=COLOURS["ink"])
    text = plots.page_svg(figure)
    plt.close(figure)
    assert "#0072b2 0.123456  x" in text and ElementTree.fromstring(text) is not None


def test_two_drawings_stand_on_one_page():
    """What has a name is referred to, and the same name is the same thing."""
    figure = drawing()
    root = ElementTree.fromstring(plots.page_svg(figure))
    plt.close(figure)
    written = ElementTree.tostring(root, encoding="unicode")
    named = [node.get("id") for node in root.iter() if node.get("id")]
    assert named and len(named) == len(set(named))
    assert all(f"#{name}" in written for name in named)
    referred = set(re.findall(r"url\(#(.*?)\)", written))
    assert referred and referred <= set(named)


def test_a_way_is_the_same_in_fewer_letters():
    long = "M 0.001 0 L 10.123456 0 L 20 0 L 20 5.5 L 15 5.5 L 18 5.5 L 25 9 z"
    short = small._path(long)
    assert short == "M0 0H20V5.5H15H18L25 9z"


@pytest.mark.parametrize("hatch", ["...", "oo", "**"])
def test_a_hatch_of_dots_is_a_tile_of_few(hatch):
    figure, (axis,) = plots.panels()
    axis.bar([0], [1], hatch=hatch)
    text = plots.page_svg(figure)
    plt.close(figure)
    (pattern,) = ElementTree.fromstring(text).iter(f"{small.SVG}pattern")
    width, height = float(pattern.get("width")), float(pattern.get("height"))
    assert 72 / width == pytest.approx(6 * len(hatch)) and height == pytest.approx(2 * width)
    assert len(ElementTree.tostring(pattern)) < 10_000
