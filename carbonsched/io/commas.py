"""Which column an unquoted comma has split in two, in a row with more cells than columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
# What may follow it: a fraction, or the rest of a number with thousands and a point.
_REST = re.compile(r"\d+([eE][+-]?\d+)?|\d{3}\.\d*", re.ASCII)
_MOST = 5_000  # readings that are tried


def split_cells(
    record: Sequence[str],
    types: Mapping[str, str],
    sound: Callable[[str, str], bool],
    like: Sequence[str] | None,
) -> list[dict[str, str]]:
    """Return the readings of a row: the cells that commas have split, by column, as meant.

    Every reading is tried in which each cell fits its column. Those are left out whose numbers are
    further in size from those of another row, by two orders of magnitude in all, than the nearest.

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
    [{'it_capacity': '99,5'}]
    """
    columns, extra = list(types), len(record) - len(types)
    if math.comb(len(columns), extra) > _MOST:
        return []
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

    readings = {split: list(cells(split)) for split in combinations(range(len(columns)), extra)}
    whole = {split: read for split, read in readings.items() if len(read) == len(columns)}
    apart = {split: _distance(read, like or read) for split, read in whole.items()}
    near = [split for split in whole if apart[split] <= min(apart.values()) + 2]
    return [{columns[k]: whole[split][k] for k in split} for split in near]


def _joins(kind: str, left: str, right: str) -> bool:
    if kind == "string":
        return bool(left.strip() and right.strip()) and right[0] not in "+-.0123456789"
    thousands = "." in right and left.startswith("0")  # as in 0,123.4: no number is written so
    number = kind in ("number", "integer") and not thousands
    return number and bool(_WHOLE.fullmatch(left) and _REST.fullmatch(right))


def _distance(read: Sequence[str], like: Sequence[str]) -> float:
    """Return how many orders of magnitude the numbers of two rows lie apart, in all.

    Two at most for one pair, one where one of them is zero, and three more for thousands.
    """
    apart = 0.0
    for a, b in zip(map(_value, read), map(_value, like), strict=True):
        if a != b:
            apart += min(abs(math.log10(a / b)), 2.0) if a and b else 1.0
    return apart + 3 * sum("," in text and "." in text for text in read)


def _value(text: str) -> float:
    """Return the size of a number, or 0 of a text; a comma beside a point is between thousands."""
    try:
        return abs(float(text.replace(",", "" if "." in text else ".")))
    except ValueError:
        return 0.0
