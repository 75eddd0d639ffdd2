"""What the validator finds, as sentences with file and line, and with the nearest right key."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from carbonsched.project.amounts import Money
from carbonsched.project.forms import Entry
from carbonsched.project.model import ProjectFile
from carbonsched.project.nodes import Fault, Node, fault, place

_WORDS = {  # keys that people try which are near to none of ours
    "pue": "cooling",
    "tariff": "price",
    "import_price": "price",
    "carbon": "carbon_intensity",
    "intensity": "carbon_intensity",
    "capacity": "it_capacity",
    "efficiency": "round_trip_efficiency",
    "solar": "generation",
    "wind": "generation",
    "license": "licence",
    "timezone": "zone",
    "tz": "zone",
    "budget": "carbon_budget",
    "scale": "times",
    "path": "file",
}


def told(error: ValidationError, root: Node, money: Money, *, partial: bool = False) -> list[Fault]:
    """Return the faults that a validator found, each once, where it is written.

    Of entries of which a part could not be read, it is no fault that there are none. What is
    missing under a name that is misspelt is told as that, and a column that a table lacks once.
    """
    errors = [
        one
        for one in error.errors(include_url=False)
        if not (partial and one["type"] == "too_short")
    ]
    misspelt = {
        (*one["loc"][:-1], near)
        for one in errors
        if one["type"] == "extra_forbidden"
        for near in like(str(one["loc"][-1]), _keys(ProjectFile, one["loc"][:-1]))
    }
    found: dict[Any, list[Fault]] = {}
    for one in errors:
        if one["type"] == "missing" and one["loc"] in misspelt:
            continue
        fault = _fault(one, root, money)
        by_row = fault.word == "row" and one["type"] in ("missing", "extra_forbidden")
        same = (fault.file, one["type"], one["loc"][0], one["loc"][2:]) if by_row else fault
        found.setdefault(same, []).append(fault)
    return [_once(list(dict.fromkeys(faults))) for faults in found.values()]


def _once(faults: list[Fault]) -> Fault:
    """Return the first of the faults that rows of a table share, with how many more there are."""
    more = len(faults) - 1
    rows = "row" if more == 1 else "rows"
    told = f"{faults[0].told}; and so in {more} more {rows}" if more else faults[0].told
    return replace(faults[0], told=told)


def told_of_defaults(
    kind: type[Entry], error: ValidationError, root: Node, key: str
) -> list[Fault]:
    """Return the faults of defaults, which need not be whole, where they are written."""
    parts = [one for one in error.errors(include_url=False) if one["type"] != "missing"]
    return [_fault(one, root, Money(), ("defaults", key), kind) for one in parts if one["loc"]]


def _fault(
    one: Any,
    root: Node,
    money: Money,
    before: tuple[str, ...] = (),
    model: type[BaseModel] = ProjectFile,
) -> Fault:
    path = tuple(part for part in one["loc"] if not _is_form(part))
    node, found = place(root, before + path)
    if one["type"] == "missing":
        what = f"{path[-1]} is missing{money.unit(_meaning(model, one['loc']))}"
        entry = named(found)
        return fault(node, f"{entry}: {what}" if entry else what)
    if one["type"] == "extra_forbidden":
        inner = named(found[:-1])
        key = str(path[-1])
        known = _keys(model, one["loc"][:-1])
        return fault(node, f"{inner}{': ' if inner else ''}unknown key {key}{nearest(key, known)}")
    return fault(node, f"{named(found)}: {_said(one)}".removeprefix(": "))


def named(path: Iterable[str | int]) -> str:
    """Return the name of an entry: sites.berlin.price.

    Examples
    --------
    >>> named(("job_logs", 0, "file"))
    'jobs[1].file'
    """
    text = ""
    for part in path:
        shown = "jobs" if part == "job_logs" else part
        text += f"[{part + 1}]" if isinstance(part, int) else f".{shown}"
    return text.removeprefix(".")


def _is_form(part: object) -> bool:
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def _said(one: Any) -> str:
    """Return what is wrong with a value, in a sentence."""
    own = one.get("ctx", {}).get("error")
    if own is not None:
        return str(own)
    message, given = one["msg"], one["input"]
    message = {
        "model_type": "expected keys with values, each in a line",
        "model_attributes_type": "expected keys with values, each in a line",
        "dict_type": "expected keys with values, each in a line",
        "too_short": "expected at least one entry",
        "string_type": "expected a text; put it in quotes",
        "string_pattern_mismatch": "expected the ISO code of a currency, such as EUR",
    }.get(one["type"], message[:1].lower() + message[1:])
    return f"{given!r:.80}: {message}"


def nearest(key: str, known: Iterable[str]) -> str:
    """Say which of the known names is meant, or which there are."""
    known = list(known)
    if near := like(key, known):
        return f": did you mean {near[0]}?{_unseen(key, near[0])}"
    return f": there are {', '.join(known)}" if known else ""


def like(key: str, known: Iterable[str]) -> list[str]:
    """Return the known name that is meant, if there is one."""
    known = list(known)
    if _WORDS.get(key.lower()) in known:
        return [_WORDS[key.lower()]]
    return get_close_matches(key.lower(), known, 1, 0.5)


def _unseen(key: str, near: str) -> str:
    """Say by which letter two names differ that may look the same."""
    for one, other in ((key, "here"), (near, "there")):
        unlike = near if one is key else key
        scripts = {_called(letter).split()[0] for letter in unlike if letter.isalpha()}
        odd = [_called(letter) for letter in one if ord(letter) > 127 and letter not in unlike]
        if odd and (unlike.isascii() or any(name.split()[0] not in scripts for name in odd)):
            return f" ({other} with {', '.join(dict.fromkeys(odd))})"
    return ""


def _called(letter: str) -> str:
    """Return what Unicode calls a letter, such as latin small letter a."""
    return unicodedata.name(letter, f"U+{ord(letter):04X}").lower()


def _keys(model: type[BaseModel], loc: Iterable[Any]) -> list[str]:
    """Return the keys that there are where a fault is."""
    found = _model_at(model, loc)
    return [key for key in found.model_fields if key != "job_logs"] if found else []


def _meaning(model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    found = _model_at(model, loc[:-1])
    field = found.model_fields.get(str(loc[-1])) if found else None
    if field is None:
        return ""
    about = [of.about for of in field.metadata if hasattr(of, "about")]
    return f" ({field.description or about[0]})" if field.description or about else ""


def _model_at(model: type[BaseModel], loc: Iterable[Any]) -> type[BaseModel] | None:
    """Return the class of the entry that a path of the validator leads to."""
    parts, current = list(loc), {model.__name__: model}
    while parts:
        part = parts.pop(0)
        if _is_form(part):
            current = {name: kind for name, kind in current.items() if f"<{name}>" == part}
            continue
        kind = next(iter(current.values()), None)
        if kind is None or str(part) not in kind.model_fields:
            return None
        annotation = kind.model_fields[str(part)].annotation
        if parts and _holds_many(annotation):
            parts.pop(0)
        current = {inner.__name__: inner for inner in _models(annotation)}
    return next(iter(current.values())) if len(current) == 1 else None


def _holds_many(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the classes of entries that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
