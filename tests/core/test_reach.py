"""Job windows as positions on the time axis, by hand."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.core.reach import (
    endless_positions,
    may_run,
    may_start,
    open_routes,
    require_routes,
    reserve,
    start_counts,
    window_positions,
)
from carbonsched.judge.verify import _within
from carbonsched.proof.restated import left_by, possible_starts

# Two periods of the second, third and fourth of five, on the second of two sites.
ONE = {"release": 1, "deadline": 3, "duration": 2, "allowed": [[False, True]]}


def test_a_job_may_run_inside_its_window_on_an_allowed_site():
    where = may_run(plain(2, 5, 1, **ONE))
    assert where.dims == ("job", "site", "time")
    assert where.values.astype(int).tolist() == [[[0, 0, 0, 0, 0], [0, 1, 1, 1, 0]]]


def test_a_job_may_start_where_it_still_finishes_in_time():
    where = may_start(plain(2, 5, 1, **ONE))
    assert where.dims == ("job", "site", "time")
    assert where.values.astype(int).tolist() == [[[0, 0, 0, 0, 0], [0, 1, 1, 0, 0]]]


def test_starts_are_counted():
    data = plain(1, 5, 4, duration=[1, 2, 5, 5], release=[0, 1, 0, 2], deadline=[4, 3, 4, 4])
    assert start_counts(data).values.tolist() == [5, 2, 1, 0]


def test_windows_are_labels_not_positions():
    """Proves: labels of any kind are found on the axis. Sensitivity: 10 is not a position of 3."""
    data = plain(1, 3, 1, **ONE | {"allowed": True})
    for times in ([10, 20, 30], pd.date_range("2025-01-01", periods=3, freq="h")):
        moved = data.assign_coords(time=times).assign(
            release=("job", times[1:2]), deadline=("job", times[2:3])
        )
        first, last = window_positions(moved)
        assert (first.tolist(), last.tolist()) == ([1], [2])
        assert may_run(moved).values.ravel().tolist() == [False, True, True]
        assert may_start(moved).values.ravel().tolist() == [False, True, False]


@pytest.mark.parametrize("seed", range(8))
def test_windows_are_what_the_clock_says(seed):
    """Proves: model, judge and proof, each by its own code, find what the definition says.

    A period counts if it begins at the release or later and is over by the deadline; one that has
    the deadline for its label may last to its own end.
    """
    rng = np.random.default_rng(seed)
    periods, jobs, minutes = int(rng.integers(1, 6)), 40, int(rng.choice([15, 60]))
    data = plain(1, periods, jobs, step_hours=minutes / 60)
    start, step = np.datetime64("2025-03-30T00:00", "ns"), np.timedelta64(minutes, "m")
    begins = start + step * np.arange(periods)
    far = np.array(["1700-01-01", "2250-01-01"], "M8[ns]")

    def instants() -> np.ndarray:
        near = start + rng.integers(-90, 60 * periods + 90, jobs) * np.timedelta64(1, "m")
        near[::3] = begins[rng.integers(0, periods, len(near[::3]))]
        near[1::7] = far[rng.integers(0, 2, len(near[1::7]))]
        return near

    data = data.drop_vars(["release", "deadline"]).assign_coords(time=begins)
    data = data.assign(release=("job", instants()), deadline=("job", instants()))
    wanted = [
        [
            bool(begin >= release and (begin <= due if due in begins else begin + step <= due))
            for begin in begins
        ]
        for release, due in zip(data.release.values, data.deadline.values, strict=True)
    ]
    assert may_run(data).isel(site=0).values.tolist() == wanted
    assert _within(data).transpose("job", "time").values.tolist() == wanted
    np.testing.assert_array_equal(possible_starts(data), may_start(data).values)
    np.testing.assert_array_equal(start_counts(data), may_start(data).isel(site=0).sum("time"))


@pytest.mark.parametrize("recovery", range(6))
def test_a_reserve_is_what_must_be_held_of_it(recovery):
    data = plain(
        2, 4, battery_energy=9, battery_min=[[5, 5, 1, 5], [2, 2, 2, 2]], battery_initial=3,
        battery_recovery=[recovery, 0],
    )  # fmt: skip
    early = [min(least, 3) for least in (5, 5, 1, 5)]
    held = [early[t] if t + 1 < recovery else (5, 5, 1, 5)[t] for t in range(4)]
    assert reserve(data).transpose("site", "time").values.tolist() == [held, [2] * 4]
    given = left_by(data, asdict(cs.METHODS["joint"])).battery_min
    xr.testing.assert_equal(given, reserve(data))


@pytest.mark.parametrize("demand", [0.5, 2.0])
def test_a_service_with_any_demand_and_no_site_is_told(demand):
    data = plain(1, 2, 0, 1, demand=[[0.0, demand]], latency=5.0, latency_limit=1.0)
    with pytest.raises(cs.InfeasibleError, match="no site within the latency limit of s0"):
        require_routes(data)
    require_routes(data.assign(demand=0 * data.demand))


def test_one_service_without_a_site_is_told_beside_others():
    data = plain(1, 2, 0, 3, demand=1.0, latency=[[1.0], [5.0], [1.0]], latency_limit=2.0)
    with pytest.raises(cs.InfeasibleError, match=r"latency limit of s1$"):
        require_routes(data)


def test_a_service_that_nobody_asks_for_needs_no_site_whatever_others_ask():
    data = plain(1, 2, 0, 2, demand=[[1.0] * 2, [0.0] * 2], latency=[[1.0], [5.0]], latency_limit=2)
    require_routes(data)


def test_a_site_just_within_the_limit_is_open():
    data = plain(3, 1, 0, 1, latency=[[4.0, 5.0, 6.0]], latency_limit=5.0)
    assert open_routes(data).values.tolist() == [[True, True, False]]


@pytest.mark.parametrize("minutes", [60, 65, 123])
def test_one_period_of_any_number_of_minutes_is_exact(minutes):
    """A window a thousand periods wide both ways: 65/60 h in nanoseconds is not cut but rounded."""
    times = pd.date_range("2025-01-01", periods=2, freq=pd.Timedelta(minutes=minutes))
    step = times[1] - times[0]
    data = plain(1, 1, 1, step_hours=minutes / 60).assign_coords(time=times[:1])
    data = data.assign(
        release=("job", times[:1] - 1000 * step), deadline=("job", times[:1] + 1000 * step)
    )
    assert [int(at[0]) for at in endless_positions(data)] == [-1000, 1000]


def test_one_numbered_period_counts_like_any_other():
    data = plain(1, 1, 1).assign(release=("job", [-1000]), deadline=("job", [1001]))
    assert [int(at[0]) for at in endless_positions(data)] == [-1000, 1001]
