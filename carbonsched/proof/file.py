"""Certificates on disk: JSON, with decisions as decimal text so that none is rounded."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from carbonsched.core.method import METHODS, Method
from carbonsched.core.schema import DECISIONS, DIMENSIONS, PRICES
from carbonsched.errors import CertificateError
from carbonsched.io import replacing
from carbonsched.proof.exact_schedule import DECIDED, Incumbent
from carbonsched.proof.rational import written

if TYPE_CHECKING:
    from carbonsched.proof.certificate import Certificate

FORMAT = "carbonsched certificate 1"
STATED = ("objective", "bound", "emissions")
_DECIMAL = re.compile(r"-?\d{1,400}(\.\d{1,400})?")  # text that is cheap to read, whoever wrote it


def write(certificate: Certificate, path: Path) -> Path:
    """Write a certificate, atomically: the file is whole or not there."""
    made, prices = certificate.incumbent, certificate.prices
    labels = {dim: [str(label) for label in made.decided.indexes[dim]] for dim in DIMENSIONS}
    placements = [
        {"job": labels["job"][j], "site": labels["site"][i], "start": labels["time"][t]}
        for j, i, t in made.placements
    ]
    document = {
        "format": FORMAT,
        "title": certificate.title,
        "instance": certificate.instance,
        "method": certificate.method,
        "scope": certificate.scope,
        **{name: written(getattr(certificate, name)) for name in STATED},
        "missed": certificate.missed,
        "reported, not proved": certificate.reported,
        "labels": labels,
        "placements": placements,
        "decisions": {
            name: np.vectorize(written, otypes=[object])(made.decided[name].values).tolist()
            for name in DECIDED
        },
        "prices": {name: prices[name].values.tolist() for name in PRICES},
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    """Return the attributes of the certificate in a file; what they state is not checked.

    Raises
    ------
    CertificateError
        The file is no certificate, and why.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CertificateError([f"not JSON in UTF-8 ({error})"], str(path)) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise CertificateError([f"no file of the format {FORMAT!r}"], str(path))
    try:
        return _attributes(document)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        what = f"{type(error).__name__}: {error}"
        raise CertificateError([f"a part is missing or malformed ({what})"], str(path)) from error


def _attributes(document: dict[str, Any]) -> dict[str, Any]:
    labels = {dim: [str(label) for label in document["labels"][dim]] for dim in DIMENSIONS}
    positions = {dim: {label: k for k, label in enumerate(labels[dim])} for dim in labels}
    placements = tuple(
        (
            positions["job"][placed["job"]],
            positions["site"][placed["site"]],
            positions["time"][placed["start"]],
        )
        for placed in document["placements"]
    )

    def arrays(kind: str, dims: dict[str, tuple[str, ...]], read_number: Any) -> xr.Dataset:
        by_name = {}
        for name, over in dims.items():
            values = np.empty([len(labels[dim]) for dim in over], dtype=object)
            values[...] = np.array(document[kind][name], dtype=object).reshape(values.shape)
            numbers = np.asarray(np.frompyfunc(read_number, 1, 1)(values), dtype=object)
            by_name[name] = xr.DataArray(numbers, dims=over)
        return xr.Dataset(by_name, labels)

    scope = {slot.name: document["scope"][slot.name] for slot in fields(Method)}
    Method(**scope)
    if document["method"] not in METHODS:
        raise ValueError(f"method {document['method']!r}")
    decided = arrays("decisions", {name: DECISIONS[name].dims for name in DECIDED}, _decimal)
    return {
        "title": _plain(document["title"]),
        "instance": str(document["instance"]),
        "method": document["method"],
        "scope": scope,
        **{name: _decimal(document[name]) for name in STATED},
        "missed": tuple(map(str, document["missed"])),
        "incumbent": Incumbent(placements, decided),
        "prices": arrays("prices", PRICES, float).astype(float),
        "reported": _reported(document["reported, not proved"]),
    }


def _plain(text: Any) -> str:
    """Return a text of one printable line: what is printed beside a proof must not look like it."""
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError(f"{str(text)[:40]!r} is no line of text")
    return text


def _reported(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a solver is said to have reported: lines of text, and numbers or nothing."""
    words, numbers = ("solver", "status"), ("objective", "bound", "gap")
    kept: dict[str, Any] = {name: _plain(said[name]) for name in words if name in said}
    for name in numbers:
        if name in said:
            kept[name] = None if said[name] is None else float(said[name])
    return kept


def _decimal(text: str) -> Fraction:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no decimal number")
    return Fraction(text)
