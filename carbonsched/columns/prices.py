"""The prices of the linear relaxation, by columns: of a horizon too long to state every start."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.columns.dive import greedy_energy
from carbonsched.columns.greedy import greedy
from carbonsched.columns.rounds import relax, search_of
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.errors import InfeasibleError
from carbonsched.solver.settings import Settings

_WEIGHT = 1e-6  # less is none
NEAR = 1e-3  # of the turnover: how near to the optimum the prices are


@dataclass(frozen=True)
class Relaxed:
    """What an optimum of the relaxation says.

    Attributes
    ----------
    prices : xarray.Dataset
        Of `carbonsched.core.schema.PRICES`.
    placed : pandas.DataFrame
        Placements that have weight there: positions `job`, `site` and `time`, and the `weight`.
    routed : numpy.ndarray
        IT power of inference, MW over (site, time).
    """

    prices: xr.Dataset
    placed: pd.DataFrame
    routed: np.ndarray


def relaxation_of(search: Search) -> Relaxed:
    """Return what the last solve of a search's master says."""
    master = search.master
    weighed = master.columns.iloc[: len(master.weights)].assign(weight=master.weights)
    return Relaxed(master.prices(), weighed[weighed.weight > _WEIGHT], search.routed())


def prices_by_columns(
    data: xr.Dataset,
    formulation: Formulation,
    time_limit: float,
    known: pd.DataFrame | None = None,
) -> Relaxed:
    """Return what the relaxation says near its optimum.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as the method leaves it.
    formulation : Formulation
        Its limits as they are given: a tightened one takes a share of the price.
    time_limit : float
        Seconds.
    known : pandas.DataFrame, optional
        Placements that had weight at prices before; the nearer, the fewer rounds.

    Raises
    ------
    InfeasibleError
        Not even the relaxation without jobs has a solution.
    SolverError, TimeoutError
        HiGHS failed, or the time is up.
    """
    search = search_of(data, formulation, Settings(gap=NEAR, time_limit=time_limit))
    if known is not None and not known.empty:  # before the first solve, which is as fast with them
        may = search.startable.transpose("job", "site", "time").values
        search.master.add(pd.DataFrame(known[may[known.job, known.site, known.time]]))
    return near_optimum(search)


def near_optimum(search: Search) -> Relaxed:
    """Return what the relaxation of a search that knows nothing yet says near its optimum.

    Near is within the gap of its settings. Raises as `prices_by_columns`.
    """
    master, data = search.master, search.data
    if not master.solve(search.left):
        raise InfeasibleError("not even without jobs has the relaxation a solution")
    search.size = search.size_of(master.value, master.solution())
    if data.sizes["job"]:
        if master.columns.empty:
            placed = greedy(data, search.startable, greedy_energy(search, np.zeros(0)))
            if master.add(placed):
                master.solve(search.left)
        relax(search, 1.0, time.monotonic() + search.left, lambda: None)
    return relaxation_of(search)
