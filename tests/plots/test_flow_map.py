"""The map of flows: sites where they are, arrows as wide as their power, or else the matrix."""

from __future__ import annotations

import io
import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

import carbonsched as cs
from carbonsched import plots
from carbonsched.plots.choice import draw
from carbonsched.plots.flow_map import flow_map, places_of


@pytest.fixture
def two(make):
    """Home is A; B is cheap and has room for 6 of the 10 MW, so 4 are served at home."""
    prices = np.array([[90.0] * 2, [10.0] * 2])
    instance = make(
        2, 2, 0, 1, demand=10.0, import_price=prices, it_capacity=[100.0, 6.0], home="A"
    )
    return instance, cs.solve(instance, gap=0)


def located(instance, **places):
    return cs.Instance(instance.data.assign_attrs(site_places=json.dumps(places)))


def arrows(figure):
    return [one for one in figure.axes[0].patches if isinstance(one, FancyArrowPatch)]


def test_arrows_go_from_home_and_are_as_wide_as_their_power(two):
    instance, schedule = two
    given = located(instance, A=[52.5, 13.4], B=[59.3, 18.1])
    figure = draw("flows", given, schedule)
    (arrow,) = arrows(figure)
    assert arrow.get_label() == "A B" and arrow.get_arrowstyle().tail_width == pytest.approx(6)
    (dots,) = figure.axes[0].collections
    assert dots.get_offsets().tolist() == [[13.4, 52.5], [18.1, 59.3]]
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert {"6", "A, 4 MW", "B"} <= texts
    figure.savefig(io.BytesIO(), format="svg")  # every tick and arrow has its words
    shown = {tick.get_text() for tick in figure.axes[0].get_yticklabels()}
    assert any(text.endswith("°N") for text in shown)
    assert plots.alt("flows", given, schedule).startswith("Map of mean inference power")
    plt.close(figure)


def test_without_all_coordinates_it_is_the_matrix(two):
    instance, schedule = two
    for given in (instance, located(instance, A=[52.5, 13.4])):
        figure = draw("flows", given, schedule)
        assert "mean IT power" in figure.axes[0].get_title() and not arrows(figure)
        plt.close(figure)
    with pytest.raises(ValueError, match="coordinates of every site"):
        flow_map(instance, schedule)


def test_across_the_date_line_sites_stay_together(two):
    instance, schedule = two
    figure = flow_map(located(instance, A=[-36.8, 174.8], B=[21.3, -157.8]), schedule)
    west, east = figure.axes[0].get_xlim()
    (dots,) = figure.axes[0].collections
    assert np.ptp(dots.get_offsets()[:, 0]) == pytest.approx(27.4)
    assert figure.axes[0].xaxis.get_major_formatter()(202.2, 0) == "157.8°W" and east - west < 180
    plt.close(figure)


@pytest.mark.parametrize("stated", ["north", "[1]", '{"A": 5}', '{"A": [95, 0]}', "{}"])
def test_what_is_no_place_is_a_fault(two, stated):
    with pytest.raises(cs.InstanceError, match="site_places: expected"):
        places_of(two[0].data.assign_attrs(site_places=stated))


def test_a_project_gives_its_places_along(built, tmp_path):
    text = """\
title: T
horizon: {start: 2025-06-02 00:00, periods: 2, zone: UTC}
sites:
  nord: {it_capacity: 5, price: 60, carbon_intensity: 0.3, coordinates: [59.3, 18.1]}
"""
    saved = cs.load(built(text).instance.save(tmp_path / "fleet"))
    assert places_of(saved.data) == {"nord": (59.3, 18.1)}


def test_words_on_a_map_of_the_world_stand_apart(two):
    given, schedule = located(two[0], A=[51.5, -0.1], B=[50.1, 8.7]), two[1]
    figure = flow_map(given, schedule)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    boxes = [text.get_window_extent() for text in axis.texts]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    within = axis.get_window_extent()
    assert all(within.contains(*corner) for box in boxes for corner in box.corners())
    plt.close(figure)
