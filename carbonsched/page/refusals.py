"""What is refused of a value, in the validator's own words: asked of it, with {placeholders}."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.schema import PARAMETERS
from carbonsched.core.validate import find_faults
from carbonsched.io.cells import parse
from carbonsched.io.package import Table


_CELLS = {  # what is spoiled in a table: the quantity and a cell
    "cell_empty": ("cooling", ""),
    "cell_flag": ("allowed", "perhaps"),
    "cell_whole": ("duration", "1.5"),
    "cell_finite": ("cooling", "nan"),
    "cell_comma": ("cooling", "1,5"),
    "cell_number": ("cooling", "many"),
}
_TYPES = {"float": "number", "int": "integer", "bool": "boolean"}


def refusals(data: xr.Dataset) -> dict[str, str]:
    """Return the words for each kind of refusal, `{bound}` and the like where numbers stand.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance with jobs and services, which is spoiled in one place at a time.

    Raises
    ------
    ValueError
        The validator does not refuse what is spoiled, or not in one sentence.
    """
    job = data.job.values[0]
    about = {"job": job, "duration": 9999}
    high = float(data.battery_energy[0]) + 1
    single = {
        "least": _complaint(data, "it_capacity", -1.0, bound="0"),
        "above": _complaint(data, "charge_efficiency", -1.0, bound="0"),
        "most": _complaint(data, "charge_efficiency", 2.0, bound="1"),
        "finite": _complaint(data, "cooling", np.inf),
        "huge": _complaint(data, "cooling", 1e16, most="1e+15"),
        "whole": _complaint(data, "duration", 1.5),
        "label_site": _complaint(data, "home", "nowhere"),
        "label_time": _complaint(data, "release", np.datetime64("NaT", "ns")),
        "above_battery": _complaint(data, "battery_min", high),
        "outside_battery": _complaint(data, "battery_initial", high),
        "outside_battery_recovery": _complaint(data, "battery_initial", 0.0, battery_min=high / 2),
        "flag": _after(_sentence(data.assign(allowed=data.allowed.astype(float))), ", "),
    }
    first = data.deadline.copy(data=np.full(data.sizes["job"], data.time.values[0]))
    whole = data.assign(release=first, deadline=first + np.timedelta64(30, "D"))
    long = _spoiled(data.assign(release=first, deadline=first), "duration", 9999)
    endless = whole.assign(deadline=first + np.timedelta64(9999, "D"))
    required = _spoiled(endless, "duration", 9999).assign(
        required=data.required.copy(data=data.job.values == job)
    )
    nowhere = data.assign(allowed=data.allowed & (data.job != job))
    jobs = {
        "window": _filled(_sentence(long, "duration"), **about, held=1),
        "window_inside": _filled(
            _sentence(required, "duration"), **about, held=data.sizes["time"]
        ),
        "no_room": _filled(_sentence(_spoiled(data, "power", 9999.0), "power"), job=job, power=9999),
        "no_site": _filled(
            _sentence(nowhere, "power"), job=job, power=f"{float(data.power[0]):g}"
        ),
    }
    return single | jobs | {key: _of_cell(name, text) for key, (name, text) in _CELLS.items()}


def _complaint(data: xr.Dataset, name: str, value: Any, **told: Any) -> str:
    """Return what is said of a value at the first labels, without the labels.

    `told` are parameters that are changed too, and the numbers that the words hold.
    """
    others = {key: data[key].copy(data=_first(data[key], by)) for key, by in told.items() if key in data}
    words = _after(_sentence(_spoiled(data.assign(others), name, value), name), ": ")
    return _filled(words, **{key: by for key, by in told.items() if key not in data})


def _spoiled(data: xr.Dataset, name: str, value: Any) -> xr.Dataset:
    return data.assign({name: data[name].copy(data=_first(data[name], value))})


def _first(array: xr.DataArray, value: Any) -> np.ndarray:
    """Return the values of an array with another at the first labels."""
    kind = float if isinstance(value, float) else array.dtype
    values = array.values.astype(kind)
    values.flat[0] = value
    return values


def _sentence(data: xr.Dataset, name: str = "") -> str:
    """Return the first fault of a parameter."""
    found = [fault.sentence for fault in find_faults(data) if name in ("", fault.name)]
    if not found:
        raise ValueError(f"{name or 'the instance'} is spoiled, and the validator says nothing")
    return found[0]


def _after(sentence: str, mark: str) -> str:
    return sentence.split(mark, 1)[1]


def _filled(words: str, **told: Any) -> str:
    """Return words with {placeholders} for what they tell, each found in them."""
    for key, value in told.items():
        parts = words.split(str(value), 1)
        if len(parts) == 2:
            words = f"{parts[0]}{{{key}}}{parts[1]}"
    return words


def _of_cell(name: str, text: str) -> str:
    """Return what the reader of tables says of a cell, without the cell itself."""
    quantity = PARAMETERS[name]
    table = Table("", ("site",), {"site": "string", name: _TYPES[quantity.kind]}, {name: quantity})
    _, faults = parse(f'site,{name}\nA,"{text}"\n', table)
    if not faults:
        raise ValueError(f"{name}: {text!r} is read, and should not be")
    said = _after(faults[0], ": ").removeprefix(f"{text!r} ")
    return _filled(said, unit=quantity.unit)
