"""Windows of a longer horizon as data of one shape, so that one model can follow them.

Periods are counted from a window's start; jobs that are over or not yet there are allowed nowhere;
the load of running jobs is a service of its site, of which the demand moves.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from carbonsched.core.decisions import running
from carbonsched.core.families import grid, storage
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance, derived
from carbonsched.core.reach import window_positions
from carbonsched.core.schedule import emissions
from carbonsched.core.tighten import restricted

CHOSEN = ("start", "route", "generate", "grid_import", "grid_export", "charge", "discharge")
TIMES = ("runtime", "build_time")


def movable(whole: xr.Dataset, chosen: Formulation) -> Formulation:
    """Return the formulation as stated for a model whose windows move: limits as they are given.

    States of grid and battery stand everywhere if they are needed anywhere on the horizon.
    """
    data = restricted(whole, chosen)
    return replace(
        chosen,
        windows="rows",
        bounds="given",
        power="stated",  # cooling then stands in one row
        grid_states="everywhere" if grid.needs_states(data, chosen).any() else "needed",
        storage_states="everywhere" if storage.needs_state(data, chosen).any() else "needed",
    )


def over_positions(data: xr.Dataset) -> xr.Dataset:
    """Return the data with periods counted from 0, and at each site a service for running jobs."""
    release, deadline = (("job", at) for at in window_positions(data))
    counted = data.assign_coords(time=np.arange(data.sizes["time"]))
    counted = counted.assign(release=release, deadline=deadline)
    if not data.sizes["job"]:
        return counted
    sites = data.site.values
    service = [f"jobs running at {site}" for site in sites]
    own = xr.DataArray(np.eye(len(sites), dtype=bool), {"service": service, "site": sites})
    idle = xr.DataArray(0.0, {"service": service, "time": counted.time}, ("service", "time"))
    each = xr.DataArray(np.zeros(len(sites)), {"service": service})
    running_jobs = xr.Dataset(
        {
            "demand": idle,
            "power_per_unit": each + 1,
            "value": each,
            "latency": xr.where(own, 0, np.inf),
            "latency_limit": each,
            "home": ("service", sites),
        }
    )
    services = counted[list(running_jobs)]
    return counted.drop_dims("service").merge(xr.concat([services, running_jobs], "service"))


def nothing(instance: Instance) -> xr.Dataset:
    """Return the decisions of a run that has not begun."""
    none = instance.data.isel(time=slice(0))
    shapes = {
        "start": ("job", "site", "time"),
        "route": ("service", "site", "time"),
    }
    arrays = {}
    for name in CHOSEN:
        dims = shapes.get(name, ("site", "time"))
        arrays[name] = (dims, np.zeros([none.sizes[dim] for dim in dims]))
    return xr.Dataset(arrays, none.coords, dict.fromkeys(TIMES, 0.0))


def in_window(
    whole: xr.Dataset, done: xr.Dataset, first: int, window: int, chosen: Formulation
) -> xr.Dataset:
    """Return the data of the window that begins at a period, after what was committed."""
    data = whole.isel(time=slice(first, first + window))
    data = data.assign_coords(time=np.arange(window))
    started = done.start.astype(float).assign_coords(time=np.arange(first))
    data["battery_final"] = whole.battery_initial
    data["battery_initial"] = _charge(whole, done)
    data["carbon_budget"] = _remaining(whole, done, chosen)
    if not data.sizes["job"]:
        return data

    run = running(started.reindex(time=whole.time.values, fill_value=0.0), whole.duration)
    load = (whole.power * run).sum("job").isel(time=slice(first, first + window))
    own = data.demand.copy()
    own[{"service": slice(-whole.sizes["site"], None)}] = load.transpose("site", "time").values
    there = (whole.release < first + window) & (whole.deadline >= first)
    waiting = started.sum(["site", "time"]) == 0
    return data.assign(
        demand=own,
        allowed=(whole.allowed & there & waiting).transpose("job", "site"),
        release=(whole.release - first).clip(0, window - 1),
        deadline=(whole.deadline - first).clip(0, window - 1),
    )


def _charge(whole: xr.Dataset, done: xr.Dataset) -> xr.DataArray:
    """Return the state of charge after what was committed, MWh over site."""
    stored = whole.charge_efficiency * done.charge - done.discharge / whole.discharge_efficiency
    charge = whole.battery_initial + (whole.step_hours * stored).sum("time")
    return charge.clip(whole.battery_min, whole.battery_energy)  # a solver's tolerance aside


def _remaining(whole: xr.Dataset, done: xr.Dataset, chosen: Formulation) -> xr.DataArray:
    """Return what is left of the carbon budget, tCO2e."""
    budget = whole.carbon_budget if chosen.carbon == "budget" else xr.DataArray(np.inf)
    count = done.sizes["time"]
    past = derived(whole.isel(time=slice(count)))
    emitted = emissions(past, done.assign_coords(time=np.arange(count))).sum()
    return (budget - emitted).clip(min=0)
