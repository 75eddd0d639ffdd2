"""Values that are possible and yet look like another unit: a site of 200,000 MW, prices in cents.

Each quantity's `plausible` range in the schema is for its typical size: over time and over sites
the median, so that one hour of scarcity is no alarm; single values may be `SPIKE` times the upper
end. Zero means "none" and is never suspicious.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from carbonsched.core.reach import start_counts
from carbonsched.core.schema import PARAMETERS, Quantity
from carbonsched.errors import SuspiciousValueWarning

SPIKE = 20.0
_SHOWN = 3
# How many times the others together the first may be at a site, unless the second is zero there.
AT_MOST: dict[tuple[str, ...], float] = {
    ("it_capacity", "import_limit", "generation_available", "discharge_limit"): 10,
    ("generation_available", "it_capacity", "export_limit", "charge_limit"): 20,
    ("battery_energy", "charge_limit"): 400,  # h
    ("battery_energy", "discharge_limit"): 400,
    ("charge_limit", "battery_energy"): 50,  # 1/h
    ("discharge_limit", "battery_energy"): 50,
}
# The same, times the median of that over sites: what binds nowhere may be as large as one likes.
ALIKE = {("import_limit", "it_capacity"): 100.0, ("export_limit", "it_capacity"): 100.0}


def warn_of_suspicious(data: xr.Dataset, quantities: Iterable[Quantity]) -> None:
    """Warn of values outside their plausible range, and of those out of proportion at a site."""
    given = {quantity.name: quantity for quantity in quantities}
    found = []
    for name, quantity in given.items():
        ends = " to ".join(f"{end:,g}" for end in quantity.plausible or ())
        expected = f"{ends} {_unit(data[name], quantity)}".removesuffix(" 1")
        found.append((list(_outside(data[name], quantity)), expected))
    for names, most in (AT_MOST | ALIKE).items():
        if not given.keys().isdisjoint(names):
            found.append((list(_out_of_proportion(data, names, most)), f"at most {most:g} times"))
    for odd in _of_windows(data) if "deadline" in given else ():
        warnings.warn(odd, SuspiciousValueWarning, stacklevel=4)
    for places, expected in found:
        if places:
            more = f", and at {len(places) - _SHOWN} more labels" if len(places) > _SHOWN else ""
            told = f"{'; '.join(places[:_SHOWN])}{more}: expected {expected}; is the unit right?"
            warnings.warn(told, SuspiciousValueWarning, stacklevel=4)


def _out_of_proportion(data: xr.Dataset, names: tuple[str, ...], most: float) -> Iterator[str]:
    """Name the sites at which the first of some quantities is too large for the others."""
    size, *others = (data[name].values.reshape(data.sizes["site"], -1).max(1) for name in names)
    whole, usual, than = np.sum(others, axis=0), 1.0, ""
    ratio = np.divide(size, whole, out=np.zeros_like(size), where=others[0] > 0)
    if names in ALIKE:
        usual = max(np.quantile(ratio, 0.5, method="lower"), 0.1)  # below, something else is wrong
        than = f", at other sites {usual:.3g} times"
    for k in np.flatnonzero(ratio > most * usual):
        there = f"{names[0]}[site={data.site.values[k]}] = {size[k]:,.6g}"
        against = f"{' + '.join(names[1:])} = {whole[k]:,.6g}"
        yield f"{there} {PARAMETERS[names[0]].unit} is {ratio[k]:,.0f} times {against}{than}"


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
    if quantity.plausible is None or not array.size:
        return
    low, high = quantity.plausible
    # In NumPy: an instance is made at every step of a loop, and this is done every time.
    size = np.abs(array.values)
    size = np.where(np.isfinite(size) & (size > 0), size, np.nan)
    spread = array.dims[1:]
    typical = _typical(size) if spread else size
    odd = (typical < low) | (typical > high)
    unit = f" {_unit(array, quantity)}".removesuffix(" 1")
    of = f" in the median over {' and '.join(map(str, spread))}" if spread else ""
    for place in np.argwhere(odd):
        value = typical[tuple(place)]
        name = _named(quantity.name, array, place)
        yield f"{name} is {value:,.6g}{unit}{of}"
    if spread:
        spikes = (size > SPIKE * high) & ~odd.reshape(-1, *[1] * len(spread))
        for place in np.argwhere(spikes):
            value = array.values[tuple(place)]
            yield f"{_named(quantity.name, array, place)} = {value:,.6g}{unit}"


def _unit(array: xr.DataArray, quantity: Quantity) -> str:
    return array.attrs.get("units", quantity.unit)  # which is in the currency


def _typical(size: np.ndarray) -> np.ndarray:
    """Return the lower median over all but the first axis; not a number where all is zero."""
    rows = np.sort(size.reshape(size.shape[0], -1), axis=1)  # what is not a number goes last
    middle = (np.isfinite(rows).sum(axis=1, keepdims=True).clip(min=1) - 1) // 2
    return np.take_along_axis(rows, middle, axis=1)[:, 0]


def _named(name: str, array: xr.DataArray, place: np.ndarray) -> str:
    at = (f"{dim}={array.indexes[dim][k]}" for dim, k in zip(array.dims, place, strict=False))
    labels = ", ".join(at)
    return f"{name}[{labels}]" if labels else name
