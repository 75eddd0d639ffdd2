"""Forecasts by name, and what a callable of one's own may not answer."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from fleets import counted, fleet
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.forecasts import (
    FORECAST,
    FORECASTS,
    day_ahead,
    forecast_of,
    noisy,
    perfect,
    persistence,
)

TRUTH = cs.Instance(counted(200).data.assign_attrs(day_ahead="A 12:00 UTC"))
TIMES = TRUTH.data.indexes["time"]
PAST = counted(168, -168)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("perfect", perfect(TRUTH)),
        ("persistence", persistence(TRUTH, 24, PAST)),
        ("persistence_week", persistence(TRUTH, 168, PAST)),
        ("noisy", noisy(TRUTH, 7, history=PAST)),
        ("day_ahead", day_ahead(TRUTH, history=PAST)),
    ],
)
def test_a_name_is_the_forecast_of_that_name(name, made):
    named = forecast_of(name, TRUTH, history=PAST, seed=7)
    assert named(TIMES[3], TIMES[3:60]).identical(made(TIMES[3], TIMES[3:60]))


def test_labels_as_xarray_and_numpy_have_them():
    data = TRUTH.data.isel(time=slice(3, 60))
    for name in FORECASTS:
        forecast = forecast_of(name, TRUTH, history=PAST)
        told = forecast(data.time.values[0], data.indexes["time"])
        assert told.identical(forecast(TIMES[3], TIMES[3:60]))


def test_every_name_answers_all_that_is_forecast_and_passes_the_check():
    for name in FORECASTS:
        checked = forecast_of(forecast_of(name, TRUTH, history=PAST), TRUTH)
        assert set(checked(TIMES[3], TIMES[3:60])) == set(FORECAST)


def test_what_is_no_forecast_is_refused():
    with pytest.raises(ValueError, match="forecast 'perfct', choose from perfect, persistence"):
        forecast_of("perfct", TRUTH)
    with pytest.raises(TypeError, match=r"a callable \(issued, horizon\), got Dataset"):
        forecast_of(TRUTH.data, TRUTH)
    with pytest.raises(TypeError, match=r"expected a carbonsched\.Instance"):
        forecast_of("perfect", TRUTH.data)


def answer(issued, horizon) -> xr.Dataset:
    return perfect(TRUTH)(issued, horizon).copy(deep=True)


def changed(**values) -> xr.Dataset:
    told = answer(TIMES[3], TIMES[3:9])
    for name, (place, value) in values.items():
        told[name].values[place] = value
    return told


FAULTY = {
    "no Dataset": ({}, "expected an xarray.Dataset, got dict"),
    "other names": (
        answer(TIMES[3], TIMES[3:9]).assign(it_capacity=("site", [1.0, 2.0])),
        "it_capacity: not forecast; what is: import_price, export_price",
    ),
    "a label short": (
        answer(TIMES[3], TIMES[3:8]),
        "demand: no value for time 2023-02-06 08:00:00",
    ),
    "a site short": (
        answer(TIMES[3], TIMES[3:9]).isel(site=[1]),
        "import_price: no value for site A",
    ),
    "another site": (
        answer(TIMES[3], TIMES[3:9]).assign_coords(site=["A", "Z"]),
        "cooling: unasked for site Z",
    ),
    "labels unasked": (
        answer(TIMES[3], TIMES[3:20]),
        "cooling: unasked for time 2023-02-06 09:00:00, ",
    ),
    "no labels": (
        answer(TIMES[3], TIMES[3:9]).drop_vars("time"),
        "cooling: no value for time 2023-02-06 03:00:00, ",
    ),
    "not a number": (
        changed(import_price=((1, 2), np.nan)),
        r"import_price\[site=B, time=2023-02-06 05:00:00\] = nan USD/MWh: not a finite number",
    ),
    "negative": (
        changed(demand=((0, 0), -1)),
        r"demand\[service=s0, time=2023-02-06 03:00:00\] = -1.0 unit: must be at least 0",
    ),
    "cooling below one": (changed(cooling=((0, 0), 0.9)), "must be at least 1"),
    "another unit": (
        answer(TIMES[3], TIMES[3:9]).assign(
            import_price=lambda d: d.import_price.assign_attrs(units="EUR/kWh")
        ),
        "import_price: given in EUR/kWh, expected USD/MWh",
    ),
    "other dimensions": (
        answer(TIMES[3], TIMES[3:9]).mean("site"),
        r"cooling: dimensions \('time',\), expected \('site', 'time'\)",
    ),
    "words": (
        answer(TIMES[3], TIMES[3:9])[["cooling"]].astype(str),
        "cooling: values of type <U",
    ),
    "twice": (
        answer(TIMES[3], TIMES[3:9]).isel(site=[0, 1, 1]),
        "site: duplicate label B",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("told", "message"), FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_answer_is_one_error_that_says_when_it_was_issued(told, message):
    with pytest.raises(cs.InstanceError, match=message) as caught:
        forecast_of(lambda issued, horizon: told, TRUTH)(TIMES[3], TIMES[3:9])
    assert str(caught.value).startswith("the forecast issued 2023-02-06 03:00:00: ")


def test_all_faults_of_an_answer_are_told_at_once():
    told = changed(import_price=((0, 0), np.inf), demand=((1, 4), -2), cooling=((0, 3), 0))
    with pytest.raises(cs.InstanceError) as caught:
        forecast_of(lambda issued, horizon: told, TRUTH)(TIMES[3], TIMES[3:9])
    assert [fault.split("[")[0] for fault in caught.value.faults] == [
        "import_price", "cooling", "demand",
    ]  # fmt: skip


@given(data=st.data())
def test_labels_and_dimensions_come_in_any_order(data):
    names = data.draw(st.lists(st.sampled_from(FORECAST), unique=True))
    told = answer(TIMES[3], TIMES[3:9])[names]
    orders = {dim: data.draw(st.permutations(range(told.sizes[dim]))) for dim in told.dims}
    mixed = told.isel(orders).transpose(*data.draw(st.permutations(list(told.dims))))
    checked = forecast_of(lambda issued, horizon: mixed, TRUTH)(TIMES[3], TIMES[3:9])
    assert checked.identical(told)


def test_whole_numbers_are_numbers():
    told = answer(TIMES[3], TIMES[3:9])[["demand"]].astype(int)
    checked = forecast_of(lambda issued, horizon: told, TRUTH)(TIMES[3], TIMES[3:9])
    assert checked.demand.dtype == float and checked.demand.equals(told.demand.astype(float))


def test_what_the_callable_raises_goes_through():
    def broken(issued, horizon):
        raise KeyError("no network")

    with pytest.raises(KeyError, match="no network"):
        forecast_of(broken, fleet(24))(0, fleet(24).data.indexes["time"])
