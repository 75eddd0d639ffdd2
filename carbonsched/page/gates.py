"""Which numbers of a model stand only under a condition, as comparisons of parameters.

A start outside its job's window, a route beyond its latency limit and a state that no optimum needs
are zeros and open rows of the pattern. `carbonsched.core.reach` and the families decide so; here it
is said in comparisons that a page can make, and `carbonsched.page.recipe` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from carbonsched.page.pattern import Pattern

Positions = dict[str, np.ndarray]


@dataclass(frozen=True)
class Comparison:
    """For each number: that a sum of parameters is at least something, or above it if strict.

    Attributes
    ----------
    terms : tuple
        Sign and name of a parameter, and the positions of its elements by dimension.
    least : numpy.ndarray
    strict : bool
    """

    terms: tuple[tuple[int, str, Positions], ...]
    least: np.ndarray
    strict: bool = False


@dataclass(frozen=True)
class Gate:
    """Numbers that stand if all comparisons hold, of one gate at least if several are of a number.

    Attributes
    ----------
    places : numpy.ndarray
        In the list of the pattern.
    closed : float
        What each number is otherwise.
    comparisons : tuple of Comparison
    """

    places: np.ndarray
    closed: float
    comparisons: tuple[Comparison, ...]


def gates_of(pattern: Pattern, periods: int) -> list[Gate]:
    """Return the gates of a pattern."""
    there = {block.name for block in pattern.rows}
    gates = [*_grid(pattern), *_battery(pattern, periods)]
    if "jobs:window" in there:
        gates += _jobs(pattern)
    if "inference:latency" in there:
        gates += _routes(pattern)
    return gates


def _jobs(pattern: Pattern) -> Iterator[Gate]:
    """A job starts where it is allowed and ends in its window, and draws power while it runs."""
    at = _of(pattern, "jobs:window")
    job, time = {"job": at["job"]}, at["time"]
    allowed = ((1, "allowed", {"job": at["job"], "site": at["site"]}),)
    fits = ((1, "deadline", job), (-1, "duration", job))
    yield Gate(
        pattern.places("row_upper", "jobs:window"),
        0.0,
        (
            Comparison(allowed, np.ones(len(time))),
            Comparison(((-1, "release", job),), -time),
            Comparison(fits, time - 1),
        ),
    )
    yield Gate(
        pattern.places("row_lower", "jobs:required"),
        0.0,
        (Comparison(((1, "required", _of(pattern, "jobs:required")),), np.ones(at["job"].max() + 1)),),
    )
    (power,) = (block for block in pattern.rows if block.name == "power:it")
    (start,) = (block for block in pattern.columns if block.name == "start")
    of_start = (pattern.column >= start.first) & (pattern.column < start.first + start.size)
    of_power = (pattern.row >= power.first) & (pattern.row < power.first + power.size)
    entries = np.flatnonzero(of_start & of_power)
    started = pattern.column[entries] - start.first
    since = power.positions["time"][pattern.row[entries] - power.first]
    since = since - start.positions["time"][started]
    yield Gate(
        entries,
        0.0,
        (Comparison(((1, "duration", {"job": start.positions["job"][started]}),), since + 1),),
    )


def _routes(pattern: Pattern) -> Iterator[Gate]:
    """A route is open within its service's latency limit."""
    at = _of(pattern, "inference:latency")
    service = {"service": at["service"]}
    terms = (
        (1, "latency_limit", service),
        (-1, "latency", {"service": at["service"], "site": at["site"]}),
    )
    places = pattern.places("row_upper", "inference:latency")
    yield Gate(places, 0.0, (Comparison(terms, np.zeros(len(places))),))


def _grid(pattern: Pattern) -> Iterator[Gate]:
    """Import is kept from export where both are possible and exporting pays more."""
    at = _of(pattern, "grid:state")
    site, everywhere = {"site": at["site"]}, {"site": at["site"], "time": at["time"]}
    none = np.zeros(len(at["site"]))
    needed = (
        Comparison(((1, "import_limit", everywhere),), none, strict=True),
        Comparison(((1, "export_limit", everywhere),), none, strict=True),
        Comparison(
            ((1, "export_price", everywhere), (-1, "import_price", everywhere)), none, strict=True
        ),
    )
    del site
    for row in ("grid:import", "grid:export", "grid:state"):
        yield Gate(pattern.places("row_upper", row), np.inf, needed)


def _battery(pattern: Pattern, periods: int) -> Iterator[Gate]:
    """Charge is kept from discharge where both are possible and importing is paid for by then."""
    at = _of(pattern, "storage:charge")
    for row in ("storage:charge", "storage:discharge"):
        places = pattern.places("row_upper", row)
        for later in range(periods):
            here = np.flatnonzero(at["time"] + later < periods)
            site = {"site": at["site"][here]}
            then = {**site, "time": at["time"][here] + later}
            none = np.zeros(len(here))
            yield Gate(
                places[here],
                np.inf,
                (
                    Comparison(((1, "charge_limit", site),), none, strict=True),
                    Comparison(((1, "discharge_limit", site),), none, strict=True),
                    Comparison(((-1, "import_price", then),), none, strict=True),
                ),
            )


def _of(pattern: Pattern, row: str) -> Positions:
    (block,) = (block for block in pattern.rows if block.name == row)
    return block.positions
