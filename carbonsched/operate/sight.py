"""What is in sight at a step: all that is believed of the periods to come, and the window of it.

Periods are counted from the step. Jobs that are over, have started or are not known yet are allowed
nowhere; the load of running jobs is a service of its site, of which the demand moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance, derived
from carbonsched.operate.committed import carried, running_power, started
from carbonsched.operate.fallback import Fallback
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.outlook import Outlook
from carbonsched.operate.tails import with_tails

SITE_TIME = ("site", "time")
BUDGET, GAIN = "all that is left of the budget", "batteries need not gain"
_NOW = 1 - 1e-6  # of two plans that are worth the same the one that does not wait,
_SPARE = 1 + 1e-6  # and the one that emits less
_ROUND = 1 + 1e-9  # of a budget: what sums lose
NO_BUDGET, NO_JOBS = "budget ignored", "nothing new starts"


def remaining(horizon: Horizon, done: xr.Dataset, believed: xr.Dataset) -> xr.Dataset:
    """Return the data of all periods to come: what is left, what runs, which jobs may start."""
    first, whole = done.sizes["time"], horizon.whole
    data = believed.isel(time=slice(first, None))
    data = data.assign_coords(time=np.arange(data.sizes["time"]))
    for name, quantity in horizon.given.quantities.items():
        if quantity.kind == "time":
            data[name] = data[name] - first
    data = data.assign(carried(horizon, done, data))
    if horizon.method.carbon == "none":
        data["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    if not data.sizes["job"]:
        return data
    demand = data.demand.copy()
    load = running_power(horizon, done)[:, first:]
    demand[{"service": slice(-whole.sizes["site"], None)}] = load
    known = np.ones(data.sizes["job"], bool)
    if horizon.notice is not None:
        known = whole.release.values - horizon.notice <= first
    waiting = xr.DataArray(known & ~started(horizon, done), {"job": data.job})
    there = waiting & (data.deadline >= 0)
    return data.assign(
        demand=demand,
        allowed=(whole.allowed & there).transpose("job", "site"),
        required=whole.required & there,
        release=data.release.clip(min=0),
    )


def latest_starts(data: xr.Dataset) -> np.ndarray:
    """Return the last period in which each job may start, by its deadline; over jobs."""
    return data.deadline.values - data.duration.values + 1


def windows(
    horizon: Horizon,
    rest: xr.Dataset,
    outlook: Outlook | None,
    fallback: Fallback | None,
    lenient: bool,
) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield the data of the window at the start of the rest, ever less strict, and how.

    Parameters
    ----------
    horizon : Horizon
    rest : xarray.Dataset
        As `remaining` returns it.
    outlook : Outlook, optional
    fallback : Fallback, optional
    lenient : bool
        Go on where not even all that is left of the budget is enough.
    """
    size = min(horizon.window, rest.sizes["time"])
    last = size == rest.sizes["time"]
    data = _in_sight(horizon, rest, size, outlook, fallback)
    left = float(rest.carbon_budget)
    cap = left if last or fallback is None else left - fallback.emitted_from(size)
    cap = cap * _ROUND if cap > 0 else cap
    floor, least = _floors(horizon, rest, size, outlook, fallback)
    if cap >= 0:
        yield "", data.assign(battery_final=floor, carbon_budget=_number(cap))
    if not last and fallback is not None and (more := fallback.overcounted(size)) > 0:
        told = _number((left - fallback.emitted_from(size) + more) * _ROUND)
        if float(told) >= 0:  # nothing is let go of: so much is emitted less than is counted
            yield "", _as_due(data, size, fallback).assign(battery_final=floor, carbon_budget=told)
    if left >= 0 and cap < left:
        yield BUDGET, data.assign(battery_final=floor, carbon_budget=_number(left))
    if (floor > least).any():
        floor = least
        yield GAIN, data.assign(battery_final=floor, carbon_budget=_number(max(left, 0.0)))
    if not lenient:
        if left < 0:
            yield BUDGET, data.assign(battery_final=floor, carbon_budget=_number(0.0))
        return
    free = data.assign(battery_final=floor, carbon_budget=_number(np.inf))
    if np.isfinite(left):
        yield NO_BUDGET, free
    if data.sizes["job"]:
        none = xr.zeros_like(data.allowed), xr.zeros_like(data.required)
        yield NO_JOBS, free.assign(allowed=none[0], required=none[1])


def _as_due(data: xr.Dataset, size: int, fallback: Fallback) -> xr.Dataset:
    """Return a window's data in which what is due starts where the fallback starts it."""
    due = fallback.due(size)
    there = np.arange(data.sizes["site"]) == fallback.site[:, None]
    last = fallback.start + data.duration.values - 1
    return data.assign(
        allowed=data.allowed.transpose("job", "site") & (there | ~due[:, None]),
        release=data.release.copy(data=np.where(due, fallback.start, data.release.values)),
        deadline=data.deadline.copy(data=np.where(due, last, data.deadline.values)),
    )


def _number(value: float) -> xr.DataArray:
    return xr.DataArray(float(value))


def _floors(
    horizon: Horizon,
    rest: xr.Dataset,
    size: int,
    outlook: Outlook | None,
    fallback: Fallback | None,
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return how full the batteries must be at the window's end, and how full at the very least.

    What is needed at least is what the fallback needs. Without an outlook that says what stored
    energy is worth, no window empties a battery for the next, and it gains its share of what it
    must have gained by the end of the whole.
    """
    whole = horizon.whole
    if size == rest.sizes["time"]:
        return rest.battery_final, rest.battery_final
    reserve = rest.battery_min
    reserve = reserve.isel(time=size - 1, drop=True) if "time" in reserve.dims else reserve
    if fallback is not None:
        least = rest.battery_final.copy(data=fallback.needed(size))
    else:
        least = np.minimum(whole.battery_initial, rest.battery_initial)
    least = np.maximum(least, reserve)
    if outlook is not None:
        return least, least
    gain = (whole.battery_final - whole.battery_initial).clip(min=0)
    past = horizon.periods - rest.sizes["time"] + size
    by_now = whole.battery_initial + gain * past / horizon.periods
    return np.maximum(by_now, least), least


def _in_sight(
    horizon: Horizon,
    rest: xr.Dataset,
    size: int,
    outlook: Outlook | None,
    fallback: Fallback | None,
) -> xr.Dataset:
    """Return the window's numbers: its own periods, and after them those that its jobs may reach.

    All windows of a horizon have as many; where the horizon ends sooner, nothing is there.
    """
    count, periods = horizon.window + horizon.tail, rest.sizes["time"]
    data = rest.isel(time=np.minimum(np.arange(count), periods - 1))
    data = data.assign_coords(time=np.arange(count))
    last = size == periods
    carbon = 0.0 if outlook is None or last else outlook.carbon_price * _SPARE
    if carbon:  # of choosing: what is reported has true prices
        data = data.assign(
            import_price=data.import_price + carbon * data.carbon_intensity,
            generation_cost=data.generation_cost + carbon * data.generation_carbon,
        )
    if outlook is not None and not last:
        worth = data.battery_value.copy(data=outlook.stored(size).clip(min=0))
        data = data.assign(battery_value=worth)
    data = _jobs_in_sight(rest, data, size, outlook, fallback)
    return data if count == size else with_tails(horizon, rest, data, size, outlook, fallback)


def _jobs_in_sight(
    rest: xr.Dataset,
    data: xr.Dataset,
    size: int,
    outlook: Outlook | None,
    fallback: Fallback | None,
) -> xr.Dataset:
    """Return the jobs that may start in the window, which of them must, and what waiting is worth.

    A job that may start later forgoes what the outlook says it would earn there.
    """
    if not data.sizes["job"]:
        return data
    latest = latest_starts(rest)
    there = xr.DataArray((rest.release.values < size) & (latest >= 0), {"job": data.job})
    due = latest < size
    if fallback is not None:
        due = due | fallback.due(size)
    due = xr.DataArray(due, {"job": data.job})
    end = size - 1 + data.duration  # of a job that starts in the window's last period
    data = data.assign(
        allowed=(rest.allowed & there).transpose("job", "site"),
        required=rest.required & there & due,
        release=data.release.clip(0, data.sizes["time"] - 1),
        deadline=np.minimum(rest.deadline, end).clip(0, data.sizes["time"] - 1),
    )
    if outlook is None or size == rest.sizes["time"]:
        return data
    later = outlook.later_worth(rest, size)
    forgone = np.where(rest.required.values, later, np.maximum(later, 0.0))
    forgone = np.where(np.isfinite(later) & ~(due & rest.required).values, forgone, 0.0)
    return data.assign(reward=data.reward - xr.DataArray(_NOW * forgone, {"job": data.job}))


def over_labels(horizon: Horizon, data: xr.Dataset, first: int) -> Instance:
    """Return a window as an instance over the horizon's own labels, for people to read.

    Jobs that are over, or not yet there, are left out, and so are periods after the window that no
    job may reach.
    """
    given = horizon.given
    data = data.isel(job=np.flatnonzero((data.allowed.any("site") | data.required).values))
    size = min(horizon.window, horizon.periods - first)
    reached = int(data.deadline.max()) + 1 if data.sizes["job"] else 0
    data = data.isel(time=slice(0, max(size, reached)))
    times = given.data.indexes["time"][first : first + data.sizes["time"]]
    labels = [name for name, quantity in given.quantities.items() if quantity.kind == "time"]
    last = len(times) - 1
    data = data.assign(
        {name: data[name].copy(data=times[data[name].values.clip(0, last)]) for name in labels}
    )
    title = f"{given.data.attrs.get('title', 'instance')}, from {times[0]} to {times[size - 1]}"
    return derived(data.assign_coords(time=times).assign_attrs(title=title), given.extra)
