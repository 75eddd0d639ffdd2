"""Figures: what they show is what the schedule says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.patches import Rectangle

import carbonsched as cs
from carbonsched import plots


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_dispatch_has_a_panel_for_each_site_and_units(rich):
    instance, schedule = rich
    figure = plots.dispatch(instance, schedule)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == list(instance.data.site.values)
    assert figure.axes[0].get_ylabel() == "power [MW]"
    assert len(figure.legends[0].get_texts()) == len(plots.SUPPLY) + len(plots.USE) + 1


def test_dispatch_stacks_to_the_balance(rich):
    """The top of the stack at each site is its largest supply."""
    instance, schedule = rich
    figure = plots.dispatch(instance, schedule, columns=2)
    supply = sum(schedule.data[name] for name in plots.SUPPLY)
    for axis, site in zip(figure.axes, instance.data.site.values, strict=False):
        top = max(path.vertices[:, 1].max() for c in axis.collections for path in c.get_paths())
        assert top == pytest.approx(float(supply.sel(site=site).max()), abs=1e-6)


def test_gantt_draws_each_run_where_it_is(rich):
    instance, schedule = rich
    axis = plots.gantt(instance, schedule).axes[0]
    bars = [p for p in axis.patches if isinstance(p, Rectangle)]
    runs = sorted((b.get_x(), b.get_width()) for b in bars if b.get_height() > 0.5)
    started = np.argwhere(schedule.data.start.values)
    expected = sorted((float(t), float(instance.data.duration[j])) for j, _, t in started)
    assert runs == expected
    assert sum(b.get_height() < 0.5 for b in bars) == instance.data.sizes["job"]


def test_stacked_benefit_marks_the_objective(rich):
    _, schedule = rich
    axis = plots.stacked_benefit({"joint": schedule, "again": schedule}).axes[0]
    (line,) = [line for line in axis.lines if line.get_label() == "objective"]
    np.testing.assert_allclose(line.get_xdata(), schedule.objective / 1e3)
    assert "USD" in axis.get_xlabel()


def test_sites_keep_their_colour(rich):
    instance, _ = rich
    assert list(plots.site_styles(instance)) == list(instance.data.site.values)
    many = cs.generate(sites=9, seed=0)
    styles = plots.site_styles(many)
    assert len(styles) == len(set(styles.values())) == 9


def test_what_is_said_of_before_and_after_the_horizon_is_drawn(make):
    """Proves: a window clipped, one beyond it left out, and the worth of what is stored."""
    battery = {"battery_energy": 9, "charge_limit": 9, "battery_value": 20}
    instance = make(1, 3, 3, 0, release=[-5, 3, 1], deadline=[1, 9, 9], **battery)
    schedule = cs.solve(instance, gap=0)
    bars = [p for p in plots.gantt(instance, schedule).axes[0].patches if p.get_height() < 0.5]
    assert sorted((bar.get_x(), bar.get_width()) for bar in bars) == [(0, 2), (1, 2)]
    without = cs.solve(instance, "no_battery", gap=0)
    axis = plots.stacked_benefit({"joint": schedule, "no_battery": without}).axes[0]
    (line,) = [line for line in axis.lines if line.get_label() == "objective"]
    np.testing.assert_allclose(
        line.get_xdata(), [schedule.objective / 1e3, without.objective / 1e3]
    )
    assert schedule.benefit["stored"] == pytest.approx(180)
