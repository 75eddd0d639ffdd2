"""Values at equal steps: rows onto them with every gap known, and from one step to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.io.zones import name_of
from carbonsched.sources.clock import local
from carbonsched.sources.steps import MOST_CHANGES, pieces
from carbonsched.sources.text import SHOWN, some

How = Literal["mean", "sum"]
TOLD = 24  # gaps that are listed one by one
MOST_CELLS = 50_000_000  # that a change of step may need


def laid(
    utc: np.ndarray,
    values: np.ndarray,
    rows: np.ndarray,
    step: pd.Timedelta | None,
    zone: tzinfo,
    faults: list[str],
    how: How = "mean",
) -> tuple[pd.DatetimeIndex, np.ndarray, pd.Timedelta, list[str]]:
    """Return times at equal steps from the first to the last, values with NaN in gaps, and notes.

    Of a file that changes its step each part is read by its own; the longer steps then hold their
    value at the shortest, or of counts an even share of it.

    Parameters
    ----------
    utc : numpy.ndarray of datetime64[ns]
        When rows begin, in any order; NaT of those to be dropped.
    values : numpy.ndarray
        One a row.
    rows : numpy.ndarray
        Numbers of the rows in the file.
    step : Timedelta, optional
        The step; if not stated, those that the rows have.
    zone : tzinfo
        The clock to tell local times by.
    faults : list of str
        Takes what is wrong.
    how : "mean" or "sum"
        As the quantity wants.
    """
    kept = ~np.isnat(utc)
    order = np.argsort(utc[kept], kind="stable")
    at, value, row = utc[kept][order], values[kept][order], rows[kept][order]
    notes = list[str]()
    first = np.ones(len(at), bool)
    first[1:] = at[1:] != at[:-1]
    group = np.flatnonzero(first)[np.cumsum(first) - 1] if len(at) else np.array([], int)
    twice = np.flatnonzero(~first)
    other = [k for k in twice if not _same(value[k], value[group[k]])]
    faults += some(
        [
            f"row {row[k]} tells {local([at[k]], zone)[0]} again, as {value[k]:g} and not "
            f"{value[group[k]]:g} as row {row[group[k]]}"
            for k in other[:SHOWN]
        ],
        len(other),
    )
    if len(twice) > len(other):
        same = [k for k in twice if _same(value[k], value[group[k]])]
        shown = ", ".join(str(row[k]) for k in same[:SHOWN]) + (", ..." * (len(same) > SHOWN))
        which = "with the same value"
        notes.append(
            f"{len(same)} rows that tell a time again {which} were dropped: rows {shown}."
            if len(same) > 1
            else f"1 row that tells a time again {which} was dropped: row {shown}."
        )
    at, value, row = at[first], value[first], row[first]
    parts = pieces(at) if step is None else [(0, int(step.value))]
    length: Any = pd.Timedelta(min(size for _, size in parts))
    if not len(at):
        return pd.DatetimeIndex([]), value, length, notes
    faults += _changes(at, parts, zone, notes)
    cells = [int(length.value)] * len(at)  # that each row takes
    ends = [first for first, _ in parts[1:]] + [len(at)]
    for (first, size), end in zip(parts, ends, strict=True):
        cells[first:end] = [size] * (end - first)
        off = first + np.flatnonzero((at[first:end] - at[first]).astype(np.int64) % size)
        if not faults:
            faults += some(
                [
                    f"row {row[k]}: {local([at[k]], zone)[0]} is no whole number of steps of "
                    f"{pd.Timedelta(size)} after {'the first' if not first else 'the change'}"
                    for k in off[:SHOWN]
                ],
                len(off),
            )
    if faults:
        return pd.DatetimeIndex([]), value[:0], length, notes
    since = (at - at[0]).astype(np.int64) // length.value
    each = np.array(cells) // length.value
    count = int(since[-1] + each[-1])
    if count > MOST_CELLS:
        faults.append(f"{count:,} steps of {length} from first to last: is a year mistyped?")
        return pd.DatetimeIndex([]), value[:0], length, notes
    times = pd.date_range(at[0], periods=count, freq=length, unit="ns")
    full = np.full(count, np.nan)
    within = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    full[np.repeat(since, each) + within] = np.repeat(value / each if how == "sum" else value, each)
    return times, full, length, notes


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (np.isnan(one) and np.isnan(other)))


def _changes(
    at: np.ndarray, parts: list[tuple[int, int]], zone: tzinfo, notes: list[str]
) -> list[str]:
    """Note where a file goes over to another step; return why it cannot be read so."""
    smallest = min(size for _, size in parts)
    told = list[str]()
    for (_, old), (first, new) in pairwise(parts):
        there = local([at[first]], zone)[0]
        told.append(f"from {span_of(old)} to {span_of(new)} at {there}")
        begins = int((at[first] - at[0]).astype(np.int64))
        if at[first] - at[first - 1] < np.timedelta64(old, "ns"):
            return [f"the step changes {told[-1]}, within a step of {span_of(old)}"]
        if begins % smallest or old % smallest or new % smallest:
            return [f"the step changes {told[-1]}, which does not fit steps of {span_of(smallest)}"]
    if len(told) > MOST_CHANGES:
        most = f"at most {MOST_CHANGES} changes are read"
        return [f"the step changes {len(told)} times, {told[0]} first: {most}, so cut the file"]
    if told:
        notes.append(f"The step changes {'; '.join(told)}: each part was read by its own.")
    return []


def span_of(size: int) -> str:
    """Return a length of time, given in ns, in words."""
    from carbonsched.io.horizon import span

    return span(size / 3.6e12)


def gaps(times: pd.DatetimeIndex, values: np.ndarray, step: pd.Timedelta) -> list[tuple]:
    """Return the runs of missing values: first instant, end, and how many.

    Examples
    --------
    >>> times = pd.date_range("2023-01-01", periods=4, freq="1h")
    >>> [n for _, _, n in gaps(times, np.array([1, np.nan, np.nan, 4]), pd.Timedelta("1h"))]
    [2]
    """
    edges = np.diff(np.r_[0, np.isnan(values).astype(int), 0])
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    lengths = [int(count) for count in ends - begins]
    return [(times[a], times[a] + n * step, n) for a, n in zip(begins, lengths, strict=True)]


def told(runs: Sequence[tuple], zone: tzinfo, *, utc: bool = False) -> list[str]:
    """Return gaps in words, by local time and if wanted in UTC too.

    Examples
    --------
    >>> from datetime import UTC
    >>> told([(pd.Timestamp("2023-01-01 01:00"), pd.Timestamp("2023-01-01 03:00"), 2)], UTC)
    ['2023-01-01 01:00 UTC to 2023-01-01 03:00 UTC (2)']
    """
    words, twice = list[str](), utc and name_of(zone) != "UTC"
    for begin, end, count in runs[:TOLD]:
        one, other = local([begin, end], zone)
        there = f", {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC" if twice else ""
        words.append(f"{one} to {other}{there} ({count})")
    more = len(runs) - len(words)
    return [*words, *([f"and {more:,} more"] if more > 0 else [])]


def onto(
    times: pd.DatetimeIndex,
    values: np.ndarray,
    step: pd.Timedelta,
    periods: pd.DatetimeIndex,
    length: pd.Timedelta,
    how: How,
) -> tuple[np.ndarray, np.ndarray]:
    """Return values over other periods, NaN unless all of a period is known, and which lack a part.

    A period takes the mean of what it covers by time, or of counts the sum, in which a step that is
    cut counts by its part.

    Parameters
    ----------
    times, values, step
        The series, at equal steps.
    periods : DatetimeIndex
        Beginnings of the new periods, in UTC without saying so.
    length : Timedelta
        Of each of them.
    how : "mean" or "sum"
        As the quantity wants.

    Examples
    --------
    >>> times = pd.date_range("2023-01-01", periods=4, freq="30min")
    >>> values, hour = np.array([1.0, 3.0, 5.0, np.nan]), pd.Timedelta("1h")
    >>> onto(times, values, pd.Timedelta("30min"), times[::2], hour, "mean")
    (array([ 2., nan]), array([False,  True]))
    """
    since = (periods.as_unit("ns").asi8 - times.as_unit("ns").asi8[0]).astype(np.int64)
    grain = int(np.gcd.reduce(np.r_[step.value, length.value, since]))
    parts = length.value // grain
    if len(periods) * parts > MOST_CELLS:
        raise InstanceError(
            [f"steps of {step} do not fit periods of {length} that begin at {periods[0]}"],
            "another step",
        )
    place = (since[:, None] + grain * np.arange(parts)) // step.value
    inside = (place >= 0) & (place < len(values))
    found = np.where(inside, values[np.where(inside, place, 0)], np.nan)
    known = ~np.isnan(found)
    new = found.mean(axis=1) if how == "mean" else found.sum(axis=1) * (grain / step.value)
    partly = np.asarray(known.any(axis=1) & ~known.all(axis=1))
    return new, partly


def bridged(values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values with gaps of at most so many filled linearly, and which were filled.

    Examples
    --------
    >>> bridged(np.array([1.0, np.nan, 3.0, np.nan, np.nan, 6.0]), 1)[0]
    array([ 1.,  2.,  3., nan, nan,  6.])
    """
    missing = np.isnan(values)
    edges = np.diff(np.r_[0, missing.astype(int), 0])
    filled = np.zeros(len(values), bool)
    for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        filled[a:b] = b - a <= most and a > 0 and b < len(values)
    new, place = values.copy(), np.arange(len(values))
    if filled.any():
        new[filled] = np.interp(place[filled], place[~missing], values[~missing])
    return new, filled
