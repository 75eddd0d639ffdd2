"""Periods and amounts in words: "18:00–20:00", "12.4 MW"."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.period import length_of

_SPARE = 0.02  # of the last digit: what a margin for a solver's tolerance may add unseen


def number(value: float) -> str:
    """Return a number of four digits, never below the value: what is asked for must be enough."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 3)
    return f"{math.ceil(value / step - _SPARE) * step:.10g}"


def spans(data: xr.Dataset, at: Iterable[int]) -> str:
    """Return positions of periods as spans: "2025-01-01 18:00–20:00, 22:00–23:00".

    A timestamp span ends where its last period ends; numbered periods are named first to last. A
    day is named once, and not at all where the horizon has no other.
    """
    positions = np.unique(np.fromiter(at, int))
    runs = np.split(positions, np.flatnonzero(np.diff(positions) != 1) + 1)
    times = data.indexes["time"]
    if times.dtype.kind != "M":
        many = "s" if len(positions) > 1 else ""
        named = (str(times[r[0]]) + (f"–{times[r[-1]]}" if len(r) > 1 else "") for r in runs)
        return f"period{many} {', '.join(named)}"
    step = length_of(data.step_hours.item())
    day = times[0].date() if times[0].date() == times[-1].date() else None
    words = []
    for run in runs:
        start, end = times[run[0]], times[run[-1]] + step
        prefix = "" if start.date() == day else f"{start:%Y-%m-%d} "
        day = start.date()
        last = "24:00" if end == start.normalize() + pd.Timedelta(days=1) else f"{end:%H:%M}"
        if end > start.normalize() + pd.Timedelta(days=1):
            last, day = f"{end:%Y-%m-%d %H:%M}", end.date()
        words.append(f"{prefix}{start:%H:%M}–{last}")
    return ", ".join(words)


def hourly(data: xr.Dataset, amount: xr.DataArray, unit: str) -> str:
    """Return an amount over `time` in words: when it is positive, and how large at most."""
    at = np.flatnonzero(amount.values > 0)
    values = amount.values[at]
    most = number(float(values.max()))
    return (
        f"{spans(data, at)} {'up to ' if np.ptp(values) > 1e-3 * values.max() else ''}{most} {unit}"
    )


def listed(words: Iterable[str]) -> str:
    """Return words with commas and an "and"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
