"""Windows of a longer horizon as data of one shape, so that one model can follow them.

Periods are counted from a window's start; jobs that are over or not yet there are allowed nowhere;
the load of running jobs is a service of its site, of which the demand moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from carbonsched.core.build import added
from carbonsched.core.families import grid, storage
from carbonsched.core.family import Family, accounts
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance, derived
from carbonsched.core.method import Method
from carbonsched.core.reach import reserve, window_positions
from carbonsched.core.schema import DECISIONS, Quantity
from carbonsched.core.tighten import restricted
from carbonsched.errors import FamilyError, asking
from carbonsched.solver.decisions import read_decisions, running

CHOSEN = ("start", "route", "generate", "grid_import", "grid_export", "charge", "discharge")
TIMES = ("runtime", "build_time")


@dataclass(frozen=True)
class Horizon:
    """What is rolled over.

    Attributes
    ----------
    given : Instance
        With the parameters of every family.
    whole : xarray.Dataset
        Its data as `over_positions` returns them.
    method : Method
    families : tuple of Family
    window : int
        Periods of a window.
    """

    given: Instance
    whole: xr.Dataset
    method: Method
    families: tuple[Family, ...]
    window: int

    @property
    def periods(self) -> int:
        """Periods of the whole."""
        return self.whole.sizes["time"]

    @property
    def kept(self) -> dict[str, Quantity]:
        """The decisions that are kept of a window: what the others follow from."""
        return {name: DECISIONS[name] for name in CHOSEN} | {
            quantity.name: quantity
            for family in added(self.families)
            for quantity in family.decisions
        }


def movable(whole: xr.Dataset, method: Method, formulation: Formulation) -> Formulation:
    """Return the formulation as stated for a model whose windows move: limits as they are given.

    States of grid and battery stand everywhere if they are needed anywhere on the horizon.
    """
    data = restricted(whole, method)
    return replace(
        formulation,
        windows="rows",
        bounds="given",
        power="stated",  # cooling then stands in one row
        grid_states="everywhere" if grid.needs_states(data, formulation).any() else "needed",
        storage_states="everywhere" if storage.needs_state(data, formulation).any() else "needed",
    )


def over_positions(given: Instance) -> xr.Dataset:
    """Return the data with periods counted from 0, and at each site a service for running jobs.

    Raises
    ------
    ValueError
        An added parameter over services has no default, so none for running jobs.
    """
    data, times = given.data, given.data.indexes["time"]
    quantities = given.quantities.items()
    labels = [name for name, quantity in quantities if quantity.kind == "time"]
    first, last = window_positions(data)
    counted = data.assign_coords(time=np.arange(data.sizes["time"])).assign(
        {name: data[name].copy(data=np.searchsorted(times, data[name].values)) for name in labels}
        | {"release": data.release.copy(data=first), "deadline": data.deadline.copy(data=last)}
    )
    # a recovery is counted from the start of the whole
    over = xr.zeros_like(counted.battery_recovery)
    counted = counted.assign(battery_min=reserve(counted), battery_recovery=over)
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
    names = list(running_jobs)
    for quantity in given.extra:
        if "service" in quantity.dims:
            running_jobs[quantity.name] = _by_default(quantity, running_jobs, counted)
            names.append(quantity.name)
    services = xr.concat([counted[names], running_jobs], "service")
    return counted.drop_dims("service").merge(services)


def _by_default(quantity: Quantity, services: xr.Dataset, data: xr.Dataset) -> xr.DataArray:
    """Return an added parameter of the services that stand for running jobs: its default."""
    if quantity.default is None:
        raise ValueError(
            f"{quantity.name} is over services and has no default: running jobs, which are "
            "services while a window is solved, have none"
        )
    if isinstance(quantity.default, str):
        return services[quantity.default]
    coords = {dim: (services if dim == "service" else data)[dim] for dim in quantity.dims}
    return xr.DataArray(quantity.default, coords, quantity.dims)


def nothing(horizon: Horizon) -> xr.Dataset:
    """Return the decisions of a run that has not begun."""
    none = horizon.given.data.isel(time=slice(0))
    arrays = {
        name: (quantity.dims, np.zeros([none.sizes[dim] for dim in quantity.dims]))
        for name, quantity in horizon.kept.items()
        if "time" in quantity.dims
    }
    return xr.Dataset(arrays, none.coords, dict.fromkeys(TIMES, 0.0))


def with_committed(
    horizon: Horizon, done: xr.Dataset, decided: xr.Dataset, count: int
) -> xr.Dataset:
    """Return the decisions with those of a window's first periods added.

    A decision without periods, of an added family, is the last window's.
    """
    data, first = horizon.given.data, done.sizes["time"]
    part = decided[list(horizon.kept)].isel(time=slice(count)).sel(service=data.service)
    part = part.assign_coords(time=data.indexes["time"][first : first + count])
    timed = [name for name, quantity in horizon.kept.items() if "time" in quantity.dims]
    joined = xr.concat([done[timed], part[timed]], "time").assign(part.drop_vars([*timed, "time"]))
    return joined.assign_attrs(done.attrs)


def in_window(horizon: Horizon, done: xr.Dataset, first: int) -> Iterator[xr.Dataset]:
    """Yield the data of the window at a period, after what was committed, ever less strict.

    First with its share of the budget and of what the batteries must gain by the end, then with
    all that remains of the budget, then with batteries that need not gain yet.
    """
    whole, window = horizon.whole, horizon.window
    data = _moved(horizon, done, first)
    share = window / (horizon.periods - first)
    last = first + window == horizon.periods
    gain = (whole.battery_final - whole.battery_initial).clip(min=0)
    by_now = whole.battery_initial + gain * (first + window) / horizon.periods
    data["battery_final"] = whole.battery_final if last else by_now
    yield data.assign(carbon_budget=share * data.carbon_budget)
    if share < 1 and np.isfinite(data.carbon_budget):
        yield data
    if not last and (gain > 0).any():
        yield data.assign(battery_final=whole.battery_initial)


def over_labels(horizon: Horizon, data: xr.Dataset, first: int) -> Instance:
    """Return a window as an instance over the horizon's own labels, for people to read.

    Jobs that are over, or not yet there, are left out.
    """
    given = horizon.given
    times = given.data.indexes["time"][first : first + horizon.window]
    data = data.isel(job=np.flatnonzero((data.allowed.any("site") | data.required).values))
    labels = [name for name, quantity in given.quantities.items() if quantity.kind == "time"]
    last = horizon.window - 1
    data = data.assign(
        {name: data[name].copy(data=times[data[name].values.clip(0, last)]) for name in labels}
    )
    title = f"{given.data.attrs.get('title', 'instance')}, from {times[0]} to {times[-1]}"
    return derived(data.assign_coords(time=times).assign_attrs(title=title), given.extra)


def _moved(horizon: Horizon, done: xr.Dataset, first: int) -> xr.Dataset:
    """Return the numbers of a window: what is left, what runs, and which jobs may still start."""
    whole, window = horizon.whole, horizon.window
    data = whole.isel(time=slice(first, first + window)).assign_coords(time=np.arange(window))
    for name, quantity in horizon.given.quantities.items():
        if quantity.kind == "time":
            data[name] = data[name] - first
    if horizon.method.carbon == "none":
        data["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    data = data.assign(_carried(horizon, done, data))
    if not data.sizes["job"]:
        return data

    started = done.start.astype(float).assign_coords(time=np.arange(first))
    run = running(started.reindex(time=whole.time.values, fill_value=0.0), whole.duration)
    load = (whole.power * run).sum("job").isel(time=slice(first, first + window))
    demand = data.demand.copy()
    demand[{"service": slice(-whole.sizes["site"], None)}] = load.transpose("site", "time").values
    there = (data.release < window) & (data.deadline >= 0)
    waiting = started.sum(["site", "time"]) == 0
    return data.assign(
        demand=demand,
        allowed=(whole.allowed & there & waiting).transpose("job", "site"),
        required=whole.required & there & waiting & (data.deadline < window),
        release=data.release.clip(0, window - 1),
        deadline=data.deadline.clip(0, window - 1),
    )


def _carried(horizon: Horizon, done: xr.Dataset, data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what the committed periods leave to the next: charge, budget, added parameters."""
    given, families = horizon.given, horizon.families
    past = derived(given.data.isel(time=slice(done.sizes["time"])), given.extra)
    decided = read_decisions(past, done, added(families))
    left: dict[str, xr.DataArray] = {}
    if past.data.sizes["time"]:
        lowest = horizon.whole.battery_min
        at = {"time": done.sizes["time"] - 1}
        lowest = lowest.isel(at, drop=True) if "time" in lowest.dims else lowest
        charge = decided.soc.isel(time=-1, drop=True)
        _, emitted = accounts(families, past.data, decided)
        left = {
            # within its limits, a solver's tolerance aside
            "battery_initial": charge.clip(lowest, past.data.battery_energy),
            "carbon_budget": (data.carbon_budget - emitted.sum()).clip(min=0),
        }
    for family in added(families):
        with asking(family, "carry"):
            carried = family.carry(given.data, decided, horizon.window)
            for name, value in carried.items():
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
