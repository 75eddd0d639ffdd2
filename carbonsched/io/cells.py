"""The cells of one CSV table: each of its type, or a fault that names file, row and column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from carbonsched.core.schema import Quantity
from carbonsched.io.package import Table

_SHOWN = 5  # faults named per column, so that one bad column stays readable
_DIGITS = frozenset("0123456789+-.eE")
_TRUE, _FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_YEARS = (1900, 2200)


@dataclass(frozen=True)
class Cells:
    """The columns of a table by name, as arrays; `rows` are the lines of the file they are on."""

    rows: list[int]
    columns: dict[str, np.ndarray]


class _Faulty(ValueError):
    """What is wrong with a cell."""


def parse(text: str, table: Table) -> tuple[Cells, list[str]]:
    """Return a table's cells and every fault of them; the cells count only without faults."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    rows, faults = list[int](), list[str]()
    records: list[list[str]] = []
    line = 0
    try:
        for record in reader:
            at, line = line + 1, reader.line_num
            if not record:
                continue
            if header is None:
                header = record
                if faults := list(_misnamed(record, table)):
                    break
            elif not any(record):
                faults.append(f"{table.path}, row {at}: no value in any cell, take the row out")
            elif len(record) == len(header):
                rows.append(at)
                records.append(record)
            elif len(faults) < _SHOWN:
                # Where cells are missing or too many is where the columns end.
                column = header[min(len(record), len(header) - 1)]
                counts = f"{len(record)} cells, expected {len(header)}"
                counts += " (a decimal comma?)" * (len(record) > len(header))
                faults.append(f"{table.path}, row {at}, column {column}: {counts}")
    except csv.Error as error:
        faults.append(f"{table.path}, row {line + 1}: not CSV ({error})")
    if header is None:
        faults.append(f"{table.path}, row 1: no header, expected {', '.join(table.types)}")
    if faults or header is None:
        return Cells([], {}), faults
    of_columns = list(zip(*records, strict=True)) or [()] * len(header)
    by_name = dict(zip(header, of_columns, strict=True))
    columns: dict[str, np.ndarray] = {}
    for name, kind in table.types.items():
        cells = by_name[name]
        columns[name], bad = _READERS[kind](cells, table.quantities.get(name))
        for k, complaint in bad[:_SHOWN]:
            shown = cells[k] if len(cells[k]) <= 40 else f"{cells[k][:40]}..."
            said = f"{shown!r} {complaint}" if shown else "an empty cell"
            faults.append(f"{table.path}, row {rows[k]}, column {name}: {said}")
        if len(bad) > _SHOWN:
            faults.append(f"{table.path}, column {name}: {len(bad) - _SHOWN} more such cells")
    return Cells(rows, columns), faults


def _misnamed(header: list[str], table: Table) -> Iterator[str]:
    place = f"{table.path}, row 1"
    if len(header) == 1 and len(table.types) > 1:
        for mark in ";\t|":
            if mark in header[0]:
                yield f"{place}: columns are separated by {mark!r}, expected commas"
                return
    for name in dict.fromkeys(name for name in header if header.count(name) > 1):
        yield f"{place}, column {name!r:.80}: given {header.count(name)} times"
    for name in table.types:
        if name not in header:
            yield f"{place}, column {name}: missing"
    for name in dict.fromkeys(header):
        if name not in table.types:
            yield f"{place}, column {name!r:.80}: not described in datapackage.json"


Read = tuple[np.ndarray, list[tuple[int, str]]]  # the values, and the faulty cells


def _one_by_one(convert: Callable[[str], object], dtype: type | np.dtype) -> Callable[..., Read]:
    """Return a reader that converts each different text once."""

    def read(cells: tuple[str, ...], quantity: Quantity | None) -> Read:
        known, bad_texts = {}, {}
        for text in dict.fromkeys(cells):
            try:
                known[text] = convert(text)
            except _Faulty as fault:
                bad_texts[text] = str(fault)
        if bad_texts:
            bad = [(k, bad_texts[text]) for k, text in enumerate(cells) if text in bad_texts]
            return np.array([], dtype), bad
        return np.array([known[text] for text in cells], dtype), []

    return read


def _numbers(cells: tuple[str, ...], quantity: Quantity | None) -> Read:
    assert quantity is not None, "no dimension has numbers for labels"
    unit = quantity.unit

    def number(text: str) -> float:
        if text.lower() in ("nan", "inf", "+inf", "-inf", "infinity"):
            if quantity.unlimited and text.lower() in ("inf", "+inf", "infinity"):
                return math.inf
            raise _Faulty(f"is not a finite number ({unit})")
        try:
            value = float(text) if _DIGITS.issuperset(text) else math.nan
        except ValueError:
            value = math.nan
        if math.isnan(value):
            hint = ", write a decimal point and no separators" if "," in text else ""
            raise _Faulty(f"is not a number ({unit}){hint}")
        mantissa = text.lower().partition("e")[0]
        if math.isinf(value):
            raise _Faulty(f"is too large for a number ({unit})")
        if value == 0 and mantissa.strip("+-0."):
            raise _Faulty(f"is too small for a number ({unit})")
        return value

    return _one_by_one(number, float)(cells, quantity)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}(\.0*)?", text):
        raise _Faulty("is not a whole number")
    return int(text.partition(".")[0])


def _flag(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise _Faulty("is neither true nor false")
    return text in _TRUE


def _text(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable():
        raise _Faulty("is not a plain, non-empty text")
    return text


def _instants(cells: tuple[str, ...], quantity: Quantity | None) -> Read:
    """Read ISO 8601 timestamps as naive UTC: with an offset, or without one and so in UTC."""
    zones = {text: m["zone"] for text in dict.fromkeys(cells) if (m := _TIME.fullmatch(text))}
    mixed = len({zone is None for zone in zones.values()}) > 1

    def instant(text: str) -> np.datetime64:
        if text not in zones:
            raise _Faulty("is not a timestamp like 2025-01-01T00:00:00Z")
        if mixed and zones[text] is None:
            raise _Faulty("has no time zone, and others of the column have")
        try:
            stamp = pd.Timestamp(text)
        except ValueError as error:
            raise _Faulty(f"is not a timestamp ({error})") from error
        if not _YEARS[0] <= stamp.year <= _YEARS[1]:
            raise _Faulty(f"is not within the years {_YEARS[0]} and {_YEARS[1]}")
        if stamp.tzinfo is not None:
            stamp = stamp.tz_convert("UTC").tz_localize(None)
        return stamp.to_datetime64()

    return _one_by_one(instant, np.dtype("datetime64[ns]"))(cells, quantity)


_READERS: dict[str, Callable[..., Read]] = {
    "number": _numbers,
    "integer": _one_by_one(_whole, np.int64),
    "boolean": _one_by_one(_flag, np.bool_),
    "string": _one_by_one(_text, object),
    "datetime": _instants,
}
