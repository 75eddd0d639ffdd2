"""The fixed workload of `energy_only`: placed by capacity alone, before energy is looked at."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.reach import open_routes, require_routes, window_positions
from carbonsched.errors import InfeasibleError

_LOST, _NEAR = 1e-12, 1e-9  # of a site's room or a job's power: what sums and data may lose


def first_fit(instance: Instance) -> xr.Dataset:
    """Place jobs first come, first served and split inference in proportion to capacity.

    Each service is split over its latency-feasible sites in proportion to `it_capacity`. Jobs
    then start in order of release (ties in the order of the instance), each in the first period,
    and there at the first site, with room for its whole run. Room is IT capacity, and no more
    than grid connection and on-site generation can feed with cooling. A job that never finds room
    is declined, unless it is required.

    Returns
    -------
    xarray.Dataset
        `start`, 0 or 1 over (job, site, time), and `route`, units over (service, site, time).

    Raises
    ------
    InfeasibleError
        A service has no site in reach, the split asks more of a site than it can hold, or a
        required job finds no room.
    """
    data = instance.data
    require_routes(data)
    route = split_evenly(data)
    held = it_room(data)
    room = held - (data.power_per_unit * route).sum("service") + _LOST * held
    if bool((room < -_NEAR * held).any()):
        site, time = (room.isel(room.argmin(["site", "time"]))[d].item() for d in ("site", "time"))
        raise InfeasibleError(
            f"the workload of energy_only does not fit: inference split by capacity lacks room "
            f"or power for {-float(room.min()):.4g} MW at site {site}, period {time}"
        )
    return xr.Dataset(
        {"start": _first_fit_jobs(data, room.transpose("site", "time")), "route": route}
    )


def split_evenly(data: xr.Dataset) -> xr.DataArray:
    """Split inference over sites in reach in proportion to capacity: (service, site, time)."""
    room = open_routes(data) * data.it_capacity
    share = (room / room.sum("site")).fillna(0.0)
    return (share * data.demand).transpose("service", "site", "time")


def it_room(data: xr.Dataset) -> xr.DataArray:
    """Return the IT power a site can both hold and feed without a battery, MW, (site, time)."""
    fed = (data.import_limit + data.generation_available) / data.cooling
    return np.minimum(data.it_capacity, fed).transpose("site", "time")


def _first_fit_jobs(data: xr.Dataset, room: xr.DataArray) -> xr.DataArray:
    """Place jobs one after the other: what is left for one depends on all before it."""
    free = room.values.copy()
    start = np.zeros(tuple(data.sizes[d] for d in ("job", "site", "time")))
    release, deadline = window_positions(data)
    for j in np.argsort(release, kind="stable"):
        length, power = int(data.duration[j]), float(data.power[j])
        for t in range(release[j], deadline[j] - length + 2):
            fits = (free[:, t : t + length] >= power * (1 - _NEAR)).all(axis=1)
            fits &= data.allowed.values[j]
            if fits.any():
                i = int(fits.argmax())
                free[i, t : t + length] -= power
                start[j, i, t] = 1
                break
        else:
            if data.required[j]:
                raise InfeasibleError(
                    f"the workload of energy_only does not fit: required job "
                    f"{data.job.values[j]} finds no room in its window, jobs in order of release"
                )
    return xr.DataArray(start, {d: data[d] for d in ("job", "site", "time")})
