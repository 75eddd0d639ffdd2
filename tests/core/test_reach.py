"""Job windows as positions on the time axis, by hand."""

import pandas as pd
from conftest import plain

from carbonsched.core.reach import may_run, may_start, start_counts, window_positions

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
