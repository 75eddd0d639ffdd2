"""A file that changes its step: every minute has the value of the row that it lies in."""

from __future__ import annotations

from datetime import UTC
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError
from carbonsched.sources import read
from carbonsched.sources.regular import laid
from carbonsched.sources.steps import MOST_CHANGES, pieces

STEPS = {"15min": 15, "30min": 30, "1h": 60}


def rows_of(parts, begin="2025-09-30"):
    """Return begins, lengths in minutes and values of parts of (step, count), one after another."""
    at, begins, lengths = pd.Timestamp(begin), [], []
    for step, count in parts:
        for _ in range(count):
            begins.append(at)
            lengths.append(STEPS[step])
            at += pd.Timedelta(step)
    return begins, lengths, [float(k) for k in range(len(begins))]


def table(begins, values, form="%Y-%m-%d %H:%M"):
    lines = [f"{at.strftime(form)},{value}" for at, value in zip(begins, values, strict=True)]
    return "\n".join(["time,x [EUR/MWh]", *lines])


@given(
    st.lists(st.tuples(st.sampled_from([*STEPS]), st.integers(14, 40)), min_size=1, max_size=4),
    st.sampled_from(["15min", "1h", "3h"]),
    st.booleans(),
)
def test_every_minute_has_its_row(tmp_path_factory, parts, wanted, ends):
    begins, lengths, values = rows_of(parts)
    stamps = begins
    if ends:
        stamps = [at + pd.Timedelta(minutes=n) for at, n in zip(begins, lengths, strict=True)]
    file = tmp_path_factory.mktemp("steps") / "x.csv"
    file.write_text(table(stamps, values), encoding="utf-8")
    series = read(file, "tidy", zone="UTC", interval="end" if ends else None)
    by_minute = np.repeat(values, lengths)
    per = int(pd.Timedelta(wanted) / pd.Timedelta("1min"))
    count = len(by_minute) // per
    periods = pd.date_range(begins[0], periods=count, freq=wanted)
    if len(periods):
        found = series.on(periods, step=pd.Timedelta(wanted)).data.values
        expected = by_minute[: count * per].reshape(count, per).mean(axis=1)
        np.testing.assert_allclose(found, expected)
    changes = sum(a != b for (a, _), (b, _) in pairwise(parts))
    assert sum("step changes" in note for note in series.notes) == bool(changes)


def test_entsoe_in_october_2025(tmp_path):
    """Hourly to the end of September, quarter-hourly then, by the clock of Brussels."""
    begins, lengths, values = rows_of([("1h", 24), ("15min", 96)])
    lines = ['"MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)"']
    for at, minutes, value in zip(begins, lengths, values, strict=True):
        end = at + pd.Timedelta(minutes=minutes)
        lines.append(f'"{at:%d/%m/%Y %H:%M:%S} - {end:%d/%m/%Y %H:%M:%S}","BZN|X","S","{value}"')
    file = tmp_path / "prices.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    series = read(file, "entsoe")
    (note,) = [note for note in series.notes if "step changes" in note]
    assert "from 1 h to 15 min at 2025-10-01 00:00 CEST: each part" in note
    hours = pd.date_range("2025-09-29 22:00", periods=48, freq="1h")
    on = series.on(hours)
    assert on.data.values[:24].tolist() == values[:24]
    assert on.data.values[24] == np.mean(values[24:28])


def test_gaps_on_either_side_of_the_change_stay_gaps(tmp_path):
    begins, _, values = rows_of([("1h", 30), ("15min", 60)])
    for k in (5, 30, 50):  # an hour; the first quarter of an hour; and one among them
        values[k] = ""
    kept = [k for k in range(len(begins)) if k != 30]  # which is not even written
    file = tmp_path / "x.csv"
    file.write_text(table([begins[k] for k in kept], [values[k] for k in kept]), encoding="utf-8")
    series = read(file, "tidy", zone="UTC")
    missing = series.data["time"].values[np.isnan(series.data.values)].astype("datetime64[m]")
    expected = [begins[5] + pd.Timedelta(minutes=15 * k) for k in range(4)]
    expected += [begins[30], begins[50]]
    assert missing.tolist() == [at.to_pydatetime() for at in expected]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([("15min", 20), ("1h", 20)] * 3, f"changes 5 times.*at most {MOST_CHANGES} changes"),
        ([("15min", 90), ("1h", 3), ("15min", 90)], None),  # holes, which are told as such
    ],
)
def test_what_goes_to_and_fro_is_refused(tmp_path, parts, told):
    begins, _, values = rows_of(parts)
    file = tmp_path / "x.csv"
    file.write_text(table(begins, values), encoding="utf-8")
    if told is None:
        assert len(read(file, "tidy", zone="UTC").gaps) == 3
        return
    with pytest.raises(InstanceError, match=told):
        read(file, "tidy", zone="UTC")


def test_a_change_within_a_step_is_refused(tmp_path):
    begins, _, values = rows_of([("1h", 20)])
    more = list(pd.date_range(begins[-1] + pd.Timedelta("30min"), periods=20, freq="15min"))
    file = tmp_path / "x.csv"
    file.write_text(table([*begins, *more], values + values), encoding="utf-8")
    with pytest.raises(InstanceError, match="within a step of 1 h"):
        read(file, "tidy", zone="UTC")


def test_counts_share_evenly():
    begins, _, _ = rows_of([("1h", 13), ("15min", 13)])
    at = pd.DatetimeIndex(begins).to_numpy().astype("datetime64[ns]")
    faults: list[str] = []
    _, full, _, _ = laid(at, np.ones(26), np.arange(26), None, UTC, faults, "sum")
    assert not faults and full.sum() == 26 and full[0] == 0.25 and full[-1] == 1
    assert [size // 60_000_000_000 for _, size in pieces(at)] == [60, 15]
