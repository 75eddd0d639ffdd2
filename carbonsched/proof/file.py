"""Certificates on disk: JSON, with decisions as decimal text so that none is rounded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr

from carbonsched.core.method import METHODS, Method
from carbonsched.core.schema import DECISIONS, DIMENSIONS, PRICES
from carbonsched.errors import CertificateError
from carbonsched.io.files import UnreadableError, read_text, replacing
from carbonsched.proof.exact_schedule import DECIDED, Incumbent
from carbonsched.proof.rational import written
from carbonsched.proof.text import LONGEST, WIDTH, line

if TYPE_CHECKING:
    from carbonsched.proof.certificate import Certificate

FORMAT = "carbonsched certificate 1"
STATED = {"objective": "USD", "bound": "USD", "emissions": "tCO2e", "turnover": "USD"}
_LATER = ("turnover",)  # which a file of a version before 0.2 does not have
MOST_BYTES = 2**26  # of a file; 20 sites over a year of hours take half of it
WORDS, NUMBERS = ("solver", "status"), ("objective", "bound", "gap")  # of what a solver reported
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,400})?")  # cheap to read, and no float overflows
_DIGEST = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")
_Part = Callable[[dict[str, Any], dict[str, Any]], Any]


def write(certificate: Certificate, path: Path) -> Path:
    """Write a certificate, atomically: the file is whole or not there.

    Raises
    ------
    CertificateError
        It is larger than any that is read.
    """
    made, prices = certificate.incumbent, certificate.prices
    labels = {dim: [str(label) for label in made.decided.indexes[dim]] for dim in DIMENSIONS}
    placements = [
        {"job": labels["job"][j], "site": labels["site"][i], "start": labels["time"][t]}
        for j, i, t in made.placements
    ]
    document = {
        "format": FORMAT,
        "title": line(certificate.title, LONGEST),
        "instance": certificate.instance,
        "method": certificate.method,
        "scope": certificate.scope,
        **{
            name: written(getattr(certificate, name))
            for name in STATED
            if getattr(certificate, name) is not None
        },
        "missed": certificate.missed,
        "reported, not proved": {
            name: line(said) if isinstance(said, str) else said
            for name, said in certificate.reported.items()
        },
        "labels": labels,
        "placements": placements,
        "decisions": {
            name: np.vectorize(written, otypes=[object])(made.decided[name].values).tolist()
            for name in DECIDED
        },
        "prices": {name: prices[name].values.tolist() for name in PRICES},
    }
    content = (json.dumps(document, ensure_ascii=False) + "\n").encode()
    if len(content) > MOST_BYTES:
        faults = [f"{len(content):,} bytes, at most {MOST_BYTES:,} are read"]
        raise CertificateError(faults, str(path))
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def read(path: Path) -> dict[str, Any]:
    """Return the attributes of the certificate in a file; what they state is not checked.

    Kind and size of the file are looked at first; time and memory grow with its size, whatever
    stands in it.

    Raises
    ------
    CertificateError
        The file is no certificate, and everything that it lacks.
    """
    try:
        document = _document(read_text(path, MOST_BYTES))
    except UnreadableError as error:
        raise CertificateError([str(error)], str(path)) from error
    found = _Found()
    faults = []
    for name, part in _PARTS.items():
        try:
            found[name] = part(document, found)
        except UnreadableError as error:
            faults.append(f"{name}: {error}")
        except _MissingError:
            continue  # a part that this one needs, of which a fault is told
    if faults:
        raise CertificateError(faults, str(path))
    return {name: found[name] for name in _ATTRIBUTES}


def _document(text: str) -> dict[str, Any]:
    """Return what stands in a text of JSON, of the format that `write` writes."""
    try:
        document = json.loads(text, parse_int=_integer)
    except RecursionError as error:
        raise UnreadableError("no JSON of a certificate: nested too deep") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(f"not JSON ({error.msg}, {where})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UnreadableError(f"no file of the format {FORMAT!r}")
    return document


class _MissingError(Exception):
    """A part that another one needs could not be read."""


class _Found(dict[str, Any]):
    """The parts that could be read."""

    def __missing__(self, name: str) -> Any:
        raise _MissingError(name)


def _integer(text: str) -> float:
    """Return an integer as a float: the file holds prices only as numbers, and no long ones."""
    return float(text)


def _as(kind: type[_T], value: Any, what: str) -> _T:
    """Return a value of the kind it should be."""
    if not isinstance(value, kind):
        raise UnreadableError(f"expected {what}, got {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    """Return a value of a file as a message may quote it: short, without control characters."""
    names = {dict: "an object", list: "a list", type(None): "nothing"}
    for kind, name in names.items():
        if isinstance(value, kind):
            return name
    return repr(line(str(value), 40))


def _line(text: Any, width: int = WIDTH) -> str:
    """Return a text of one printable line: what is printed beside a proof must not look like it."""
    given = _as(str, text, "a line of text")
    if given != line(given, width):
        raise UnreadableError(f"{_shown(given)} is no line of text of at most {width} columns")
    return given


def _digest(document: dict[str, Any], found: dict[str, Any]) -> str:
    text = _as(str, document.get("instance"), "a digest")
    if not _DIGEST.fullmatch(text):
        raise UnreadableError(f"expected a digest of 64 hexadecimal digits, got {_shown(text)}")
    return text


def _method(document: dict[str, Any], found: dict[str, Any]) -> str:
    name = _as(str, document.get("method"), "a method of Table I")
    if name not in METHODS:
        raise UnreadableError(f"expected a method of Table I, got {_shown(name)}")
    return name


def _scope(document: dict[str, Any], found: dict[str, Any]) -> dict[str, str]:
    given = _as(dict, document.get("scope"), "an object of the method's slots")
    slots = [slot.name for slot in fields(Method)]
    scope = {name: _as(str, given.get(name), f"a text for {name}") for name in slots}
    try:
        Method(**scope)  # type: ignore[arg-type]
    except ValueError as error:
        named = ", ".join(f"{name} {_shown(value)}" for name, value in scope.items())
        raise UnreadableError(f"no method has {named}") from error
    return scope


def _stated(name: str) -> _Part:
    def read_stated(document: dict[str, Any], found: dict[str, Any]) -> Fraction | None:
        absent = name in _LATER and name not in document
        return None if absent else _decimal(document.get(name))

    return read_stated


def _missed(document: dict[str, Any], found: dict[str, Any]) -> tuple[str, ...]:
    given = _as(list, document.get("missed"), "a list of texts")
    return tuple(_line(text, LONGEST) for text in given)


def _reported(document: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Return what a solver is said to have reported: lines of text, and numbers or nothing."""
    said = _as(dict, document.get("reported, not proved"), "an object")
    kept: dict[str, Any] = {name: _line(said[name]) for name in WORDS if name in said}
    for name in NUMBERS:
        if name in said:
            kept[name] = None if said[name] is None else _price(said[name])
    return kept


def _labels(document: dict[str, Any], found: dict[str, Any]) -> dict[str, list[str]]:
    given = _as(dict, document.get("labels"), "an object of lists")
    labels = {}
    for dim in DIMENSIONS:
        own = _as(list, given.get(dim), f"a list of the labels of {dim}")
        labels[dim] = [_as(str, label, f"a label of {dim}") for label in own]
        if len(set(own)) < len(own):
            raise UnreadableError(f"a label of {dim} stands there twice")
    return labels


def _placements(document: dict[str, Any], found: dict[str, Any]) -> tuple[tuple[int, ...], ...]:
    labels = found["labels"]
    given = _as(list, document.get("placements"), "a list")
    if len(given) > len(labels["job"]):
        raise UnreadableError(f"{len(given):,} for {len(labels['job']):,} jobs")
    parts = {"job": "job", "site": "site", "start": "time"}
    positions = {
        part: {label: k for k, label in enumerate(labels[dim])} for part, dim in parts.items()
    }
    placed = []
    for one in given:
        _as(dict, one, "an object of job, site and start")
        for part in parts:
            if not isinstance(one.get(part), str) or one[part] not in positions[part]:
                raise UnreadableError(f"{part} {_shown(one.get(part))} is not among the labels")
        placed.append(tuple(positions[part][one[part]] for part in parts))
    if len({job for job, *_ in placed}) < len(placed):
        raise UnreadableError("a job is placed twice")
    return tuple(placed)


def _incumbent(document: dict[str, Any], found: dict[str, Any]) -> Incumbent:
    dims = {name: DECISIONS[name].dims for name in DECIDED}
    decided = _arrays(document.get("decisions"), found["labels"], dims, _decimal)
    return Incumbent(found["placements"], decided)


def _prices(document: dict[str, Any], found: dict[str, Any]) -> xr.Dataset:
    return _arrays(document.get("prices"), found["labels"], PRICES, _price).astype(float)


def _arrays(
    given: Any,
    labels: dict[str, list[str]],
    dims: dict[str, tuple[str, ...]],
    number: Callable[[Any], Any],
) -> xr.Dataset:
    """Return nested lists as labelled arrays: counted before any memory is asked for."""
    _as(dict, given, "an object of arrays")
    by_name = {}
    for name, over in dims.items():
        shape = [len(labels[dim]) for dim in over]
        flat = [given.get(name)]
        for dim, length in zip(over, shape, strict=True):
            for part in flat:
                if not isinstance(part, list) or len(part) != length:
                    size = " x ".join(map(str, shape))
                    raise UnreadableError(f"{name}: expected {size} numbers, not so over {dim}")
            flat = [entry for part in flat for entry in part]
        values = np.empty(len(flat), dtype=object)
        values[:] = [number(entry) for entry in flat]
        by_name[name] = xr.DataArray(values.reshape(shape), dims=over)
    return xr.Dataset(by_name, labels)


def _price(number: Any) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise UnreadableError(f"expected a number, got {_shown(number)}")
    return float(number)


def _decimal(text: Any) -> Fraction:
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise UnreadableError(f"expected a decimal number as text, got {_shown(text)}")
    return Fraction(text)


_PARTS: dict[str, _Part] = {
    "title": lambda document, found: _line(document.get("title"), LONGEST),
    "instance": _digest,
    "method": _method,
    "scope": _scope,
    **{name: _stated(name) for name in STATED},
    "missed": _missed,
    "reported": _reported,
    "labels": _labels,
    "placements": _placements,
    "incumbent": _incumbent,
    "prices": _prices,
}
_ATTRIBUTES = [name for name in _PARTS if name not in ("labels", "placements")]
