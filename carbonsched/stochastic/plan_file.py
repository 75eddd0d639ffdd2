"""A plan over scenarios on disk: its decisions over scenarios, and all that it says of itself."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import xarray as xr

from carbonsched.core.family import Family, listed
from carbonsched.core.method import Method
from carbonsched.io import (
    DAMAGE,
    PLAN,
    read_netcdf,
    require_numbers,
    schedule_slots,
    write_netcdf,
)
from carbonsched.schedule import Schedule
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.schedule import ScenarioSchedule

_ARRAYS = ("probability", "carbon_budget")  # beside the decisions


def save_plan(plan: ScenarioSchedule, path: Path) -> Path:
    """Write a plan to NetCDF; see `carbonsched.ScenarioSchedule.save`."""
    said = plan.summary() | {
        "first": [str(name) for name in plan.first],
        "slots": asdict(plan.method),
        "schedules": {label: one.summary() for label, one in plan.schedules.items()},
    }
    arrays = plan.data.assign(probability=plan.probability, carbon_budget=plan.budgets)
    write_netcdf(arrays.assign_attrs({PLAN: json.dumps(said)}), path)
    return path


def load_plan(path: Path, families: Iterable[Family] = ()) -> ScenarioSchedule:
    """Read a plan; see `carbonsched.ScenarioSchedule.load`."""
    given = {family.name: family for family in listed(families)}
    data = read_netcdf(path)
    if PLAN not in data.attrs:
        other = ", but a schedule; read it with Schedule.load" * ("schedule" in data.attrs)
        raise ValueError(f"{path} holds no plan over scenarios{other}")
    require_numbers(data, path)
    try:
        return _plan(data, json.loads(data.attrs.pop(PLAN)), given)
    except DAMAGE as error:
        why = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path}: the plan is damaged ({why})") from error


def _plan(data: xr.Dataset, said: dict[str, Any], given: dict[str, Family]) -> ScenarioSchedule:
    """Return the plan that arrays and a summary make."""
    probability, budgets = (data[name].drop_attrs() for name in _ARRAYS)
    decisions = data.drop_vars(_ARRAYS)
    labels = [str(label) for label in probability.scenario.values]
    if list(said["schedules"]) != labels or probability.dims != ("scenario",):
        raise ValueError("its schedules are of other scenarios than its arrays")
    schedules = {
        label: Schedule(
            data=decisions.sel(scenario=label, drop=True),
            **schedule_slots(said["schedules"][label], given),
        )
        for label in labels
    }
    return ScenarioSchedule(
        schedules=schedules,
        first=schedules[labels[0]].data[said["first"]].drop_attrs(deep=False),
        probability=probability,
        budgets=budgets,
        outlook=Outlook(said["risk"], said["tail"], said["budget"]),
        bound=math.nan if said["bound"] is None else float(said["bound"]),
        method=Method(**said["slots"]),
        runtime=float(said["runtime"]),
        build_time=float(said["build_time"]),
        status=str(said["status"]),
    )
