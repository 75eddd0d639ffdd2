"""What is within reach: periods of a job between release and deadline, sites of a service by (12).

Labels are given, positions are counted. What is given of a job stays as it is given; here it is
clipped to the horizon. A release is the first period that begins at or after it. A deadline that is
a period's label is that period, by whose end the job must have ended; any other instant is one by
which it must have ended, so the last period that ends by it.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.errors import InfeasibleError
from carbonsched.period import length_of


def endless_positions(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return each job's first and last period, over `job`, as if the horizon had no ends."""
    stamped = data.indexes["time"].dtype.kind == "M"
    times, release, deadline = (
        data[name].values.astype("datetime64[ns]" if stamped else np.int64).astype(np.int64)
        .astype(object)  # whose differences never overflow
        for name in ("time", "release", "deadline")
    )  # fmt: skip
    one = length_of(data.step_hours.item()).value if stamped else 1
    step = times[1] - times[0] if len(times) > 1 else one
    after = deadline - times[0]
    return -((times[0] - release) // step), after // step - (after % step != 0)


def window_positions(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of each job's first and last period, both inclusive, over `job`.

    Where the window has no period within the horizon, the first is behind the last.
    """
    periods = data.sizes["time"]
    first, last = endless_positions(data)
    return first.clip(0, periods).astype(int), last.clip(-1, periods - 1).astype(int)


def start_counts(data: xr.Dataset) -> xr.DataArray:
    """Return in how many periods each job may start on an allowed site, over `job`."""
    first, last = window_positions(data)
    return (last - first - data.duration + 2).clip(min=0)


def may_run(data: xr.Dataset) -> xr.DataArray:
    """Return where a job may run: allowed site, within its window; bool over (job, site, time)."""
    return _from_to(data, *window_positions(data))


def may_start(data: xr.Dataset) -> xr.DataArray:
    """Return where a job may start so as to finish in time; bool over (job, site, time)."""
    first, last = window_positions(data)
    return _from_to(data, first, last - data.duration.values + 1)


def _from_to(data: xr.Dataset, first: np.ndarray, last: np.ndarray) -> xr.DataArray:
    period = np.arange(data.sizes["time"])
    inside = (first[:, None] <= period) & (period <= last[:, None])
    inside = xr.DataArray(inside, {"job": data.job, "time": data.time})
    return (data.allowed & inside).transpose("job", "site", "time")


def reserve(data: xr.Dataset) -> xr.DataArray:
    """Return the least state of charge after each period, MWh over (site) or (site, time).

    It is `battery_min`, or before `battery_recovery` what the battery began with if that is less.
    """
    if not data.battery_recovery.any():
        return data.battery_min
    period = xr.DataArray(np.arange(1, data.sizes["time"] + 1), {"time": data.time})
    begun = np.minimum(data.battery_min, data.battery_initial)
    held = xr.where(period < data.battery_recovery, begun, data.battery_min)
    return held.transpose(..., "site", "time").rename("battery_min")


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
    asked = (data.demand > 0).any(set(data.demand.dims) - {"service"})
    stranded = asked & ~open_routes(data).any("site")
    if stranded.any():
        named = ", ".join(data.service.values[stranded.values])
        raise InfeasibleError(
            f"no schedule satisfies (11) and (12): no site within the latency limit of {named}"
        )
