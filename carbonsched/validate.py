"""What makes an instance faulty. Every check returns sentences; none stops the next one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.schema import DIMENSIONS, PARAMETERS, Quantity

_SHOWN = 5  # labels named per variable and kind of fault, so that one bad column stays readable


def find_faults(data: xr.Dataset) -> list[str]:
    """Return every fault of the dataset as a sentence with variable, label and unit.

    Later checks need what earlier ones establish (that arrays exist, that labels are sound), so
    the list is complete within the first stage that finds anything.
    """
    if not isinstance(data, xr.Dataset):
        return [f"expected an xarray.Dataset, got {type(data).__name__}"]
    for stage in (_structure, _labels, _values, _consistency):
        if faults := list(stage(data)):
            return faults
    return []


def _structure(data: xr.Dataset) -> Iterator[str]:
    for name in sorted(set(PARAMETERS) - set(data.data_vars)):
        yield f"{name}: missing ({PARAMETERS[name].meaning}, {PARAMETERS[name].unit})"
    for name in sorted(set(map(str, data.data_vars)) - set(PARAMETERS)):
        yield f"{name}: not a variable of the model"
    for dim in DIMENSIONS:
        if dim not in data.indexes:
            yield f"{dim}: dimension without labels"
    for name in sorted(set(data.indexes) - set(DIMENSIONS), key=str):
        yield f"{name}: not a dimension of the model"
    for name, quantity in PARAMETERS.items():
        if name in data and set(data[name].dims) != set(quantity.dims):
            yield f"{name}: dimensions {tuple(data[name].dims)}, expected {quantity.dims}"
        if name in data and (unit := data[name].attrs.get("units", quantity.unit)) != quantity.unit:
            yield f"{name}: given in {unit}, expected {quantity.unit}"


def _labels(data: xr.Dataset) -> Iterator[str]:
    for dim in DIMENSIONS:
        labels = data.indexes[dim]
        for label in labels[labels.duplicated()].unique():
            yield f"{dim}: duplicate label {label}"
        if dim != "time":
            for label in labels:
                if not (isinstance(label, str) and label.strip() == label != ""):
                    yield f"{dim}: label {label!r} is not a plain, non-empty string"
    for dim in ("site", "time"):
        if not len(data.indexes[dim]):
            yield f"{dim}: no labels"
    yield from _time_axis(data)


def _time_axis(data: xr.Dataset) -> Iterator[str]:
    times = data.indexes["time"]
    if times.dtype.kind not in "Mi":
        yield f"time: labels of type {times.dtype}, expected naive UTC timestamps or integers"
    elif not times.is_monotonic_increasing:
        yield "time: labels are not sorted"
    elif times.is_unique and len(times) > 1:
        step_hours = data["step_hours"].values
        step = 1 if times.dtype.kind == "i" else pd.Timedelta(hours=float(step_hours))
        for k in np.flatnonzero(np.diff(times) != step)[:_SHOWN]:
            yield (
                f"time: uneven step from {times[k]} to {times[k + 1]}, "
                f"expected {step} (step_hours = {step_hours} h)"
            )


def _values(data: xr.Dataset) -> Iterator[str]:
    for quantity in PARAMETERS.values():
        yield from _CHECKS[quantity.kind](data[quantity.name], quantity, data)


def _numbers(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[str]:
    if array.dtype.kind not in "iuf":
        yield f"{quantity.name}: values of type {array.dtype}, expected numbers in {quantity.unit}"
        return
    limitless = (array == np.inf) & quantity.unlimited
    yield from _named(array, ~np.isfinite(array) & ~limitless, quantity, "not a finite number")
    too_low = array <= quantity.lower if quantity.lower_open else array < quantity.lower
    relation = "above" if quantity.lower_open else "at least"
    yield from _named(array, too_low, quantity, f"must be {relation} {quantity.lower:g}")
    yield from _named(
        array, array > quantity.upper, quantity, f"must be at most {quantity.upper:g}"
    )
    if quantity.kind == "int":
        yield from _named(array, array % 1 != 0, quantity, "must be a whole number")


def _flags(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[str]:
    if array.dtype.kind != "b":
        yield f"{quantity.name}: values of type {array.dtype}, expected true or false"


def _references(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[str]:
    known = np.isin(array.values, data.indexes[quantity.kind].values)
    unknown = xr.DataArray(~known, array.coords, array.dims)
    yield from _named(array, unknown, quantity, f"not a label of {quantity.kind}")


_CHECKS = {
    "float": _numbers,
    "int": _numbers,
    "bool": _flags,
    "time": _references,
    "site": _references,
}


def _named(
    array: xr.DataArray, bad: xr.DataArray, quantity: Quantity, complaint: str
) -> Iterator[str]:
    """Name the labels at which `bad` is true, the first few of them in full."""
    places = np.argwhere(bad.values)
    for place in places[:_SHOWN]:
        labels = ", ".join(
            f"{dim}={array.indexes[dim][at]}" for dim, at in zip(array.dims, place, strict=True)
        )
        value = array.values[tuple(place)]
        yield f"{quantity.name}[{labels}] = {value} {quantity.unit}: {complaint}"
    if len(places) > _SHOWN:
        yield f"{quantity.name}: {complaint}, at {len(places) - _SHOWN} more labels"


def _consistency(data: xr.Dataset) -> Iterator[str]:
    yield from _batteries(data)
    yield from _jobs(data)
    yield from _services(data)


def _batteries(data: xr.Dataset) -> Iterator[str]:
    low, high, initial = (data[n] for n in ("battery_min", "battery_energy", "battery_initial"))
    empty = "above battery_energy"
    yield from _named(low, low > high, PARAMETERS["battery_min"], empty)
    outside = ((initial < low) | (initial > high)) & (low <= high)
    complaint = "outside the battery, [battery_min, battery_energy]"
    yield from _named(initial, outside, PARAMETERS["battery_initial"], complaint)


def _jobs(data: xr.Dataset) -> Iterator[str]:
    release, deadline = (
        data.indexes["time"].get_indexer(data[name].values) for name in ("release", "deadline")
    )
    window = deadline - release + 1
    for job, length, room in zip(data.job.values, data.duration.values, window, strict=True):
        if length > room:
            yield (
                f"job {job}: runs {int(length)} periods, its window from release to deadline "
                f"holds {max(int(room), 0)}"
            )
    hosts = data.allowed.astype(bool) & (data.it_capacity >= data.power)
    for job in data.job.values[~hosts.any("site").values]:
        yield (
            f"job {job}: power {float(data.power.sel(job=job)):g} MW, "
            "no allowed site has that it_capacity"
        )


def _services(data: xr.Dataset) -> Iterator[str]:
    feasible = data.latency <= data.latency_limit
    stranded = (data.demand > 0).any("time") & ~feasible.any("site")
    for service in data.service.values[stranded.values]:
        limit = float(data.latency_limit.sel(service=service))
        yield f"service {service}: has demand, no site within its latency_limit of {limit:g} ms"
    # Services confined to the sites of one service must fit there together.
    other = feasible.rename(service="confined")
    confined = (~other | feasible).all("site").transpose("service", "confined")
    load = (data.power_per_unit * data.demand).rename(service="confined")
    needed = xr.dot(confined.astype(float), load, dim="confined")
    held = xr.dot(feasible.astype(float), data.it_capacity, dim="site")
    over = (needed > held * (1 + 1e-9)) & ~stranded
    for service in data.service.values[over.any("time").values]:
        shortfall = (needed - held).sel(service=service)
        when = data.indexes["time"][int(shortfall.argmax("time"))]
        yield (
            f"service {service}: at {when} the services confined to its latency-feasible sites "
            f"need {float(needed.sel(service=service, time=when)):.6g} MW of IT power, "
            f"the sites hold {float(held.sel(service=service)):.6g} MW"
        )
