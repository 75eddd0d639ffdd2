"""A schedule of a long horizon, window by window: where one linear program of all of it is slow.

Little reaches from one month into another but the carbon budget. So carbon has one price, that of
the whole's relaxation, at which each window is a problem of its own, with a margin before and after
it that is then forgotten. What its own jobs come to is where the whole has them.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.columns.dive import dive
from carbonsched.columns.prices import Relaxed, near_optimum
from carbonsched.columns.rounding import round_locally
from carbonsched.columns.rounds import search_of
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import endless_positions, start_counts
from carbonsched.errors import CarbonschedError, NoIncumbentError
from carbonsched.processor import cores

PERIODS = 1344  # of a window: eight weeks of hours
MARGIN = 72  # periods before and after it, so that its ends are far from what is kept
LONG = 2 * PERIODS  # more periods than that are rounded by windows
NEAR = 0.1  # of the gap asked for, that a window may leave
LEAST_NEAR = 1e-4  # what it may always leave


@dataclass(frozen=True)
class _Window:
    """A search among some periods.

    Attributes
    ----------
    search : Search
        Of the window and its margins.
    jobs : numpy.ndarray
        The positions of its jobs in the whole.
    own : numpy.ndarray
        Which of all jobs belong to it and to no other, bool.
    begin : int
        Its first period, the margin's.
    inner : slice
        Its periods without the margins, counted from `begin`.
    """

    search: Search
    jobs: np.ndarray
    own: np.ndarray
    begin: int
    inner: slice


def round_by_windows(
    search: Search, formulation: Formulation, relaxed: Relaxed, until: float
) -> Relaxed | None:
    """Return the schedules of the windows, joined, with the prices of the whole.

    As many are searched for side by side as there are cores. None where a window has no schedule,
    or there is no time.

    Parameters
    ----------
    search : Search
        Of the whole.
    formulation : Formulation
        That of the master.
    relaxed : Relaxed
        What the relaxation of the whole says.
    until : float
        On the monotonic clock, s.
    """
    count = -(-search.data.sizes["time"] // PERIODS)
    with suppress(CarbonschedError, TimeoutError), ThreadPoolExecutor(cores()) as pool:
        # HiGHS works without Python's lock
        rounded = partial(_rounded, search, formulation, relaxed, until, Lock())
        found = list(pool.map(rounded, range(count)))
        placed, routed = zip(*found, strict=True)
        return Relaxed(relaxed.prices, pd.concat(placed), np.concatenate(routed, axis=1))
    return None


def _rounded(
    whole: Search,
    formulation: Formulation,
    relaxed: Relaxed,
    until: float,
    building: Lock,
    number: int,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return where the schedule of a window has its own jobs and inference, in the whole."""
    with building:  # which silences the one standard output that there is
        window = _window(whole, formulation, until, number)
    search = window.search
    if np.isfinite(search.data.carbon_budget):  # what is emitted is bought
        search.master.sell_carbon(float(relaxed.prices.carbon_price))
    search.master.add(_known(window, relaxed.placed))
    near_optimum(search)
    with suppress(TimeoutError):
        round_locally(search)
        if not search.done and search.master.solve(search.left):
            dive(search)
    if search.incumbent is None:
        raise NoIncumbentError("no schedule of a window is known")
    job, site, at = np.nonzero(search.incumbent.start.values)
    placed = pd.DataFrame({"job": window.jobs[job], "site": site, "time": at + window.begin})
    placed = pd.DataFrame(placed.assign(weight=1.0)[window.own[placed.job]])
    return placed, search.routed(search.incumbent)[:, window.inner]


def _known(window: _Window, placed: pd.DataFrame) -> pd.DataFrame:
    """Return the placements that a window's jobs may have too, of those of the whole."""
    here = np.full(len(window.own), -1)
    here[window.jobs] = np.arange(len(window.jobs))
    known = placed.assign(job=here[placed.job], time=placed.time - window.begin)
    periods = window.search.data.sizes["time"]
    known = known[(known.job >= 0) & (known.time >= 0) & (known.time < periods)]
    may = window.search.startable.transpose("job", "site", "time").values
    allowed = may[known.job, known.site, known.time]
    return pd.DataFrame(known.loc[allowed, ["job", "site", "time"]])


def _window(search: Search, formulation: Formulation, until: float, number: int) -> _Window:
    """Return a search among the periods of a window.

    Its jobs are all that fit in with the whole of their own windows, and of the others those whose
    middle lies there. A battery begins as the whole's does.
    """
    data, first = search.data, number * PERIODS
    begin, end, periods = max(first - MARGIN, 0), first + PERIODS + MARGIN, data.sizes["time"]
    part = data.isel(time=slice(begin, end))
    opens, closes = (at.astype(int) for at in endless_positions(data))
    middle = ((opens + closes) // 2).clip(0, periods - 1)
    whole = (opens.clip(0) >= begin) & (closes.clip(max=periods - 1) < end)
    there = whole | ((begin <= middle) & (middle < end))
    jobs = np.flatnonzero(there & (start_counts(part).values > 0))
    part = part.isel(job=jobs)
    if begin:
        least = part.battery_min.isel(time=0, missing_dims="ignore", drop=True)
        part = part.assign(
            battery_initial=np.maximum(part.battery_initial, least),
            battery_recovery=xr.zeros_like(part.battery_recovery),
        )
    if np.isfinite(data.carbon_budget):  # nothing may be emitted but what is bought
        part = part.assign(carbon_budget=xr.zeros_like(data.carbon_budget))
    left = max(until - time.monotonic(), 0.0)
    gap = max(NEAR * search.settings.gap, LEAST_NEAR)
    settings = replace(search.settings, gap=gap, gap_of="decided", time_limit=left)
    inner = slice(first - begin, first - begin + PERIODS)
    own = middle // PERIODS == number
    return _Window(search_of(part, formulation, settings), jobs, own, begin, inner)
