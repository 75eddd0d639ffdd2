"""Tables of sites, jobs or services, CSV or Excel: one row an entry, as nodes that know their row.

A column is called as the key, of a key within a key with a dot (`battery.energy`), and may have a
unit in brackets (`power [kW]`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from unicodedata import normalize

from carbonsched.errors import InstanceError
from carbonsched.project.nodes import (
    NOTHING,
    Fault,
    MappingNode,
    Node,
    RowMark,
    ScalarNode,
    fault,
    mapping,
)
from carbonsched.sources.layout import Layout
from carbonsched.sources.text import is_total, read_table

_HEADING = re.compile(r"([^\[\]]+?)\s*(?:\[([^\[\]]*)\])?")
_SHORT = {"latitude": "coordinates.latitude", "longitude": "coordinates.longitude"}
_STR = "tag:yaml.org,2002:str"
_WITH_UNIT = re.compile(
    r"[-+]?(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?\d++)?+\s*+[^\d\s:.,'’_+-].*", re.DOTALL
)  # no date, and no digits in groups


def beside(folder: Path, name: str) -> Path:
    """Return where a file is that a project names, however its letters with accents are made."""
    path = folder / name
    if not path.exists() and path.parent.is_dir():
        for other in path.parent.iterdir():
            if normalize("NFC", other.name) == normalize("NFC", path.name):
                return other
    return path


def in_sheet(name: str, sheet: str | None) -> str:
    """Return how a file is called in faults, with the sheet that is read of it.

    Examples
    --------
    >>> in_sheet("book.xlsx", "Jobs")
    'book.xlsx, sheet Jobs'
    """
    return name if sheet is None else f"{name}, sheet {sheet}"


def rows(where: Node, sheet: str | None, folder: Path) -> tuple[list[MappingNode], list[Fault]]:
    """Return a node for each row of a table, and faults.

    Parameters
    ----------
    where : Node
        The name of the file, relative to the folder.
    sheet : str, optional
        Of a workbook, by default its first.
    folder : Path
    """
    name = str(where.value)
    try:
        table = read_table(
            beside(folder, name), Layout.model_validate({"sheet": sheet}), ["name"]
        ).frame
    except InstanceError as error:
        return [], [fault(where, f"{in_sheet(name, sheet)}: {told}") for told in error.faults]
    except OSError as error:
        return [], [fault(where, f"{name}: {error}")]
    head = list(map(str, table.columns))
    found: list[MappingNode] = []
    faults: list[Fault] = []
    for number, row in zip(table.index, table.to_numpy(), strict=True):
        mark = RowMark(in_sheet(name, sheet), int(number))
        first = next((str(cell).strip() for cell in row if str(cell).strip()), "")
        if is_total(first):
            told = f"{first!r}: a row of totals? Take it out of the table"
            faults.append(fault(ScalarNode(_STR, "", mark, mark), told))
        else:
            found.append(_row(head, list(row), mark, faults))
    return found, faults


def _row(head: list[str], row: list[str], mark: RowMark, faults: list[Fault]) -> MappingNode:
    """Return a row as an entry: without empty cells, dotted columns as entries within it."""
    entries: dict[str, Any] = {}
    for column, cell in zip(head, row, strict=True):
        text, heading = str(cell).strip(), _HEADING.fullmatch(column)
        if not text or heading is None:
            continue
        key, unit = heading[1], heading[2]
        *outer, last = _SHORT.get(key, key).split(".")
        inner = entries
        for part in outer:
            inner = inner.setdefault(part, {})
        if unit and _WITH_UNIT.fullmatch(text):
            told = f"column {key}: {text!r} has its unit, and the head says [{unit}]: leave one"
            faults.append(fault(ScalarNode(_STR, "", mark, mark), told))
        elif unit and text.lower() not in NOTHING:
            text = f"{text} {unit}"
        inner[last] = text
    return _nested(entries, mark)


def _nothing(value: Any) -> bool:
    """Return whether each cell of an entry says that there is none."""
    if isinstance(value, dict):
        return all(map(_nothing, value.values()))
    return str(value).lower() in NOTHING


def _nested(entries: dict[str, Any], mark: RowMark) -> MappingNode:
    def node(value: Any, key: str) -> Node:
        if isinstance(value, dict) and not _nothing(value):
            return _nested(value, mark)
        if isinstance(value, dict):
            value = "none"
        quoted = '"' if key == "name" else None  # a name of digits is a name
        return ScalarNode(_STR, value, mark, mark, style=quoted)

    pairs = [(ScalarNode(_STR, key, mark, mark), node(v, key)) for key, v in entries.items()]
    return mapping(pairs, ScalarNode(_STR, "", mark, mark))
