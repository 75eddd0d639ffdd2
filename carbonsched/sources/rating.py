"""What a file says above its table of the size of the plant that its power is of."""

from __future__ import annotations

import re
from collections.abc import Mapping

from carbonsched.sources.profile import Values


def stated(about: Mapping[str, str], values: Values) -> tuple[float, ...]:
    """Return the sizes in kW of which a file may mean one, none if it says none.

    Examples
    --------
    >>> values = Values(columns="P", rated="size", rated_by="DC to AC")
    >>> stated({"size": "6 kW", "DC to AC": "1.2"}, values), stated({"size": "-"}, values)
    ((6.0, 5.0), ())
    """
    size = _number(about, values.rated)
    if not size:
        return ()
    ratio = _number(about, values.rated_by)
    return (size, size / ratio) if ratio else (size,)


def _number(about: Mapping[str, str], pattern: str | None) -> float | None:
    """Return the number above 0 that stands first behind a name, if there is one."""
    if pattern is None:
        return None
    told = next((text for name, text in about.items() if re.fullmatch(pattern, name)), "")
    found = re.match(r"\s*(\d+\.?\d*|\.\d+)(?![\d,'])", told)
    return float(found[1]) or None if found else None
