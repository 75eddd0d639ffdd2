"""The forecast that anybody can make: as it was at this hour yesterday, or last week."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.forecasts.answers import Forecast
from carbonsched.forecasts.seen import Seen

DAY, WEEK = 24.0, 168.0  # h


def persistence(truth: Instance, lag: float = DAY, history: Instance | None = None) -> Forecast:
    """Return the forecast that repeats the last `lag` hours that have happened.

    Each period is told as the latest one that has happened and lies a multiple of `lag` before it:
    a horizon longer than the lag repeats the last cycle. It may reach beyond the truth.

    Parameters
    ----------
    truth : Instance
        What happens; of it, only what lies before `issued` is looked at.
    lag : float
        Hours, a whole number of periods: 24 for the same hour yesterday, 168 for last week.
    history : Instance, optional
        Earlier periods of the same sites and services, for forecasts issued before the truth is
        `lag` old.

    Raises
    ------
    ValueError
        The lag is no whole number of periods, or the history another fleet's; when asked, that
        what is to be repeated has not been seen.

    Examples
    --------
    >>> import carbonsched as cs
    >>> week = cs.example("real-week")
    >>> times = week.data.indexes["time"]
    >>> told = persistence(week)(times[24], times[24:72]).import_price
    >>> bool((told[:, :24].values == told[:, 24:].values).all())
    True
    """
    seen = Seen(truth, history)
    cycle = round(lag / seen.hours)
    if cycle < 1 or abs(cycle * seen.hours - lag) > 1e-6 * lag:
        raise ValueError(f"lag = {lag:g} h: expected a whole number of periods of {seen.hours:g} h")

    def forecast(issued: Any, horizon: pd.Index) -> xr.Dataset:
        first, length = seen.window(issued, horizon)
        last = first - cycle + np.arange(length) % cycle + seen.before
        if first > seen.periods or last.min() < 0:
            lacking = first - cycle if first <= seen.periods else first - 1
            raise ValueError(_unseen(seen, lacking, first, lag))
        told = {name: values[:, last] for name, values in seen.values.items()}
        if seen.before and any(np.isnan(values).any() for values in told.values()):
            gap = last[np.isnan(told["import_price"]).any(axis=0)][0] - seen.before
            raise ValueError(_unseen(seen, gap, first, lag))
        return seen.dataset(told, horizon)

    return forecast


def _unseen(seen: Seen, lacking: int, first: int, lag: float) -> str:
    """Say which period has not been seen, and what to give."""
    told = f"persistence by {lag:g} h, issued {seen.label(first)}, repeats {seen.label(lacking)}"
    if lacking >= seen.periods:
        return f"{told}, which the truth does not have: it ends with {seen.label(seen.periods - 1)}"
    later = seen.label(round(lag / seen.hours))
    given = "the history does not have" if seen.before else "has not been seen"
    return f"{told}, which {given}: give history=, with the {lag:g} h before, or start at {later}"
