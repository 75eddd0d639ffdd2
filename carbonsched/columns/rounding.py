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
from carbonsched.columns.search import Search

SITES = 6  # that a job may go to: those where it is worth most at the prices of the relaxation
MOST = 0.6  # weight of a placement that is taken as it is
ATTEMPTS = 4  # for each job, between two linear programs
PASSES = 4
PULLS = (0.05, 0.0)  # of a site's capacity: inference that makes way, or none if it cannot


def round_locally(search: Search) -> None:
    """Look for schedules near the master's optimum and keep the best; leave the master as it was.

    The master's last solve must be one of the relaxation.
    """
    master, data = search.master, search.data
    if not data.sizes["job"]:
        return
    basis, prices = master.basis(), master.prices()
    near, routed = _near(search, prices), _routed(data, master.values())
    weighed = master.columns.iloc[: len(master.weights)].assign(weight=master.weights)
    weighed = weighed[weighed.weight > MOST].sort_values("weight", ascending=False)
    sure = weighed[["job", "site", "time"]].to_numpy()
    for pull in PULLS:
        local = LocalSearch(data, search.startable, near)
        local.price(prices, routed, pull)
        for job, site, time in sure:
            if local.fits(job, site, time):
                local.put(job, site, time)
        local.fill()
        if not _dispatched(search, local):
            continue
        for count in range(PASSES):
            if search.done or search.left <= 0:
                break
            if count:  # the first goes on beside the inference of the relaxation
                local.price(prices, _routed(data, master.values()), pull)
            local.improve(ATTEMPTS * data.sizes["job"])
            if not _dispatched(search, local):
                break
        break
    master.free()
    master.restore(basis)


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


def _routed(data: xr.Dataset, solved: xr.Dataset) -> np.ndarray:
    """Return the IT power of inference, MW over (site, time)."""
    if "route" not in solved:
        return np.zeros([data.sizes[dim] for dim in ("site", "time")])
    routed = (data.power_per_unit * solved.route.fillna(0)).sum("service")
    return routed.transpose("site", "time").values


def _near(search: Search, prices: xr.Dataset) -> list[np.ndarray]:
    """Return the positions of the sites where each job is worth most at some prices."""
    near: list[np.ndarray] = [np.zeros(0, int)] * search.data.sizes["job"]
    for alike, worth in by_duration(search.data, prices, search.startable):
        for job, of in zip(alike, worth.max(axis=2), strict=True):
            sites = np.argsort(-of, kind="stable")[:SITES]
            near[job] = sites[np.isfinite(of[sites])]
    return near
