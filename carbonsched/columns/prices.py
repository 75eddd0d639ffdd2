"""The prices of the linear relaxation, by columns: of a horizon too long to state every start."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.columns.dive import greedy_energy
from carbonsched.columns.engine import relax, search_of
from carbonsched.columns.greedy import greedy
from carbonsched.core.formulation import Formulation
from carbonsched.errors import InfeasibleError
from carbonsched.solver.settings import Settings

_WEIGHT = 1e-6
NEAR = 1e-3  # of the turnover: how near to the optimum the prices are


def prices_by_columns(
    data: xr.Dataset,
    formulation: Formulation,
    time_limit: float,
    known: pd.DataFrame | None = None,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """Return the prices of `carbonsched.core.schema.PRICES` near the optimum of the relaxation.

    With them come the placements that have weight there, positions `job`, `site` and `time`.

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
    master = search.master
    if known is not None and not known.empty:  # before the first solve, which is as fast with them
        may = search.startable.transpose("job", "site", "time").values
        master.add(pd.DataFrame(known[may[known.job, known.site, known.time]]))
    if not master.solve(search.left):
        raise InfeasibleError("not even without jobs has the relaxation a solution")
    search.size = search.size_of(master.value, master.solution())
    if data.sizes["job"]:
        if master.columns.empty:
            placed = greedy(search.data, search.startable, greedy_energy(search, np.zeros(0)))
            if master.add(placed):
                master.solve(search.left)
        relax(search, 1.0, time.monotonic() + search.left, lambda: None)
    weighty = np.zeros(len(master.columns), bool)
    weighty[: len(master.weights)] = master.weights > _WEIGHT
    return master.prices(), pd.DataFrame(master.columns[weighty])
