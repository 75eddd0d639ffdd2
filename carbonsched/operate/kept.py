"""The name of what is kept on disk: a fingerprint of all that decides it."""

from __future__ import annotations

import hashlib
import inspect
import json
import math
import pickle
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import xarray as xr

from carbonsched.core.build import added
from carbonsched.core.family import Family
from carbonsched.io import read_netcdf
from carbonsched.operate.lookahead import TIMES, Horizon


def key(*decisive: object) -> str:
    """Return a name of 32 characters for plain values; the same for the same values."""
    content = json.dumps(decisive, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def code_of(families: Iterable[Family]) -> list[list[str]]:
    """Return what decides each added family, as text: name, attributes and source of its module.

    What a module imports from others of the user's own is not looked at.

    Raises
    ------
    ValueError
        Names a family whose source cannot be read, or whose attributes cannot be written down.
    """
    return [[family.name, _attributes(family), *_sources(family)] for family in added(families)]


def classes(family: Family) -> list[type[Family]]:
    """Return the class of a family and those that it derives from, up to `Family` itself."""
    own = (kind for kind in type(family).__mro__ if issubclass(kind, Family))
    return [kind for kind in own if kind is not Family]


def _attributes(family: Family) -> str:
    try:
        return pickle.dumps(sorted(vars(family).items()), protocol=5).hex()
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"the family {family.name} has an attribute that cannot be written down ({error}); "
            "what is kept goes by it"
        ) from error


def _sources(family: Family) -> Iterator[str]:
    for kind in classes(family):
        try:
            yield inspect.getsource(sys.modules[kind.__module__])
        except (KeyError, OSError, TypeError) as error:
            raise ValueError(
                f"the family {family.name}: no source of {kind.__qualname__} can be read, and what "
                "is kept goes by it; put the class into a module of its own"
            ) from error


def resumed(path: Path, horizon: Horizon, ends: Collection[int]) -> xr.Dataset:
    """Return the committed part of a run as it was kept.

    Parameters
    ----------
    path : Path
    horizon : Horizon
    ends : collection of int
        Where a committed part may end, periods from the start.

    Raises
    ------
    ValueError
        The file is no such part of this run, and everything that is wrong with it.
    """
    done = read_netcdf(path)
    if faults := list(_apart(done, horizon, ends)):
        said = "\n  - ".join([f"{path} is no committed part of this run:", *faults])
        raise ValueError(f"{said}\nremove the file to begin anew")
    return done


def _apart(done: xr.Dataset, horizon: Horizon, ends: Collection[int]) -> Iterator[str]:
    """Say what keeps a dataset from being the committed part of a run."""
    given = horizon.given.data
    for name in TIMES:
        spent = done.attrs.get(name)
        if (
            isinstance(spent, bool)
            or not isinstance(spent, int | float)
            or not math.isfinite(spent)
        ):
            yield f"{name}: expected an attribute, seconds spent"
    for name, quantity in horizon.kept.items():
        if name not in done.data_vars:
            yield f"{name}: missing"
        elif set(done[name].dims) != set(quantity.dims):
            yield f"{name}: expected over {', '.join(quantity.dims)}"
    for dim in given.dims:
        periods = done.sizes.get(dim, 0) if dim == "time" else given.sizes[dim]
        if dim not in done.indexes or not done.indexes[dim].equals(given.indexes[dim][:periods]):
            yield f"{dim}: other labels than the instance has"
    if done.sizes.get("time", 0) not in ends:
        yield f"time: {done.sizes.get('time', 0)} periods, where no window ends"
