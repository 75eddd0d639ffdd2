"""Prices from duals, honestly: of the linear relaxation, and said so.

A mixed-integer program has no duals; what a solver returns after one is zero or meaningless. The
prices here are those of the relaxation in which jobs may be accepted and placed in fractions. Its
optimum bounds the true one from above, and its prices are exact for that bound: raising a budget by
one unit raises the bound at that rate, until the basis changes.
"""

from __future__ import annotations

from dataclasses import replace

import linopy
import xarray as xr

from carbonsched.errors import InfeasibleError, SolverError
from carbonsched.formulation import Formulation, choose
from carbonsched.instance import Instance
from carbonsched.model import build
from carbonsched.solvers import run_solver

UNITS = {
    "bound": "USD",
    "carbon_price": "USD/tCO2e",
    "power_price": "USD/MWh",
    "capacity_price": "USD/MWh",
}


def relaxation_prices(
    instance: Instance,
    method: str = "joint",
    formulation: str | Formulation = "start",
    *,
    solver: str = "highs",
    time_limit: float = 120.0,
) -> xr.Dataset:
    """Return the optimum of the linear relaxation and what it would pay for a little more.

    Returns
    -------
    xarray.Dataset
        `bound`, USD; `carbon_price`, USD/tCO2e of budget; `power_price`, USD/MWh of demand over
        (site, time); `capacity_price`, USD/MWh of IT capacity over (site, time). All are
        non-negative but `power_price`, which is negative where using more power would pay.

    Raises
    ------
    InfeasibleError, SolverError
        The relaxation has no solution, or none was found in time.
    """
    # Limits as given: a tightened one would take a share of the price of what it comes from.
    model = build(instance, replace(choose(method, formulation), bounds="given"))
    model.variables.relax()
    result = run_solver(model, solver, gap=0.0, time_limit=time_limit)
    condition = str(result.status.termination_condition)
    if condition in ("infeasible", "infeasible_or_unbounded"):
        raise InfeasibleError("not even the linear relaxation of (1)-(16) has a solution")
    if condition != "optimal":
        raise SolverError(f"{solver} ended with {condition!r} on the linear relaxation")
    hours = instance.data.step_hours.item()
    carbon = _dual(model, "carbon:budget") if "carbon:budget" in model.constraints else 0.0
    prices = xr.Dataset(
        {
            "bound": model.objective.value,
            "carbon_price": carbon,
            # One MW more to be supplied at (4) lowers the benefit by its price.
            "power_price": -_dual(model, "balance:power") / hours,
            "capacity_price": _dual(model, "power:capacity") / hours,
        }
    )
    for name, unit in UNITS.items():
        prices[name].attrs["units"] = unit
    return prices.assign_attrs(basis="linear relaxation")


def _dual(model: linopy.Model, name: str) -> xr.DataArray:
    """Return the change of the maximised benefit per unit of a row's right side."""
    return model.constraints[name].dual.drop_attrs()
