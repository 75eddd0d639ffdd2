"""YAML as nodes that know their line: composed with limits, its traps told, never objects made.

A node is PyYAML's own. Values are read as YAML 1.2 reads them, numbers and true and false; what
YAML 1.1 and 1.2 read differently (`no`, `12:30`, `010`) must be written so that nobody can differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from carbonsched.errors import extra

with extra("sources", "reading a project file"):
    import yaml
    from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MOST_NODES, MOST_DEPTH = 500_000, 40  # aliases let a small file stand for a huge one
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_TRAPS = tuple(
    (re.compile(pattern, re.IGNORECASE), f"is {told} to some readers: {instead}")
    for pattern, told, instead in (
        ("y|n|yes|no|on|off", "true or false", "write that, or put it in quotes"),
        (r"[-+]?\d+(:[0-5]?\d)+(\.\d*)?", "a number in base 60", "put it in quotes"),
        (r"[-+]?0\d+", "an octal number", "put it in quotes"),
        (r"[-+]?0[box][\da-f_]+", "a number in another base", "put it in quotes"),
        (r"[-+]?\d[\d.]*_[\d_.]*", "a number", "leave out the _, or put it in quotes"),
    )
)
NOTHING = ("", "~", "null", "none")
_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}


@dataclass(frozen=True)
class Fault:
    """What is wrong and where: a file, and its line or row counted from one."""

    file: str
    line: int
    told: str
    word: str = "line"

    def __str__(self) -> str:
        return f"{self.file}, {self.word} {self.line}: {self.told}"


class RowMark(yaml.Mark):
    """A row of a table, counted from one, in the place of a line of YAML."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(name, 0, number - 1, 0, None, 0)


def mapping(pairs: Iterable[tuple[Node, Node]], at: Node) -> MappingNode:
    """Return entries that stand where a node stands."""
    return MappingNode("tag:yaml.org,2002:map", list(pairs), at.start_mark, at.end_mark)


def scalar(text: str, at: Node) -> ScalarNode:
    """Return a text that stands where a node stands."""
    return ScalarNode("tag:yaml.org,2002:str", text, at.start_mark, at.end_mark)


def fault(node: Node, told: str) -> Fault:
    """Return a fault at a node."""
    mark = node.start_mark
    word = "row" if isinstance(mark, RowMark) else "line"
    return Fault(str(mark.name), mark.line + 1, told, word)


def location(node: Node) -> str:
    """Return where a node is written: a file, and a line or row of it."""
    return str(fault(node, "")).removesuffix(": ")


def compose(text: str, name: str) -> tuple[MappingNode | None, list[Fault]]:
    r"""Return the mapping that a YAML text is, and every fault of its writing.

    Parameters
    ----------
    text : str
    name : str
        What faults call the file.

    Examples
    --------
    >>> root, faults = compose("a: 1\nb: no\na: 2", "my.yaml")
    >>> print(*faults, sep="\n")
    my.yaml, line 2: b: `no` is true or false to some readers: write that, or put it in quotes
    my.yaml, line 3: a is given twice, first in line 1
    """
    try:
        loader = yaml.SafeLoader(text)
        loader.name = name
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, (error.context, error.problem)))
        hint = "; indent with spaces" if "'\\t'" in said else ""
        return None, [Fault(name, mark.line + 1 if mark else 1, f"not YAML: {said}{hint}")]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error) or type(error).__name__
        line = text.count("\n", 0, getattr(error, "position", 0) or 0) + 1
        return None, [Fault(name, line, f"not YAML: {reason}")]
    if not isinstance(root, MappingNode):
        return None, [Fault(name, 1, "expected entries such as `sites:`, each in a line")]
    return root, sorted(_faults(root), key=lambda found: found.line)


def _faults(root: MappingNode) -> Iterator[Fault]:
    """Say of keys given twice, traps and tags; stop where there is too much."""
    todo: list[tuple[Node, str, int]] = [(root, "", 0)]
    seen = 0
    while todo:
        node, path, depth = todo.pop()
        seen += 1
        if seen > MOST_NODES or depth > MOST_DEPTH:
            yield fault(node, "too deep or too large: an alias within itself?")
            return
        if isinstance(node, ScalarNode):
            yield from _of_scalar(node, path)
        elif node.tag not in _TAGS:
            yield fault(node, f"{path}: the tag {node.tag} is not read")
        elif isinstance(node, SequenceNode):
            todo += [(item, f"{path}[{k}]", depth + 1) for k, item in enumerate(node.value)]
        elif isinstance(node, MappingNode):
            yield from _of_keys(node, path)
            todo += [
                (value, f"{path}.{key.value}" if path else str(key.value), depth + 1)
                for key, value in node.value
            ]


def _of_keys(node: MappingNode, path: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            yield fault(key, f"{path}: a key must be a text")
            continue
        if key.value == "<<" and not key.style:
            yield fault(
                key, f"{path or 'file'}: << is not read: what many share goes to `defaults`"
            )
        elif key.value in first:
            named = f"{path}.{key.value}" if path else key.value
            yield fault(key, f"{named} is given twice, first in line {first[key.value]}")
        first.setdefault(key.value, key.start_mark.line + 1)
        yield from _of_scalar(key, f"{path}.{key.value}" if path else key.value)


def _of_scalar(node: ScalarNode, path: str) -> Iterator[Fault]:
    if node.tag not in _TAGS:
        yield fault(node, f"{path}: the tag {node.tag} is not read")
    elif not node.style:
        for pattern, trap in _TRAPS:
            if pattern.fullmatch(node.value):
                yield fault(node, f"{path}: `{node.value}` {trap}")


def plain(node: Node) -> Any:
    """Return what a node says as plain values; None of what says nothing, such as `none`."""
    if isinstance(node, ScalarNode):
        return _value(node)
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.value]
    given = {key.value: plain(value) for key, value in node.value}
    return {key: value for key, value in given.items() if value is not None}


def _value(node: ScalarNode) -> Any:
    """Return a text, a number, true or false, or None."""
    text = str(node.value)
    if node.style:
        return text
    if text.lower() in NOTHING:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if _NUMBER.fullmatch(text):
        with suppress(ValueError):  # a whole number of very many digits
            return int(text)
        return float(text)
    return text


def entry(node: Node | None, key: object) -> tuple[Node, Node] | None:
    """Return the key and the value of an entry, or of an item of a list, if there is one."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name, value
    elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def place(root: Node, path: tuple[str | int, ...]) -> tuple[Node, list[str | int]]:
    """Return the node that a path leads to, or comes nearest to, and what of it was found.

    A value's own line counts, of what has entries its key's. Parts that are not there are left out.
    """
    node, shown, found = root, root, []
    for part in path:
        step = entry(node, part)
        if step is not None:
            key, node = step
            shown = node if isinstance(node, ScalarNode) else key
            found.append(part)
    return shown, found


def merged(own: Node, default: Node | None) -> Node:
    """Return entries with those of defaults that they do not give, at every depth.

    What says where a series comes from replaces a default that says it in another way.
    """
    if not (isinstance(own, MappingNode) and isinstance(default, MappingNode)):
        return own
    kinds = [{key.value for key, _ in node.value} & _KINDS for node in (own, default)]
    if all(kinds) and kinds[0] != kinds[1]:
        return own
    given = {key.value for key, _ in own.value}
    pairs = [(key, merged(value, _of(default, key.value))) for key, value in own.value]
    pairs += [(key, value) for key, value in default.value if key.value not in given]
    return mapping(pairs, own)


_KINDS = {"file", "time_of_use"}


def _of(node: MappingNode, key: str) -> Node | None:
    found = entry(node, key)
    return found[1] if found else None
