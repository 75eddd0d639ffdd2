"""What a run comes to: a schedule, judged by what was served and emitted, and what was missed."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import numpy as np
import xarray as xr

from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.errors import BreachWarning
from carbonsched.judge.verify import verify
from carbonsched.operate.committed import TIMES
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.record import record_of
from carbonsched.operate.rolling import Rolling
from carbonsched.operate.standing import Standing
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import schedule_of
from carbonsched.solver.milp import versions

_SHOWN = 1e-6  # MWh, tCO2e: less is not told


def as_schedule(
    rolling: Rolling, standing: Standing, formulation: Formulation, solver: str
) -> Schedule:
    """Return what was committed as a schedule, judged; where something was missed, told and warned.

    Raises
    ------
    VerificationError
        It breaks a row.
    """
    horizon, done = rolling.horizon, standing.done
    met, told = _met(horizon, standing)
    method = horizon.method
    if not horizon.chooses and rolling.forecast is not None:
        method = replace(method, workload="optimised")  # placed by what was believed
    schedule = schedule_of(
        met,
        done,
        horizon.families,
        bound=math.nan,
        status=", ".join(["rolled", *told]),
        method=method,
        formulation=formulation,
        solver=solver,
        versions=versions(solver),
        steps=record_of(standing.rows, horizon.given.data.indexes["time"]),
        **{name: float(done.attrs[name]) for name in TIMES},
    )
    verify(met, schedule).raise_if_broken()
    if told:
        warnings.warn(
            f"{', '.join(told)}: the schedule is judged by what was served and emitted",
            BreachWarning,
            stacklevel=3,
        )
    return schedule


def _met(horizon: Horizon, standing: Standing) -> tuple[Instance, list[str]]:
    """Return the instance with what was served, drawn and emitted, and what was missed in words."""
    given, done = horizon.given, standing.done
    hours, told = float(given.data.step_hours), []
    changed: dict[str, xr.DataArray | float] = {}
    if (done.unserved > 0).any():
        energy = float((given.data.power_per_unit * done.unserved).sum() * hours)
        told.append(f"{energy:.3g} MWh of IT unserved")
        changed["demand"] = (given.data.demand - done.unserved).clip(min=0)
    if (done.overdrawn > 0).any():
        told.append(f"{hours * float(done.overdrawn.sum()):.3g} MWh drawn beyond the import limit")
        changed["import_limit"] = (given.data.import_limit + done.overdrawn).transpose(
            "site", "time"
        )
    left = standing.rows[-1]["carbon_left"] if standing.rows else np.inf
    budget = float(given.data.carbon_budget)
    if horizon.method.carbon == "budget" and left < -_SHOWN * max(budget, 1.0):
        told.append(f"{-left:.3g} tCO2e over the budget")
        changed["carbon_budget"] = budget - left
    return (given.replace(**changed) if changed else given), told
