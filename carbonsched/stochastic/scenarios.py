"""Scenarios: one instance, and what may differ of it from future to future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.family import Family
from carbonsched.core.instance import Instance, derived, require_instance, shaped
from carbonsched.core.schema import DIMENSIONS, Quantity
from carbonsched.core.validate import Fault, find_faults
from carbonsched.errors import InstanceError
from carbonsched.forecasts import FORECAST
from carbonsched.keywords import require_kinds

_SUM = 1e-6  # what probabilities may be off one by; they are then scaled to it
_ROUNDING = 1e-12  # what they may be off one by and stay as they are


@dataclass(frozen=True, eq=False, repr=False)
class Scenarios:
    """Futures of one instance, each with its probability.

    Parameters
    ----------
    instance : Instance
        What all of them share: labels, sites, jobs, and every value that does not differ.
    data : xarray.Dataset
        What differs, over `scenario` and then the dimensions of
        `carbonsched.core.schema.PARAMETERS`, in its units. The labels of `scenario` are strings.
        Without variables, each is the instance itself.
    probability : xarray.DataArray
        Over `scenario`, each above 0, together 1.

    Raises
    ------
    InstanceError
        Lists every fault at once, each with the scenario and then the variable, label and unit.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> dear = day.data[["import_price"]] * 2
    >>> futures = cs.Scenarios.of(day, {"usual": {}, "dear": dear}, probability=[0.9, 0.1])
    >>> futures
    <Scenarios 'synthetic 2 x 4 x 1 x 1, seed 0': 2 scenarios of import_price>
    >>> for label, instance in futures.each():
    ...     print(label, instance.data.import_price.values.mean().round(1))
    usual 82.5
    dear 165.1
    """

    instance: Instance
    data: xr.Dataset
    probability: xr.DataArray

    def __post_init__(self) -> None:
        require_instance(self.instance)
        data, probability = _labelled(self.data, self.probability)
        known = self.instance.quantities
        faults = [*_structure(data, known), *_chances(probability)]
        if not faults:
            data = _in_order(data, self.instance)
            faults = list(_faults(self.instance, data))
        if faults:
            raise InstanceError(faults, "scenarios")
        object.__setattr__(self, "data", data)
        total = float(probability.sum())
        if abs(total - 1) > _ROUNDING:
            probability = probability / total
        object.__setattr__(self, "probability", probability)

    @classmethod
    def of(
        cls,
        instance: Instance,
        futures: Mapping[str, xr.Dataset | Mapping[str, Any]],
        probability: Any = None,
    ) -> Scenarios:
        """Return scenarios of datasets by label.

        Parameters
        ----------
        instance : Instance
        futures : dict of str to xarray.Dataset
            What each changes of the instance, in its labels; what one leaves out is the instance's.
        probability : sequence, dict by label or xarray.DataArray, optional
            By default all alike.

        Raises
        ------
        InstanceError
            Lists every fault at once; see the class.
        """
        require_instance(instance)
        labels = [str(label) for label in futures]
        names = list(dict.fromkeys(str(name) for given in futures.values() for name in given))
        faults: list[str] = []
        made: list[xr.Dataset] = []
        for label, given in zip(labels, futures.values(), strict=True):
            try:
                made.append(_replaced(instance, {str(k): value for k, value in given.items()}))
            except InstanceError as error:
                faults += [f"scenario {label}: {fault}" for fault in error.faults]
        if faults:
            raise InstanceError(faults, "scenarios")
        data = xr.Dataset(coords=_coords(labels))
        if names:
            data = data.merge(xr.concat([whole[names] for whole in made], _index(labels)))
        if isinstance(probability, Mapping):
            probability = xr.DataArray(
                [probability.get(label, np.nan) for label in futures], _coords(labels)
            )
        return cls(instance, data, probability)

    @property
    def labels(self) -> list[str]:
        """The labels of the scenarios, in order."""
        return [str(label) for label in self.data.scenario.values]

    @property
    def size(self) -> int:
        """How many scenarios there are."""
        return self.data.sizes["scenario"]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, label: str) -> Instance:
        """Return one scenario as an instance."""
        if label not in self.data.indexes["scenario"]:
            shown = ", ".join(self.labels[:5]) + ", ..." * (self.size > 5)
            raise KeyError(f"no scenario {label!r}, there are {shown}")
        one = _one(self.instance, self.data, label)
        title = f"{one.attrs.get('title', 'instance')}, scenario {label}"
        return derived(one.assign_attrs(title=title), self.instance.extra)

    def each(self) -> Iterator[tuple[str, Instance]]:
        """Yield every scenario's label and instance."""
        for label in self.labels:
            yield label, self[label]

    def mean(self) -> Instance:
        """Return the instance in which each value is its expectation over the scenarios.

        Examples
        --------
        >>> import carbonsched as cs
        >>> day = cs.generate(sites=2, periods=4, jobs=1, services=1)
        >>> dear = {"carbon_budget": 2 * day.data.carbon_budget}
        >>> both = cs.Scenarios.of(day, {"usual": {}, "dear": dear})
        >>> bool(both.mean().data.carbon_budget == 1.5 * day.data.carbon_budget)
        True
        """
        expected = {
            str(name): (array * self.probability).sum("scenario").assign_attrs(array.attrs)
            for name, array in self.data.items()
        }
        return self.instance.replace(**expected) if expected else self.instance

    def chosen(self, labels: Iterable[str], probability: Any = None) -> Scenarios:
        """Return some of the scenarios, their probabilities as given or scaled to one."""
        labels = list(labels)
        if probability is None:
            kept = self.probability.sel(scenario=labels)
            probability = kept / kept.sum()
        return Scenarios(self.instance, self.data.sel(scenario=labels), probability)

    def replace(self, **values: Any) -> Scenarios:
        """Return scenarios with some variables replaced, in all of them alike or in each.

        An array with the dimension `scenario` replaces what differs; any other value replaces it
        in all scenarios alike, as in `carbonsched.Instance.replace`. `probability` is replaced too.

        Examples
        --------
        >>> import carbonsched as cs
        >>> futures = cs.Scenarios.of(cs.generate(2, 4, 1, 1), {"one": {}, "two": {}})
        >>> futures.replace(carbon_budget=50.0)["two"].data.carbon_budget.item()
        50.0
        """
        probability = values.pop("probability", self.probability)
        each = {k: v for k, v in values.items() if "scenario" in getattr(v, "dims", ())}
        alike = {k: v for k, v in values.items() if k not in each}
        instance = self.instance.replace(**alike) if alike else self.instance
        data = self.data.drop_vars([name for name in alike if name in self.data]).assign(each)
        return Scenarios(instance, data, probability)

    def save(self, path: str | Path) -> Path:
        """Write to NetCDF, atomically: the file is whole or not there."""
        from carbonsched.stochastic.file import save_scenarios

        require_kinds(path=(path, str))
        return save_scenarios(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, families: Iterable[Family] = ()) -> Scenarios:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path
        families : iterable of Family
            Families of your own, whose parameters the instance gives.

        Raises
        ------
        FileNotFoundError
            Nothing is there.
        InstanceError
            No NetCDF file, one that holds no scenarios, or faulty ones.
        """
        from carbonsched.stochastic.file import load_scenarios

        require_kinds(path=(path, str))
        return load_scenarios(Path(path), families)

    def __repr__(self) -> str:
        title = self.instance.data.attrs.get("title", "")
        of = f" of {', '.join(map(str, self.data))}" if len(self.data) else ""
        return f"<Scenarios {title!r}: {self.size} scenario{'s' * (self.size != 1)}{of}>"


def _coords(labels: Iterable[str]) -> dict[str, Any]:
    return {"scenario": np.asarray(list(labels), dtype=object)}


def _index(labels: Iterable[str]) -> xr.DataArray:
    return xr.DataArray(_coords(labels)["scenario"], dims="scenario", name="scenario")


def _labelled(data: Any, probability: Any) -> tuple[xr.Dataset, xr.DataArray]:
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
    if given.dims != ("scenario",) or set(own) != set(labels) or len(own) != given.size:
        told = f"probability: {given.size} values, expected one for each of {len(labels)} scenarios"
        raise InstanceError([told], "scenarios")
    if given.size != len(labels):
        told = f"probability: {given.size} values for {len(labels)} scenarios"
        raise InstanceError([told], "scenarios")
    if "scenario" in given.indexes and own.is_unique:
        given = given.sel(scenario=labels)
    values = given.values if given.dtype.kind in "biuf" else np.full(len(labels), np.nan)
    return data, xr.DataArray(values.astype(float), _coords(labels), name="probability")


def _structure(data: xr.Dataset, known: Mapping[str, Quantity]) -> Iterator[str]:
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
            yield f"{name}: the same in every scenario; only numbers may differ, in {_FLOATS}"
        elif "scenario" not in array.dims:
            yield f"{name}: not over scenario; what all share belongs to the instance"
        elif not quantity.allows([dim for dim in array.dims if dim != "scenario"]):
            yield f"{name}: dimensions {array.dims}, expected {('scenario', *quantity.dims)}"


_FLOATS = "sites, periods, services and budget alike"


def _chances(probability: xr.DataArray) -> Iterator[str]:
    for label, value in probability.to_series().items():
        if not 0 < value < np.inf:
            yield f"probability[scenario={label}] = {value}: expected a number above 0"
    total = float(probability.sum())
    if (probability > 0).all() and abs(total - 1) > _SUM:
        yield f"probability: adds up to {total:.6g}, expected 1"


def _in_order(data: xr.Dataset, instance: Instance) -> xr.Dataset:
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


def _faults(instance: Instance, data: xr.Dataset) -> Iterator[str]:
    """Say what is wrong with each scenario; the instance itself is sound."""
    names = [str(name) for name in data]
    if not set(names) <= set(FORECAST):  # what others must agree with
        for label in data.indexes["scenario"]:
            one = _one(instance, data, label)
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


def _replaced(instance: Instance, values: dict[str, Any]) -> xr.Dataset:
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


def _one(instance: Instance, data: xr.Dataset, label: str) -> xr.Dataset:
    """Return one scenario's data."""
    own = data.sel(scenario=label, drop=True)
    return instance.data.assign(
        {str(name): (array.dims, array.values, array.attrs) for name, array in own.items()}
    )
