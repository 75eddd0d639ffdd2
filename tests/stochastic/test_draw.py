"""Drawn scenarios: as wrong as forecasts are, or as the past was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fleets import counted, fleet

import carbonsched as cs
from carbonsched.forecasts import FORECAST, SIZES, noisy

KNOWN = {name: replace(size, sigma=0.05, memory=20.0) for name, size in SIZES.items()}
STRICT = 4.5  # standard errors that a sample may be off


@pytest.mark.parametrize("lead", [0, 10])
def test_noise_has_no_bias_and_the_variance_of_its_lead(lead):
    count, periods = 250, 12
    day = fleet(periods, carbon_intensity=0.5)
    drawn = cs.scenarios(day, count, seed=1, lead=lead, sizes=KNOWN).data.carbon_intensity
    assert drawn.dims == ("scenario", "site", "time")
    leads = np.arange(1, periods + 1) + lead
    stated = (0.05 * 0.5) ** 2 * (1 - np.exp(-2 * leads / 20))
    for values in drawn.transpose("site", ...).values:
        assert (abs(values.mean(axis=0) - 0.5) < STRICT * np.sqrt(stated / count)).all()
        ratio = ((values - 0.5) ** 2).mean(axis=0) / stated
        assert (abs(ratio - 1) < STRICT * np.sqrt(2 / count)).all()


def test_scenarios_around_a_forecast_are_as_far_from_it_as_truth_is():
    """The first scenario's errors are those of the model, whose forecasts miss a truth alike."""
    week = cs.example("real-week")
    times = week.data.indexes["time"]
    missed, spread = [], []
    for seed in range(12):
        told = noisy(week, seed, sizes=KNOWN)(times[0], times).demand
        missed.append((told / week.data.demand - 1).values)
        drawn = cs.scenarios(week, 1, seed=seed, sizes=KNOWN).data.demand[0]
        spread.append((drawn / week.data.demand - 1).values)
    ratio = np.std(missed, axis=0).mean() / np.std(spread, axis=0).mean()
    assert 0.85 < ratio < 1.15


def test_the_first_of_many_are_those_of_few_and_a_seed_gives_them_again():
    week = cs.example("real-week")
    few, many = cs.scenarios(week, 2, seed=3), cs.scenarios(week, 5, seed=3)
    assert many.chosen(["1", "2"]).data.identical(few.data)
    assert (cs.scenarios(week, 2, seed=4).data.demand != few.data.demand).all()
    assert (few.data.demand[0] != few.data.demand[1]).all()
    assert set(few.data) == set(FORECAST)
    past = counted(24 * 30, -24 * 30)
    few, many = (cs.scenarios(counted(48), n, "bootstrap", 3, history=past) for n in (2, 5))
    assert many.chosen(["1", "2"]).data.identical(few.data)


def test_what_has_no_error_does_not_differ():
    flat = fleet(6, import_price=50.0, export_price=20.0, generation_available=0.0, demand=3.0)
    drawn = cs.scenarios(flat, 3)
    assert set(drawn.data) == {"carbon_intensity", "demand"}  # cooling is 1
    assert not cs.scenarios(flat, 3, scale=0).data.data_vars


def test_perfect_is_the_instance():
    day = counted(6)
    (only,) = cs.scenarios(day, 9, "perfect").each()
    assert only[1].data.drop_attrs().identical(day.data.drop_attrs())


def drawn_hours(made: cs.Scenarios) -> np.ndarray:
    """Return which hour of the history each is, over (scenario, period); all have to agree."""
    hours = (made.data.import_price.values * 100).round().astype(int) - [[1000], [2000]]
    for name, scale in {"carbon_intensity": 1e4, "demand": 0.5, "export_price": -100}.items():
        others = (made.data[name].values * scale).round().astype(int) - [[1000], [2000]]
        assert np.array_equal(others, hours)
    assert np.array_equal(hours[:, 0], hours[:, 1])
    return hours[:, 0]


@pytest.mark.parametrize("first", [0, 31])
@pytest.mark.parametrize("dated", [True, False])
def test_every_drawn_day_is_a_day_of_the_history_in_all_that_it_has(first, dated):
    instance, past = counted(60, first, dated), counted(24 * 21, first - 24 * 21 - 5, dated)
    made = cs.scenarios(instance, 40, "bootstrap", seed=2, history=past)
    hours = drawn_hours(made)
    assert hours.shape == (40, 60) and len(np.unique(hours[:, 0])) > 5
    for begun in (0, 24, 48):
        piece = hours[:, begun : begun + 24]
        assert (np.diff(piece, axis=1) == 1).all()
        assert ((piece[:, 0] - first) % 24 == 0).all()
    assert (hours < first).all() and (hours >= first - 24 * 21 - 5).all()
    if dated:
        due = pd.Timestamp("2023-02-06") + pd.to_timedelta(first + np.array([0, 24, 48]), "h")
        found = pd.Timestamp("2023-02-06") + pd.to_timedelta(hours[:, ::24].ravel(), "h")
        kinds = (found.day_of_week >= 5).reshape(40, -1)
        assert (kinds == (due.day_of_week >= 5)).all()


def test_weekdays_stand_for_weekdays_and_weekends_for_weekends():
    instance, past = counted(24 * 7), counted(24 * 28, -24 * 28)
    hours = drawn_hours(cs.scenarios(instance, 30, "bootstrap", history=past))
    weekend = (hours // 24 % 7 >= 5)[:, ::24]
    assert (weekend == [False] * 5 + [True] * 2).all()
    assert len(np.unique(hours[:, 0] // 24 % 7)) > 2  # any weekday for a Monday


def test_whole_weeks_begin_on_their_day():
    instance, past = counted(24 * 7, 24 * 2), counted(24 * 40, -24 * 40)
    hours = drawn_hours(cs.scenarios(instance, 20, "bootstrap", history=past, days=7))
    assert (np.diff(hours, axis=1) == 1).all()
    assert (hours[:, 0] // 24 % 7 == 2).all() and len(np.unique(hours[:, 0])) > 2


def test_a_day_of_the_other_kind_stands_in_where_there_is_none():
    saturday, weekdays = counted(24, 24 * 5), counted(24 * 3, -24 * 7)
    hours = drawn_hours(cs.scenarios(saturday, 5, "bootstrap", history=weekdays))
    assert set(hours[:, 0]) <= {-24 * 7, -24 * 6, -24 * 5}


def test_the_days_of_the_instance_itself_are_not_drawn():
    whole, instance = counted(24 * 10), counted(48, 24 * 4)
    hours = drawn_hours(cs.scenarios(instance, 60, "bootstrap", history=whole))
    assert not ((hours >= 24 * 4) & (hours < 24 * 6)).any()
    assert (hours > 24 * 6).any() and (hours < 24 * 4).any()
    with pytest.raises(ValueError, match="but for those of the instance itself"):
        cs.scenarios(instance, 2, "bootstrap", history=instance)


def test_part_of_a_day_is_drawn_for_part_of_a_day():
    hours = drawn_hours(cs.scenarios(counted(6, 12), 9, "bootstrap", history=counted(99, -99)))
    assert hours.shape == (9, 6) and (hours[:, 0] % 24 == 12).all()


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"model": "noise"}, ValueError, "model 'noise', choose from noisy, bootstrap, perfect"),
        ({"count": 0}, ValueError, "count = 0: expected at least 1"),
        ({"count": 2.5}, TypeError, "count = 2.5: a whole number is needed"),
        ({"days": 0}, ValueError, "days = 0: expected at least 1"),
        ({"lead": -1}, ValueError, "lead = -1 h: expected a whole number of periods of 1 h"),
        ({"lead": 0.5}, ValueError, "lead = 0.5 h: expected a whole number"),
        ({"model": "bootstrap"}, ValueError, "give history="),
        (
            {"model": "bootstrap", "history": counted(20, -20)},
            ValueError,
            "no 24 periods from the hour of day at which the instance begins",
        ),
        (
            {"model": "bootstrap", "history": fleet(48, -48, sites=1)},
            ValueError,
            "history: it lacks the site B",
        ),
        ({"cuont": 3}, TypeError, "did you mean 'count'"),
    ],
)
def test_what_cannot_be_drawn_is_told(how, error, message):
    with pytest.raises(error, match=message.replace("(", r"\(")):
        cs.scenarios(counted(24), **how)
