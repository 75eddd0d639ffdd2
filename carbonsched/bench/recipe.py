"""The instances of the benchmark: how each is made, and the fingerprint it must have.

An instance is made on demand, from draws or from the real year, so that a table of a few lines is
all that is kept. All numbers are rounded to `DECIMALS`, so that the last digit of a cosine on
another machine is no other instance.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.schema import PARAMETERS
from carbonsched.errors import InstanceError
from carbonsched.io.digest import digest
from carbonsched.io.files import UnreadableError, read_text
from carbonsched.io.store import example
from carbonsched.study.synthetic import generate

DECIMALS = 6
SIZES = ("small", "medium", "large")
_MOST = 2**20  # bytes of the table
_PACKAGE = Path(__file__).parents[1]


@dataclass(frozen=True)
class Recipe:
    """A line of the table: an instance, how it is made, and what is known of it beforehand.

    Attributes
    ----------
    name, kind, description : str
    size : {"small", "medium", "large"}
        By variables of the `start` formulation: below 10,000, below 100,000, and above.
    licence : str
        SPDX names; of data under several, joined by AND.
    sha256 : str
        `carbonsched.io.digest.digest` of what is made.
    feasible : bool
        Whether it has a schedule.
    make : dict
        `generate`, arguments of `carbonsched.generate`; or `example`, a name, and `window`,
        arguments of `Instance.window`; and then `changes`.
    traits : dict
        Counts: sites, periods, jobs, services, hours; variables, binaries and constraints of the
        `start` formulation where they were counted; and the least remedy where there is one.
    """

    name: str
    kind: str
    description: str
    size: str
    licence: str
    sha256: str
    feasible: bool
    make: Mapping[str, Any]
    traits: Mapping[str, Any] = field(default_factory=dict)


def table_folder() -> Path:
    """Return the folder of the benchmark's tables: in the wheel, or in a checkout."""
    installed = _PACKAGE / "examples"
    return (installed if installed.is_dir() else _PACKAGE.parent / "data") / "benchmark"


def recipes(path: Path | None = None) -> dict[str, Recipe]:
    """Return the table of instances by name.

    Raises
    ------
    InstanceError
        The table is unreadable, and where.

    Examples
    --------
    >>> recipes()["paper-0"].size
    'small'
    """
    path = path or table_folder() / "instances.toml"
    try:
        lines = tomllib.loads(read_text(path, _MOST))["instance"]
        read = [Recipe(**line) for line in lines]
    except (UnreadableError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise InstanceError([f"no table of instances: {error}"], str(path)) from error
    return {recipe.name: recipe for recipe in read}


def chosen(names: Iterable[str] | None, known: Mapping[str, Recipe]) -> list[Recipe]:
    """Return the recipes of some names, or of sizes or kinds; of none all.

    Raises
    ------
    InstanceError
        Lists every name that there is not.
    """
    names = list(names or known)
    groups: dict[str, list[Recipe]] = {name: [recipe] for name, recipe in known.items()}
    for recipe in known.values():
        for group in (recipe.size, recipe.kind):
            groups.setdefault(group, []).append(recipe)
    if unknown := [name for name in names if name not in groups]:
        told = [f"{name!r}: no instance, kind or size of this name" for name in unknown]
        raise InstanceError(told, "benchmark")
    return list({recipe.name: recipe for name in names for recipe in groups[name]}.values())


def made(recipe: Recipe) -> Instance:
    """Make an instance anew and compare its fingerprint with the table's.

    Raises
    ------
    InstanceError
        What is made here is another instance.

    Examples
    --------
    >>> made(recipes()["paper-0"])
    <Instance 'paper-0': 3 sites x 24 periods x 6 jobs x 3 services>
    """
    instance = by(recipe.make, recipe.name)
    if (found := digest(instance)) != recipe.sha256:
        told = f"made here it has the digest {found}, in the table {recipe.sha256}"
        raise InstanceError([told], recipe.name)
    return instance


def by(make: Mapping[str, Any], name: str) -> Instance:
    """Return the instance that a recipe makes, whatever its fingerprint."""
    instance = generate(**make["generate"]) if "generate" in make else example(make["example"])
    if "window" in make:
        instance = instance.window(**make["window"])
    data = instance.data
    for change in make.get("changes", ()):
        data = data.assign({change["parameter"]: _changed(data, **change)})
    rounded = {
        given: data[given].copy(data=np.round(data[given].values, DECIMALS))
        for given in data.data_vars
        if PARAMETERS[str(given)].kind == "float"
    }
    data = data.assign(rounded)
    data.attrs["title"] = name
    return Instance(data)


def _changed(
    data: xr.Dataset,
    parameter: str,
    of: str = "",
    equal: float | None = None,
    times: float = 1.0,
    add: float = 0.0,
) -> xr.DataArray:
    """Return a parameter that is made equal to a number, or of another one, scaled and moved."""
    own, source = data[parameter], data[of or parameter]
    if equal is not None:
        return xr.full_like(own, equal)
    return (source * times + add).assign_attrs(own.attrs)
