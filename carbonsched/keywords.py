"""Keywords that no function has, refused by name and with the nearest right one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from numbers import Integral
from os import PathLike
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def refuse_unknown(function: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for a keyword that a function does not have, naming the nearest it has."""
    known = sorted(known)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"
            own = " (a solver's own options go into options={...})" if "options" in known else ""
            raise TypeError(f"{function}() has no keyword {name!r}, {hint}{own}")


def keywords(function: Callable[..., Any]) -> list[str]:
    """Return the names of a function's parameters that may be given by keyword."""
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    given = inspect.signature(function).parameters
    return [name for name, p in given.items() if p.kind not in variadic]


_KINDS: dict[type, tuple[Any, str]] = {
    int: (Integral, "a whole number"),
    bool: (bool, "True or False"),
    str: ((str, PathLike), "a path"),
}


def require_kinds(**given: tuple[object, type]) -> None:
    """Raise TypeError for a keyword whose value is of another kind, naming it and its kind.

    Examples
    --------
    >>> require_kinds(window=("3", int))
    Traceback (most recent call last):
    TypeError: window = '3': a whole number is needed
    """
    for name, (value, kind) in given.items():
        taken, words = _KINDS[kind]
        if not isinstance(value, taken) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(f"{name} = {value!r:.80}: {words} is needed")


def named_keywords(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Let a function answer a misspelt keyword with the nearest right one."""
    known = keywords(function)
    name = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]  # of a class: its own

    @wraps(function)
    def checked(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        refuse_unknown(name, kwargs, known)
        return function(*args, **kwargs)

    return checked
