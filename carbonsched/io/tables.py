"""From the cells of several tables to arrays over shared labels, or what keeps them apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import count, islice

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.schema import DIMENSIONS
from carbonsched.io.cells import Cells
from carbonsched.io.package import Table

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
    """Name rows whose label no other table knows, rows given twice, and rows that are missing."""
    kinds = {t.types["time"]: t.path for t, _ in tables if "time" in t.types}
    if len(kinds) > 1:
        return [f"time: {' in one table, '.join(f'{k} in {p}' for k, p in kinds.items())}"]
    return [fault for table, cells in tables for fault in _misfits(table, cells, coords)]


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
            yield (
                f"{table.path}, row {row}, column {dim}: label {label} is not in "
                f"{dim}.csv, the table of {dim}"
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
    lacking = math.prod(sizes) - len(first)
    # Counted one by one from the first: however many are lacking, few are looked at.
    for place in islice((p for p in count() if p not in first), min(lacking, _SHOWN)):
        at = np.unravel_index(place, sizes)
        where = ", ".join(f"{d}={coords[d][k]}" for d, k in zip(table.dims, at, strict=True))
        yield f"{table.path}: no row for {where}"
    if lacking > _SHOWN:
        yield f"{table.path}: {lacking - _SHOWN:,} more rows missing"


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
        values = np.empty(math.prod(shape), cells.columns[name].dtype)
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
