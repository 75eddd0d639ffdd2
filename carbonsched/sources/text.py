"""Tables of text from any file of rows: CSV of every habit, workbooks, JSON; nothing guessed twice.

What comes out is cells as text, with the row of the file each came from: what they mean is said
elsewhere.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.sources import marks
from carbonsched.sources.files import content_of, decoded, from_json, sheets, workbook
from carbonsched.sources.layout import GAPS, Layout

SEPARATORS = ";\t|,"  # tried in this order where two fit as well
SAMPLE = 200  # rows by which a separator is judged
SHOWN = 8  # faults of one kind that are told one by one


@dataclass(frozen=True)
class Table:
    """Cells as text.

    Attributes
    ----------
    frame : pandas.DataFrame
        Texts without blanks at their ends; the index is the row in the file, from 1.
    about : dict of str
        What stands above the table, by name.
    layout : Layout
        How it was written.
    where : str
        The file.
    notes : tuple of str
        What was found out, or done.
    """

    frame: pd.DataFrame
    about: Mapping[str, str]
    layout: Layout
    where: str
    notes: tuple[str, ...] = ()

    def named(self, names: Iterable[str]) -> str | None:
        """Return the first of these columns that there is, whatever its case and blanks."""
        known = {_plain(column): column for column in reversed(list(self.frame.columns))}
        return next((known[_plain(name)] for name in names if _plain(name) in known), None)

    def is_gap(self, cells: pd.Series) -> pd.Series:
        """Return which cells stand for a missing value."""
        gaps = {*GAPS, *(gap.strip().casefold() for gap in self.layout.gaps)}
        return cells.str.strip().str.casefold().isin(gaps)

    def floats(self, column: str, faults: list[str]) -> pd.Series:
        """Return a column as numbers, NaN where a value is missing.

        What is no number is added to `faults`, by row and column, and if all cells are numbers with
        other marks, by which.

        Examples
        --------
        >>> frame = pd.DataFrame({"price": ["1.234,5", "-", "12.5"]}, index=[2, 3, 4])
        >>> table = Table(frame, {}, Layout(decimal=",", thousands="."), "my.csv")
        >>> table.floats("price", faults := []).tolist()
        [1234.5, nan, nan]
        >>> faults
        ["row 4, column 'price': '12.5' is no number with decimal ',' and thousands '.'"]
        """
        cells: Any = self.frame[column]
        gap = self.is_gap(cells)
        texts = cells.str.strip().str.replace("−", "-", regex=False)
        texts = texts.str.replace("[\xa0\u202f]", " ", regex=True)
        good = texts.str.fullmatch(marks.number(self.layout)).astype(bool)
        bad: Any = cells[~gap & ~good]
        if len(bad):
            with_marks = marks.told(self.layout)
            faults += some(
                [
                    f"row {row}, column {column!r}: {cell!r} is no number with {with_marks}"
                    for row, cell in bad.head(SHOWN).items()
                ],
                len(bad),
            )
            faults += marks.cure(texts[~gap], self.layout, column)
        texts = texts.where(good & ~gap, "nan")
        if self.layout.thousands:
            texts = texts.str.replace(self.layout.thousands, "", regex=False)
        if self.layout.decimal == ",":
            texts = texts.str.replace(",", ".", regex=False)
        return texts.astype(float)


_TOTALS = frozenset(
    {"total", "totals", "grand total", "sum", "summe", "gesamt", "gesamtsumme", "insgesamt",
     "somme", "total général", "suma", "totale", "totaal", "mean", "average", "mittelwert"}
)  # fmt: skip


def is_total(cell: object) -> bool:
    """Return whether a cell names a row of totals, as people put below a table.

    Examples
    --------
    >>> is_total(" Summe: "), is_total("Total"), is_total("Totnes")
    (True, True, False)
    """
    return str(cell).strip().rstrip(":").casefold() in _TOTALS


def some(faults: Sequence[str], count: int) -> list[str]:
    """Return the first faults of a kind, and how many more there are."""
    more = count - len(faults[:SHOWN])
    return [*faults[:SHOWN], *([f"... and {more:,} more like it"] if more > 0 else [])]


class _NoHeaderError(InstanceError):
    """No row of a table is its header."""


def read_table(path: str | Path, layout: Layout, header: Iterable[str] = ()) -> Table:
    """Read a file of rows as text: delimited, packed (.gz, .zip), a workbook (.xlsx), or JSON.

    Parameters
    ----------
    path : str or Path
        The file.
    layout : Layout
        What is known of it.
    header : iterable of str
        Names of which one is a cell of the header row, beside those of `layout`.

    Raises
    ------
    InstanceError
        It is no such file, has no header row, or rows have more or fewer cells than columns: every
        one, by row.
    OSError
        It cannot be read.
    """
    path = Path(path)
    wanted = {_plain(name) for name in (*layout.header, *header)}
    content = content_of(path)
    if content[:4] == b"PK\x03\x04":
        try:
            return _from_rows(workbook(content, layout, path), layout, wanted, str(path), ())
        except _NoHeaderError as error:
            names = sheets(content)
            if len(names) < 2:
                raise
            told = f"the sheets are {', '.join(map(repr, names))}: say which `sheet`"
            raise InstanceError([f"{error.faults[0]}; {told}"], str(path)) from error
    text, notes = decoded(content, layout, str(path))
    if text.lstrip()[:1] in ("{", "["):
        return Table(*from_json(text, layout, str(path)), layout, str(path), notes)
    separator = layout.separator or _separator(text, layout, wanted)
    rows = _rows(text, separator)
    return _from_rows(rows, layout, wanted, str(path), notes)


def _plain(name: str) -> str:
    return normalize("NFC", " ".join(name.split())).casefold()


def _rows(text: str, separator: str) -> Iterable[tuple[int, list[str]]]:
    """Yield the number and the cells of each row."""
    csv.field_size_limit(1_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, [cell.strip() for cell in row]


def _separator(text: str, layout: Layout, wanted: set[str]) -> str:
    """Return the separator by which the header is found and most rows have as many cells as it."""
    lines = text.split("\n", SAMPLE + layout.skip + 60)[: SAMPLE + layout.skip + 60]
    sample = "\n".join(lines)

    def fit(separator: str) -> tuple[bool, int, float]:
        rows = list(_rows(sample, separator))
        at = _header(rows, layout, wanted)
        if at is None:
            return False, max((len(row) for _, row in rows[:SHOWN]), default=0), 0.0
        cells = len(layout.names) or len(rows[at][1])
        below = [len(row) for _, row in rows[at + 1 :] if any(row)]
        return True, min(cells, 2), sum(n == cells for n in below) / max(len(below), 1)

    return max(SEPARATORS, key=fit)


def _header(rows: Sequence[tuple[int, list[str]]], layout: Layout, wanted: set[str]) -> int | None:
    """Return which row names the columns, or comes before the first of data."""
    for at, (number, row) in enumerate(rows):
        if number <= layout.skip or not any(row) or _is_comment(row, layout):
            continue
        if layout.names:
            return at - 1
        if not wanted or any(_plain(cell) in wanted for cell in row):
            return at
    return None


def _is_comment(row: Sequence[str], layout: Layout) -> bool:
    return bool(layout.comment) and row[0].startswith(layout.comment or "")


def _from_rows(
    given: Iterable[tuple[int, list[str]]],
    layout: Layout,
    wanted: set[str],
    where: str,
    notes: tuple[str, ...],
) -> Table:
    try:
        rows = list(given)
    except csv.Error as error:
        raise InstanceError([f"it is no table of text: {error}"], where) from error
    at = _header(rows, layout, wanted)
    if at is None:
        named = " or ".join(repr(name) for name in (layout.header or sorted(wanted)))
        told = f"no row has the column {named}" if wanted else "it holds no row"
        there = max(
            ([cell for cell in row if cell] for _, row in rows[:SHOWN]), key=len, default=[]
        )
        more = ", ..." if len(there) > SHOWN else ""
        names = ", ".join(f"{cell!r:.40}" for cell in there[:SHOWN]) + more
        told = f"{told}; there are {names}" if there else told
        if len(there) == 1 and wanted & set(_plain(there[0]).split()):
            told += ": its cells are parted by blanks: write it with commas, semicolons, | or tabs"
        raise _NoHeaderError([told], where)
    columns = list(layout.names) or rows[at][1]
    while columns and not columns[-1]:
        columns = columns[:-1]
    faults = [f"two columns are called {name!r}" for name in _twice(columns)]
    numbers: list[int] = []
    cells: list[list[str]] = []
    uneven: list[str] = []
    for number, row in rows[at + 1 :]:
        first = row[0] if row else ""
        if first == layout.until and any(row) == bool(layout.until):
            break
        if not any(row) or _is_comment(row, layout):
            continue
        while len(row) > len(columns) and not row[-1]:
            row = row[:-1]
        if len(row) == len(columns):
            numbers.append(number)
            cells.append(row)
        else:
            uneven.append(
                f"row {number} has {len(row)} cells, the header {len(columns)}: a comma or a "
                "separator too many, or a row cut short?"
            )
    faults += some(uneven, len(uneven))
    if not cells and not faults:
        faults.append("it has no row of data")
    if faults:
        raise InstanceError(faults, where)
    frame = pd.DataFrame(cells, index=pd.Index(numbers, name="row"), columns=columns, dtype="str")
    above = rows[: max(at, 0)]
    return Table(frame, _about([row for _, row in above]), layout, where, notes)


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if name and names.count(name) > 1})


def _about(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return what stands above a table: "name: value", a name beside a value, or one above it."""
    about: dict[str, str] = {}
    rows = [row if any(row[2:]) else row[:2] for row in rows]
    for row, below in zip(rows, [*rows, ()][1:], strict=True):
        if len(row) == len(below) > 2:
            about |= dict(zip(row, below, strict=True))
        elif len(row) == 2 and ":" not in row[0].rstrip(":"):
            about[row[0].rstrip(":")] = row[1]
        else:
            for cell in row:
                name, colon, value = cell.rpartition("{")[2].partition(":")
                if colon:
                    about.setdefault(name.strip('# {"'), value.strip(' }"'))
    return about
