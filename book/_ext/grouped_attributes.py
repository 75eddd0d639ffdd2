"""Attributes that a docstring describes together get an entry each.

NumPy's style allows `lower, upper : float` in any section; of attributes napoleon takes all names
but one for the type. Each name gets a copy of the entry, as parameters do.
"""

from __future__ import annotations

import re
from typing import Any

_NAMES = re.compile(r"^(\w+(?:, \w+)+) : (.+)$")


def apart(lines: list[str]) -> list[str]:
    """Return the lines of a docstring with one name for each entry of its attributes."""
    found, inside, group = list[str](), False, list[str]()
    entry: list[str] = []

    def close() -> None:
        for name in group:
            found.extend([f"{name} : {entry[0]}", *entry[1:]])
        group.clear()
        entry.clear()

    for at, line in enumerate(lines):
        head = at + 1 < len(lines) and set(lines[at + 1]) == {"-"} and bool(line.strip())
        if head:
            close()
            inside = line.strip() == "Attributes"
        named = _NAMES.match(line) if inside else None
        if group and (named or (line and not line.startswith(" "))):
            close()
        if named:
            group.extend(named[1].split(", "))
            entry.append(named[2])
        elif group:
            entry.append(line)
        else:
            found.append(line)
    close()
    return found


def setup(app: Any) -> dict[str, bool]:
    """Change docstrings before napoleon reads them."""

    def change(_: Any, what: str, name: str, of: Any, options: Any, lines: list[str]) -> None:
        lines[:] = apart(lines)

    app.connect("autodoc-process-docstring", change, priority=400)
    return {"parallel_read_safe": True}
