"""The name of what is kept on disk: a fingerprint of all that decides it."""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from carbonsched.core.build import added
from carbonsched.core.family import Family
from carbonsched.core.instance import Instance
from carbonsched.io.digest import digest


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


def source_of(choice: object) -> object:
    """Return what decides a choice that is a name or a callable, as plain values.

    Of a callable that is its source, or that of its class, and all that it holds.

    Raises
    ------
    ValueError
        It cannot be written down.
    """
    if choice is None or isinstance(choice, str):
        return choice
    try:
        return _written(choice)
    except (OSError, TypeError, ValueError, AttributeError, pickle.PicklingError) as error:
        raise ValueError(
            f"{choice!r:.80} cannot be written down ({error}), and what is kept in a folder goes "
            "by it: give a function of a module, or no folder"
        ) from error


def _written(value: Any) -> object:
    if isinstance(value, Instance):
        return digest(value)
    if not callable(value) or isinstance(value, type):
        return pickle.dumps(value, protocol=5).hex()
    if inspect.isroutine(value):
        cells = getattr(value, "__closure__", None) or ()
        held = {str(k): cell.cell_contents for k, cell in enumerate(cells)}
        code = inspect.getsource(value)
    else:
        held, code = vars(value), inspect.getsource(type(value))
    return [code, [[name, _written(own)] for name, own in sorted(held.items())]]
