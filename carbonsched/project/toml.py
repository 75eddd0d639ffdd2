"""TOML as the same nodes as YAML: values by the standard library, lines by where keys are written.

What stands within a value over several lines has the line of the value's key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from carbonsched.errors import extra
from carbonsched.project.nodes import (
    MOST_DEPTH,
    MOST_NODES,
    Fault,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
)

with extra("sources", "reading a project file"):
    import yaml

Path = tuple[str | int, ...]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEAD = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]")
_PAIR = re.compile(rf"\s*({_KEY})\s*=")
_AT = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
_TAG = "tag:yaml.org,2002:"


def compose(text: str, name: str) -> tuple[MappingNode | None, list[Fault]]:
    r"""Return the mapping that a TOML text is, and every fault of its writing.

    Parameters
    ----------
    text : str
    name : str
        What faults call the file.

    Examples
    --------
    >>> root, faults = compose("title = 'T'\n[sites.a]\nprice = 60", "my.toml")
    >>> root.value[1][1].value[0][1].value[0][1].start_mark.line + 1
    3
    >>> print(*compose("title = 'T'\nsites = ", "my.toml")[1])
    my.toml, line 2: not TOML: Invalid value
    """
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        told = str(error) or type(error).__name__
        found = _AT.search(told)
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        return None, [Fault(name, line, f"not TOML: {_AT.sub('', told)}")]
    if not said:
        return None, [Fault(name, 1, "expected entries such as `[sites.north]`")]
    made = _Nodes(name, _lines(text))
    root = made.node(said, (), 1)
    assert isinstance(root, MappingNode)
    if made.count > MOST_NODES or made.deepest > MOST_DEPTH:
        return None, [Fault(name, 1, "too deep or too large")]
    return root, []


class _Nodes:
    """Makes nodes of values, each with the line of its key or of what it is in."""

    def __init__(self, name: str, lines: dict[Path, int]) -> None:
        self.name, self.lines = name, lines
        self.count = self.deepest = 0

    def node(self, value: Any, path: Path, line: int) -> Node:
        line = self.lines.get(path, line)
        mark = yaml.Mark(self.name, 0, line - 1, 0, None, 0)
        self.count, self.deepest = self.count + 1, max(self.deepest, len(path))
        if len(path) > MOST_DEPTH or self.count > MOST_NODES:
            return _scalar("", mark)
        if isinstance(value, dict):
            pairs = []
            for key, inner in value.items():
                here = (*path, key)
                at = yaml.Mark(self.name, 0, self.lines.get(here, line) - 1, 0, None, 0)
                pairs.append((_scalar(key, at), self.node(inner, here, line)))
            return MappingNode(f"{_TAG}map", pairs, mark, mark)
        if isinstance(value, list):
            items = [self.node(inner, (*path, k), line) for k, inner in enumerate(value)]
            return SequenceNode(f"{_TAG}seq", items, mark, mark)
        if isinstance(value, bool):
            return ScalarNode(f"{_TAG}bool", str(value).lower(), mark, mark)
        if isinstance(value, int | float):
            return ScalarNode(f"{_TAG}float", repr(value), mark, mark)
        if isinstance(value, datetime | date | time):
            return _scalar(value.isoformat(), mark)
        # TOML has no null: "none" undoes a default as it does in YAML.
        return _scalar(value, mark, None if value == "none" else '"')


def _scalar(text: str, mark: Any, style: str | None = '"') -> ScalarNode:
    return ScalarNode(f"{_TAG}str", text, mark, mark, style=style)


def _lines(text: str) -> dict[Path, int]:
    """Return in which line each key is written first, by its path."""
    found: dict[Path, int] = {}
    lists: dict[Path, int] = {}  # how many items of a list of tables there are so far
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _HEAD.match(line):
            table = _within(_parts(head[2]), lists)
            if head[1] == "[[":
                lists[table] = lists.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, lists[table])
        elif pair := _PAIR.match(line):
            for path in _prefixes(table, _parts(pair[1])):
                found.setdefault(path, number)
            continue
        else:
            continue
        for path in _prefixes((), table):
            found.setdefault(path, number)
    return found


def _parts(key: str) -> Path:
    """Return a dotted key as its parts, without quotes."""
    return tuple(
        part[1:-1].encode().decode("unicode_escape" if "\\" in part else "utf-8")
        if part[0] in "\"'"
        else part
        for part in re.findall(_PART, key)
    )


def _within(key: Path, lists: dict[Path, int]) -> Path:
    """Return the path of a table, of which a part may be the last item of a list so far."""
    path: Path = ()
    for place, part in enumerate(key):
        path = (*path, part)
        if path in lists and place < len(key) - 1:
            path = (*path, lists[path])
    return path


def _prefixes(before: Path, key: Path) -> Iterator[Path]:
    yield from ((*before, *key[: k + 1]) for k in range(len(key)))
