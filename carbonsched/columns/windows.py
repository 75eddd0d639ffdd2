"""The prices of a long horizon, window by window: where one linear program of all of it is slow.

Little reaches from one month into another but the carbon budget. So carbon has one price, at which
each window is a relaxation of its own, solved with a margin before and after it that is then
forgotten; the price moves until what all of them emit is near the budget. The prices of all
windows, joined, bound the whole as any prices do. Then each window is rounded by itself, and what
its own jobs come to is where the whole has them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace

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
LONG = 2 * PERIODS  # more periods than that are priced by windows
ROUGH, NEAR = (
    1.0,
    0.1,
)  # of the gap asked for, that a window may leave: as carbon is priced, and then
LEAST_NEAR = 1e-4  # what it may always leave
TRIALS = 6  # of the price of carbon, at most
FIRST_SHARE = 0.1  # of the price of carbon that doubles that of import: the first that is tried
NEAR_BUDGET = 0.005  # of the budget: so near to it a price of carbon is not moved any more
_OVER_TIME = ("power_price", "capacity_price", "storage_price")


@dataclass(frozen=True)
class _Window:
    """A search for the prices of some periods.

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


def price_by_windows(
    search: Search, formulation: Formulation, until: float, show: Callable[[], None]
) -> Relaxed | None:
    """Return what the windows say, joined, and move the bound to what their prices prove.

    They are solved side by side, on as many cores as there are. None where a window has no
    prices, or there is no time.

    Parameters
    ----------
    search : Search
        Whose master's last solve tells the first price of carbon.
    formulation : Formulation
        That of the master.
    until : float
        On the monotonic clock, s.
    show : callable
        Called after each price of carbon.
    """
    data = search.data
    over: dict[float, float] = {}  # tCO2e beyond the budget, by the price of carbon
    carbon = max(float(search.master.prices().carbon_price), 0.0)
    with suppress(CarbonschedError, TimeoutError), ThreadPoolExecutor(cores()) as pool:
        windows = [_window(search, formulation, until, k) for k in range(_count(data))]
        while True:
            for window in windows:
                _begin(window.search, carbon, ROUGH * search.settings.gap)
            # HiGHS works without Python's lock
            found = list(pool.map(near_optimum, [window.search for window in windows]))
            search.price_at(_joined_prices(windows, found, carbon))
            show()
            over[carbon] = sum(map(_emitted, windows)) - float(data.carbon_budget)
            near = abs(over[carbon]) <= NEAR_BUDGET * float(data.carbon_budget)
            if near or (carbon == 0 and over[carbon] < 0) or len(over) == TRIALS:
                break
            carbon = _next_price(over, FIRST_SHARE * _dear(data))
        carbon = float(search.proof().carbon_price)
        for window in windows:
            _begin(window.search, carbon, NEAR * search.settings.gap)
        found = list(pool.map(near_optimum, [window.search for window in windows]))
        search.price_at(_joined_prices(windows, found, carbon))
        show()
        placed = list(pool.map(_rounded, windows))
        routed = [w.search.routed(w.search.known())[:, w.inner] for w in windows]
        return Relaxed(search.proof(), pd.concat(placed), np.concatenate(routed, axis=1))
    return None


def _next_price(over: Mapping[float, float], first: float) -> float:
    """Return a price of carbon to try, USD/tCO2e, the first of all if zero is too low."""
    low = max((price for price, more in over.items() if more > 0), default=None)
    high = min((price for price, more in over.items() if more <= 0), default=None)
    if high is None:
        return max(2 * (low or 0.0), first)
    if low is None:
        return high / 4 if high > first / 16 else 0.0
    share = over[low] / (over[low] - over[high])
    return low + (high - low) * min(max(share, 0.1), 0.9)


def _dear(data: xr.Dataset) -> float:
    """Return the price of carbon that would double that of import, USD/tCO2e, or so."""
    intensity = float(data.carbon_intensity.mean())
    return float(np.abs(data.import_price).mean()) / intensity if intensity > 0 else 1.0


def _count(data: xr.Dataset) -> int:
    return -(-data.sizes["time"] // PERIODS)


def _window(search: Search, formulation: Formulation, until: float, number: int) -> _Window:
    """Return a search for the prices of a window.

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
    if np.isfinite(data.carbon_budget):  # what is emitted is bought
        part = part.assign(carbon_budget=xr.zeros_like(data.carbon_budget))
    left = max(until - time.monotonic(), 0.0)
    settings = replace(search.settings, gap_of="decided", time_limit=left)
    inner = slice(first - begin, first - begin + PERIODS)
    own = middle // PERIODS == number
    return _Window(search_of(part, formulation, settings), jobs, own, begin, inner)


def _begin(search: Search, carbon: float, gap: float) -> None:
    """Let a search begin anew at a price of carbon, to some gap, from the placements it has."""
    if np.isfinite(search.data.carbon_budget):
        search.master.sell_carbon(carbon)
    search.bound, search.prices = np.inf, None
    search.settings = replace(search.settings, gap=max(gap, LEAST_NEAR))


def _joined_prices(windows: list[_Window], found: list[Relaxed], carbon: float) -> xr.Dataset:
    """Return the prices of the windows without their margins."""
    parts = [one.prices.isel(time=window.inner) for window, one in zip(windows, found, strict=True)]
    over = {name: xr.concat([part[name] for part in parts], "time") for name in _OVER_TIME}
    return parts[-1].drop_dims("time").assign(over).assign(carbon_price=carbon)


def _rounded(window: _Window) -> pd.DataFrame:
    """Return the placements of a window's own jobs, in the whole, each with a `weight` of one."""
    search = window.search
    with suppress(TimeoutError):
        round_locally(search)
        if not search.done and search.master.solve(search.left):
            dive(search)
    if search.incumbent is None:
        raise NoIncumbentError("no schedule of a window is known")
    job, site, at = np.nonzero(search.known().start.values)
    placed = pd.DataFrame({"job": window.jobs[job], "site": site, "time": at + window.begin})
    return pd.DataFrame(placed.assign(weight=1.0)[window.own[placed.job]])


def _emitted(window: _Window) -> float:
    """Return what a window without its margins emits, tCO2e."""
    data, solved = window.search.data, window.search.master.values()
    rate = data.carbon_intensity * solved.grid_import + data.generation_carbon * solved.generate
    return float(data.step_hours * rate.isel(time=window.inner).sum())
