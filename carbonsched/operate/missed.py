"""The least that cannot be served: dispatch with demand left unserved and import beyond its limit.

Used where what is believed, or what has happened, leaves no dispatch. Unserved inference counts by
its IT power; import beyond the limit, which only jobs that run already can need, ten times that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.objective import Objective

from carbonsched.core.build import build
from carbonsched.core.families.expressions import Model, expression, require
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.instance import Instance, derived
from carbonsched.operate.horizon import Horizon
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

SITE_TIME = ("site", "time")
_OVER = 10.0  # how much an MW of import beyond the limit counts beside one of unserved inference
_LEAST = 1e-7  # of a demand: less than that is a solver's tolerance


def with_slack(horizon: Horizon, instance: Instance) -> Model:
    """Return the model of an instance without jobs, in which demand may be missed.

    Variables `unserved` over (service, time), in units, and `overdrawn` over (site, time), MW by
    which import exceeds its limit.
    """
    data = instance.data
    formulation = replace(FORMULATIONS["start"], bounds="given")
    method = replace(horizon.method, workload="optimised")
    most = data.cooling * data.it_capacity + data.charge_limit
    limit = data.import_limit.broadcast_like(data.cooling).transpose(*SITE_TIME)
    wide = np.maximum(limit, limit + most).transpose(*SITE_TIME)
    model = build(
        derived(data.assign(import_limit=wide), instance.extra), formulation,
        method=method, families=horizon.families,
    )  # fmt: skip
    with linopy.options as options:
        options["semantics"] = "v1"
        over = model.add_variables(
            lower=0, coords={d: data.indexes[d] for d in SITE_TIME}, name="overdrawn"
        )
        require(
            model, "missed:import", (1, model["grid_import"]), (-1, over), at_most=limit,
            over=SITE_TIME,
        )  # fmt: skip
        if data.sizes["service"]:
            coords = {d: data.indexes[d] for d in ("service", "time")}
            must = data.service.isin([f"jobs running at {site}" for site in data.site.values])
            most_missed = data.demand.where(~must, 0.0)
            missed = model.add_variables(lower=0, upper=most_missed, coords=coords, name="unserved")
            model.remove_constraints("inference:demand")  # which has no place for what is missed
            require(
                model, "inference:demand", (1, model["route"]), (1, missed), equal=data.demand,
                over=("service", "time"),
            )  # fmt: skip
    return model


def missing(model: Model, data: xr.Dataset) -> list[tuple[Any, Any]]:
    """Return what is missed, as pairs of weight and variable, MWh of IT."""
    pairs: list[tuple[Any, Any]] = [(_OVER * data.step_hours, model["overdrawn"])]
    if "unserved" in model.variables:
        energy = data.step_hours * data.power_per_unit
        pairs.append((energy.where(energy > 0, 1e-6), model["unserved"]))
    return pairs


def least_unserved(horizon: Horizon, instance: Instance, time_limit: float) -> np.ndarray | None:
    """Return the least demand that must be left unserved, units over (service, time).

    None where not even that makes a dispatch.

    Raises
    ------
    SolverError
        HiGHS failed.
    """
    data = instance.data
    model = with_slack(horizon, instance)
    with linopy.options as options:
        options["semantics"] = "v1"
        pairs = [(-weight, of) for weight, of in missing(model, data)]
        model.objective = Objective(expression(model, pairs, ()), model, "max")
    model.settled = []
    result = run_solver(model, Settings(gap=1e-6, time_limit=time_limit, progress=False))
    if str(result.status.termination_condition) != "optimal":
        return None
    if "unserved" not in model.variables:
        return np.zeros((0, data.sizes["time"]))
    missed = model["unserved"].solution.transpose("service", "time").values
    demand = data.demand.transpose("service", "time").values
    return np.where(missed > _LEAST * np.maximum(demand, 1e-12), missed, 0.0)
