"""HOW the schedules of a method are stated: each choice has the same optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from carbonsched.core.method import by_name, check_slots


@dataclass(frozen=True)
class Formulation:
    """One choice per family. The defaults are the `start` formulation.

    Attributes
    ----------
    jobs : {"start", "run"}
        "start": one binary per feasible job, site and first period; `run` is a sum of them.
        "run": the rows (8)-(10) as the paper prints them, over `run`, `start` and `stop`.
    power : {"substituted", "stated"}
        Whether IT power and facility power are replaced by the load they equal, or are variables
        with rows of their own, (2) and (3). A schedule holds both either way.
    grid_states : {"needed", "everywhere"}
        Whether the binaries that keep import from export stand only where an optimum could
        otherwise use both at once, or at every site and period.
    storage_states : {"needed", "everywhere"}
        The same for the binary that keeps charge from discharge.
    windows : {"cut", "rows"}
        Whether a start outside a job's window or allowed sites is left out or forbidden by a row.
    latency : {"cut", "rows"}
        The same for a route beyond its service's latency limit, (12).
    bounds : {"tight", "given"}
        Whether limits of grid, generation and battery are lowered to what an optimum can use, see
        `carbonsched.core.tighten`.

    Raises
    ------
    ValueError
        Names a slot whose value is not among its choices.

    Examples
    --------
    >>> Formulation(jobs="run").jobs
    'run'
    >>> Formulation() == FORMULATIONS["start"]
    True
    """

    jobs: Literal["start", "run"] = "start"
    power: Literal["substituted", "stated"] = "substituted"
    grid_states: Literal["needed", "everywhere"] = "needed"
    storage_states: Literal["needed", "everywhere"] = "needed"
    windows: Literal["cut", "rows"] = "cut"
    latency: Literal["cut", "rows"] = "cut"
    bounds: Literal["tight", "given"] = "tight"

    def __post_init__(self) -> None:
        check_slots(self)


FORMULATIONS: dict[str, Formulation] = {
    "start": Formulation(),
    "paper": Formulation(
        jobs="run",
        power="stated",
        grid_states="everywhere",
        windows="rows",
        latency="rows",
        bounds="given",
    ),
}


def formulation_of(formulation: str | Formulation) -> Formulation:
    """Return a formulation by its name, or the value itself.

    Raises
    ------
    ValueError
        There is no formulation of that name.
    """
    return by_name(formulation, Formulation, FORMULATIONS)
