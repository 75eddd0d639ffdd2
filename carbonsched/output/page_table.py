"""A table as a page shows it: units in the head, digits aligned, a caption, room on a phone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

NOTHING = "–"
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class PageTable:
    """A table ready to be shown: as HTML in a notebook or a page, as aligned text elsewhere."""

    caption: str
    head: tuple[tuple[str, str], ...]  # of each column, its name and its unit
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col"{_number(n)}>{escape(name)}{_unit(unit)}</th>'
            for (name, unit), n in zip(self.head, self.numeric, strict=True)
        )
        body = "\n".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        caption = CODE.sub(r"<code>\1</code>", escape(self.caption))
        spoken = CODE.sub(r"\1", escape(self.caption))
        return (
            f'<div class="cs-table" role="region" tabindex="0" aria-label="{spoken}">\n'
            f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
        )

    def _row(self, row: tuple[str, ...]) -> str:
        first = f'<th scope="row"{_number(self.numeric[0])}>{escape(row[0])}</th>'
        return first + "".join(
            f"<td{_number(n)}>{escape(cell)}</td>"
            for cell, n in zip(row[1:], self.numeric[1:], strict=True)
        )

    def __repr__(self) -> str:
        heads = [f"{name} [{unit}]" if unit else name for name, unit in self.head]
        widths = [max(len(line[k]) for line in (heads, *self.rows)) for k in range(len(self.head))]
        lines = (
            "  ".join(
                cell.rjust(w) if n else cell.ljust(w)
                for cell, w, n in zip(line, widths, self.numeric, strict=True)
            ).rstrip()
            for line in (heads, *self.rows)
        )
        return "\n".join([self.caption, *lines])


def as_table(
    frame: pd.DataFrame,
    caption: str,
    units: Mapping[str, str] | None = None,
    formats: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    turned: bool = False,
) -> PageTable:
    """Return a table to be shown on a page.

    Parameters
    ----------
    frame : pandas.DataFrame
        The index is the first column where it has a name.
    caption : str
        What is to be seen; a page sets what stands in backticks as code.
    units : mapping, optional
        Of a column, its unit; by default what ``frame.attrs["units"]`` says of it.
    formats : mapping, optional
        Of a column, how Python writes its numbers: ``",.0f"``, ``"+.1%"``. By default whole numbers
        are written whole and others to four digits.
    names : mapping, optional
        Of a column, the words in its head; by default its name with blanks.
    turned : bool, optional
        Columns stand below each other, each with its unit, and rows side by side: for many columns
        of few rows, which a phone would cut.

    Returns
    -------
    PageTable

    Raises
    ------
    ValueError
        Units, formats or names are given for a column that is not there.

    Examples
    --------
    >>> import pandas as pd
    >>> methods = pd.Index(["joint", "compute_only"], name="method")
    >>> earned = pd.DataFrame({"objective": [206182.4, 59062.0]}, index=methods)
    >>> as_table(earned, "Two methods", {"objective": "USD"}, {"objective": ",.0f"})
    Two methods
    method        objective [USD]
    joint                 206,182
    compute_only           59,062
    >>> earned["emissions"] = [706.6, 1978.0]
    >>> as_table(earned, "The same, turned", {"objective": "USD", "emissions": "t"}, turned=True)
    The same, turned
    method             joint  compute_only
    objective [USD]  206,182        59,062
    emissions [t]      706.6         1,978
    """
    table = frame.reset_index() if frame.index.name is not None else frame
    if units is None:  # of some columns of a frame: pandas keeps the units of all
        units = {n: unit for n, unit in frame.attrs.get("units", {}).items() if n in table}
    formats, names = formats or {}, names or {}
    if strange := {*units, *formats, *names} - set(table.columns):
        raise ValueError(f"no column is called {', '.join(map(repr, sorted(map(str, strange))))}")
    named = {n: names.get(n, str(n).replace("_", " ")) for n in table}
    shown = {n: unit for n, unit in units.items() if unit != "1"}  # a share has none to show
    columns = [[_written(v, formats.get(n, "")) for v in table[n]] for n in table.columns]
    head = tuple((named[n], shown.get(n, "")) for n in table.columns)
    if turned:
        return _turned(caption, head, columns)
    return PageTable(
        caption,
        head,
        tuple(zip(*columns, strict=True)),
        tuple(is_numeric_dtype(t) and not is_bool_dtype(t) for t in table.dtypes),
    )


def _turned(caption: str, head: tuple[tuple[str, str], ...], columns: list[list[str]]) -> PageTable:
    (first, _), *others = head
    names, *values = columns
    titles = (f"{name} [{unit}]" if unit else name for name, unit in others)
    return PageTable(
        caption,
        ((first, ""), *((name, "") for name in names)),
        tuple((title, *row) for title, row in zip(titles, values, strict=True)),
        (False, *(True for _ in names)),
    )


def _written(value: object, form: str) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT or value != value:
        return NOTHING
    if is_bool_dtype(type(value)):
        return "yes" if value else "no"
    if form:
        return _without_minus_zero(format(value, form))
    if is_integer_dtype(type(value)):
        return format(value, ",d")
    if is_numeric_dtype(type(value)):
        return _without_minus_zero(format(value, ",.0f" if abs(value) >= 1000 else ".4g"))  # type: ignore[arg-type]
    return str(value)


def _without_minus_zero(text: str) -> str:
    return text.removeprefix("-") if not any(c in "123456789" for c in text) else text


def _number(numeric: bool) -> str:
    return ' class="number"' if numeric else ""


def _unit(unit: str) -> str:
    return f' <span class="unit">[{escape(unit)}]</span>' if unit else ""
