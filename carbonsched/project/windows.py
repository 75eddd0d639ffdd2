"""Hours, days, months and zones as people write them: 22-6, Mon-Fri, Jun-Sep, Europe/Berlin."""

from __future__ import annotations

import re
from collections.abc import Sequence

from carbonsched.io.zones import zone_of

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?")


def require_zone(name: str) -> str:
    """Return the name of a time zone; raise ValueError if it is none."""
    zone_of(name)
    return name


def minutes_of(hours: str) -> list[tuple[int, int]]:
    """Return ranges of a day's minutes, from and to.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> minutes_of("7:30-9, 22-6")
    [(450, 540), (1320, 1440), (0, 360)]
    """
    ranges: list[tuple[int, int]] = []
    for part in hours.split(","):
        ends = [_CLOCK.fullmatch(end.strip()) for end in part.split("-")]
        if len(ends) != 2 or not all(ends):
            raise ValueError(f"{hours!r:.80}: write hours such as 16-21, 7:30-9 or 22-6")
        first, last = (int(end[1]) * 60 + int(end[2] or 0) for end in ends if end)
        if first == last or max(first, last) > 1440 or any(int(e[2] or 0) > 59 for e in ends if e):
            raise ValueError(f"{hours!r:.80}: hours reach from 0 to 24, and end when others begin")
        ranges += [(first, last)] if first < last else [(first, 1440), (0, last)]
    return [(first, last) for first, last in ranges if first < last]


def hours_of(hours: str) -> str:
    """Return hours as they are written; raise ValueError if they are none."""
    minutes_of(hours)
    return hours


def places_of(text: str, names: Sequence[str]) -> set[int]:
    """Return the places of names and of ranges of names, which may go round the end.

    Raises
    ------
    ValueError
        Another name is given.

    Examples
    --------
    >>> sorted(places_of("Nov-Feb", MONTHS)), sorted(places_of("sat, Sunday", DAYS))
    ([0, 1, 10, 11], [5, 6])
    """
    found: set[int] = set()
    short = [name.lower() for name in names]
    for part in text.split(","):
        ends = [end.strip().lower()[:3] for end in part.split("-")]
        if len(ends) > 2 or not all(end in short for end in ends):
            raise ValueError(f"{text!r:.80}: write names such as {names[0]}-{names[4]}")
        first, last = short.index(ends[0]), short.index(ends[-1])
        found |= {k % len(names) for k in range(first, last + 1 + len(names) * (last < first))}
    return found


def days_of(days: str) -> str:
    """Return days as they are written; raise ValueError if they are none."""
    places_of(days, DAYS)
    return days


def months_of(months: str) -> str:
    """Return months as they are written; raise ValueError if they are none."""
    places_of(months, MONTHS)
    return months
