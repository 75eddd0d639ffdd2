"""A bound from prices that any solver finds, first-order methods on a GPU among them.

The linear relaxation is handed over through linopy; what comes back are prices, right to some
tolerance, and the bound is computed from them alone (`carbonsched.bounds.lagrangian`). So it holds
whatever the solver did: prices that are off give a bound that is a little worse, never one that is
wrong. A first-order method multiplies by the matrix and factorises nothing, which is what a GPU is
good at, and needs a tolerance of no more than the gap that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.bounds.lagrangian import NOT_NEGATIVE, dual_bound, placements
from carbonsched.bounds.relaxation import dual_prices
from carbonsched.core.build import build, fitted
from carbonsched.core.families import FAMILIES
from carbonsched.core.formulation import formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.core.reach import may_start
from carbonsched.core.schema import PRICES
from carbonsched.core.tighten import tightened
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import InfeasibleError, SolverError
from carbonsched.keywords import named_keywords
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

_OF_CUOPT = [f"{kind}_{what}_tolerance" for kind in ("absolute", "relative")
             for what in ("primal", "dual", "gap")]  # fmt: skip
# What a first-order method goes by in linopy, its options, and its names for the tolerance.
FIRST_ORDER: dict[str, tuple[str, Mapping[str, Any], list[str]]] = {
    "pdlp": ("highs", {"solver": "pdlp"}, ["kkt_tolerance"]),
    "cupdlpx": ("cupdlpx", {}, ["OptimalityTol", "FeasibilityTol"]),
    "cuopt": ("cuopt", {"method": 1}, _OF_CUOPT),
}


@named_keywords
def bound(
    instance: Instance,
    method: str | Method = "joint",
    *,
    solver: str = "highs",
    prices: xr.Dataset | None = None,
    tolerance: float = 1e-6,
    time_limit: float = 120.0,
    verbose: bool = False,
) -> xr.Dataset:
    """Return an upper bound on the benefit of every schedule, and the prices that prove it.

    Parameters
    ----------
    instance : Instance
    method : str or Method
        Not one that fixes the workload first, as "energy_only".
    solver : str
        What solves the linear relaxation: any solver of linopy, the simplex method of HiGHS by
        default, or a first-order method: "pdlp", that of HiGHS, which runs everywhere, and on a
        GPU "cupdlpx" or "cuopt", where one is installed.
    prices : xarray.Dataset, optional
        `carbonsched.core.schema.PRICES`, of any origin, in the place of a solver's. What is
        missing or no number counts as zero, as does a price below zero that must not be.
    tolerance : float
        Relative, of a first-order method.
    time_limit : float
        Seconds.
    verbose : bool
        Let the solver print its log.

    Returns
    -------
    xarray.Dataset
        `bound`, USD, and the prices `power_price`, `capacity_price`, `storage_price` (site, time),
        `final_price` (site) and `carbon_price`, as `carbonsched.certify` takes them.

    Raises
    ------
    InfeasibleError
        By the solver's word the relaxation has no solution.
    SolverError
        The solver is not installed, failed, or has no prices in time.
    ValueError
        The method fixes the workload first.
    InstanceError
        The instance holds parameters of a family.
    TypeError
        What is given is no instance, or there is no such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> proved = cs.bound(instance, solver="pdlp")
    >>> best = cs.solve(instance, gap=0).objective
    >>> bool(best <= proved.bound <= 1.01 * best)
    True
    """
    require_instance(instance)
    chosen, formulation = method_of(method), formulation_of("start")
    if chosen.workload != "optimised":
        raise ValueError(f"{chosen} fixes the workload first: its bound is that of a certificate")
    given = fitted(instance, FAMILIES)
    data = tightened(given.data, chosen, formulation)
    if prices is not None:
        proved = _with_bound(data, prices)
    else:
        settings = _settings(solver, tolerance, time_limit, verbose)
        found = _relaxed(given, chosen, solver, settings)
        # What linopy returns of a run that ends unsure has been seen with the other sign.
        proved = min(
            (_with_bound(data, sign * found) for sign in (1, -1)), key=lambda each: each.bound
        )
    proved["bound"].attrs["units"] = in_currency("USD", currency_of(instance.data))
    return proved


def _settings(solver: str, tolerance: float, time_limit: float, verbose: bool) -> Settings:
    """Return the settings of a solver or first-order method."""
    known, options, names = FIRST_ORDER.get(solver, (solver, {}, []))
    return Settings(
        gap=0.0, time_limit=time_limit, solver=known, verbose=verbose, progress=False,
        options={**options, **dict.fromkeys(names, tolerance)},
    )  # fmt: skip


def _relaxed(instance: Instance, method: Method, solver: str, settings: Settings) -> xr.Dataset:
    """Return the prices that a solver has at the end of a run on the linear relaxation."""
    model = build(instance, "start", method=method)
    model.variables.relax()
    result = run_solver(model, settings, duals=True)
    condition = str(result.status.termination_condition)
    if condition in ("infeasible", "infeasible_or_unbounded"):  # limits bound what is earned
        raise InfeasibleError("not even the linear relaxation of (1)-(16) has a solution")
    prices = dual_prices(model)
    if not prices:
        raise SolverError(f"{solver} ended with {condition!r} on the relaxation, without prices")
    return prices


def _with_bound(data: xr.Dataset, prices: xr.Dataset) -> xr.Dataset:
    """Return prices as they enter a bound, and the bound."""
    proved = xr.Dataset()
    for name, dims in PRICES.items():
        shape = [data.sizes[dim] for dim in dims]
        none = xr.DataArray(np.zeros(shape), {dim: data[dim] for dim in dims}, dims)
        own = prices.get(name, none).broadcast_like(none).reindex_like(none).transpose(*dims)
        own = own.where(np.isfinite(own), 0.0).drop_attrs()
        proved[name] = own.clip(min=0) if name in NOT_NEGATIVE else own
    if not np.isfinite(data.carbon_budget):
        proved["carbon_price"] = xr.zeros_like(proved["carbon_price"])
    best = [worth.max(("site", "time")) for worth in placements(data, proved, may_start(data))]
    jobs = xr.concat(best, "job") if best else xr.DataArray(np.zeros(0), {"job": data.job})
    return proved.assign(bound=dual_bound(data, proved, jobs))
