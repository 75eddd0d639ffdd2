"""A drawing for a page: variables for colours, letters as letters, the same text again."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest

from carbonsched import plots
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
    root = ET.fromstring(text)
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
    with plt.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        other = drawing()
    assert plots.page_svg(usual) == plots.page_svg(other)
    plt.close("all")
