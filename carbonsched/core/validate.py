"""What makes an instance faulty. Every check returns sentences; none stops the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from carbonsched.core.reach import endless_positions, window_positions
from carbonsched.core.schema import DIMENSIONS, PARAMETERS, Quantity
from carbonsched.currency import CODE, DEFAULT, currency_of, in_currency

_MOST = 1e15  # beyond it one period's rounding is larger than a dollar; solvers call 1e20 infinite
_ROUNDED = 2.5e-3  # what a length of period in three digits, 0.0833 h or 0.167 h, is off by
FOREIGN = "; if it is of a family of your own, give the family"
_SHOWN = 5  # labels named per variable and kind of fault, so that one bad column stays readable


class Fault(NamedTuple):
    """What is wrong: the variable or dimension, the sentence, and at which labels if at some."""

    name: str
    sentence: str
    at: Mapping[str, object] | None = None


def find_faults(data: xr.Dataset, quantities: Mapping[str, Quantity] = PARAMETERS) -> list[Fault]:
    """Return every fault of the dataset, its sentence with variable, label and unit.

    Values are checked of every variable that is there, and what several variables must agree on
    wherever each of them is sound.
    """
    if not isinstance(data, xr.Dataset):
        return [Fault("", f"expected an xarray.Dataset, got {type(data).__name__}")]
    faults = [*_structure(data, quantities), *_labels(data), *_currency(data)]
    broken = {fault.name for fault in faults}
    money = currency_of(data)
    for quantity in quantities.values():
        quantity = replace(quantity, unit=in_currency(quantity.unit, money))
        if quantity.name not in data and quantity.default is not None:
            continue
        if not broken & {quantity.name, *quantity.dims, *_LABELS_OF.get(quantity.kind, ())}:
            faults += _CHECKS[quantity.kind](data[quantity.name], quantity, data)
    broken = {fault.name for fault in faults}
    usual = {
        q.name: (q.dims, np.full([data.sizes[dim] for dim in q.dims], q.default))
        for name in ("required", "battery_recovery", "allowed")
        if (q := PARAMETERS[name]) and (name not in data or name in broken)
        if set(q.dims) <= set(data.sizes)
    }
    whole = data.assign(usual) if usual else data
    for check, needs in _AGREEMENTS.items():
        dims = {dim for name in needs for dim in PARAMETERS[name].dims} | {"time"}
        if not broken & (needs | dims) and needs <= {*whole}:
            faults += check(whole)
    return faults


def _structure(data: xr.Dataset, quantities: Mapping[str, Quantity]) -> Iterator[Fault]:
    needed = {name for name, quantity in quantities.items() if quantity.default is None}
    for name in sorted(needed - set(data.data_vars)):
        unit = in_currency(quantities[name].unit, currency_of(data))
        about = ", ".join(filter(None, (quantities[name].meaning, unit)))
        yield Fault(name, f"{name}: missing ({about})")
    for name in sorted(set(map(str, data.data_vars)) - set(quantities)):
        yield Fault(name, f"{name}: not a variable of the model{FOREIGN}")
    for dim in DIMENSIONS:
        if dim not in data.indexes:
            yield Fault(dim, f"{dim}: dimension without labels")
    for name in sorted(set(data.indexes) - set(DIMENSIONS), key=str):
        yield Fault(str(name), f"{name}: not a dimension of the model")
    for name in sorted(set(quantities) & set(data.data_vars)):
        quantity, array = quantities[name], data[name]
        if not quantity.allows(array.dims):
            wanted = f"{quantity.dims}" + " or ('site', 'time')" * quantity.varies
            yield Fault(name, f"{name}: dimensions {tuple(array.dims)}, expected {wanted}")
        due = in_currency(quantity.unit, currency_of(data))
        if (unit := str(array.attrs.get("units", due))) not in (due, quantity.unit):
            yield Fault(name, f"{name}: given in {unit}, expected {due}")


def _currency(data: xr.Dataset) -> Iterator[Fault]:
    code = data.attrs.get("currency", DEFAULT)
    if not (isinstance(code, str) and CODE.fullmatch(code)):
        told = f"currency {code!r:.40}: expected an ISO 4217 code, as EUR or USD"
        yield Fault("currency", told)


def _labels(data: xr.Dataset) -> Iterator[Fault]:
    for dim in DIMENSIONS:
        labels = data.indexes.get(dim, pd.Index([]))
        for label in labels[labels.duplicated()].unique():
            yield Fault(dim, f"{dim}: duplicate label {label}")
        if dim != "time":
            for label in labels:
                plain = isinstance(label, str) and label.strip() == label != ""
                if not (plain and label.isprintable()):
                    yield Fault(dim, f"{dim}: label {label!r} is not a plain, non-empty string")
    for dim in ("site", "time"):
        if dim in data.indexes and not len(data.indexes[dim]):
            yield Fault(dim, f"{dim}: no labels")
    step_hours = data.get("step_hours", xr.DataArray([]))
    if "time" in data.indexes and step_hours.ndim == 0 and step_hours.dtype.kind in "iuf":
        yield from _time_axis(data.indexes["time"], step_hours.item())


def _time_axis(times: Any, step_hours: float) -> Iterator[Fault]:
    if getattr(times, "tz", None) is not None:
        yield Fault("time", f"time: labels in time zone {times.tz}, make them naive UTC timestamps")
    elif times.dtype.kind not in "Mi":
        kind = f"labels of type {times.dtype}"
        yield Fault("time", f"time: {kind}, expected naive UTC timestamps or integers")
    elif not times.is_monotonic_increasing:
        yield Fault("time", "time: labels are not sorted")
    elif times.is_unique and 0 < step_hours <= PARAMETERS["step_hours"].upper:
        yield from _steps(times, step_hours)


def _steps(times: Any, step_hours: float) -> Iterator[Fault]:
    """Hold the steps between labels against the one that is stated, but for its rounding."""
    apart, dated = np.diff(times.values), times.dtype.kind == "M"
    hours = apart / np.timedelta64(1, "h") if dated else apart
    wanted, slack = (step_hours, _ROUNDED * step_hours) if dated else (1, 0)
    near = apart[abs(hours - wanted) <= slack]
    given = f"expected {f'{60 * step_hours:g} min' if dated else 1} (step_hours = {step_hours} h)"
    if dated and apart.size and not near.size and (apart == apart[0]).all():
        told = f"labels are {60 * hours[0]:g} min apart, {given}"
        yield Fault("time", f"time: {told}: set step_hours to {hours[0]:.6g}, or change the labels")
        return
    for k in np.flatnonzero(~np.isin(apart, near[:1]))[:_SHOWN]:
        yield Fault("time", f"time: uneven step from {times[k]} to {times[k + 1]}, {given}")


def _numbers(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[Fault]:
    if array.dtype.kind not in "iuf" and array.size:
        kind = f"values of type {array.dtype}"
        yield Fault(quantity.name, f"{quantity.name}: {kind}, expected numbers in {quantity.unit}")
        return
    values = array.values
    finite = np.isfinite(values)
    limitless = (values == np.inf) & quantity.unlimited
    huge = finite & (abs(values) > _MOST)
    yield from _named(array, huge, quantity, f"more than {_MOST:g}, too large to compute with")
    yield from _named(array, ~finite & ~limitless, quantity, "not a finite number")
    too_low = values <= quantity.lower if quantity.lower_open else values < quantity.lower
    relation = "above" if quantity.lower_open else "at least"
    yield from _named(array, too_low, quantity, f"must be {relation} {quantity.lower:g}")
    yield from _named(
        array, values > quantity.upper, quantity, f"must be at most {quantity.upper:g}"
    )
    if quantity.kind == "int":
        fractional = finite & (np.where(finite, values, 0) % 1 != 0)
        yield from _named(array, fractional, quantity, "must be a whole number")


def _flags(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[Fault]:
    if array.dtype.kind != "b" and array.size:
        kind = f"values of type {array.dtype}"
        yield Fault(quantity.name, f"{quantity.name}: {kind}, expected true or false")


def _references(array: xr.DataArray, quantity: Quantity, data: xr.Dataset) -> Iterator[Fault]:
    labels, complaint = data.indexes[quantity.kind], f"not a label of {quantity.kind}"
    known = pd.Index(array.values).isin(labels)
    if quantity.instant:
        known |= (array.dtype.kind == labels.dtype.kind) & array.notnull().values
        stamped = labels.dtype.kind == "M"
        complaint += f", nor a {'naive UTC timestamp' if stamped else 'period number'} beside them"
    yield from _named(array, ~known, quantity, complaint)


_LABELS_OF = {"time": ("time",), "site": ("site",)}
_CHECKS = {
    "float": _numbers,
    "int": _numbers,
    "bool": _flags,
    "time": _references,
    "site": _references,
}


def _named(
    array: xr.DataArray, bad: ArrayLike, quantity: Quantity, complaint: str
) -> Iterator[Fault]:
    """Name the labels at which `bad` is true, the first few of them in full."""
    places = np.argwhere(np.asarray(bad))
    for place in places[:_SHOWN]:
        at = {str(dim): array.indexes[dim][k] for dim, k in zip(array.dims, place, strict=True)}
        label = f"[{', '.join(f'{dim}={name}' for dim, name in at.items())}]" if at else ""
        unit = f" {quantity.unit}" if quantity.kind in ("float", "int") else ""
        value = array.values[tuple(place)]
        yield Fault(
            quantity.name,
            f"{quantity.name}{label} = {value}{unit.removesuffix(' 1')}: {complaint}",
            at,
        )
    if len(places) > _SHOWN:
        yield Fault(
            quantity.name, f"{quantity.name}: {complaint}, at {len(places) - _SHOWN} more labels"
        )


def _batteries(data: xr.Dataset) -> Iterator[Fault]:
    v, above = data.variables, "above battery_energy"  # without labels: quick, and all the same
    low, high, initial = v["battery_min"], v["battery_energy"], v["battery_initial"]
    yield from _named(data.battery_min, low > high, PARAMETERS["battery_min"], above)
    least = low.min("time") if "time" in low.dims else low
    low_start = (initial < least) & (v["battery_recovery"] == 0)
    outside = (low_start | (initial > high)) & (least <= high)
    complaint = "outside the battery, [battery_min, battery_energy]"
    complaint += "; below its reserve it may begin with a battery_recovery" * bool(low_start.any())
    yield from _named(data.battery_initial, outside, PARAMETERS["battery_initial"], complaint)


def _final_charge(data: xr.Dataset) -> Iterator[Fault]:
    v, above = data.variables, "above battery_energy"
    unlike = v["battery_final"] != v["battery_initial"]  # which is judged by itself
    high = unlike & (v["battery_final"] > v["battery_energy"])
    yield from _named(data.battery_final, high, PARAMETERS["battery_final"], above)


def _windows(data: xr.Dataset) -> Iterator[Fault]:
    release, deadline = endless_positions(data)
    first, last = window_positions(data)
    given, inside = deadline - release + 1, last - first + 1
    lacking = data.duration.values > np.where(data.required, inside, given)
    for j in np.flatnonzero(lacking):
        job, length = data.job.values[j], int(data.duration[j])
        held = f"its window from release to deadline holds {max(int(given[j]), 0)}"
        if length <= given[j]:  # in time, but not within the horizon
            held = f"its window holds {max(int(inside[j]), 0)} within the horizon: a required job"
            held += " must end within it; lengthen it or let the job be declined"
        yield Fault("duration", f"job {job}: runs {length} periods, {held}", {"job": job})


def _hosts(data: xr.Dataset) -> Iterator[Fault]:
    most = data.variables["it_capacity"]
    most = most.max("time") if "time" in most.dims else most
    hosts = data.variables["allowed"].astype(bool) & (most >= data.variables["power"])
    for job in data.job.values[~hosts.any("site").values]:
        needs = f"job {job}: power {float(data.power.sel(job=job)):g} MW"
        somewhere = bool(data.allowed.sel(job=job).any())
        why = "no allowed site has that it_capacity" if somewhere else "no site is allowed"
        yield Fault("power", f"{needs}, {why}", {"job": job})


_AGREEMENTS = {
    _batteries: {"battery_min", "battery_energy", "battery_initial"},
    _final_charge: {"battery_final", "battery_energy", "battery_initial"},
    _windows: {"step_hours", "duration", "release", "deadline"},
    _hosts: {"power", "it_capacity", "allowed"},
}
