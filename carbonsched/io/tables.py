"""From the cells of several tables to arrays over shared labels, or what keeps them apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import count, islice

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.schema import DIMENSIONS, Quantity
from carbonsched.io.cells import Cells
from carbonsched.io.package import FILE, Table, is_time

_SHOWN = 5

Tables = list[tuple[Table, Cells]]


def labels(tables: Tables) -> dict[str, pd.Index]:
    """Return each dimension's labels: as its own table lists them; times of all, sorted."""
    found = {}
    for dim in DIMENSIONS:
        own = [c.columns[dim] for t, c in tables if t.dims == (dim,) or (dim == "time" in t.dims)]
        if dim == "time" and len({column.dtype.kind for column in own}) == 1:
            found[dim] = pd.Index(np.unique(np.concatenate(own)), name=dim)
        else:
            values = list(dict.fromkeys(label for column in own for label in column))
            found[dim] = pd.Index(values, dtype=object, name=dim)
    return found


def misfits(tables: Tables, coords: dict[str, pd.Index]) -> list[str]:
    """Name tables that differ in how they tell time, and rows whose label no other table knows.

    And rows given twice, and rows that are missing and have no default.
    """
    if faults := [*_kinds(tables), *_zones(tables)]:
        return faults
    return [fault for table, cells in tables for fault in _misfits(table, cells, coords)]


def _kinds(tables: Tables) -> Iterator[str]:
    """Say that some times are timestamps and others period numbers."""
    of_kind: dict[str, list[str]] = {}
    for table, _ in tables:
        for name, kind in table.types.items():
            if is_time(name, table.quantities):
                of_kind.setdefault(kind, []).append(f"{name} of {table.path}")
    if len(of_kind) > 1:
        told = " and ".join(f"{kind} for {', '.join(of)}" for kind, of in of_kind.items())
        yield f"{FILE}: time: {told}; times are all of one type"


def _zones(tables: Tables) -> Iterator[str]:
    """Name the columns of times that state no zone, where others state one."""
    zoned = [(table, cells, name) for table, cells in tables for name in cells.zoned]
    stated = [f"{table.path} has" for table, cells, name in zoned if cells.zoned[name]]
    for table, cells, name in zoned if stated else ():
        if not cells.zoned[name]:
            yield (
                f"{table.path}, row {cells.rows[0]}, column {name}: times have no time zone, and "
                f"{stated[0]} them with one; write an offset or Z in every table, or in none and "
                f"the timezone once in {FILE}"
            )


def _misfits(table: Table, cells: Cells, coords: dict[str, pd.Index]) -> Iterator[str]:
    if not table.dims:
        if len(cells.rows) != 1:
            yield f"{table.path}: {len(cells.rows)} rows, expected one"
        return
    known = True
    for dim in table.dims:
        at = coords[dim].get_indexer(cells.columns[dim])
        strange = dict.fromkeys(cells.columns[dim][at < 0])
        for label in islice(strange, _SHOWN):
            row = cells.rows[int(np.argmax(cells.columns[dim] == label))]
            near = get_close_matches(str(label), map(str, coords[dim]), 1)
            yield (
                f"{table.path}, row {row}, column {dim}: label {label} is not in "
                f"{dim}.csv, the table of {dim}{f'; {near[0]} is' if near else ''}"
            )
        if len(strange) > _SHOWN:
            yield f"{table.path}, column {dim}: {len(strange) - _SHOWN} more such labels"
        known &= not strange
    if known:
        yield from _uncounted(table, cells, coords)


def _uncounted(table: Table, cells: Cells, coords: dict[str, pd.Index]) -> Iterator[str]:
    key, sizes = " and ".join(table.dims), [len(coords[dim]) for dim in table.dims]
    places = _places(table, cells, coords)
    first = dict(zip(places[::-1].tolist(), cells.rows[::-1], strict=True))
    twice = [(r, first[p]) for p, r in zip(places.tolist(), cells.rows, strict=True)]
    twice = [(row, former) for row, former in twice if row != former]
    for row, former in twice[:_SHOWN]:
        yield f"{table.path}, row {row}, column {key}: the same {key} as in row {former}"
    if len(twice) > _SHOWN:
        yield f"{table.path}: {len(twice) - _SHOWN} more rows given twice"
    groups = _stating_defaults(table, cells, coords)
    inner = math.prod(sizes[1:])
    lacking = math.prod(sizes) - len(first)
    if groups is not None:
        lacking = inner * len(groups) - sum(p // inner in groups for p in first)
    # Counted one by one from the first: however many are lacking, few are looked at.
    every = count() if groups is None else (g * inner + p for g in groups for p in range(inner))
    for place in islice((p for p in every if p not in first), min(lacking, _SHOWN)):
        at = np.unravel_index(place, sizes)
        where = ", ".join(f"{d}={coords[d][k]}" for d, k in zip(table.dims, at, strict=True))
        yield f"{table.path}: no row for {where}"
    if lacking > _SHOWN:
        yield f"{table.path}: {lacking - _SHOWN:,} more rows missing"


def _stating_defaults(table: Table, cells: Cells, coords: dict[str, pd.Index]) -> list[int] | None:
    """Return of which labels, by position, rows are not to be missing; None if of none of them.

    Where all variables of a table have a default, a row that is missing states it. But beside a row
    that states it for the same job, what the others are is anybody's guess.
    """
    if not all(_has_default(quantity) for quantity in table.quantities.values()):
        return None
    usual = np.ones(len(cells.rows), bool)
    for name, quantity in table.quantities.items():
        usual &= cells.columns[name] == quantity.default
    at = coords[table.dims[0]].get_indexer(cells.columns[table.dims[0]])
    return sorted(set(at[usual].tolist())) if len(table.dims) > 1 else []


def _has_default(quantity: Quantity) -> bool:
    """Return whether what holds where a quantity is not given is one value."""
    return quantity.default is not None and not isinstance(quantity.default, str)


def _places(table: Table, cells: Cells, coords: dict[str, pd.Index]) -> np.ndarray:
    """Return the position of each row in the array over the table's labels."""
    at = [coords[dim].get_indexer(cells.columns[dim]) for dim in table.dims]
    return np.ravel_multi_index(at, [len(coords[dim]) for dim in table.dims])


def arrays(table: Table, cells: Cells, coords: dict[str, pd.Index]) -> dict[str, xr.DataArray]:
    """Return the variables of a table without misfits as arrays in the order of the labels."""
    order = {dim: coords[dim] for dim in table.dims}
    shape = tuple(len(index) for index in order.values())
    places = _places(table, cells, coords) if table.dims else np.array([0])

    def array(name: str) -> xr.DataArray:
        default, kind = table.quantities[name].default, cells.columns[name].dtype
        usual = 0 if default is None or isinstance(default, str) else default
        values = np.full(math.prod(shape), usual, kind)
        values[places] = cells.columns[name]
        unit = {"units": table.units[name]} if name in table.units else {}
        return xr.DataArray(values.reshape(shape), order, table.dims, attrs=table.about | unit)

    return {name: array(name) for name in table.quantities}


def cell(table: Table, cells: Cells, name: str, at: Mapping[str, object]) -> str:
    """Return the file, row and column of a variable's value at some labels."""
    there = np.ones(len(cells.rows), bool)
    for dim, label in at.items():
        there &= cells.columns[dim] == label
    return f"{table.path}, row {cells.rows[int(np.argmax(there))]}, column {name}"
