"""What is within reach: periods of a job between release and deadline, sites of a service by (12).

Labels are given, positions are counted.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.errors import InfeasibleError


def window_positions(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of each job's release and deadline, both inclusive, over `job`."""
    times = data.indexes["time"]
    return times.get_indexer(data.release.values), times.get_indexer(data.deadline.values)


def start_counts(data: xr.Dataset) -> xr.DataArray:
    """Return in how many periods each job may start on an allowed site, over `job`."""
    first, last = window_positions(data)
    return (last - first - data.duration + 2).clip(min=0)


def may_run(data: xr.Dataset) -> xr.DataArray:
    """Return where a job may run: allowed site, within its window; bool over (job, site, time)."""
    window = (data.time >= data.release) & (data.time <= data.deadline)
    return (data.allowed & window).transpose("job", "site", "time")


def may_start(data: xr.Dataset) -> xr.DataArray:
    """Return where a job may start so as to finish in time; bool over (job, site, time)."""
    first, last = (xr.DataArray(at, {"job": data.job}) for at in window_positions(data))
    period = xr.DataArray(np.arange(data.sizes["time"]), {"time": data.time})
    in_time = (period >= first) & (period + data.duration - 1 <= last)
    return (data.allowed & in_time).transpose("job", "site", "time")


def open_routes(data: xr.Dataset) -> xr.DataArray:
    """Return the routes a service may take: bool over (service, site)."""
    return data.latency <= data.latency_limit


def require_routes(data: xr.Dataset) -> None:
    """Raise if a service with demand may use no site: a row without variables, linopy drops.

    Raises
    ------
    InfeasibleError
        Names each such service.
    """
    stranded = (data.demand > 0).any("time") & ~open_routes(data).any("site")
    if stranded.any():
        named = ", ".join(data.service.values[stranded.values])
        raise InfeasibleError(
            f"no schedule satisfies (11) and (12): no site within the latency limit of {named}"
        )
