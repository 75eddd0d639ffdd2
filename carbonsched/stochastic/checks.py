"""What scenarios may be: labels in order, names and dimensions, probabilities, values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance, shaped
from carbonsched.core.schema import DIMENSIONS, Quantity
from carbonsched.core.validate import Fault, find_faults
from carbonsched.errors import InstanceError
from carbonsched.forecasts import FORECAST

_SUM = 1e-6  # what probabilities may be off one by; they are then scaled to it


def labels_of(labels: Iterable[str]) -> dict[str, Any]:
    """Return labels as the coordinate of `scenario`."""
    return {"scenario": np.asarray(list(labels), dtype=object)}


def labelled(data: Any, probability: Any) -> tuple[xr.Dataset, xr.DataArray]:
    """Return what differs and the probabilities over the same labels, as far as they are there.

    Raises
    ------
    InstanceError
        There are no scenarios to speak of, or the two are over different ones.
    """
    if not isinstance(data, xr.Dataset):
        raise InstanceError([f"expected an xarray.Dataset, got {type(data).__name__}"], "scenarios")
    labels = data.indexes.get("scenario")
    if labels is None or not len(labels):
        raise InstanceError(["scenario: dimension without labels"], "scenarios")
    data = data.assign_coords(scenario=np.asarray(labels, dtype=object))
    if probability is None:
        probability = np.full(len(labels), 1 / len(labels))
    given = xr.DataArray(probability)
    if "scenario" not in given.dims and given.ndim == 1:
        given = given.rename({given.dims[0]: "scenario"})
    own = given.indexes.get("scenario", labels)
    if given.dims != ("scenario",) or given.size != len(labels) or set(own) != set(labels):
        told = f"probability: {given.size} values, expected one for each of {len(labels)} scenarios"
        raise InstanceError([told], "scenarios")
    if "scenario" in given.indexes and own.is_unique:
        given = given.sel(scenario=labels)
    values = given.values if given.dtype.kind in "biuf" else np.full(len(labels), np.nan)
    return data, xr.DataArray(values.astype(float), labels_of(labels), name="probability")


def structure_faults(data: xr.Dataset, known: Mapping[str, Quantity]) -> Iterator[str]:
    """Say which labels, names and dimensions are none that scenarios may have."""
    for label in data.indexes["scenario"]:
        if not (isinstance(label, str) and label.strip() == label != "" and label.isprintable()):
            yield f"scenario: label {label!r} is not a plain, non-empty string"
    for label in data.indexes["scenario"][data.indexes["scenario"].duplicated()].unique():
        yield f"scenario: duplicate label {label}"
    for name, array in data.items():
        quantity = known.get(str(name))
        if quantity is None:
            yield f"{name}: not a variable of the model"
        elif quantity.kind != "float" or name == "step_hours":
            yield f"{name}: has to be the same in every scenario"
        elif "scenario" not in array.dims:
            yield f"{name}: not over scenario; what all share belongs to the instance"
        elif not quantity.allows([dim for dim in array.dims if dim != "scenario"]):
            yield f"{name}: dimensions {array.dims}, expected {('scenario', *quantity.dims)}"


def chance_faults(probability: xr.DataArray) -> Iterator[str]:
    """Say which probabilities are none, and whether they add up to one."""
    for label, value in probability.to_series().items():
        if not 0 < value < np.inf:
            yield f"probability[scenario={label}] = {value}: expected a number above 0"
    total = float(probability.sum())
    if (probability > 0).all() and abs(total - 1) > _SUM:
        yield f"probability: adds up to {total:.6g}, expected 1"


def in_order(data: xr.Dataset, instance: Instance) -> xr.Dataset:
    """Return what differs with the instance's labels, in its order, type and unit.

    Raises
    ------
    InstanceError
        Labels are others than the instance's.
    """
    labels = instance.data.indexes
    faults = []
    for dim in [dim for dim in DIMENSIONS if dim in data.dims]:
        own = data.indexes.get(dim, labels[dim])
        odd = [*labels[dim].difference(own), *own.difference(labels[dim])]
        odd += own[own.duplicated()].tolist()
        if odd or data.sizes[dim] != len(labels[dim]):
            named = f"; not so for {', '.join(map(str, odd[:5]))}" if odd else ""
            faults.append(f"{dim}: expected the instance's {len(labels[dim])} labels{named}")
    if faults:
        raise InstanceError(faults, "scenarios")
    order: dict[Any, Any] = {dim: labels[dim] for dim in DIMENSIONS if dim in data.indexes}
    data = data.sel(order)

    def array(name: str) -> xr.DataArray:
        quantity, given = instance.quantities[name], data[name]
        varied = [dim for dim in DIMENSIONS if dim in given.dims]
        given = given.transpose("scenario", *(varied if quantity.varies else quantity.dims))
        if given.dtype.kind in "iuf":
            given = given.astype(float)
        about = {k: v for k, v in given.attrs.items() if k in ("units", "source", "licence")}
        own = {k: v for k, v in instance.data[name].attrs.items() if k in ("units", "long_name")}
        return given.drop_attrs().assign_attrs(own | about)

    kept = {str(name): array(str(name)).reset_coords(drop=True) for name in data.data_vars}
    return xr.Dataset(kept, {"scenario": data.scenario})


def value_faults(instance: Instance, data: xr.Dataset) -> Iterator[str]:
    """Say what is wrong with each scenario; the instance itself is sound."""
    names = [str(name) for name in data]
    if not set(names) <= set(FORECAST):  # what others must agree with
        for label in data.indexes["scenario"]:
            one = one_of(instance, data, label)
            for fault in find_faults(one, instance.quantities):
                yield f"scenario {label}: {fault.sentence}"
        return
    numbers = all(array.dtype.kind == "f" for array in data.values())
    how = {"dim": "scenario", "skipna": False, "keep_attrs": True}
    if numbers and not any(_apart(instance, end(**how)) for end in (data.min, data.max)):
        return  # bounds are intervals: what the least and the largest keep, all keep
    for label in data.indexes["scenario"]:
        for fault in _apart(instance, data.sel(scenario=label, drop=True)):
            yield f"scenario {label}: {fault.sentence}"


def _apart(instance: Instance, values: xr.Dataset) -> list[Fault]:
    """Return the faults of values of `FORECAST`, which have to agree with no others."""
    coords = {dim: instance.data[dim] for dim in DIMENSIONS}
    about = {k: v for k, v in instance.data.attrs.items() if k == "currency"}
    known = {str(name): instance.quantities[str(name)] for name in values}
    return find_faults(values.assign_coords(coords).assign_attrs(about), known)


def replaced(instance: Instance, values: dict[str, Any]) -> xr.Dataset:
    """Return an instance's data with some values replaced, checked.

    Raises
    ------
    InstanceError
        Lists every fault of the values.
    """
    if not set(values) <= set(FORECAST):
        return instance.replace(**values).data
    arrays = shaped(values, instance.quantities, instance.data, "replace")
    if faults := _apart(instance, xr.Dataset(arrays)):
        raise InstanceError([fault.sentence for fault in faults], "replace")
    return instance.data.assign(arrays)


def one_of(instance: Instance, data: xr.Dataset, label: str) -> xr.Dataset:
    """Return one scenario's data."""
    own = data.sel(scenario=label, drop=True)
    return instance.data.assign(
        {str(name): (array.dims, array.values, array.attrs) for name, array in own.items()}
    )
