"""Schedule: the decisions as labelled arrays, what they earn and emit, and how good they are."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import xarray as xr

from carbonsched import store
from carbonsched.formulation import Formulation
from carbonsched.instance import Instance
from carbonsched.lagrangian import PRICES
from carbonsched.schema import DECISIONS

_ARRAYS = ("data", "prices")


@dataclass(frozen=True, repr=False)
class Schedule:
    """What `solve` returns.

    Attributes
    ----------
    data : xarray.Dataset
        The variables of `carbonsched.schema.DECISIONS`, with units as attributes.
    benefit : dict of str to float
        The objective (1) split into its terms, USD.
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
    versions : dict of str to str
        Of carbonsched, linopy and the solver.
    prices : xarray.Dataset or None
        `carbonsched.lagrangian.PRICES` that prove the bound, where the engine found some: column
        generation does.
    """

    data: xr.Dataset
    benefit: dict[str, float]
    emissions: float
    bound: float
    runtime: float
    build_time: float
    status: str
    method: str
    formulation: Formulation
    solver: str
    versions: dict[str, str] = field(default_factory=dict)
    prices: xr.Dataset | None = None

    @classmethod
    def of(cls, instance: Instance, decisions: xr.Dataset, **about: Any) -> Schedule:
        """Return the schedule that decisions make: what they earn and emit, and all else given."""
        return cls(
            data=decisions,
            benefit=benefit_terms(instance, decisions),
            emissions=float(emissions(instance, decisions).sum()),
            **about,
        )

    @property
    def objective(self) -> float:
        """Net operational benefit (1), USD."""
        return sum(self.benefit.values())

    @property
    def gap(self) -> float:
        """Relative distance of the objective from the bound."""
        distance = max(self.bound - self.objective, 0.0)
        return distance / max(abs(self.objective), 1e-9)

    def summary(self) -> dict:
        """Return all but decisions and prices, as plain values: objective, terms, gap, versions."""
        slots = {s.name: getattr(self, s.name) for s in fields(self) if s.name not in _ARRAYS}
        known = math.isfinite(self.bound)
        about = {"objective": self.objective, "gap": self.gap if known else None}
        slots |= {"bound": self.bound if known else None}
        return about | slots | {"formulation": asdict(self.formulation)}

    def save(self, path: str | Path) -> Path:
        """Write to NetCDF, atomically: the file is whole or not there."""
        about = self.summary()
        path = Path(path)
        arrays = self.data if self.prices is None else self.data.merge(self.prices)
        store.write_netcdf(arrays.assign_attrs(schedule=json.dumps(about)), path)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Schedule:
        """Read what `save` wrote.

        Raises
        ------
        FileNotFoundError, InstanceError
            Nothing is there, or no NetCDF file.
        ValueError
            The file holds no schedule, or one that is damaged, and where.
        """
        data = store.read_netcdf(Path(path))
        if "schedule" not in data.attrs:
            raise ValueError(f"{path} holds no schedule")
        try:
            about = json.loads(data.attrs.pop("schedule"))
            about["formulation"] = Formulation(**about["formulation"])
            about["bound"] = math.nan if about["bound"] is None else about["bound"]
            for name in ("emissions", "bound", "runtime", "build_time"):
                about[name] = float(about[name])
            about["benefit"] = {str(k): float(v) for k, v in about["benefit"].items()}
            kept = {slot.name: about[slot.name] for slot in fields(cls) if slot.name not in _ARRAYS}
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            why = f"{type(error).__name__}: {error}"
            raise ValueError(f"{path}: the schedule's summary is damaged ({why})") from error
        for name in (*DECISIONS, *PRICES):
            if name in data and data[name].dtype.kind not in "biuf":
                raise ValueError(f"{path}: {name} has values of type {data[name].dtype}")
        prices = data[list(PRICES)].drop_attrs() if set(PRICES) <= set(data) else None
        return cls(data=data.drop_vars(PRICES, errors="ignore"), prices=prices, **kept)

    def __repr__(self) -> str:
        return (
            f"<Schedule {self.method}: {self.objective:,.0f} USD, {self.emissions:,.1f} tCO2e, "
            f"{self.status}, gap {self.gap:.2%}, {self.runtime:.2f} s>"
        )


def benefit_terms(instance: Instance, decisions: xr.Dataset) -> dict[str, float]:
    """Return the terms of (1) that the decisions earn, USD; costs are negative."""
    given, hours = instance.data, instance.data.step_hours
    battery_use = decisions.charge + decisions.discharge
    terms = {
        "training": (given.reward * decisions.start).sum(),
        "startup": -(given.startup_cost * decisions.start).sum(),
        "inference": (hours * given.value * decisions.route).sum(),
        "export": (hours * given.export_price * decisions.grid_export).sum(),
        "import": -(hours * given.import_price * decisions.grid_import).sum(),
        "generation": -(hours * given.generation_cost * decisions.generate).sum(),
        "battery": -(hours * given.battery_cost * battery_use).sum(),
    }
    return {name: float(value) for name, value in terms.items()}


def emissions(instance: Instance, decisions: xr.Dataset) -> xr.DataArray:
    """Return the emissions of the decisions, tCO2e over (site, time)."""
    given = instance.data
    imported = given.carbon_intensity * decisions.grid_import
    return given.step_hours * (imported + given.generation_carbon * decisions.generate)
