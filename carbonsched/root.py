"""Prices of the root: the duals of the linear relaxation, in the shape that a bound takes.

They are the best prices there are for `carbonsched.lagrangian`, and need not be right: a bound
holds at any prices. For prices to read, see `carbonsched.prices`.
"""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from carbonsched.formulation import Formulation
from carbonsched.instance import Instance
from carbonsched.model import build
from carbonsched.solvers import run_solver

# price: the row it is the dual of, and the sign with which it enters
ROWS = {
    "power_price": ("balance:power", -1),
    "capacity_price": ("power:capacity", 1),
    "storage_price": ("storage:state", 1),
    "final_price": ("storage:final", -1),
    "carbon_price": ("carbon:budget", 1),
}


def lean(formulation: Formulation) -> Formulation:
    """Return the formulation of the same schedules that has the fewest variables and rows."""
    return replace(
        formulation,
        jobs="start",
        power="substituted",
        grid_states="needed",
        storage_states="needed",
        windows="cut",
        latency="cut",
        bounds="tight",
    )


def root_prices(
    instance: Instance, formulation: Formulation, *, time_limit: float = 120.0
) -> xr.Dataset:
    """Return the prices of `carbonsched.lagrangian.PRICES` at the optimum of the relaxation.

    A price whose row is not there, or that the solver did not return, is left out.

    Raises
    ------
    SolverError
        HiGHS is not there, or failed.
    """
    model = build(instance, lean(formulation))
    model.variables.relax()
    run_solver(model, "highs", gap=0.0, time_limit=time_limit, progress=False)
    found = xr.Dataset()
    for price, (row, sign) in ROWS.items():
        if row in model.constraints and "dual" in model.constraints[row].data:
            found[price] = (sign * model.constraints[row].dual).drop_attrs()
    return found
