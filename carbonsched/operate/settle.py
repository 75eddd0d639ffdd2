"""What is committed, settled against what happened.

The starts of the committed periods have been made and the batteries do as planned; routes,
generation and trade are dispatched anew, at true prices and the outlook's price of carbon, knowing
the committed periods and no more. Where that leaves no dispatch the batteries are free within their
limits, worth at the end what the outlook says. Where not even that does, the least is missed:
inference unserved, or import beyond its limit where jobs that run cannot be fed otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import linopy
import numpy as np
import xarray as xr
from linopy.objective import Objective

from carbonsched.core.build import added, build, fix
from carbonsched.core.families.expressions import Model, expression, require
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.instance import derived
from carbonsched.errors import InfeasibleError, SolverError
from carbonsched.operate.committed import carried, running_power
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.missed import missing, with_slack
from carbonsched.operate.outlook import Outlook
from carbonsched.solver.decisions import read_decisions, solution_of
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

AS_PLANNED, FREE, MISSED = "as planned", "batteries not as planned", "not all served"
_TIGHT = 1e-6
_LEAST = 1e-6  # of a demand or limit: less than that is a solver's tolerance


@dataclass(frozen=True)
class Settled:
    """What came of a step.

    Attributes
    ----------
    decided : xarray.Dataset
        The decisions of its periods, with `unserved` and `overdrawn`.
    how : str
        `AS_PLANNED`, `FREE` or `MISSED`.
    """

    decided: xr.Dataset
    how: str


def settled(
    horizon: Horizon,
    done: xr.Dataset,
    planned: xr.Dataset,
    count: int,
    outlook: Outlook | None,
    time_limit: float,
) -> Settled:
    """Return what came of a step's periods.

    Parameters
    ----------
    horizon : Horizon
        With what happened.
    done : xarray.Dataset
        What was committed before.
    planned : xarray.Dataset
        The decisions of the window.
    count : int
        Periods of the step.
    outlook : Outlook, optional
    time_limit : float
        Seconds, for each program.

    Raises
    ------
    InfeasibleError
        Not even with unserved demand and import beyond its limit is there a dispatch.
    SolverError
        HiGHS failed.
    """
    data = _happened(horizon, done, planned, count, outlook)
    plan = planned.isel(time=slice(count))
    settings = Settings(gap=_TIGHT, time_limit=time_limit, progress=False)
    model = _dispatch(horizon, data, settings, plan)
    if model is not None:
        return Settled(_read(horizon, data, model, plan), AS_PLANNED)
    model = _dispatch(horizon, data, settings, None)
    if model is not None:
        return Settled(_read(horizon, data, model, plan), FREE)
    return Settled(_missed(horizon, data, settings, plan), MISSED)


def _happened(
    horizon: Horizon, done: xr.Dataset, planned: xr.Dataset, count: int, outlook: Outlook | None
) -> xr.Dataset:
    """Return the data of a step's periods as they were, without jobs but for their load."""
    first, whole = done.sizes["time"], horizon.whole
    data = whole.isel(time=slice(first, first + count)).assign_coords(time=np.arange(count))
    data = data.assign(carried(horizon, done, data))
    if data.sizes["job"]:
        load = running_power(horizon, done)[:, first : first + count]
        starts = planned.start.transpose("job", "site", "time").values[..., :count]
        power, length = whole.power.values, whole.duration.values
        for job, site, at in np.argwhere(starts > 0.5):
            load[site, at : at + length[job]] += power[job]
        demand = data.demand.copy(deep=True)
        demand.values[-whole.sizes["site"] :] = load
        data = data.assign(demand=demand).isel(job=slice(0))
    data["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    if horizon.method.carbon == "budget" and outlook is not None and outlook.carbon_price:
        carbon = outlook.carbon_price
        data = data.assign(
            import_price=data.import_price + carbon * data.carbon_intensity,
            generation_cost=data.generation_cost + carbon * data.generation_carbon,
        )
    if first + count == horizon.periods:
        return data
    reserve = data.battery_min
    end = reserve.isel(time=-1, drop=True) if "time" in reserve.dims else reserve
    worth = data.battery_value
    if outlook is not None:
        worth = worth.copy(data=outlook.stored(count).clip(min=0))
    return data.assign(battery_final=end, battery_value=worth)


def _dispatch(
    horizon: Horizon, data: xr.Dataset, settings: Settings, plan: xr.Dataset | None
) -> Model | None:
    """Return the model of the best dispatch, solved, with batteries as planned if there is a plan.

    None where there is no dispatch.
    """
    formulation = replace(FORMULATIONS["start"], bounds="given")
    try:
        model = build(
            derived(data, horizon.given.extra), formulation, method=horizon.method,
            families=horizon.families,
        )  # fmt: skip
    except InfeasibleError:
        return None
    if plan is not None:
        for name in ("charge", "discharge"):
            limit = data[f"{name}_limit"]
            fix(model.variables[name], plan[name].astype(float).clip(0, limit))
    return model if _solved(model, settings) else None


def _solved(model: Model, settings: Settings) -> bool:
    """Solve a model and return whether it has a solution.

    Raises
    ------
    SolverError
        It is not known.
    """
    condition = str(run_solver(model, settings).status.termination_condition)
    if condition in ("infeasible", "infeasible_or_unbounded"):
        return False
    if condition != "optimal":
        raise SolverError(f"highs ended with {condition!r} on the dispatch of a step")
    return True


def _missed(horizon: Horizon, data: xr.Dataset, settings: Settings, plan: xr.Dataset) -> xr.Dataset:
    """Return the best dispatch of those that miss the least.

    Raises
    ------
    InfeasibleError
        There is none.
    """
    model = with_slack(horizon, derived(data, horizon.given.extra))
    benefit = model.objective
    settled_terms, pairs = model.settled, missing(model, data)
    with linopy.options as options:
        options["semantics"] = "v1"
        least = expression(model, [(-weight, of) for weight, of in pairs], ())
        model.objective, model.settled = Objective(least, model, "max"), []
    if not _solved(model, settings):
        raise InfeasibleError("not even with unserved demand is there a dispatch of the step")
    most = -float(model.objective.value or 0.0)
    with linopy.options as options:
        options["semantics"] = "v1"
        require(model, "missed:least", *pairs, at_most=most + _LEAST * max(most, 1.0), over=())
        model.objective, model.settled = benefit, settled_terms
    if not _solved(model, settings):
        raise InfeasibleError("not even with unserved demand is there a dispatch of the step")
    over = model["overdrawn"].solution.transpose("site", "time")
    most_import = float(data.import_limit.max())
    over = over.where(over > _LEAST * max(most_import, 1.0), 0.0)
    if "unserved" in model.variables:
        unserved = model["unserved"].solution.fillna(0).transpose("service", "time")
        unserved = unserved.where(unserved > _LEAST * data.demand.clip(min=1e-9), 0.0)
    else:
        unserved = xr.zeros_like(data.demand)
    served = data.assign(demand=(data.demand - unserved).clip(min=0))
    decided = _read(horizon, served, model, plan)
    return decided.assign(overdrawn=over, unserved=unserved)


def _read(horizon: Horizon, data: xr.Dataset, model: Model, plan: xr.Dataset) -> xr.Dataset:
    """Return the decisions of a solved dispatch, the jobs' as they were planned."""
    families = added(horizon.families)
    decided = read_decisions(derived(data, horizon.given.extra), solution_of(model), families)
    jobs = {name: plan[name] for name, quantity in horizon.kept.items() if "job" in quantity.dims}
    kept = [name for name in horizon.kept if name not in jobs]
    return decided[kept].drop_dims("job", errors="ignore").assign(jobs)


def overdue(unserved: xr.DataArray, horizon: Horizon) -> float:
    """Return the energy of unserved inference, MWh of IT."""
    power = horizon.given.data.power_per_unit  # of its services, not of what feeds running jobs
    own = unserved.sel(service=power.service)
    return float((power * own).sum() * horizon.given.data.step_hours)


def told(decided: xr.Dataset, horizon: Horizon, first: int) -> str:
    """Return what a step missed, by period, service and site."""
    data = horizon.given.data
    times = data.indexes["time"]
    parts = []
    own = decided.unserved.sel(service=data.service)
    short = (own * data.power_per_unit).transpose("time", "service").values
    for at, service in np.argwhere(short > 0)[:3]:
        parts.append(
            f"{short[at, service]:.4g} MW of {data.service.values[service]} short in period "
            f"{times[first + at]}"
        )
    over = decided.overdrawn.transpose("time", "site").values
    for at, site in np.argwhere(over > 0)[:3]:
        parts.append(
            f"{over[at, site]:.4g} MW short at site {data.site.values[site]}, period "
            f"{times[first + at]}"
        )
    return "; ".join(parts)
