"""The cells of one CSV table: each of its type, or a fault that names file, row and column."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from carbonsched.io.commas import split_cells
from carbonsched.io.package import Table, is_time

_SHOWN = 5  # faults named per column, so that one bad column stays readable
_DIGITS = frozenset("0123456789+-.eE")
_TRUE, _FALSE = ("true", "True", "TRUE", "1"), ("false", "False", "FALSE", "0")
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_DATE, _NUMBER = re.compile(r"\d{4}-\d\d?-\d\d?.*", re.ASCII), re.compile(r"\d{1,9}", re.ASCII)
_YEARS = (1900, 2200)
_ALL_TIMES = "in every table, or say {} in datapackage.json for time, release and deadline"


@dataclass(frozen=True)
class Cells:
    """The columns of a table by name, as arrays; `rows` are the lines of the file they are on.

    `zoned` says of each column of timestamps whether they state a time zone.
    """

    rows: list[int]
    columns: dict[str, np.ndarray]
    zoned: dict[str, bool] = field(default_factory=dict)


class _Faulty(ValueError):
    """What is wrong with a cell."""


def parse(text: str, table: Table) -> tuple[Cells, list[str]]:
    """Return a table's cells and every fault of them; the cells count only without faults."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    rows, faults = list[int](), list[str]()
    records, miscounted = list[list[str]](), dict[int, list[str]]()
    line = 0
    try:
        for record in reader:
            at, line = line + 1, reader.line_num
            if not record:
                continue
            if header is None:
                header = record
                wide = _wide(record, table)
                if faults := list((_misnamed_wide if wide else _misnamed)(record, table)):
                    break
            elif not any(record):
                faults.append(f"{table.path}, row {at}: no value in any cell, take the row out")
            elif len(record) == len(header):
                rows.append(at)
                records.append(record)
            elif len(miscounted) < _SHOWN:
                miscounted[at] = record
    except csv.Error as error:
        faults.append(f"{table.path}, row {line + 1}: not CSV ({error})")
    if header is None:
        faults.append(f"{table.path}, row 1: no header, expected {', '.join(table.types)}")
    for at, record in miscounted.items():
        told = _miscounted(record, header or [], table, records[0] if records else None)
        faults.append(f"{table.path}, row {at}, {told}")
    if faults or header is None:
        return Cells([], {}), faults
    if _wide(header, table):
        header, rows, records = _long(header, rows, records, table)
    of_columns = list(zip(*records, strict=True)) or [()] * len(header)
    by_name = dict(zip(header, of_columns, strict=True))
    columns, zoned = dict[str, np.ndarray](), dict[str, bool]()
    for name, kind in table.types.items():
        cells = by_name[name]
        columns[name], bad = _READERS[kind](cells, table, name)
        if kind == "datetime" and cells:
            zoned[name] = any(_zone_of(text) for text in cells)
        for k, complaint in bad[:_SHOWN]:
            shown = cells[k] if len(cells[k]) <= 40 else f"{cells[k][:40]}..."
            said = f"{shown!r} {complaint}" if shown else "an empty cell"
            faults.append(f"{table.path}, row {rows[k]}, column {name}: {said}")
        if len(bad) > _SHOWN:
            faults.append(f"{table.path}, column {name}: {len(bad) - _SHOWN} more such cells")
    return Cells(rows, columns, zoned), faults


def _miscounted(record: list[str], header: list[str], table: Table, like: list[str] | None) -> str:
    """Say where a row has too few cells, or which cells commas have split."""
    counts = f"{len(record)} cells, expected {len(header)}"
    if len(record) < len(header):
        return f"column {header[len(record)]}: {counts}"

    def sound(name: str, text: str) -> bool:
        if _READERS[table.types[name]]((text,), table, name)[1]:
            return False
        quantity = table.quantities.get(name)
        if quantity is None or table.types[name] != "number":
            return True
        return quantity.lower <= float(text) <= quantity.upper

    readings = split_cells(record, {name: table.types[name] for name in header}, sound, like)
    if not readings:
        return f"column {header[-1]}: {counts} (a comma within a cell?)"
    cells = {(name, text): table.types[name] for read in readings for name, text in read.items()}
    joint = " and " if len(readings) == 1 else " or "
    texts = joint.join(repr(text) for (_, text), kind in cells.items() if kind == "string")
    numbers = joint.join(repr(text) for (_, text), kind in cells.items() if kind != "string")
    cures = [f"put {texts} in quotes"] * bool(texts)
    cures += [f"write {numbers} with a decimal point and no separators"] * bool(numbers)
    counts += " (a decimal comma?)" * bool(numbers)
    columns = joint.join(dict.fromkeys(name for name, _ in cells))
    return f"column {columns}: {counts}: {joint.join(cures)}"


def _wide(header: list[str], table: Table) -> bool:
    """Return whether a table of one variable has a column for each label of its second dimension.

    Its first column is that of the first dimension, and neither the other nor the variable has one.
    """
    if len(table.dims) != 2 or len(table.quantities) != 1 or header[0] not in table.dims:
        return False
    return not {*table.dims, *table.quantities}.difference(header[:1]) & set(header)


def _misnamed_wide(header: list[str], table: Table) -> Iterator[str]:
    for name in dict.fromkeys(name for name in header if header.count(name) > 1):
        yield f"{table.path}, row 1, column {name!r:.80}: given {header.count(name)} times"
    if len(header) == 1:
        yield from _misnamed(header, table)


def _long(
    header: list[str], rows: list[int], records: list[list[str]], table: Table
) -> tuple[list[str], list[int], list[list[str]]]:
    """Return a wide table's header, rows and cells with a row for each of its values."""
    first, labels = header[0], header[1:]
    (second,) = (dim for dim in table.dims if dim != first)
    long = [
        [record[0], label, cell]
        for record in records
        for label, cell in zip(labels, record[1:], strict=True)
    ]
    return [first, second, *table.quantities], [row for row in rows for _ in labels], long


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

    def read(cells: tuple[str, ...], table: Table, name: str) -> Read:
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


def _numbers(cells: tuple[str, ...], table: Table, name: str) -> Read:
    quantity = table.quantities[name]  # no dimension has numbers for labels
    unit = table.units.get(name, quantity.unit)

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

    return _one_by_one(number, float)(cells, table, name)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}(\.0*)?", text):
        raise _Faulty("is not a whole number")
    return int(text.partition(".")[0])


def _integers(cells: tuple[str, ...], table: Table, name: str) -> Read:
    """Read whole numbers; of periods too, where a timestamp is another type than described."""

    def period(text: str) -> int:
        if _DATE.fullmatch(text):
            raise _Faulty(
                "is a date, and datapackage.json says integer: write period numbers "
                + _ALL_TIMES.format("datetime")
            )
        return _whole(text)

    convert = period if is_time(name, table.quantities) else _whole
    return _one_by_one(convert, np.int64)(cells, table, name)


def _flag(text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise _Faulty("is neither true nor false")
    return text in _TRUE


def _text(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable():
        raise _Faulty("is not a plain, non-empty text")
    return normalize("NFC", text)  # letters with accents are one name however they are composed


def _zone_of(text: str) -> str | None:
    """Return the offset that a timestamp states, if it does."""
    match = _TIME.fullmatch(text)
    return match["zone"] if match else None


def _instants(cells: tuple[str, ...], table: Table, name: str) -> Read:
    """Read ISO 8601 timestamps as naive UTC: with an offset, or else in the zone of the package."""
    texts = [text for text in dict.fromkeys(cells) if _TIME.fullmatch(text)]
    mixed = len({_zone_of(text) is None for text in texts}) > 1

    def instant(text: str) -> np.datetime64:
        if _NUMBER.fullmatch(text):
            raise _Faulty(
                "is a number, and datapackage.json says datetime: write timestamps like "
                "2025-01-01T00:00:00Z " + _ALL_TIMES.format("integer")
            )
        if not _TIME.fullmatch(text):
            raise _Faulty("is not a timestamp like 2025-01-01T00:00:00Z")
        if mixed and _zone_of(text) is None:
            raise _Faulty("has no time zone, and others of the column have")
        try:
            stamp: Any = pd.Timestamp(text)
        except ValueError as error:
            raise _Faulty(f"is not a timestamp ({error})") from error
        if not _YEARS[0] <= stamp.year <= _YEARS[1]:
            raise _Faulty(f"is not within the years {_YEARS[0]} and {_YEARS[1]}")
        if stamp.tzinfo is None:
            stamp -= _offset(stamp, table.zone)
        else:
            stamp = stamp.tz_convert("UTC").tz_localize(None)
        return stamp.to_datetime64()

    return _one_by_one(instant, np.dtype("datetime64[ns]"))(cells, table, name)


def _offset(stamp: pd.Timestamp, zone: tzinfo) -> timedelta:
    """Return how far a zone is ahead of UTC at a local time, if it is there once."""
    local = stamp.to_pydatetime(warn=False).replace(tzinfo=zone)
    first, second = (local.replace(fold=fold).utcoffset() for fold in (0, 1))
    if first is None or first != second:
        raise _Faulty(
            f"is not one moment in {zone}, where the clocks are changed then: write every time "
            f"of the folder with its offset, as in {stamp.isoformat()}+01:00"
        )
    return first


_READERS: dict[str, Callable[..., Read]] = {
    "number": _numbers,
    "integer": _integers,
    "boolean": _one_by_one(_flag, np.bool_),
    "string": _one_by_one(_text, object),
    "datetime": _instants,
}
