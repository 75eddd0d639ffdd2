"""Rows of bars and boxes: each where its name is, as long as its number."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch

from carbonsched import plots


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_a_box_is_the_middle_half_and_whiskers_the_central_nine_tenths():
    loss = pd.DataFrame({"no_battery": np.arange(101.0), "no_routing": [5.0, np.nan] * 50 + [7.0]})
    first, second = plots.spread({"loss [%]": loss, "emissions [%]": -loss}).axes
    boxes = [p.get_path().get_extents() for p in first.patches if isinstance(p, PathPatch)]
    assert [(box.x0, box.x1) for box in boxes] == [(25, 75), (5, 5)]
    assert [round((box.y0 + box.y1) / 2) for box in boxes] == [0, 1]
    ends = {round(float(x), 6) for line in first.lines[:6] for x in line.get_xdata()}
    assert {5.0, 25.0, 50.0, 75.0, 95.0} <= ends
    assert first.yaxis_inverted() and second.get_xlabel() == "emissions [%]"
    assert [text.get_text() for text in first.get_yticklabels()] == ["no battery", "no routing"]


def test_bars_are_as_long_as_their_numbers():
    both = pd.DataFrame({"ours": [3.0, -1.0], "paper": [2.0, 1.0]}, ["joint", "no_routing"])
    figure = plots.bars({"objective [USD]": both, "emissions [t]": 2 * both}, base="joint")
    for factor, axis in zip((1, 2), figure.axes, strict=True):
        drawn = {(round(p.get_y() + p.get_height() / 2, 6), p.get_width()) for p in axis.patches}
        assert drawn == {(-0.2, 3 * factor), (0.2, 2 * factor), (0.8, -factor), (1.2, factor)}
        base, zero = (line.get_xdata()[0] for line in axis.lines)
        assert base == 3 * factor and zero == 0
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ours", "paper"]
    alone = plots.bars({"objective [USD]": both.ours.abs()})
    assert not alone.legends and not alone.axes[0].lines


def test_more_bars_than_looks_are_refused():
    with pytest.raises(ValueError, match="5 bars in a row, 4 are told apart"):
        plots.bars({"x": pd.DataFrame(np.ones((1, 5)), ["a"])})
