"""Tables of sites, jobs or services, CSV or Excel: one row an entry, as nodes that know their row.

A column is called as the key, of a key within a key with a dot (`battery.energy`), and may have a
unit in brackets (`power [kW]`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from carbonsched.errors import InstanceError
from carbonsched.project.nodes import Fault, MappingNode, Node, RowMark, ScalarNode, fault, mapping
from carbonsched.sources.profile import Layout
from carbonsched.sources.text import is_total, read_table

_HEADING = re.compile(r"([^\[\]]+?)\s*(?:\[([^\[\]]*)\])?")
_SHORT = {"latitude": "coordinates.latitude", "longitude": "coordinates.longitude"}
_STR = "tag:yaml.org,2002:str"


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
        table = read_table(folder / name, Layout.model_validate({"sheet": sheet}), ["name"]).frame
    except InstanceError as error:
        return [], [fault(where, f"{name}: {told}") for told in error.faults]
    except OSError as error:
        return [], [fault(where, f"{name}: {error}")]
    head = list(map(str, table.columns))
    found: list[MappingNode] = []
    faults: list[Fault] = []
    for number, row in zip(table.index, table.to_numpy(), strict=True):
        mark = RowMark(name, int(number))
        first = next((str(cell).strip() for cell in row if str(cell).strip()), "")
        if is_total(first):
            told = f"{first!r}: a row of totals? Take it out of the table"
            faults.append(fault(ScalarNode(_STR, "", mark, mark), told))
        else:
            found.append(_row(head, list(row), mark))
    return found, faults


def _row(head: list[str], row: list[str], mark: RowMark) -> MappingNode:
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
        inner[last] = f"{text} {unit}" if unit else text
    return _nested(entries, mark)


def _nested(entries: dict[str, Any], mark: RowMark) -> MappingNode:
    def node(value: Any, key: str) -> Node:
        if isinstance(value, dict):
            return _nested(value, mark)
        quoted = '"' if key == "name" else None  # a name of digits is a name
        return ScalarNode(_STR, value, mark, mark, style=quoted)

    pairs = [(ScalarNode(_STR, key, mark, mark), node(v, key)) for key, v in entries.items()]
    return mapping(pairs, ScalarNode(_STR, "", mark, mark))
