"""The line that says from when to when an instance reaches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from by_hand import plain
from hypothesis import given
from hypothesis import strategies as st
from test_app import call

import carbonsched as cs
from carbonsched.io.horizon import horizon, span


def stamped(first: str, periods: int, step: pd.Timedelta, step_hours: float) -> cs.Instance:
    times = pd.date_range(first, periods=periods, freq=step)
    data = plain(1, periods, step_hours=step_hours)
    return cs.Instance(data.assign_coords(time=times))


@pytest.mark.parametrize(
    ("instance", "line"),
    [
        (
            lambda: cs.generate(1, 24, 0, 0),
            "24 h: 24 periods of 1 h, numbered 0 to 23, without dates",
        ),
        (
            lambda: cs.generate(1, 24, 0, 0).replace(step_hours=0.25),
            "6 h: 24 periods of 15 min, numbered 0 to 23, without dates",
        ),
        (
            lambda: cs.generate(1, 1, 0, 0),
            "1 h: 1 period of 1 h, numbered 0 to 0, without dates",
        ),
        (
            lambda: cs.example("real-week"),
            "168 h = 7 days: 168 periods of 1 h, 2023-10-09 00:00 to 2023-10-16 00:00 UTC",
        ),
        (
            lambda: stamped("2025-03-30", 3, pd.Timedelta("5min"), 1 / 12),
            "15 min: 3 periods of 5 min, 2025-03-30 00:00 to 2025-03-30 00:15 UTC",
        ),
        (
            lambda: stamped("2025-03-30 00:00:07", 2, pd.Timedelta("90min"), 1.5),
            "3 h: 2 periods of 1 h 30 min, 2025-03-30 00:00:07 to 2025-03-30 03:00:07 UTC",
        ),
    ],
)
def test_the_horizon_in_hours_and_dates(instance, line):
    assert horizon(instance()) == line


def test_info_prints_it_so_that_another_step_is_seen(tmp_path):
    """The same folder, one number changed: a day has become six hours, and the line says so."""
    cs.generate(2, 24, 1, 1).save(tmp_path)
    assert "24 h: 24 periods of 1 h" in call("info", tmp_path).output
    table = tmp_path / "instance.csv"
    table.write_text(table.read_text().replace("\n1.0,", "\n0.25,"))
    assert "6 h: 24 periods of 15 min, numbered 0 to 23" in call("info", tmp_path).output


def test_the_name_of_an_instance_tells_periods_that_are_not_hours():
    hourly = cs.generate(1, 24, 0, 0)
    assert "periods of" not in repr(hourly)
    assert repr(hourly.replace(step_hours=0.25)).endswith("periods of 0.25 h>")


@given(st.integers(1, 10**9))
def test_a_length_of_time_in_words_is_that_length(milliseconds):
    """Proves: nothing is lost, to the millisecond, whatever units the words use."""
    units = {"h": 3_600_000, "min": 60_000, "s": 1000}
    words = span(milliseconds / 3_600_000).replace(",", "").split()
    total = sum(float(n) * units[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    assert total == pytest.approx(milliseconds, abs=0.6)
    assert np.isclose(total % 1, 0) or milliseconds % 1000
