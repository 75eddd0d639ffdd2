"""Which numbers of a model stand only under a condition, as comparisons of parameters.

A start outside its job's window, a route beyond its latency limit and a state that no optimum needs
are zeros and open rows of the pattern. `carbonsched.core.reach` and the families decide so; here it
is said in comparisons that a page can make, and `carbonsched.page.recipe` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.page.pattern import Pattern

Positions = dict[str, np.ndarray]


@dataclass(frozen=True)
class Comparison:
    """For each number: that a sum of parameters is at least something, or above it if strict.

    Attributes
    ----------
    terms : tuple
        Sign and name of a parameter, and the positions of its elements by dimension.
    least : numpy.ndarray or float
    strict : bool
    """

    terms: tuple[tuple[int, str, Positions], ...]
    least: np.ndarray | float = 0.0
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


def gates_of(pattern: Pattern, data: xr.Dataset) -> Iterator[Gate]:
    """Yield the gates of a pattern over the labels of data."""
    if data.sizes["job"]:
        yield from _windows(pattern)
        yield _runs(pattern)
    if data.sizes["service"]:
        yield _routes(pattern)
    yield from _grid_states(pattern)
    yield from _battery_states(pattern, data.sizes["time"])


def _windows(pattern: Pattern) -> Iterator[Gate]:
    """Yield that a job starts where it is allowed and ends in time, and that it must run."""
    at = pattern.row_block("jobs:window").positions
    job = {"job": at["job"]}
    inside = (
        Comparison(((1, "allowed", {**job, "site": at["site"]}),), 1.0),
        Comparison(((-1, "release", job),), -at["time"]),
        Comparison(((1, "deadline", job), (-1, "duration", job)), at["time"] - 1),
    )
    yield Gate(pattern.places("row_upper", "jobs:window"), 0.0, inside)
    every = pattern.row_block("jobs:required").positions
    must = (Comparison(((1, "required", every),), 1.0),)
    yield Gate(pattern.places("row_lower", "jobs:required"), 0.0, must)


def _runs(pattern: Pattern) -> Gate:
    """Return that a started job draws power for as long as it lasts."""
    power, start = pattern.row_block("power:it"), pattern.column_block("start")
    row, column = pattern.row - power.first, pattern.column - start.first
    entries = np.flatnonzero(
        (row >= 0) & (row < power.size) & (column >= 0) & (column < start.size)
    )
    drawn = power.positions["time"][row[entries]]
    started = {dim: along[column[entries]] for dim, along in start.positions.items()}
    lasts = ((1, "duration", {"job": started["job"]}),)
    return Gate(entries, 0.0, (Comparison(lasts, drawn - started["time"] + 1),))


def _routes(pattern: Pattern) -> Gate:
    """Return that a route is open within its service's latency limit."""
    at = pattern.row_block("inference:latency").positions
    service = {"service": at["service"]}
    near = ((1, "latency_limit", service), (-1, "latency", {**service, "site": at["site"]}))
    return Gate(pattern.places("row_upper", "inference:latency"), 0.0, (Comparison(near),))


def _grid_states(pattern: Pattern) -> Iterator[Gate]:
    """Yield that import is kept from export where both are possible and exporting pays more."""
    at = pattern.row_block("grid:state").positions
    needed = (
        Comparison(((1, "import_limit", at),), strict=True),
        Comparison(((1, "export_limit", at),), strict=True),
        Comparison(((1, "export_price", at), (-1, "import_price", at)), strict=True),
    )
    for row in ("grid:import", "grid:export", "grid:state"):
        yield Gate(pattern.places("row_upper", row), np.inf, needed)


def _battery_states(pattern: Pattern, periods: int) -> Iterator[Gate]:
    """Yield that charge is kept from discharge where both are possible, and import paid by then."""
    at = pattern.row_block("storage:charge").positions
    for later in range(periods):
        here = np.flatnonzero(at["time"] + later < periods)
        site = {"site": at["site"][here]}
        needed = (
            Comparison(((1, "charge_limit", site),), strict=True),
            Comparison(((1, "discharge_limit", site),), strict=True),
            Comparison(
                ((-1, "import_price", {**site, "time": at["time"][here] + later}),), strict=True
            ),
        )
        for row in ("storage:charge", "storage:discharge"):
            yield Gate(pattern.places("row_upper", row)[here], np.inf, needed)
