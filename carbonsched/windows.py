"""Job windows as positions on the time axis: labels are given, positions are counted."""

from __future__ import annotations

import numpy as np
import xarray as xr


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
