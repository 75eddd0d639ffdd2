"""Local repair: a few jobs at a time are placed anew, where the schedule loses most.

The distance between bound and schedule is a sum over places: at the prices of the bound, every
power that is not at its best costs something there and then (`lagrangian.flow_losses`). Jobs that
run through the dearest periods, or could by the weights of the relaxation, are taken out; the
master places them anew beside all others and is rounded. What is no better is dropped.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from carbonsched.bounds.lagrangian import flow_losses
from carbonsched.columns.dive import settle
from carbonsched.columns.search import Search

JOBS = 12  # taken out at once: few enough for a fast program, enough to change places
SHARE = 0.05  # of them, that a step of rounding fixes: as a rule one
PATIENCE = 3  # times that each job is taken out, on average, without a gain before it is the last
_GAIN = 1e-7  # of the benefit; less is none


def repair(search: Search, weights: np.ndarray, show: Callable[[], None]) -> None:
    """Improve the schedule until it is within the gap, the time is up, or nothing helps any more.

    Parameters
    ----------
    search : Search
        With a schedule and a bound. The master is left with some columns fixed.
    weights : numpy.ndarray
        Of the columns in the relaxation, as far as it knew them.
    show : callable
        Called after each attempt.
    """
    master, chance = search.master, np.random.default_rng(0)
    count = search.data.sizes["job"]
    failures, patience = 0, PATIENCE * count / JOBS
    while not search.done and search.left > 0 and failures < patience:
        before = search.value
        placed = _placed(search)
        likely = _losses_by_job(search, weights, placed)
        out = chance.choice(count, min(JOBS, count), replace=False, p=likely / likely.sum())
        undecided = np.isin(np.arange(count), out)
        lower = placed & ~undecided[master.columns.job]
        master.fix(lower, lower | undecided[master.columns.job])
        there = master.solve(search.left)
        if there and master.add(search.price_some(out, search.startable.isel(job=out))):
            there = master.solve(search.left)
        if there and master.value > before:
            settle(search, lower.astype(float), undecided, SHARE, anew=False)
        gained = search.value > before + _GAIN * abs(before)
        failures = 0 if gained else failures + 1
        show()


def _placed(search: Search) -> np.ndarray:
    """Return which columns of the master are the schedule's placements: bool."""
    placements = pd.MultiIndex.from_arrays(np.nonzero(search.known().start.values))
    return pd.MultiIndex.from_frame(pd.DataFrame(search.master.columns)).isin(placements)


def _losses_by_job(search: Search, weights: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Return what is lost where each job runs or could, USD over the positions of jobs, above 0."""
    columns, data = search.master.columns, search.data
    lost = flow_losses(data, search.proof(), search.known()).values
    so_far = np.pad(lost.cumsum(axis=1), ((0, 0), (1, 0)))
    end = columns.time + data.duration.values[columns.job]
    along = so_far[columns.site, end] - so_far[columns.site, columns.time]
    weight = np.append(weights, np.zeros(len(columns) - len(weights)))
    weight = np.maximum(weight, placed)
    by_job = np.bincount(columns.job, weight * along, minlength=data.sizes["job"])
    return by_job + 1e-6 * (by_job.max(initial=0.0) or 1.0)
