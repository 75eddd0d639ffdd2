"""What has been committed so far, and what it leaves to the periods to come."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.core.build import added
from carbonsched.core.family import Family, accounts
from carbonsched.core.instance import derived
from carbonsched.errors import FamilyError, asking
from carbonsched.operate.horizon import Horizon
from carbonsched.solver.decisions import read_decisions

TIMES = ("runtime", "build_time")
CARRIED = {"charged": ("site",), "emitted": ()}  # MWh since the start, tCO2e
MISSED = {"unserved": ("service", "time"), "overdrawn": ("site", "time")}  # units, MW


def nothing(horizon: Horizon) -> xr.Dataset:
    """Return the decisions of a run that has not begun."""
    none = horizon.given.data.isel(time=slice(0))
    dims = {name: quantity.dims for name, quantity in horizon.kept.items()} | MISSED
    arrays = {
        name: (over, np.zeros([none.sizes[dim] for dim in over]))
        for name, over in dims.items()
        if "time" in over
    }
    arrays |= {"charged": ("site", np.zeros(none.sizes["site"])), "emitted": ((), 0.0)}
    return xr.Dataset(arrays, none.coords, dict.fromkeys(TIMES, 0.0))


def with_committed(
    horizon: Horizon, done: xr.Dataset, decided: xr.Dataset, count: int, emitted: float
) -> xr.Dataset:
    """Return the decisions with those of a step's periods added, and what they leave: `CARRIED`.

    A decision without periods, of an added family, is the last step's.
    """
    data, first = horizon.given.data, done.sizes["time"]
    there = [name for name in MISSED if name in decided]
    part = decided[[*horizon.kept, *there]].isel(time=slice(count)).sel(service=data.service)
    part = part.assign_coords(time=data.indexes["time"][first : first + count])
    for name, dims in MISSED.items():
        shape = [part.sizes[dim] for dim in dims]
        missed = part[name].transpose(*dims).values if name in there else np.zeros(shape)
        part[name] = (dims, missed)
    names = {name: quantity.dims for name, quantity in horizon.kept.items()} | MISSED
    timed = [name for name, dims in names.items() if "time" in dims]
    joined = xr.concat([done[timed], part[timed]], "time").assign(part.drop_vars([*timed, "time"]))
    sums = {"charged": done.charged + charged(horizon, decided, count)}
    sums["emitted"] = done.emitted + emitted
    return joined.assign(sums).assign_attrs(done.attrs)


def running_power(horizon: Horizon, done: xr.Dataset) -> np.ndarray:
    """Return the IT power of started jobs, MW over (site, time) of the whole horizon."""
    whole = horizon.whole
    power, length = whole.power.values, whole.duration.values
    load = np.zeros((whole.sizes["site"], horizon.periods))
    starts = done.start.transpose("job", "site", "time").values
    for job, site, at in np.argwhere(starts > 0.5):
        load[site, at : at + length[job]] += power[job]
    return load


def started(horizon: Horizon, done: xr.Dataset) -> np.ndarray:
    """Return which jobs have started, bool over jobs."""
    return done.start.sum(["site", "time"]).values > 0.5


def accounted(
    horizon: Horizon, data: xr.Dataset, decided: xr.Dataset, first: int, count: int
) -> tuple[dict[str, float], float]:
    """Return what a step's decisions earn by some data of the whole, USD by term, and emit, tCO2e.

    `decided` is over positions from the step's first period, and may go beyond its last.
    """
    part = data.isel(time=slice(first, first + count)).assign_coords(time=np.arange(count))
    decided = decided.isel(time=slice(count)).assign_coords(time=np.arange(count))
    benefit, emitted = accounts(horizon.families, part, decided)
    return benefit, float(emitted.sum())


def charged(horizon: Horizon, decided: xr.Dataset, count: int) -> np.ndarray:
    """Return by how much a step's decisions fill the batteries, MWh over sites."""
    data = horizon.given.data
    charge, discharge = (
        decided[name].transpose("site", "time").values[:, :count].sum(axis=1)
        for name in ("charge", "discharge")
    )
    gained = data.charge_efficiency.values * charge - discharge / data.discharge_efficiency.values
    return float(data.step_hours) * gained


def carried(horizon: Horizon, done: xr.Dataset, data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what the committed periods leave to the next: charge, budget, added parameters.

    `data` has the parameters as they are without that.
    """
    given, first = horizon.given, done.sizes["time"]
    left: dict[str, xr.DataArray] = {}
    if first:
        lowest = horizon.whole.battery_min
        lowest = lowest.isel(time=first - 1, drop=True) if "time" in lowest.dims else lowest
        charge = horizon.whole.battery_initial + done["charged"]
        left = {
            # within its limits, a solver's tolerance aside
            "battery_initial": charge.clip(lowest, given.data.battery_energy),
            "carbon_budget": data.carbon_budget - done["emitted"],  # negative where overrun
        }
    own = added(horizon.families)
    if not own:
        return left
    past = derived(given.data.isel(time=slice(first)), given.extra)
    decided = read_decisions(past, done, own)
    for family in own:
        with asking(family, "carry"):
            told = family.carry(given.data, decided, horizon.window)
            for name, value in told.items():
                left[name] = _as_parameter(family, name, value, data)
    return left


def _as_parameter(
    family: Family, name: str, value: xr.DataArray | float, data: xr.Dataset
) -> xr.DataArray:
    """Return what a family carries over as its parameter of the next window."""
    if name not in [quantity.name for quantity in family.parameters]:
        raise FamilyError(f"the family {family.name} carries {name}, which is none of its own")
    carried, usual = xr.DataArray(value), data[name]
    if "service" in carried.dims:  # for the services of running jobs, as it was
        carried = carried.combine_first(usual)
    carried, usual = xr.align(carried, usual, join="exact")
    if strange := set(carried.dims) - set(usual.dims):
        dims = ", ".join(map(str, strange))
        raise FamilyError(f"the family {family.name} carries {name} over {dims}, too")
    return carried.broadcast_like(usual).transpose(*usual.dims).astype(usual.dtype)
