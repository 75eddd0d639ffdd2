"""Scenarios: one instance, and what may differ of it from future to future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.family import Family
from carbonsched.core.instance import Instance, derived, require_instance
from carbonsched.errors import InstanceError
from carbonsched.keywords import require_kinds
from carbonsched.stochastic.checks import (
    chance_faults,
    in_order,
    labelled,
    labels_of,
    one_of,
    replaced,
    structure_faults,
    value_faults,
)

_ROUNDING = 1e-12  # by which probabilities may be off one and stay as they are


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
        data, probability = labelled(self.data, self.probability)
        known = self.instance.quantities
        faults = [*structure_faults(data, known), *chance_faults(probability)]
        if not faults:
            data = in_order(data, self.instance)
            faults = list(value_faults(self.instance, data))
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
                made.append(replaced(instance, {str(k): value for k, value in given.items()}))
            except InstanceError as error:
                faults += [f"scenario {label}: {fault}" for fault in error.faults]
        if faults:
            raise InstanceError(faults, "scenarios")
        data = xr.Dataset(coords=labels_of(labels))
        if names:
            each = xr.concat([whole[names] for whole in made], "scenario")
            data = each.assign_coords(labels_of(labels))
        if isinstance(probability, Mapping):
            probability = xr.DataArray(
                [probability.get(label, np.nan) for label in futures], labels_of(labels)
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
        one = one_of(self.instance, self.data, label)
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
