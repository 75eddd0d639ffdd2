"""Values that are possible and yet look like another unit: a site of 200,000 MW, prices in cents.

Each quantity's `plausible` range in the schema is for its typical size: over time and over sites
the median, so that one hour of scarcity is no alarm; single values may be `SPIKE` times the upper
end. Zero means "none" and is never suspicious.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Iterable, Iterator

import numpy as np
import xarray as xr

from carbonsched.core.reach import start_counts
from carbonsched.core.schema import Quantity
from carbonsched.errors import SuspiciousValueWarning

SPIKE = 20.0
_SHOWN = 3


def warn_of_suspicious(data: xr.Dataset, quantities: Iterable[Quantity]) -> None:
    """Warn of every variable with values outside its plausible range, by label, value and unit."""
    for quantity in quantities:
        for odd in _of_windows(data) if quantity.name == "deadline" else ():
            warnings.warn(odd, SuspiciousValueWarning, stacklevel=4)
        array = data[quantity.name]
        if quantity.plausible is None or not array.size:
            continue
        places = list(_outside(array, quantity))
        if not places:
            continue
        more = f", and at {len(places) - _SHOWN} more labels" if len(places) > _SHOWN else ""
        low, high = (f"{end:,g}" for end in quantity.plausible)
        unit = f" {quantity.unit}".removesuffix(" 1")
        warnings.warn(
            f"{'; '.join(places[:_SHOWN])}{more}: expected {low} to {high}{unit}; "
            "is the unit right?",
            SuspiciousValueWarning,
            stacklevel=4,
        )


def _of_windows(data: xr.Dataset) -> Iterator[str]:
    """Yield which jobs cannot run, and which deadlines are instants where others are labels."""
    if len(late := data.job.values[start_counts(data).values == 0]):
        more = f" and {len(late) - _SHOWN} more" * (len(late) > _SHOWN)
        named = ", ".join(late[:_SHOWN])
        yield f"job {named}{more}: declined, no start within release, deadline and horizon"
    times, due = data.indexes["time"], data.deadline.values
    label, within = np.isin(due, times.to_numpy()), (due > times[0]) & (due < times[-1])
    two = [data.job.values[within & which][:1] for which in (~label, label)]
    for at, by in zip(*two, strict=True) if all(map(len, two)) else ():
        yield (
            f"deadline: job {at} must have ended by an instant within a period, job {by} by the "
            "end of the period whose label is given: is each meant so?"
        )


def _outside(array: xr.DataArray, quantity: Quantity) -> Iterator[str]:
    low, high = quantity.plausible or (0.0, np.inf)
    # In NumPy: an instance is made at every step of a loop, and this is done every time.
    size = np.abs(array.values)
    size = np.where(np.isfinite(size) & (size > 0), size, np.nan)
    spread = array.dims[1:]
    typical = _typical(size) if spread else size
    odd = (typical < low) | (typical > high)
    unit = f" {quantity.unit}".removesuffix(" 1")
    for place in np.argwhere(odd):
        value = typical[tuple(place)]
        name = _named(quantity.name, array, place)
        yield f"{name} is {value:,.6g}{unit}{_median(spread)}"
    if spread:
        spikes = (size > SPIKE * high) & ~odd.reshape(-1, *[1] * len(spread))
        for place in np.argwhere(spikes):
            value = array.values[tuple(place)]
            yield f"{_named(quantity.name, array, place)} = {value:,.6g}{unit}"


def _typical(size: np.ndarray) -> np.ndarray:
    """Return the lower median over all but the first axis; not a number where all is zero."""
    rows = np.sort(size.reshape(size.shape[0], -1), axis=1)  # what is not a number goes last
    middle = (np.isfinite(rows).sum(axis=1, keepdims=True).clip(min=1) - 1) // 2
    return np.take_along_axis(rows, middle, axis=1)[:, 0]


def _median(spread: tuple[Hashable, ...]) -> str:
    return f" in the median over {' and '.join(map(str, spread))}" if spread else ""


def _named(name: str, array: xr.DataArray, place: np.ndarray) -> str:
    at = (f"{dim}={array.indexes[dim][k]}" for dim, k in zip(array.dims, place, strict=False))
    labels = ", ".join(at)
    return f"{name}[{labels}]" if labels else name
