"""Schedule: the decisions as labelled arrays, what they earn and emit, and how good they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import xarray as xr

from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.currency import currency_of
from carbonsched.keywords import require_kinds

ARRAYS = ("data", "prices", "steps")


class Unknown(Family):
    """A family that a schedule names and nobody has given: what it forbids cannot be judged."""

    judged = False

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(frozen=True, repr=False)
class Schedule:
    """What `solve` returns.

    Attributes
    ----------
    data : xarray.Dataset
        The variables of `carbonsched.core.schema.DECISIONS`, and those of added families, with
        units as attributes.
    benefit : dict of str to float
        The objective (1) split into its terms, USD; what an added family earns is a term too.
    emissions : float
        Left side of (16), tCO2e.
    bound : float
        The solver's upper bound on the objective of this method, USD; not a number, like the
        gap, where a solver reports none (CBC, GLPK) and where it is rolled.
    turnover : float
        What the schedule earns and pays where it could have decided otherwise, USD: the sum of
        the absolute terms of (1), without what is the same in every schedule. That is inference,
        all of which is served, and the jobs that are required.
    distance : float
        ``bound - objective``, USD: no schedule is better by more.
    gap : float
        ``distance / turnover``.
    gap_of_objective : float
        ``distance / |objective|``, as the paper has it.
    runtime, build_time : float
        Seconds in the solver, and building the model.
    status : str
        "optimal" (to the gap asked for), "time_limit" (the incumbent), or "stopped": column
        generation knows no further step, and the gap that is left is wider than asked for;
        "held" near a former plan, where what changes cost leaves a wider gap in (1); or "rolled",
        which is solved window by window and has no bound, and what was missed on the way.
    method : Method
        Which schedules it was chosen from, and by which the judge judges it.
    formulation : Formulation
        How they were stated.
    versions : dict of str to str
        Of carbonsched, linopy and the solver.
    families : tuple of Family
        Those added to the paper's. Of a schedule that was loaded without them only their names
        are known, and what they forbid is not judged.
    prices : xarray.Dataset or None
        `carbonsched.core.schema.PRICES` that prove the bound, where the engine found some:
        column generation does.
    steps : xarray.Dataset or None
        Of a schedule that is rolled, what each step knew and did, over `step`.

    Examples
    --------
    >>> import carbonsched as cs
    >>> schedule = cs.solve(cs.generate(sites=2, periods=4, jobs=1, services=1), gap=0)
    >>> schedule.status, schedule.method.name, schedule.data.grid_import.attrs["units"]
    ('optimal', 'joint', 'MW')
    """

    data: xr.Dataset
    benefit: dict[str, float]
    emissions: float
    bound: float
    runtime: float
    build_time: float
    status: str
    method: Method
    formulation: Formulation
    solver: str
    versions: dict[str, str] = field(default_factory=dict)
    families: tuple[Family, ...] = ()
    prices: xr.Dataset | None = None
    turnover: float = math.nan
    steps: xr.Dataset | None = None

    @property
    def objective(self) -> float:
        """Net operational benefit (1), USD."""
        return sum(self.benefit.values())

    @property
    def currency(self) -> str:
        """ISO code of what is in USD by these words, where its instance states another."""
        return currency_of(self.data)

    @property
    def distance(self) -> float:
        """How much better than this one a schedule may be at most, USD."""
        return max(self.bound - self.objective, 0.0) if math.isfinite(self.bound) else math.nan

    @property
    def gap(self) -> float:
        """Distance relative to what could be decided otherwise."""
        return relative(self.distance, self.turnover)

    @property
    def gap_of_objective(self) -> float:
        """Distance relative to the objective, with all in it that no schedule can change."""
        return relative(self.distance, self.objective)

    def gap_to(self, gap_of: str) -> float:
        """Return the gap by the name of what it is relative to, "decided" or "objective"."""
        return self.gap if gap_of == "decided" else self.gap_of_objective

    def summary(self) -> dict[str, Any]:
        """Return all but decisions and prices, as plain values: objective, terms, gap, versions."""
        slots = {s.name: getattr(self, s.name) for s in fields(self) if s.name not in ARRAYS}
        known = math.isfinite(self.bound)
        return {
            "objective": self.objective,
            "distance": self.distance if known else None,
            "gap": self.gap if known else None,
            "gap_of_objective": self.gap_of_objective if known else None,
            **slots,
            "bound": self.bound if known else None,
            "method": {"name": self.method.name, **asdict(self.method)},
            "formulation": asdict(self.formulation),
            "families": [family.name for family in self.families],
        }

    def save(self, path: str | Path) -> Path:
        """Write to NetCDF, atomically: the file is whole or not there."""
        import carbonsched  # the front door: the core itself stands on no other room

        return carbonsched.io.save_schedule(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, families: Iterable[Family] = ()) -> Schedule:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path
        families : iterable of Family
            The families that the schedule names, to judge it by: a file never makes code run.

        Raises
        ------
        FileNotFoundError, InstanceError
            Nothing is there, or no NetCDF file.
        ValueError
            The file holds no schedule, or one that is damaged, and where.
        """
        import carbonsched

        require_kinds(path=(path, str))
        return carbonsched.io.load_schedule(Path(path), families)

    def __repr__(self) -> str:
        gap = f"gap {self.gap:.2%} ({self.distance:,.0f} {self.currency})"
        return (
            f"<Schedule {self.method}: {self.objective:z,.0f} {self.currency}, "
            f"{self.emissions:z,.1f} tCO2e, "
            f"{self.status}, {gap if math.isfinite(self.bound) else 'no bound'}, "
            f"{self.runtime:.2f} s>"
        )


def relative(distance: float, size: float) -> float:
    """Return a distance relative to a size, both in USD; to a cent where that is smaller."""
    return distance / max(abs(size), 0.01)
