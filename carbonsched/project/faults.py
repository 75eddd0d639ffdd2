"""What the validator finds, as sentences with file and line, and with the nearest right key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

    Of entries of which a part could not be read, it is no fault that there are none.
    """
    errors = error.errors(include_url=False)
    found = [
        _fault(one, root, money) for one in errors if not (partial and one["type"] == "too_short")
    ]
    return list(dict.fromkeys(found))


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
    like = [_WORDS[key.lower()]] if _WORDS.get(key.lower()) in known else []
    like += get_close_matches(key.lower(), known, 1, 0.5)
    if like:
        return f": did you mean {like[0]}?"
    return f": there are {', '.join(known)}" if known else ""


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
