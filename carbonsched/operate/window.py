"""A window of an instance as an instance of its own: any week of a year, with its share of all."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.reach import endless_positions, window_positions
from carbonsched.errors import InstanceError, SuspiciousValueWarning
from carbonsched.operate import filled
from carbonsched.period import length_of


def window(
    instance: Instance, start: Any, *, days: float | None = None, periods: int | None = None
) -> Instance:
    """Return a window of an instance; see `carbonsched.Instance.window`."""
    data = instance.data
    times = data.indexes["time"]
    first, end = _positions(data, start, days, periods)
    if (first, end) == (0, len(times)):
        return instance
    begins, ends = window_positions(data)[0], endless_positions(data)[1]
    stays = (begins >= first) & (begins + data.duration.values <= end)
    part = data.isel(time=slice(first, end), job=np.flatnonzero(stays))
    deadline = part.deadline.values.copy()
    deadline[ends[stays] >= end - 1] = times[end - 1]
    part = part.assign(
        deadline=part.deadline.copy(data=deadline),
        carbon_budget=data.carbon_budget.copy(data=_budget(data, part)),
    ).assign_attrs(_about(data, times, first, end))
    with warnings.catch_warnings():  # of what is unusual, the whole has warned
        warnings.simplefilter("ignore", SuspiciousValueWarning)
        return Instance(part, instance.extra)


def reference_emissions(data: xr.Dataset) -> float:
    """Return what a plain plan emits, tCO2e: inference at home, all imported, every job run.

    Jobs run at the mean over sites and periods of what a MWh of IT energy emits.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.example("real-week").data
    >>> round(float(data.carbon_budget) / reference_emissions(data), 3)
    0.8
    """
    rate = data.cooling * data.carbon_intensity  # tCO2e per MWh of IT energy
    home = (data.site == data.home).astype(float)
    inference = xr.dot(home, data.power_per_unit * data.demand, dim="service")
    jobs = (data.power * data.duration).sum() * rate.mean()
    return float(data.step_hours * ((inference * rate).sum() + jobs))


def _budget(data: xr.Dataset, part: xr.Dataset) -> float:
    """Return the window's budget: the whole's, by what the plain plan emits in each."""
    whole = reference_emissions(data)
    share = reference_emissions(part) / whole if whole else part.sizes["time"] / data.sizes["time"]
    return float(data.carbon_budget) * share if np.isfinite(data.carbon_budget) else np.inf


def _positions(data: xr.Dataset, start: Any, days: Any, periods: Any) -> tuple[int, int]:
    """Return the window's first position and the one after its last; raise with every fault."""
    times, faults = data.indexes["time"], []
    first, count = -1, 0
    at = _label(times, start)
    if at is None:
        faults.append(f"start {start!r:.60}: no {_kind(times)}")
    elif not times[0] <= at <= times[-1]:
        faults.append(f"start {at}: outside the horizon, {times[0]} to {times[-1]}")
    elif at not in times:
        step = f"{60 * data.step_hours.item():g} min"
        faults.append(f"start {at}: no label of time, which has one every {step} from {times[0]}")
    else:
        first = int(times.get_indexer([at])[0])
    if (days is None) == (periods is None):
        faults.append("give the length as one of days and periods")
    else:
        length = periods if days is None else days
        plain = isinstance(length, int | float | np.number) and not isinstance(length, bool)
        number = float(length) if plain else np.nan
        number *= 1 if days is None else 24 / data.step_hours.item()
        named, unit = ("periods", "") if days is None else ("days", f" = {number:g} periods")
        if not (np.isfinite(number) and number > 0 and abs(number - round(number)) < 1e-9 * number):
            faults.append(f"{named} {length!r:.60}: expected a whole number of periods, at least 1")
        elif first >= 0 and first + round(number) > len(times):
            left = f"{len(times) - first} periods are left from {times[first]}"
            faults.append(f"{named} {length}{unit}: longer than the horizon, {left}")
        else:
            count = round(number)
    if faults:
        raise InstanceError(faults, "window")
    return first, first + count


def _kind(times: pd.Index) -> str:
    return "timestamp" if times.dtype.kind == "M" else "period number"


def _label(times: pd.Index, start: Any) -> Any:
    """Return the start as a label of such times, in UTC; None where it is none."""
    if times.dtype.kind != "M":
        whole = isinstance(start, int | np.integer) and not isinstance(start, bool)
        return int(start) if whole else None
    if isinstance(start, bool | int | float | np.number):  # which pandas takes for nanoseconds
        return None
    try:
        at = pd.Timestamp(start)
    except (ValueError, TypeError):
        return None
    if at is pd.NaT:
        return None
    return at.tz_convert("UTC").tz_localize(None) if at.tzinfo else at


def _about(data: xr.Dataset, times: pd.Index, first: int, end: int) -> dict[str, str]:
    """Return what the window says of itself: its part of the title, and which hours are filled."""
    given = {name: str(data.attrs.get(name, "")) for name in ("title", "description")}
    stamped = times.dtype.kind == "M"
    span = f"{times[first]} to {times[end - 1]}"
    about = {"title": f"{given['title'] or 'instance'}, {span}"}
    note = f"Window of {end - first:,} of {len(times):,} periods."
    if stamped and "filled" in data.attrs:
        step = length_of(data.step_hours.item())
        runs = filled.read(str(data.attrs["filled"]))
        runs = filled.within(runs, times[first], times[end - 1] + step)
        about["filled"] = filled.told(runs)
        note += f" {_counted(runs)}"
    return about | {"description": f"{given['description']} {note}".strip()}


def _counted(runs: list[filled.Filled]) -> str:
    """Say how many hours are filled, by variable and label."""
    hours: dict[str, float] = {}
    for run in runs:
        named = f"{run.variable} at {run.label}"
        hours[named] = hours.get(named, 0) + (run.end - run.begin).total_seconds() / 3600
    told = ", ".join(f"{number:g} h of {named}" for named, number in hours.items())
    return f"Filled: {told}." if told else "No hour is filled."
