"""The file of a run that is called step by step: where it stands, its plan, what it settled by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.errors import InstanceError
from carbonsched.forecasts import FORECAST
from carbonsched.io import read_netcdf, write_netcdf
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.rolling import Planned
from carbonsched.operate.standing import Standing, as_kept, read_standing

OF_JOBS = ("power", "duration", "reward", "startup_cost")
_SHOWN = 5


def keep_state(
    standing: Standing,
    planned: Planned | None,
    horizon: Horizon,
    path: Path,
    about: Mapping[str, Any],
) -> None:
    """Write where the run stands, its plan and the numbers that it was settled by, in one file."""
    first = standing.first
    parts = [as_kept(standing, horizon)]
    if planned is not None:
        decided = planned.decided.drop_attrs(deep=True)
        names = {"time": "plan_time", "service": "plan_service"}
        names |= {str(name): f"plan_{name}" for name in decided.data_vars}
        parts.append(decided.rename(names))
    seen = horizon.given.data[[*FORECAST, *OF_JOBS]].isel(time=slice(first)).drop_attrs(deep=True)
    parts.append(seen.rename({name: f"seen_{name}" for name in seen.data_vars}))
    kept = xr.merge(parts, combine_attrs="override", join="exact", compat="equals")
    row = None if planned is None else {"count": planned.count, **planned.row}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_netcdf(kept.assign_attrs(about=json.dumps(about), planned=json.dumps(row)), path)


def read_state(
    path: Path, horizon: Horizon, about: Mapping[str, Any]
) -> tuple[Standing, Planned | None]:
    """Return where a run stands and its plan.

    Raises
    ------
    ValueError, InstanceError
        The file is of another run, or its past is not the instance's.
    """
    kept = read_netcdf(path)
    try:
        then, row = json.loads(kept.attrs["about"]), json.loads(kept.attrs["planned"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: no state of a run ({error})") from error
    now = json.loads(json.dumps(dict(about)))
    if other := sorted(name for name in {*then, *now} if then.get(name) != now.get(name)):
        told = "; ".join(f"{name} was {then.get(name)!r:.80}" for name in other[:_SHOWN])
        raise ValueError(f"{path}: the run was begun otherwise: {told}")
    jobs = horizon.given.data.indexes["job"]
    if len(gone := kept.indexes["job"].difference(jobs)):
        named = ", ".join(map(str, gone[:_SHOWN]))
        raise InstanceError([f"job {named}: gone"], "what has been known has changed")
    if not kept.indexes["job"].equals(jobs) and "outlook_placements" in kept:
        kept = kept.isel(outlook_start=slice(0))  # which go by the order of jobs
    fill: dict[Any, Any] = dict.fromkeys(kept.data_vars, 0)  # of a job that is new
    kept = kept.reindex(job=jobs, fill_value=fill | {"fallback_start": -1})
    standing = read_standing(kept, path, horizon, range(horizon.periods + 1))
    if faults := list(_changed(kept, horizon.given, standing.first)):
        raise InstanceError(faults, "what has been settled has changed")
    if row is None:
        return standing, None
    names = [name for name in kept.data_vars if str(name).startswith("plan_")]
    back = {str(name): str(name).removeprefix("plan_") for name in names}
    decided = kept[names].drop_vars(["time", "service"], errors="ignore")
    decided = decided.rename({**back, "plan_time": "time", "plan_service": "service"})
    return standing, Planned(decided, int(row.pop("count")), row)


def _changed(kept: xr.Dataset, given: Instance, first: int) -> Iterator[str]:
    """Say which of the numbers that were settled by are others now."""
    begun = kept.start.sum(["site", "time"]) > 0
    for name in (*FORECAST, *OF_JOBS):
        then, now = kept[f"seen_{name}"], given.data[name]
        if "time" in now.dims:
            now = now.isel(time=slice(first))
        then = then.transpose(*now.dims)
        other = then.values != now.values
        if "job" in now.dims:
            other = other & begun.values
        odd = np.argwhere(other)
        for at in odd[:_SHOWN]:
            labels = zip(now.dims, at, strict=True)
            label = ", ".join(f"{dim}={now[dim].values[k]}" for dim, k in labels)
            old, new = then.values[tuple(at)], now.values[tuple(at)]
            yield f"{name} at {label}: was {old:g}, is {new:g}"
        if len(odd) > _SHOWN:
            yield f"{name}: and {len(odd) - _SHOWN} more"
