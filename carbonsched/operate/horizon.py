"""What is rolled over: a horizon with its periods counted, and a service for what runs already."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from carbonsched.core.build import added
from carbonsched.core.families import grid, storage
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.reach import reserve, window_positions
from carbonsched.core.schema import DECISIONS, Quantity
from carbonsched.core.tighten import restricted

CHOSEN = ("start", "route", "generate", "grid_import", "grid_export", "charge", "discharge")


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
        Periods that are looked at.
    tail : int
        Periods after a window that a job may reach into which starts within it.
    notice : int or None
        Periods before its release that a job becomes known; None if all are known.
    """

    given: Instance
    whole: xr.Dataset
    method: Method
    families: tuple[Family, ...]
    window: int
    tail: int
    notice: int | None = None

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

    @property
    def chooses(self) -> bool:
        """Whether the method leaves jobs and routes to be chosen."""
        return self.method.workload == "optimised"


def horizon_of(
    given: Instance,
    method: Method,
    families: tuple[Family, ...],
    window: int,
    notice: int | None = None,
) -> Horizon:
    """Return what is rolled over, with windows no longer than the whole."""
    whole = over_positions(given)
    window = min(window, whole.sizes["time"])
    longest = int(whole.duration.max()) if whole.sizes["job"] else 1
    tail = max(0, min(longest - 1, whole.sizes["time"] - window))
    return Horizon(given, whole, method, families, window, tail, notice)


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
