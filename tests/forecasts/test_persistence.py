"""What happened at this hour before, worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fleets import counted, fleet

import carbonsched as cs
from carbonsched.forecasts import FORECAST, perfect, persistence

HOURS = pd.Timedelta(hours=1)


def hours_told(told, issued: int) -> list[int]:
    """Return which hour's values each hour is told as; every variable has to agree."""
    scales = [100, -100, 1e4, 1e5, 100, 0.5]
    seen = [
        ((told[name] - (name == "cooling")) * scale).round(6).values
        for name, scale in zip(FORECAST, scales, strict=True)
    ]
    for values in seen:
        assert np.array_equal(values - [[1000], [2000]], np.stack([seen[0][0] - 1000] * 2))
    return (seen[0][0] - 1000).astype(int).tolist()


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize(
    ("lag", "issued", "length", "expected"),
    [
        (24, 24, 3, [0, 1, 2]),
        (24, 30, 24, list(range(6, 30))),
        (24, 47, 26, [*range(23, 47), 23, 24]),  # the last day again
        (3, 10, 8, [7, 8, 9, 7, 8, 9, 7, 8]),
        (1, 5, 3, [4, 4, 4]),
        (24, 60, 4, [36, 37, 38, 39]),  # beyond the truth, which ends at 60
    ],
)
def test_each_hour_is_the_last_that_lies_a_multiple_of_the_lag_before(
    lag, issued, length, expected, dated
):
    truth = counted(60, dated=dated)
    first = truth.data.indexes["time"][0]
    step = HOURS if dated else 1
    horizon = pd.Index([first + k * step for k in range(issued, issued + length)])
    told = persistence(truth, lag)(horizon[0], horizon)
    assert hours_told(told, issued) == expected
    assert told.indexes["time"].equals(horizon)
    assert told.import_price.attrs["units"] == "USD/MWh"


def test_before_the_first_day_the_history_is_repeated_and_nothing_after_it_is_looked_at():
    whole = counted(96)
    truth = counted(48, 48)
    times = truth.data.indexes["time"]
    told = persistence(truth, history=whole)(times[2], times[2:30])
    assert hours_told(told, 2) == [*range(26, 50), *range(26, 30)]
    blind = whole.replace(import_price=whole.data.import_price.where(whole.data.time < times[0], 9))
    again = persistence(truth, history=blind)(times[2], times[2:30])
    assert again.identical(told)


def test_a_history_of_other_order_and_more_sites_is_matched_by_label():
    whole = counted(48)
    data = whole.data.isel(site=[1, 0], service=[1, 0])
    truth = counted(24, 24)
    times = truth.data.indexes["time"]
    told = persistence(truth, history=cs.Instance(data))(times[0], times)
    assert hours_told(told, 0) == list(range(24))


def test_what_was_not_seen_says_what_to_give():
    truth, times = counted(48), counted(48).data.indexes["time"]
    with pytest.raises(ValueError, match=r"give history=.* or start at 2023-02-07 00:00") as error:
        persistence(truth)(times[3], times[3:5])
    assert "repeats 2023-02-05 03:00:00, which has not been seen" in str(error.value)
    short = counted(10, -10)
    with pytest.raises(ValueError, match=r"repeats 2023-02-05 03:00:00, which the history does"):
        persistence(truth, history=short)(times[3], times[3:5])
    gap = counted(10, -24)  # what is missing is between it and the truth
    assert hours_told(persistence(truth, history=gap)(times[0], times[:10]), 0) == list(
        range(-24, -14)
    )
    with pytest.raises(ValueError, match=r"repeats 2023-02-05 10:00:00, which the history does"):
        persistence(truth, history=gap)(times[0], times[:11])
    late = times[-1] + 5 * HOURS
    with pytest.raises(ValueError, match="the truth does not have: it ends with 2023-02-07 23:00"):
        persistence(truth)(late, pd.DatetimeIndex([late]))


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (fleet(24, -24, sites=1), "it lacks the site B"),
        (fleet(24, -24, dated=False), "one has timestamps and the other numbered periods"),
        (cs.generate(2, 24, 0, 2, start="2023-02-05T00:30"), "it lacks the site A, B"),
        (
            cs.Instance(
                fleet(24, -24).data.assign_coords(
                    time=pd.date_range("2023-02-05T00:30", periods=24, freq="h")
                )
            ),
            "its periods begin between those of the truth",
        ),
        (
            cs.Instance(
                fleet(24, -24).data.assign(step_hours=0.5).assign_coords(
                    time=pd.date_range("2023-02-05", periods=24, freq="30min")
                )
            ),
            "its periods are of 0.5 h, not of 1 h",
        ),
        (
            cs.Instance(fleet(24, -24).data.drop_attrs().assign_attrs(currency="EUR")),
            "it is in EUR, not in USD",
        ),
    ],
)  # fmt: skip
def test_a_history_of_something_else_is_refused(history, message):
    with pytest.raises(ValueError, match=message):
        persistence(fleet(48), history=history)


@pytest.mark.parametrize("lag", [0, -24, 0.5, 36.25])
def test_a_lag_is_a_whole_number_of_periods(lag):
    with pytest.raises(ValueError, match="expected a whole number of periods of 1 h"):
        persistence(fleet(48), lag)


@pytest.mark.parametrize(
    "asked",
    [
        lambda t: (t[3], t[4:8]),
        lambda t: (t[3], t[:0]),
        lambda t: (t[3], t[3:9].delete(2)),
        lambda t: (t[3] + HOURS / 2, t[3:8] + HOURS / 2),
        lambda t: (3, pd.RangeIndex(3, 8)),
    ],
    ids=["later", "empty", "gap", "between", "numbered"],
)
def test_a_horizon_begins_where_the_forecast_is_issued_and_has_no_gap(asked):
    truth = counted(48)
    with pytest.raises(ValueError, match="expected contiguous periods from"):
        perfect(truth)(*asked(truth.data.indexes["time"]))


def test_perfect_tells_what_will_be_and_knows_no_more():
    truth = counted(48)
    times = truth.data.indexes["time"]
    told = perfect(truth)(times[40], times[40:])
    assert hours_told(told, 40) == list(range(40, 48))
    with pytest.raises(ValueError, match="known from 2023-02-06 00:00:00 to 2023-02-07 23:00:00"):
        perfect(truth)(times[40], pd.date_range(times[40], periods=9, freq="h"))
