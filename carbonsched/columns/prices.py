"""The prices of the linear relaxation, by columns: of a horizon too long to state every start."""

from __future__ import annotations

import time

import numpy as np
import xarray as xr

from carbonsched.columns.dive import greedy_energy
from carbonsched.columns.engine import relax, search_of
from carbonsched.columns.greedy import greedy
from carbonsched.core.formulation import Formulation
from carbonsched.errors import InfeasibleError
from carbonsched.solver.settings import Settings

NEAR = 1e-3  # of the turnover: how near to the optimum the prices are


def prices_by_columns(data: xr.Dataset, formulation: Formulation, time_limit: float) -> xr.Dataset:
    """Return the prices of `carbonsched.core.schema.PRICES` near the optimum of the relaxation.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as the method leaves it.
    formulation : Formulation
        Its limits as they are given: a tightened one takes a share of the price.
    time_limit : float
        Seconds.

    Raises
    ------
    InfeasibleError
        Not even the relaxation without jobs has a solution.
    SolverError, TimeoutError
        HiGHS failed, or the time is up.
    """
    settings = Settings(gap=NEAR, time_limit=time_limit)
    search = search_of(data, formulation, settings)
    master = search.master
    if not master.solve(search.left):
        raise InfeasibleError("not even without jobs has the relaxation a solution")
    search.size = search.size_of(master.value, master.solution())
    if data.sizes["job"]:
        placed = greedy(search.data, search.startable, greedy_energy(search, np.zeros(0)))
        if master.add(placed):
            master.solve(search.left)
        relax(search, 1.0, time.monotonic() + search.left, lambda: None)
    return master.prices()
