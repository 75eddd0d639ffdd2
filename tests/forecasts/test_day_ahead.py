"""Prices that an auction has set, by hand, in summer, in winter and where the clocks change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fleets import counted, fleet

import carbonsched as cs
from carbonsched.forecasts import day_ahead, forecast_of, noisy, persistence
from carbonsched.forecasts.day_ahead import auctions_of

BERLIN = "B 12:45 Europe/Berlin"


def with_auction(instance: cs.Instance, stated: str = BERLIN) -> cs.Instance:
    return cs.Instance(instance.data.assign_attrs(day_ahead=stated))


@pytest.mark.parametrize(
    ("start", "issued", "end"),
    [
        ("2023-02-06", "2023-02-08T11:00", "2023-02-08T23:00"),  # 12:00 there: not out yet
        ("2023-02-06", "2023-02-08T12:00", "2023-02-09T23:00"),  # 13:00 there: tomorrow is
        ("2023-02-06", "2023-02-08T23:00", "2023-02-09T23:00"),  # it is tomorrow there
        ("2023-07-03", "2023-07-05T10:00", "2023-07-05T22:00"),
        ("2023-07-03", "2023-07-05T11:00", "2023-07-06T22:00"),  # 13:00 in summer time
        ("2023-03-24", "2023-03-25T12:00", "2023-03-26T22:00"),  # a day of 23 hours
        ("2023-10-27", "2023-10-28T11:00", "2023-10-29T23:00"),  # a day of 25 hours
    ],
)
def test_prices_are_known_to_the_end_of_the_local_day_after_publication(start, issued, end):
    data = counted(120).data.assign_coords(time=pd.date_range(start, periods=120, freq="h"))
    truth = with_auction(cs.Instance(data))
    times = truth.data.indexes["time"]
    horizon = times[times >= pd.Timestamp(issued)]
    told = day_ahead(truth)(horizon[0], horizon)
    usual = persistence(truth)(horizon[0], horizon)
    known = horizon < pd.Timestamp(end)
    assert 0 < known.sum() < len(horizon)
    for name in ("import_price", "export_price"):
        there = told[name].sel(site="B").values
        assert (there[known] == truth.data[name].sel(site="B", time=horizon[known])).all()
        assert (there[~known] == usual[name].sel(site="B")[~known]).all()
    others = told.drop_vars(["import_price", "export_price"])
    assert others.identical(usual.drop_vars(["import_price", "export_price"]))
    assert told.import_price.sel(site="A").equals(usual.import_price.sel(site="A"))


def test_all_else_is_by_any_other_forecast_which_stays_as_it_was():
    truth = with_auction(counted(96))
    times = truth.data.indexes["time"]
    other = noisy(truth, seed=1)
    told = day_ahead(truth, other)(times[0], times)
    noise = other(times[0], times)
    assert told.demand.equals(noise.demand) and not told.demand.equals(truth.data.demand)
    assert told.import_price[1, :23].equals(truth.data.import_price[1, :23])
    assert told.import_price[1, 23:].equals(noise.import_price[1, 23:])
    silent = day_ahead(truth, lambda issued, horizon: truth.data[[]])(times[0], times)
    assert not silent.data_vars
    with pytest.raises(cs.InstanceError, match="demand: no value for time 2023-02-06"):
        day_ahead(truth, lambda i, h: other(times[5], times[5:]))(times[0], times)


def test_several_sites_each_by_its_own_clock():
    truth = with_auction(counted(96), f"A 13:00 America/New_York; {BERLIN};")
    times = truth.data.indexes["time"]
    told = day_ahead(truth)(times[36], times[36:])  # 07:00 in New York, 13:00 in Berlin
    right = (told.import_price == truth.data.import_price[:, 36:]).values
    ends = [pd.Timestamp("2023-02-08T05:00"), pd.Timestamp("2023-02-08T23:00")]
    assert np.array_equal(right, [times[36:] < end for end in ends])


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ("", "has no attribute day_ahead"),
        ("B 12:45", "'B 12:45'; expected a site, a local time and its zone"),
        ("Z 12:45 UTC; B noon Europe/Bärlin", "no site 'Z'; 'noon' is no time; 'Europe/Bärlin' is"),
        ("B 12:45+01:00 UTC", "has an offset of its own"),
        ("B 12:45 ../etc/passwd", "is no time zone"),
    ],
)
def test_what_cannot_be_read_is_told(stated, message):
    with pytest.raises(ValueError, match=message):
        auctions_of(with_auction(fleet(24), stated))


def test_numbered_periods_have_no_auction():
    with pytest.raises(ValueError, match="needs timestamps"):
        forecast_of("day_ahead", fleet(24, dated=False))
