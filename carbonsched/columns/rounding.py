"""Rounding at the prices of the relaxation: by local search, each answer met by one linear program.

The master's weights say where most jobs go; a local search places the others, and all of them
better. The dispatch of what it finds is the master's, with every job fixed; inference then stands
elsewhere, so that it goes on from there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.bounds.lagrangian import by_duration
from carbonsched.columns.local_search import LocalSearch
from carbonsched.columns.prices import Relaxed, relaxation_of
from carbonsched.columns.search import Search

SITES = 12  # that a job may go to: those where it is worth most at the prices of the relaxation
MOST = 0.6  # weight of a placement that is taken as it is
ATTEMPTS = 4  # for each job, between two linear programs
PASSES = 12  # at most, as long as the gap can be met in them
PULLS = (0.1, 0.0)  # of a site's capacity: inference that makes way, or none if it cannot


def round_locally(search: Search, relaxed: Relaxed | None = None, rounded: bool = False) -> None:
    """Look for schedules near a relaxation's optimum and keep the best; leave the master as it was.

    Parameters
    ----------
    search : Search
    relaxed : Relaxed, optional
        What is known from elsewhere. Without, the optimum is the master's last solve.
    rounded : bool
        It is a schedule's: its inference stays, and of other jobs none is placed at first.
    """
    master, data = search.master, search.data
    if not data.sizes["job"]:
        return
    basis, elsewhere = master.basis(), relaxed is not None
    if relaxed is None:
        relaxed = relaxation_of(search)
    else:
        master.forget()  # its last basis is of other jobs: from none it is quicker
    near, weighed = _near(search, relaxed.prices), relaxed.placed
    weighed = pd.DataFrame(weighed[weighed.weight > MOST]).sort_values("weight", ascending=False)
    sure = weighed[["job", "site", "time"]].to_numpy()
    for pull in (0.0,) if rounded else PULLS:
        local = LocalSearch(data, search.startable, near)
        local.price(relaxed.prices, relaxed.routed, pull)
        for job, site, time in sure:
            if local.fits(job, site, time):
                local.put(job, site, time)
        local.fill(np.unique(relaxed.placed.job) if rounded else None)
        if not _dispatched(search, local):
            continue
        first = search.value
        for count in range(PASSES):
            if search.done or search.left <= 0:
                break
            if count:  # the first goes on beside the inference of the relaxation
                local.price(relaxed.prices, search.routed(), pull)
            known = local.placed()
            local.improve(ATTEMPTS * data.sizes["job"])
            if not _dispatched(search, local):
                if not pull:
                    break
                local.place(*known)
                pull = 0.0  # more made way than finds room elsewhere
            elif _out_of_reach(search, search.value - first, count + 1):
                break
        break
    master.free()
    if not elsewhere:
        master.restore(basis)


def _out_of_reach(search: Search, gained: float, passes: int) -> bool:
    """Return whether the gap would not be met, if each pass brought as much as those so far."""
    lacking = search.bound - search.value - search.allowed
    return lacking > gained / passes * (PASSES - passes)


def _dispatched(search: Search, local: LocalSearch) -> bool:
    """Keep the best dispatch of the jobs where a local search has them; return whether there is."""
    master = search.master
    job = np.flatnonzero(local.site >= 0)
    placed = pd.DataFrame({"job": job, "site": local.site[job], "time": local.time[job]})
    master.add(placed)
    every = pd.MultiIndex.from_frame(pd.DataFrame(master.columns))
    fixed = every.isin(pd.MultiIndex.from_frame(placed)).astype(float)
    master.fix(fixed, fixed, complete=True)
    if not master.solve(search.left):
        return False
    search.keep()
    return True


def _near(search: Search, prices: xr.Dataset) -> list[np.ndarray]:
    """Return the positions of the sites where each job is worth most at some prices."""
    near: list[np.ndarray] = [np.zeros(0, int)] * search.data.sizes["job"]
    for alike, worth in by_duration(search.data, prices, search.startable):
        for job, of in zip(alike, worth.max(axis=2), strict=True):
            sites = np.argsort(-of, kind="stable")[:SITES]
            near[job] = sites[np.isfinite(of[sites])]
    return near
