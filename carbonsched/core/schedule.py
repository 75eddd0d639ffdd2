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

ARRAYS = ("data", "prices")


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
    gap : float
        ``(bound - objective) / |objective|``.
    runtime, build_time : float
        Seconds in the solver, and building the model.
    status : str
        "optimal" (to the gap asked for), "time_limit" (the incumbent), or "stopped": column
        generation knows no further step, and the gap that is left is wider than asked for; or
        "rolled", which is solved window by window and has no bound.
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

    @property
    def objective(self) -> float:
        """Net operational benefit (1), USD."""
        return sum(self.benefit.values())

    @property
    def gap(self) -> float:
        """Relative distance of the objective from the bound."""
        distance = max(self.bound - self.objective, 0.0)
        return distance / max(abs(self.objective), 1e-9)

    def summary(self) -> dict[str, Any]:
        """Return all but decisions and prices, as plain values: objective, terms, gap, versions."""
        slots = {s.name: getattr(self, s.name) for s in fields(self) if s.name not in ARRAYS}
        known = math.isfinite(self.bound)
        return {
            "objective": self.objective,
            "gap": self.gap if known else None,
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

        return carbonsched.io.load_schedule(Path(path), families)

    def __repr__(self) -> str:
        return (
            f"<Schedule {self.method}: {self.objective:z,.0f} USD, {self.emissions:z,.1f} tCO2e, "
            f"{self.status}, gap {self.gap:.2%}, {self.runtime:.2f} s>"
        )
