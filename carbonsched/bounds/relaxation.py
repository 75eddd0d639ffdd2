"""Prices from duals, honestly: of the linear relaxation, and said so.

A mixed-integer program has no duals; what a solver returns after one is zero or meaningless. The
prices here are those of the relaxation in which jobs may be accepted and placed in fractions. Its
optimum bounds the true one from above, and its prices are exact for that bound: raising a budget by
one unit raises the bound at that rate, until the basis changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import linopy
import xarray as xr

from carbonsched.core.build import build
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import InfeasibleError, SolverError
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

UNITS = {
    "bound": "USD",
    "carbon_price": "USD/tCO2e",
    "power_price": "USD/MWh",
    "capacity_price": "USD/MWh",
}

# price: the row it is the dual of, and the sign with which it enters. A dual is the change of the
# benefit per unit of the right side: one MW more to be supplied at (4) lowers it by its price.
ROWS = {
    "power_price": ("balance:power", -1),
    "capacity_price": ("power:capacity", 1),
    "storage_price": ("storage:state", 1),
    "final_price": ("storage:final", -1),
    "carbon_price": ("carbon:budget", 1),
}


def relaxation_prices(
    instance: Instance,
    method: str | Method = "joint",
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
    model = build(instance, replace(formulation_of(formulation), bounds="given"), method=method)
    model.variables.relax()
    settings = Settings(gap=0.0, time_limit=time_limit, solver=solver)
    result = run_solver(model, settings, duals=True)
    condition = str(result.status.termination_condition)
    if condition in ("infeasible", "infeasible_or_unbounded"):
        raise InfeasibleError("not even the linear relaxation of (1)-(16) has a solution")
    if condition != "optimal":
        raise SolverError(f"{solver} ended with {condition!r} on the linear relaxation")
    duals = dual_prices(model)
    hours = instance.data.step_hours.item()
    prices = xr.Dataset({"bound": model.objective.value})
    prices["carbon_price"] = duals.get("carbon_price", xr.DataArray(0.0))
    for name in ("power_price", "capacity_price"):  # no workload, no row, no price
        none = xr.zeros_like(instance.data.cooling)
        prices[name] = duals.get(name, none) / hours
    for name, unit in UNITS.items():
        prices[name].attrs["units"] = in_currency(unit, currency_of(instance.data))
    return prices.assign_attrs(basis="linear relaxation")


def relaxed_bound(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: Iterable[Family] = FAMILIES,
    *,
    time_limit: float = 120.0,
) -> float:
    """Return the optimum of the linear relaxation, USD: no schedule earns more.

    Raises
    ------
    SolverError
        HiGHS is not there, or found no optimum in time.
    """
    model = build(instance, formulation, method=method, families=families)
    model.variables.relax()
    result = run_solver(model, Settings(gap=0.0, time_limit=time_limit, progress=False))
    if str(result.status.termination_condition) != "optimal" or model.objective.value is None:
        raise SolverError("no optimum of the linear relaxation was found in time")
    return float(model.objective.value)


def root_prices(instance: Instance, method: Method, *, time_limit: float = 120.0) -> xr.Dataset:
    """Return the prices of `carbonsched.core.schema.PRICES` at the optimum of the relaxation.

    They are the best there are for a bound, and need not be right: a bound holds at any prices.
    A price whose row is not there, or that the solver did not return, is left out.

    Raises
    ------
    SolverError
        HiGHS is not there, or failed.
    """
    return relaxed_prices(instance, method, formulation_of("start"), time_limit=time_limit)


def relaxed_prices(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: Iterable[Family] = FAMILIES,
    *,
    time_limit: float = 120.0,
) -> xr.Dataset:
    """Return the prices of `carbonsched.core.schema.PRICES` of a formulation's relaxation.

    A price whose row is not there, or that the solver did not return, is left out.

    Raises
    ------
    SolverError
        HiGHS is not there, or failed.
    """
    model = build(instance, formulation, method=method, families=families)
    model.variables.relax()
    settings = Settings(gap=0.0, time_limit=time_limit, progress=False)
    run_solver(model, settings, duals=True)
    return dual_prices(model)


def dual_prices(model: linopy.Model) -> xr.Dataset:
    """Return the prices whose rows are in a model and have a dual."""
    prices = xr.Dataset()
    for name, (row, sign) in ROWS.items():
        if row in model.constraints and "dual" in model.constraints[row].data:
            prices[name] = (sign * model.constraints[row].dual).drop_attrs()
    return prices
