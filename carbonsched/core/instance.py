"""Instance: everything that is given, as one validated `xarray.Dataset`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from unicodedata import normalize

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.plausible import warn_of_suspicious
from carbonsched.core.schema import DIMENSIONS, PARAMETERS, Quantity
from carbonsched.core.validate import find_faults
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import InstanceError

_DTYPE: dict[str, Any] = {"float": float, "int": np.int64, "bool": bool, "site": object}


class Contributor(Protocol):
    """What adds parameters to the paper's: a family of a user's own."""

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        """What it adds."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Instance:
    """One scheduling problem: sites, periods, jobs, services and all that is known of them.

    Parameters
    ----------
    data : xarray.Dataset
        The variables of `carbonsched.core.schema.PARAMETERS`, over dimensions `site`, `time`,
        `job` and `service`, in the units given there. What has a default there may be left out,
        and what `varies` may be over (site) or (site, time). Optional attributes `title`,
        `description`, `licence` and `source`, and `currency`, the ISO 4217 code of all money (by
        default USD, as the schema's units say); each variable may carry `source` and `licence` of
        its own. Names are compared, and kept, in Unicode's composed form (NFC). Where `time` has
        timestamps, the step between them is taken for a `step_hours` rounded to three digits.
    extra : tuple of Quantity
        Further parameters that it may hold, those of families of a user's own.

    Raises
    ------
    InstanceError
        Lists every fault at once, each with variable, label and unit.

    Warns
    -----
    SuspiciousValueWarning
        A value is possible but so unusual that its unit may be another.

    Examples
    --------
    >>> import carbonsched as cs
    >>> cs.generate(sites=2, periods=4, jobs=1, services=1)
    <Instance 'synthetic 2 x 4 x 1 x 1, seed 0': 2 sites x 4 periods x 1 job x 1 service>
    """

    data: xr.Dataset
    extra: tuple[Quantity, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", _sound(self.data, self.quantities))
        warn_of_suspicious(self.data, self.quantities.values())

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Every parameter that the instance holds, by name."""
        return PARAMETERS | {quantity.name: quantity for quantity in self.extra}

    def with_families(
        self, families: Iterable[Contributor], **values: xr.DataArray | float
    ) -> Instance:
        """Return the instance with the parameters of families, by `values` or their defaults.

        Values are as in `replace`. InstanceError says what has neither, or whose name is taken.
        """
        new = tuple(
            quantity
            for family in families
            for quantity in family.parameters
            if quantity not in self.extra
        )
        if not new and not values:
            return self
        if taken := [q.name for q in new if q.name in self.quantities]:
            raise InstanceError([f"{name}: the name is taken" for name in taken], "families")
        known = {q.name: q for q in (*self.extra, *new)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise InstanceError([f"{name}: no parameter of these families" for name in unknown])
        given = shaped(values, known, self.data, "families")
        return Instance(self.data.assign(given), self.extra + new)

    def without_families(self) -> Instance:
        """Return the instance without the parameters of families: the paper's are left.

        Examples
        --------
        >>> import carbonsched as cs
        >>> cs.generate(sites=2, periods=4, jobs=1, services=1).without_families().extra
        ()
        """
        return Instance(self.data.drop_vars([q.name for q in self.extra])) if self.extra else self

    def replace(self, **values: xr.DataArray | float) -> Instance:
        """Return a copy with some variables replaced, validated anew.

        Scalars and arrays over fewer dimensions are broadcast. Arrays are matched by label, in any
        order; without labels they are taken in the instance's order. What `varies` takes an array
        over (site, time), too. What is replaced loses its source and licence, unless the new array
        brings its own. InstanceError lists every variable or label that there is not.

        Examples
        --------
        >>> import carbonsched as cs
        >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
        >>> float(instance.replace(carbon_budget=100.0).data.carbon_budget)
        100.0
        """
        quantities = self.quantities
        unknown = sorted(set(values) - set(quantities))
        if unknown:
            like = {name: get_close_matches(name, quantities, 1, 0)[0] for name in unknown}
            told = [f"{name}: no such variable, did you mean {like[name]}?" for name in unknown]
            raise InstanceError(told, "replace")
        data = self.data.copy()
        followers = (q for q in quantities.values() if q.default in values)
        for quantity in followers:  # what follows a parameter goes on following it
            if quantity.name not in values and data[quantity.name].equals(data[quantity.default]):
                data = data.drop_vars(quantity.name)
        data = data.assign(shaped(values, quantities, self.data, "replace"))
        data = _sound(data, quantities)
        warn_of_suspicious(data, [quantities[name] for name in values])  # of others it has warned
        return derived(data, self.extra)

    def save(self, path: str | Path) -> Path:
        """Write to a NetCDF file (suffix `.nc`) or else to an editable folder of CSV tables."""
        import carbonsched  # the front door: the core itself stands on no other room

        return carbonsched.io.save_instance(self, Path(path))

    def window(
        self, start: Any, *, days: float | None = None, periods: int | None = None
    ) -> Instance:
        """Return the periods from `start`, a label or a time in UTC, as an instance of their own.

        Of jobs it has those released within it that can end in it, a later deadline clipped to its
        end; what was released before the horizon counts as in its first period. Batteries begin
        at `battery_initial`. Of the carbon budget it has the part that a plain plan emits in it:
        inference at home, all imported, jobs at the mean rate. `filled` and the title are its own.
        InstanceError lists what is wrong with the start and with the length, one of the two given.

        Examples
        --------
        >>> import carbonsched as cs
        >>> cs.example("real-week").window("2023-10-11", days=2).data.sizes["time"]
        48
        """
        room = import_module("carbonsched.operate.window")  # above the core, so only when asked
        return room.window(self, start, days=days, periods=periods)

    def __repr__(self) -> str:
        plural = {"site": "sites", "time": "periods", "job": "jobs", "service": "services"}
        counts = [(self.data.sizes[dim], name) for dim, name in plural.items()]
        sizes = " x ".join(f"{n} {name if n != 1 else name[:-1]}" for n, name in counts)
        hours = self.data.step_hours.item()
        step = f", periods of {hours:g} h" if hours != 1 else ""
        return f"<Instance {self.data.attrs.get('title', '')!r}: {sizes}{step}>"


def _sound(given: xr.Dataset, quantities: dict[str, Quantity]) -> xr.Dataset:
    """Return data in the schema's form; raise InstanceError with all of its faults."""
    data = _composed(given, [q.name for q in quantities.values() if q.kind == "site"])
    if faults := find_faults(data, quantities):
        title = str(getattr(given, "attrs", {}).get("title", "instance"))
        told = [fault.sentence for fault in faults]
        raise InstanceError(told, title, [(fault.name, fault.at) for fault in faults])
    return _canonical(data, quantities)


def shaped(
    values: Mapping[str, Any], known: Mapping[str, Quantity], data: xr.Dataset, where: str
) -> dict[str, xr.DataArray]:
    """Return values over their dimensions, in the instance's order; raise where labels differ."""
    arrays = {name: _composed(xr.DataArray(value)) for name, value in values.items()}
    if faults := [fault for name, given in arrays.items() for fault in _misfits(name, given, data)]:
        raise InstanceError(faults, where)
    labels = data.indexes
    return {
        name: given.sel({dim: labels[dim] for dim in DIMENSIONS if dim in given.indexes})
        .reset_coords(drop=True)
        .expand_dims({dim: labels[dim] for dim in known[name].dims if dim not in given.dims})
        for name, given in arrays.items()
    }


def _misfits(name: str, given: xr.DataArray, data: xr.Dataset) -> Iterator[str]:
    """Say where the labels of an array are others than the instance's, in any order."""
    for dim in [dim for dim in DIMENSIONS if dim in given.dims]:
        labels, size = data.indexes[dim], given.sizes[dim]
        own = given.indexes.get(dim, labels)  # without labels it is in the order of the instance
        odd = [*labels.difference(own), *own.difference(labels), *own[own.duplicated()]]
        if odd or size != len(labels):
            named = f"; not so for {', '.join(map(str, odd[:5]))}" if odd else ""
            due = f"one for each of {len(labels)} labels"
            yield f"{name}: {size} values along {dim}, expected {due}{named}"


_nfc = np.vectorize(lambda v: normalize("NFC", v) if isinstance(v, str) else v, otypes=[object])


def _composed(given: Any, references: Iterable[str] = ()) -> Any:
    """Return data with names in their composed form: "ü" is one letter, however it is made."""
    if not isinstance(given, xr.Dataset | xr.DataArray):
        return given
    dims = [dim for dim in DIMENSIONS if dim != "time" and dim in given.indexes]
    composed = {dim: pd.Index(_nfc(given.indexes[dim]), object, name=dim) for dim in dims}
    if any(not of.identical(given.indexes[dim]) for dim, of in composed.items()):
        given = given.assign_coords(composed)
    names = {name: given[name].copy(data=_nfc(given[name])) for name in references if name in given}
    return given.assign(names) if names else given


def _canonical(data: xr.Dataset, quantities: dict[str, Quantity]) -> xr.Dataset:
    """Give every array the schema's order of dimensions, type, unit and description."""
    times: Any = data.indexes["time"]
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ns]")
    names = [dim for dim in DIMENSIONS if dim != "time"]
    coords = {"time": times} | {dim: data.indexes[dim].astype(object) for dim in names}
    currency = currency_of(data)

    def array(quantity: Quantity) -> xr.Variable:
        given = data.variables.get(quantity.name)
        given = default_of(quantity, data).variable if given is None else given
        dims = (
            [dim for dim in DIMENSIONS if dim in given.dims] if quantity.varies else quantity.dims
        )
        given = given.transpose(*dims)
        values = given.values.astype(_DTYPE.get(quantity.kind, times.dtype))
        kept = {k: v for k, v in given.attrs.items() if k in ("source", "licence")}
        unit = {"units": in_currency(quantity.unit, currency)}
        numeric = unit if quantity.kind in ("float", "int") else {}
        return xr.Variable(dims, values, numeric | {"long_name": quantity.meaning} | kept)

    arrays = {name: array(quantity) for name, quantity in quantities.items()}
    if times.dtype.kind == "M" and len(times) > 1:  # what is stated may be rounded
        hours = np.diff(times.values[:2])[0] / np.timedelta64(1, "h")
        arrays["step_hours"] = arrays["step_hours"].copy(data=hours)
    return xr.Dataset(arrays, coords, dict(data.attrs))


def default_of(quantity: Quantity, data: xr.Dataset) -> xr.DataArray:
    """Return what a quantity is where it is not given, over its dimensions."""
    if isinstance(quantity.default, str):
        return data[quantity.default]
    shape = [data.sizes[dim] for dim in quantity.dims]
    return xr.DataArray(np.full(shape, quantity.default), dims=quantity.dims)


def derived(data: xr.Dataset, extra: tuple[Quantity, ...] = ()) -> Instance:
    """Return an instance of data derived from a valid one's, taken as they are.

    For what no user may state but a rolled horizon has: jobs that are over, so allowed nowhere.
    """
    instance = object.__new__(Instance)
    object.__setattr__(instance, "data", data)
    object.__setattr__(instance, "extra", extra)
    return instance


def require_instance(given: object) -> None:
    """Raise TypeError if what is given is no instance."""
    if not isinstance(given, Instance):
        kind = type(given).__name__
        raise TypeError(f"expected a carbonsched.Instance, got {kind}; make one of a Dataset first")
