"""The figures by name: dates, budget, prices, flows, names as they are, words beside them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from by_hand import plain
from matplotlib.dates import num2date
from matplotlib.text import Text

import carbonsched as cs
from carbonsched import plots


@pytest.fixture(autouse=True)
def closed():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def dated():
    instance = cs.generate(2, 6, 2, 2, seed=1, start="2025-03-30", step_hours=0.5)
    return instance, cs.solve(instance, gap=0)


@pytest.mark.parametrize("kind", ["dispatch", "gantt", "budget", "prices"])
def test_dates_stand_on_the_axis(dated, rich, kind):
    axis = plots.draw(kind, *dated).axes[-1 if kind == "dispatch" else 0]
    first, last = (num2date(at).replace(tzinfo=None) for at in axis.get_xlim())
    assert first == pd.Timestamp("2025-03-30") and last == pd.Timestamp("2025-03-30 03:00")
    numbered = plots.draw(kind, *rich).axes[0]
    assert numbered.get_xlim() == (0, 24)
    figure = plots.draw(kind, *rich)
    below = [figure.get_supxlabel(), *(axis.get_xlabel() for axis in figure.axes)]
    assert below.count("hours after the first period") == 1


def test_the_budget_is_used_up_to_the_emissions(rich):
    instance, schedule = rich
    axis = plots.budget(instance, schedule).axes[0]
    total, limit = axis.lines
    assert total.get_ydata()[0] == 0 and total.get_ydata()[-1] == pytest.approx(schedule.emissions)
    assert (np.diff(total.get_ydata()) >= 0).all()
    assert limit.get_ydata()[0] == instance.data.carbon_budget and "[tCO2e]" in axis.get_ylabel()
    free = instance.replace(carbon_budget=np.inf)
    assert len(plots.budget(free, schedule).axes[0].lines) == 1


def test_prices_are_those_given(dated):
    instance, _ = dated
    figure = plots.prices(instance)
    assert [axis.get_title() for axis in figure.axes[:2]] == list(instance.data.site.values)
    assert figure.axes[0].get_ylabel() == "USD/MWh"
    drawn = figure.axes[0].patches[0].get_data()
    np.testing.assert_allclose(drawn.values, instance.data.import_price[0])


def test_flows_add_up_to_all_inference(rich):
    instance, schedule = rich
    axis = plots.flows(instance, schedule).axes[0]
    sites = instance.data.site.values
    shown = np.zeros((len(sites), len(sites)))
    for text in axis.texts:
        column, row = text.get_position()
        shown[row, column] = float(text.get_text())
    power = (instance.data.demand * instance.data.power_per_unit).mean("time")
    assert shown.sum() == pytest.approx(float(power.sum()), rel=5e-3)
    strength = {patch.get_xy(): patch.get_alpha() for patch in axis.patches}
    strongest = max(strength, key=strength.get)
    column, row = (round(at + 0.5) for at in strongest)
    assert shown[row, column] == shown.max() and len(strength) == np.count_nonzero(shown)
    for row, site in enumerate(sites):
        home = power.where(instance.data.home == site, 0).sum()
        assert shown[row].sum() == pytest.approx(float(home), rel=5e-3)
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("served at", "arises at")


@pytest.mark.parametrize("kind", plots.KINDS)
def test_names_are_no_formulas(kind, tmp_path):
    names = {"site": ["$\\frac$", "_x"], "job": ["a$b$c$"], "service": ["$\\"]}
    data = plain(2, 2, 1, 1, demand=1.0).assign_coords(names).assign(home=("service", ["_x"]))
    instance = cs.Instance(data)
    schedule = cs.solve(instance, gap=0)
    plots.draw(kind, instance, schedule).savefig(tmp_path / "x.svg")
    assert "$\\frac$" in plots.alt(kind, instance, schedule) or kind in ("gantt", "flows")


def test_the_words_have_the_numbers(rich):
    instance, schedule = rich
    assert f"{schedule.emissions:,.4g} tCO2e" in plots.alt("budget", instance, schedule)
    declined = cs.plan(instance, schedule).query("not accepted").index
    for job in instance.data.job.values:
        assert job in plots.alt("gantt", instance, schedule)
    assert all(
        job in plots.alt("gantt", instance, schedule).split("declined")[-1] for job in declined
    )


def test_a_figure_that_there_is_not(rich):
    for function in (plots.draw, plots.alt):
        with pytest.raises(ValueError, match="choose from dispatch, gantt"):
            function("pie", *rich)
        with pytest.raises(ValueError, match="one of a schedule"):
            function("gantt", rich[0])


@pytest.mark.parametrize(("sites", "letters"), [(1, 4), (2, 20), (3, 20), (5, 12), (4, 40)])
def test_flows_have_room_for_every_name(sites, letters):
    instance = cs.generate(sites, 2, 0, 1, seed=1)
    names = [f"{k}-{'x' * letters}"[:letters] for k in range(sites)]
    at = list(instance.data.site.values).index(instance.data.home.values[0])
    data = instance.data.assign_coords(site=names).assign(home=("service", [names[at]]))
    named = cs.Instance(data)
    figure = plots.flows(named, cs.solve(named))
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= 0 and drawn.y0 >= 0 and drawn.x1 <= width and drawn.y1 <= height


@pytest.mark.parametrize("kind", ["dispatch", "prices"])
def test_every_column_of_panels_has_its_times(kind):
    """Three sites in two columns: the second and third are the lowest of theirs."""
    instance = cs.generate(3, 4, 0, 1, seed=1, start="2025-03-30")
    figure = plots.draw(kind, instance, cs.solve(instance))
    figure.draw_without_rendering()
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_title()}
    assert figure.get_supxlabel() == "from 2025-03-30 (UTC)"
    for site, axis in panels.items():
        shown = [tick.label1.get_visible() for tick in axis.xaxis.get_major_ticks()]
        assert shown and set(shown) == {site != "site-1"}


@pytest.mark.parametrize("kind", ["dispatch", "prices"])
def test_a_week_has_the_whole_width(kind):
    instance = cs.generate(2, 97, 0, 1, seed=1, start="2025-12-30")
    schedule = cs.solve(instance, gap=0.5)
    figure = plots.draw(kind, instance, schedule)
    figure.draw_without_rendering()
    below, above = figure.axes[1], figure.axes[0]
    assert below.get_position().x0 == above.get_position().x0
    assert below.get_position().y1 < above.get_position().y0
    days = [text.get_text() for text in below.get_xticklabels()]
    assert days == ["Dec 30", "Dec 31", "Jan 01", "Jan 02", "Jan 03"]


@pytest.mark.parametrize("kind", plots.KINDS)
def test_letters_are_read_on_a_phone(kind, rich):
    """On 358 pixels, what the column of a phone has, a point is 0.92 pixels."""
    figure = plots.draw(kind, *rich)
    figure.draw_without_rendering()
    assert figure.get_figwidth() == plots.WIDTH
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert texts and min(text.get_fontsize() for text in texts) >= 10


def test_the_words_name_their_clock(dated, rich):
    instance, schedule = dated
    time = np.argwhere(schedule.data.start.values > 0.5)[0, 2]
    at = instance.data.indexes["time"][time]
    told = plots.alt("gantt", instance, schedule)
    assert ", times in UTC: " in told and f" from {at:%Y-%m-%d %H:%M}" in told
    zone = ZoneInfo("America/New_York")
    local = plots.alt("gantt", instance, schedule, zone)
    assert ", times in America/New_York: " in local
    assert f" from {at - pd.Timedelta(hours=4):%Y-%m-%d %H:%M}-04:00" in local
    assert "UTC" not in plots.alt("gantt", *rich)
