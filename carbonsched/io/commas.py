"""Which column an unquoted comma has split in two, in a row with more cells than columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_REST = re.compile(
    r"\d+([eE][+-]?\d+)?|\d{3}\.\d*", re.ASCII
)  # after a decimal comma, or thousands
_MOST = 5_000  # readings that are tried


def split_cells(
    record: Sequence[str],
    types: Mapping[str, str],
    sound: Callable[[str, str], bool],
    like: Sequence[str] | None,
) -> dict[str, str]:
    """Return the cells that commas have split, by column, as they were meant.

    Every reading is tried in which each cell fits its column. Of several, the one is taken whose
    numbers are nearest in size to those of another row; without such a row, none is certain and
    all are returned.

    Parameters
    ----------
    record : sequence of str
        The cells of the row, more than there are columns.
    types : mapping of str to str
        Of each column, in the order of the file.
    sound : callable
        Whether a text is a sound cell of a column: `sound(column, text)`.
    like : sequence of str, optional
        A row of the table that has a cell for each column.

    Examples
    --------
    >>> types = {"site": "string", "it_capacity": "number", "import_limit": "number"}
    >>> split_cells(["A", "99", "5", "120.0"], types, lambda column, text: True, None)
    {'it_capacity': '99,5'}
    """
    columns, extra = list(types), len(record) - len(types)
    if math.comb(len(columns), extra) > _MOST:
        return {}
    known: dict[tuple[str, int], bool] = {}

    def fits(column: str, at: int) -> bool:
        if (column, at) not in known:
            known[column, at] = sound(column, record[at])
        return known[column, at]

    def cells(split: Sequence[int]) -> Iterator[str]:
        """Yield the cells if commas have split these columns, as long as they fit."""
        at = 0
        for place, column in enumerate(columns):
            joined = place in split
            if not (_joins(types[column], *record[at : at + 2]) if joined else fits(column, at)):
                return
            yield ",".join(record[at : at + 1 + joined])
            at += 1 + joined

    readings = {split: tuple(cells(split)) for split in combinations(range(len(columns)), extra)}
    sound_ones = {split: read for split, read in readings.items() if len(read) == len(columns)}
    if like is not None and sound_ones:
        nearest = min(sound_ones, key=lambda split: _distance(sound_ones[split], like))
        sound_ones = {nearest: sound_ones[nearest]}
    return {columns[k]: read[k] for split, read in sound_ones.items() for k in split}


def _joins(kind: str, left: str, right: str) -> bool:
    if kind == "string":
        return bool(left.strip() and right.strip())
    number = kind in ("number", "integer")
    return number and bool(_WHOLE.fullmatch(left) and _REST.fullmatch(right))


def _distance(read: Sequence[str], like: Sequence[str]) -> float:
    """Return how many orders of magnitude the numbers of two rows lie apart, summed."""
    return sum(abs(_size(a) - _size(b)) for a, b in zip(read, like, strict=True))


def _size(text: str) -> float:
    try:
        return math.log10(abs(float(text.replace(",", "."))) + 1e-9)
    except ValueError:  # no number
        return 0.0
