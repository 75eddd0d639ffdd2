"""Sites, jobs and services as entries by name, however they are given: by name, as a list, a table.

What entries do not say, they take from `defaults`. All is done with nodes, so that a fault is told
where its value is written, be that the entry, the defaults or a row of a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carbonsched.project.nodes import (
    Fault,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    entry,
    fault,
    location,
    mapping,
    merged,
    scalar,
)
from carbonsched.project.tables import rows

KINDS = {"sites": "site", "jobs": "job", "services": "service"}


@dataclass(frozen=True)
class Table:
    """A table of entries of which is said whose it is.

    Attributes
    ----------
    kind, file : str
        "jobs", and the file.
    source, licence : str
        What is said of it, or empty.
    keys : set of tuple of str
        What its rows say.
    """

    kind: str
    file: str
    source: str
    licence: str
    keys: frozenset[tuple[str, ...]]


@dataclass
class Named:
    """Entries by name, logs of entries, tables of which is said whose they are, and faults."""

    by_name: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    logs: list[Node] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, key: Node, value: Node, kind: str) -> None:
        """Take an entry, unless its name is taken."""
        name = str(key.value)
        if name in self.by_name:
            where = location(self.by_name[name][0])
            told = f"{kind} {name} is given twice, first in {where}"
            instead = f"leave one, or put what {kind}s share in `defaults`"
            self.faults.append(fault(key, f"{told}: {instead}"))
        else:
            self.by_name[name] = key, value


@dataclass
class Unfolded:
    """A project file with its sites, jobs and services as entries by name, with defaults.

    Attributes
    ----------
    root : MappingNode
    faults : list of Fault
    lacking : set of str
        Of which kinds some entries could not be read.
    tables : list of Table
        Those of which is said whose they are.
    """

    root: MappingNode
    faults: list[Fault] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)
    tables: list[Table] = field(default_factory=list)


def unfolded(root: MappingNode, folder: Path) -> Unfolded:
    """Return a project file with its sites, jobs and services as entries by name, with defaults.

    Parameters
    ----------
    root : MappingNode
    folder : Path
        Where files are that it names.
    """
    pairs: list[tuple[Node, Node]] = []
    found = Unfolded(root)
    defaults = _value(root, "defaults")
    for key, value in root.value:
        if key.value not in KINDS:
            pairs.append((key, value))
            continue
        named = _named(value, key.value, folder)
        common = _value(defaults, key.value)
        entries = [(k, merged(_entry(v), common)) for k, v in named.by_name.values()]
        pairs.append((key, mapping(entries, value)))
        found.faults += named.faults
        found.tables += named.tables
        if named.faults or (named.logs and key.value != "jobs"):
            found.lacking.add(key.value)
        if key.value == "jobs":
            logs = [merged(log, _terms(common)) for log in named.logs]
            pairs.append((scalar("job_logs", key), SequenceNode(_SEQ, logs, value.start_mark)))
        else:
            told = f"{key.value}: a table has no profile: its columns are called as the keys here"
            found.faults += [fault(log, told) for log in named.logs]
    found.root = mapping(pairs, root)
    return found


_SEQ = "tag:yaml.org,2002:seq"
_TERMS = ("reward", "startup_cost", "required", "allowed")


def _terms(common: Node | None) -> Node | None:
    """Return of the defaults of jobs what a log has too."""
    if not isinstance(common, MappingNode):
        return None
    return mapping([(k, v) for k, v in common.value if k.value in _TERMS], common)


def _entry(value: Node) -> Node:
    """Return an entry that says nothing but its name as one without keys."""
    if isinstance(value, ScalarNode) and not value.style and value.value in ("", "~", "null"):
        return mapping([], value)
    return value


def _value(node: Node | None, key: str) -> Node | None:
    found = entry(node, key)
    return found[1] if found else None


def _named(node: Node, kinds: str, folder: Path) -> Named:
    """Return the entries that a mapping, a list or a table has."""
    named, kind = Named(), KINDS[kinds]
    items = node.value if isinstance(node, SequenceNode) else [node]
    for item in items:
        if not isinstance(item, MappingNode):
            if not (isinstance(item, ScalarNode) and item.value in ("", "~", "null", "none")):
                told = f"expected {kind}s by name, a list of them, or a file"
                named.faults.append(fault(item, told))
        elif isinstance(_value(item, "file"), ScalarNode):
            _of_table(item, kinds, folder, named)
        elif isinstance(node, SequenceNode):
            for key, value in _from_list(item, kind, named):
                named.add(key, value, kind)
        else:
            for key, value in item.value:
                named.add(key, value, kind)
    return named


def _from_list(item: MappingNode, kind: str, named: Named) -> Iterator[tuple[Node, Node]]:
    """Yield an item of a list under its name."""
    name = _value(item, "name")
    if not isinstance(name, ScalarNode) or not name.value.strip():
        named.faults.append(fault(item, f"a {kind} without a `name`"))
        return
    yield name, mapping([(k, v) for k, v in item.value if k.value != "name"], item)


def _of_table(item: MappingNode, kinds: str, folder: Path, named: Named) -> None:
    """Take the rows of a table, with what is said beside its file; of a log that for later."""
    if _value(item, "profile") is not None:
        named.logs.append(item)
        return
    own = {"file", "sheet", *_WHOSE}
    beside: Any = mapping([(k, v) for k, v in item.value if k.value not in own], item)
    sheet = _value(item, "sheet")
    where = _value(item, "file")
    assert where is not None
    found, faults = rows(where, str(sheet.value) if sheet else None, folder)
    named.faults += faults
    for row in found:
        for key, value in _from_list(row, KINDS[kinds], named):
            named.add(key, merged(value, beside), KINDS[kinds])
    source, licence = (str(node.value) if (node := _value(item, key)) else "" for key in _WHOSE)
    if source or licence:
        keys = frozenset(key for row in found for key in _keys(row))
        named.tables.append(Table(kinds, str(where.value), source, licence, keys))


_WHOSE = ("source", "licence")


def _keys(entry: MappingNode) -> Iterator[tuple[str, ...]]:
    """Yield the keys of an entry, and of entries within it."""
    for key, value in entry.value:
        inner = _keys(value) if isinstance(value, MappingNode) else [()]
        yield from ((key.value, *more) for more in inner)
