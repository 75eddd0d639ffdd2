"""From one step to another and across gaps, against sums by hand and by brute force."""

from datetime import UTC

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError
from carbonsched.io.zones import zone_of
from carbonsched.sources import Rate
from carbonsched.sources.regular import bridged, laid, onto
from carbonsched.sources.series import made
from carbonsched.sources.steps import usual_step

HOUR = pd.Timedelta("1h")


def periods(begin, count, freq="1h"):
    return pd.date_range(begin, periods=count, freq=freq)


def lay(times, values, step=None, zone=UTC):
    faults = []
    found = laid(
        pd.DatetimeIndex(times).to_numpy().astype("datetime64[ns]"), np.asarray(values, float),
        np.arange(2, len(values) + 2), step, zone, faults,
    )  # fmt: skip
    return *found, faults


def test_rows_are_sorted_and_gaps_are_nan():
    times = ["2023-01-01 03:00", "2023-01-01 00:00", "2023-01-01 01:00"]
    index, values, step, notes, faults = lay(times, [4, 1, 2], HOUR)
    assert index.tolist() == periods("2023-01-01", 4).tolist()
    np.testing.assert_array_equal(values, [1, 2, np.nan, 4])
    assert (step, notes, faults) == (HOUR, [], [])


def test_the_same_value_twice_is_dropped_and_another_is_refused():
    times = ["2023-01-01 00:00"] * 3 + ["2023-01-01 01:00"]
    _, values, _, notes, faults = lay(times, [1, 1, 1, 2])
    assert values.tolist() == [1, 2]
    assert notes == ["2 rows that tell a time again with the same value were dropped: rows 3, 4."]
    *_, faults = lay(times, [1, 1, 3, 2], zone=zone_of("Europe/Berlin"))
    assert faults == ["row 4 tells 2023-01-01 01:00 CET again, as 3 and not 1 as row 2"]
    *_, notes, faults = lay(times, [np.nan, np.nan, np.nan, 2])
    assert notes and not faults
    *_, faults = lay(times, [np.nan, 1, np.nan, 2])
    assert len(faults) == 1


def test_a_stamp_between_steps_is_refused():
    times = [*periods("2023-01-01", 5), pd.Timestamp("2023-01-01 05:07")]
    *_, faults = lay(times, np.ones(6))
    assert "row 7: 2023-01-01 05:07 UTC is no whole number of steps" in faults[0]


def test_a_mistyped_year_is_no_series_of_gaps():
    times = [*periods("2023-01-01", 5, "5min"), pd.Timestamp("2250-01-01")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("carbonsched.sources.regular.MOST_CELLS", 1_000_000)
        *_, faults = lay(times, np.ones(6))
    assert "is a year mistyped?" in faults[0]


def test_usual_step_is_the_most_frequent_one():
    assert usual_step(periods("2023-01-01", 3, "5min").to_numpy()[::-1]) == pd.Timedelta("5min")
    assert usual_step(np.array([], "datetime64[ns]")) == HOUR


def test_mean_sum_and_hold():
    quarter = made([1, 2, 3, 6, 10, 10, 10, 10], "EUR/MWh", step="15min")
    hours = periods("2023-01-01", 2)
    assert quarter.on(hours).data.values.tolist() == [3, 10]
    assert quarter.on(hours, how="sum").data.values.tolist() == [12, 40]
    counts = made([12, 40], "1", kind="count")
    assert counts.on(periods("2023-01-01", 8, "15min")).data.values.tolist() == [3] * 4 + [10] * 4
    assert counts.on(hours[:1], step=2 * HOUR).data.values.tolist() == [52]
    held = made([1, 2], "EUR/MWh").on(periods("2023-01-01", 8, "15min"))
    assert held.data.values.tolist() == [1] * 4 + [2] * 4
    assert held.step == pd.Timedelta("15min")
    assert "each value held" in held.notes[-1]
    # An Indian clock is half an hour off: an hour in UTC takes half of each.
    off = made([1, 3, 5], "EUR/MWh", "2022-12-31 23:30")
    assert off.on(hours).data.values.tolist() == [2, 4]


def test_the_time_of_a_horizon_may_have_its_zone():
    series = made(range(24), "EUR/MWh")
    local = pd.date_range("2023-01-01 02:00", periods=3, freq="1h", tz="Europe/Berlin")
    assert series.on(local).data.values.tolist() == [1, 2, 3]
    assert series.on(local).data["time"].values[0] == np.datetime64("2023-01-01T01:00")


def test_few_missing_periods_are_filled_and_told_by_local_time():
    series = made([1, np.nan, np.nan, 4, 5], "EUR/MWh", "2023-06-01", zone="Europe/Berlin")
    hours = periods("2023-06-01", 5)
    filled = series.on(hours, most_missing=2)
    assert filled.data.values.tolist() == [1, 2, 3, 4, 5]
    assert filled.notes[-1] == (
        "2 missing periods filled linearly: 2023-06-01 03:00 CEST to 2023-06-01 05:00 CEST (2)."
    )
    with pytest.raises(InstanceError) as caught:
        series.on(hours, most_missing=1)
    assert caught.value.faults == (
        "no value from 2023-06-01 03:00 CEST to 2023-06-01 05:00 CEST, 2023-06-01 01:00 to "
        "2023-06-01 03:00 UTC (2)",
    )
    # What stands outside the horizon helps to fill what is missing at its edge, ...
    assert series.on(hours[1:3], most_missing=2).data.values.tolist() == [2, 3]
    # ... but nothing is made up beyond the ends of the file.
    with pytest.raises(
        InstanceError, match=r"from 2023-06-01 07:00 CEST to 2023-06-01 09:00 CEST.*\(2\)"
    ):
        series.on(periods("2023-06-01", 7), most_missing=5)
    with pytest.raises(InstanceError, match=r"no value from 2024-01-01 01:00 CET.*\(2\)"):
        series.on(periods("2024-01-01", 2), most_missing=5)


def test_a_part_filled_period_is_missing():
    quarter = made([1, 1, 1, 1, 2, 2, np.nan, 2, 3, 3, 3, 3], "EUR/MWh", step="15min")
    hours = periods("2023-01-01", 3)
    with pytest.raises(InstanceError, match="1 of these periods are known in part"):
        quarter.on(hours)
    filled = quarter.on(hours, most_missing=1)
    assert filled.data.values.tolist() == [1, 2, 3]
    assert "1 periods with only some of their steps were taken as missing." in filled.notes


@pytest.mark.parametrize(
    "times",
    [
        pd.DatetimeIndex([]),
        pd.DatetimeIndex(["2023-01-01"]),
        pd.DatetimeIndex(["2023-01-01 00:00", "2023-01-01 01:00", "2023-01-01 03:00"]),
        pd.DatetimeIndex(["2023-01-01 01:00", "2023-01-01 00:00"]),
        pd.DatetimeIndex(["2023-01-01", "2023-01-01"]),
    ],
)
def test_a_horizon_has_equal_steps(times):
    with pytest.raises(InstanceError, match="equal steps"):
        made(range(9), "EUR/MWh").on(times)


def test_units_change_with_a_note_and_nothing_else_does():
    series = made([100.0, np.nan], "EUR/MWh", notes=("before",))
    new = series.to("USD/MWh", {"EUR": Rate(1.25, "USD", "1 May 2024")})
    np.testing.assert_array_equal(new.data.values, [125.0, np.nan])
    assert (new.unit, new.data.attrs["unit"]) == ("USD/MWh", "USD/MWh")
    assert new.notes[0] == "before"
    assert "1 EUR = 1.25 USD (1 May 2024)" in new.notes[1]
    assert series.data.values[0] == 100.0
    assert series.to("EUR/MWh") is series
    with pytest.raises(InstanceError, match="no rate says what one EUR is worth in USD"):
        series.to("USD/MWh")


VALUE = st.one_of(st.just(np.nan), st.integers(-50, 50).map(float))


@given(
    st.lists(VALUE, min_size=1, max_size=12),
    st.sampled_from([5, 15, 20, 30, 60, 90]),
    st.sampled_from([5, 10, 15, 30, 60, 120]),
    st.integers(-12, 12),
    st.integers(1, 8),
    st.sampled_from(["mean", "sum"]),
)
def test_any_step_onto_any_other_is_what_each_minute_says(values, step, length, shift, count, how):
    old, new = pd.Timedelta(minutes=step), pd.Timedelta(minutes=length)
    times = periods("2023-01-01", len(values), old)
    wanted = periods(times[0] + shift * pd.Timedelta("5min"), count, new)
    found, partly = onto(times, np.array(values), old, wanted, new, how)
    minutes = pd.Series(
        np.repeat(values, step), index=periods("2023-01-01", len(values) * step, "1min")
    )
    for k, begin in enumerate(wanted):
        inside = minutes.reindex(periods(begin, length, "1min")).to_numpy()
        brute = inside.mean() if how == "mean" else inside.sum() / step
        np.testing.assert_allclose(found[k], brute, atol=1e-9)
        assert partly[k] == (0 < np.isnan(inside).sum() < len(inside))


@given(st.lists(VALUE, min_size=1, max_size=12), st.integers(0, 4))
def test_only_short_gaps_between_known_values_are_bridged(values, most):
    given_values = np.array(values)
    new, filled = bridged(given_values, most)
    by_pandas = pd.Series(given_values).interpolate(limit_area="inside").to_numpy()
    for k in range(len(values)):
        run = 0
        if np.isnan(values[k]):
            left = right = k
            while left >= 0 and np.isnan(values[left]):
                left -= 1
            while right < len(values) and np.isnan(values[right]):
                right += 1
            run = right - left - 1
            short = run <= most and left >= 0 and right < len(values)
            assert filled[k] == short
            np.testing.assert_allclose(new[k], by_pandas[k] if short else np.nan)
        else:
            assert new[k] == values[k] and not filled[k]


def test_a_file_of_another_year_says_what_it_holds():
    series = made([1.0] * 24 * 31, "EUR/MWh", "2023-10-01")
    with pytest.raises(InstanceError) as caught:
        series.on(periods("2025-06-02", 3), most_missing=2)
    assert caught.value.faults == (
        "no value from 2025-06-02 00:00 UTC to 2025-06-02 03:00 UTC (3): "
        "the file holds 2023-10-01 to 2023-10-31",
    )


def test_gaps_are_told_in_utc_once_where_that_is_the_zone():
    series = made([1.0, np.nan, 3.0], "EUR/MWh", "2023-06-01")
    with pytest.raises(InstanceError) as caught:
        series.on(periods("2023-06-01", 3))
    assert caught.value.faults == (
        "no value from 2023-06-01 01:00 UTC to 2023-06-01 02:00 UTC (1)",
    )


def test_without_an_instant_there_is_no_series():
    times, values, _, notes, faults = lay([np.datetime64("NaT")], [1.0], pd.Timedelta("1h"))
    assert len(times) == len(values) == 0 and notes == faults == []


@pytest.mark.parametrize(
    ("then", "told"),
    [
        (range(740, 1101, 30), "from 1 h to 30 min at 2025-01-01 12:20 UTC, within a step of 1 h"),
        (
            range(760, 1241, 40),
            "from 1 h to 40 min at 2025-01-01 12:00 UTC, which does not fit steps of 40 min",
        ),
    ],
)
def test_a_step_that_fits_no_other_is_refused(then, told):
    """Hours up to noon, and then steps that begin within one, or that no hour is a multiple of."""
    minutes = [*range(0, 721, 60), *then]
    at = [pd.Timestamp("2025-01-01") + pd.Timedelta(minutes=m) for m in minutes]
    assert lay(at, range(len(at)))[-1] == [f"the step changes {told}"]


def test_steps_that_need_more_cells_than_memory_are_refused():
    times = periods("2025-01-01", 3, "7919s")
    with pytest.raises(InstanceError, match=r"do not fit periods of .* that begin at 2025-01-01"):
        onto(
            times, np.zeros(3), pd.Timedelta("7919s"),
            periods("2025-01-01 00:00:00.000000001", 1), pd.Timedelta("1h"), "mean",
        )  # fmt: skip
