"""Solve again after a change of numbers, without building again.

Prices, demand, sizes and budgets are costs, bounds and right-hand sides, cooling and carbon
intensity the coefficients of a row or two: the model that was built stays, each family moves its
own numbers, and linopy's persistent solver passes on what differs. What changes other coefficients,
a label or which variables there are is met by building anew.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.constants import Result

from carbonsched.core.build import build, fix_workload, free_workload
from carbonsched.core.claims import contradiction
from carbonsched.core.families import FAMILIES, carbon, grid, inference, jobs, storage
from carbonsched.core.formulation import Formulation, choose
from carbonsched.core.instance import Instance
from carbonsched.core.schedule import Schedule
from carbonsched.core.solver import DIRECT, hand_over, limit_from_now, run
from carbonsched.core.tighten import tightened
from carbonsched.core.units import LIMIT, span
from carbonsched.core.verify import verify
from carbonsched.diagnosis.diagnose import explaining
from carbonsched.errors import SolverError
from carbonsched.front import as_judged, read_schedule, solve

PRICES = {
    "import_price",
    "export_price",
    "generation_cost",
    "battery_cost",
    "reward",
    "startup_cost",
    "value",
}
IN_PLACE = PRICES.union(*(getattr(family, "MOVES", ()) for family in FAMILIES))
EMISSIONS = {"carbon_intensity", "generation_carbon"}  # coefficients of (16)
GRID_LIMITS = {"import_limit", "export_limit"}  # coefficients of the states of the grid
BATTERY_LIMITS = {"charge_limit", "discharge_limit"}  # coefficients of the battery's state


class Reoptimiser:
    """A built model that follows an instance through changes of its numbers.

    Parameters
    ----------
    method : str
        Of `carbonsched.METHODS`.
    formulation : str or Formulation
    warm : bool
        Let HiGHS go on from its last solution. Without, it forgets it, and an answer depends on
        its instance alone, whichever came before.
    gap, time_limit, solver, verbose, **options
        As in `carbonsched.solve`; the solver is "highs" or "gurobi".

    Attributes
    ----------
    rebuilds, updates : int
        How often the model was built, and how often changed in place.

    Raises
    ------
    SolverError
        The solver cannot be updated in place.
    """

    def __init__(
        self,
        method: str = "joint",
        formulation: str | Formulation = "start",
        *,
        warm: bool = True,
        gap: float = 0.01,
        time_limit: float = 120.0,
        solver: str = "highs",
        verbose: bool = False,
        **options: Any,
    ) -> None:
        if solver not in DIRECT:
            raise SolverError(f"{solver} cannot be updated in place, only {' and '.join(DIRECT)}")
        self.method, self.formulation, self.solver = method, choose(method, formulation), solver
        self.warm, self.time_limit, self.verbose = warm, time_limit, verbose
        self.options = {"gap": gap, **options}
        self.rebuilds = self.updates = 0
        self._data: xr.Dataset | None = None

    def solve(self, instance: Instance) -> Schedule:
        """Return the schedule of an instance, verified; `build_time` is that of the update.

        Raises
        ------
        InfeasibleError, UnboundedError, NoIncumbentError, SolverError
            There is no schedule to return, and why.
        VerificationError
            The solver's answer breaks the model.
        """
        with explaining(instance, self.method, self.formulation):
            return self._solve(instance)

    def _solve(self, instance: Instance) -> Schedule:
        begun = time.perf_counter()
        self.update(instance)
        updated, clock = time.perf_counter(), self._clock()
        result = self.run()
        seconds = self._clock() - clock
        schedule = read_schedule(
            instance, self.method, self.formulation, self.solver, self.model, result
        )
        schedule = replace(schedule, runtime=seconds, build_time=updated - begun)
        lie = contradiction(schedule, self.options["gap"])
        if not lie and verify(as_judged(instance, self.formulation), schedule).ok:
            return schedule
        # A tie in prices, or presolve: `solve` knows how to go on from there.
        options = self.options | {"time_limit": self.time_limit, "verbose": self.verbose}
        how = {"engine": "milp", "solver": self.solver, "progress": False}
        return solve(instance, self.method, self.formulation, **how, **options)

    def update(self, instance: Instance) -> None:
        """Bring the model to an instance: in place if only numbers moved, else by building."""
        before, self._data = self._data, None  # until the model is there, if it raises
        data = tightened(instance.data, self.formulation)
        differ = None if before is None else self._moves(before, data)
        if differ is None:
            self.model: linopy.Model = build(instance, self.formulation)
            # linopy's updates in place know nothing of units: a model that needs them is built anew
            wide = span(self.model) > LIMIT
            self._engine = hand_over(
                self.model,
                self.solver,
                time_limit=self.time_limit,
                verbose=self.verbose,
                track_updates=not wide,
                rescale=wide,
                **self.options,
            )
            self._data = None if wide else data
            self.rebuilds += 1
            return
        model = self.model
        with linopy.options as options:
            options["semantics"] = "v1"
            if differ - PRICES:
                free_workload(model, self.formulation)  # a fixed value may lie beyond a new bound
            for family in FAMILIES:
                if differ & getattr(family, "MOVES", set()):
                    family.update(model, data, self.formulation)
            if differ & PRICES:
                _set_objective(model, data)
            if differ & EMISSIONS and "carbon:budget" in model.constraints:
                _set_emissions(model, data)
            if differ - PRICES:
                fix_workload(model, instance, self.formulation)
        self._engine.update(model)
        self._data = data
        self.updates += 1

    def run(self) -> Result:
        """Run the solver on the model as it stands and return linopy's result, unverified."""
        if self.solver == "highs":
            if not self.warm:
                self._engine.solver_model.clearSolver()
            limit_from_now(self._engine.solver_model, self.time_limit)
        return run(self._engine, self.model, self.time_limit, verbose=self.verbose, progress=False)

    def _clock(self) -> float:
        """Return the time that the solver has run, as it counts it if it does, s."""
        if self.solver == "highs":
            return self._engine.solver_model.getRunTime()
        return time.perf_counter()

    def _moves(self, before: xr.Dataset, after: xr.Dataset) -> set[str] | None:
        """Return the parameters to move in place; nothing if that would not do."""
        if any(not before.indexes[d].equals(after.indexes[d]) for d in before.indexes):
            return None
        differ = {name for name in before.data_vars if not before[name].equals(after[name])}
        same = all(
            found(before, self.formulation).equals(found(after, self.formulation))
            for found in (grid.needs_states, storage.needs_state, carbon.has_budget)
        )
        variables, rows = self.model.variables, self.model.constraints
        rigid = {
            *({"cooling"} if "power:facility" not in rows else ()),
            *(GRID_LIMITS if "importing" in variables else ()),
            *(BATTERY_LIMITS if "charging" in variables else ()),
            *(jobs.MOVES if "jobs:window" not in rows else ()),
            *(inference.LATENCY if "inference:latency" not in rows else ()),
        }
        movable = IN_PLACE | EMISSIONS
        return differ if same and differ <= movable - rigid else None


def _set_objective(model: linopy.Model, data: xr.Dataset) -> None:
    """Write the worth of every variable into the terms of the objective."""
    worth = {
        name: unit
        for family in FAMILIES
        if hasattr(family, "worth")
        for name, unit in family.worth(data).items()
        if name in model.variables
    }
    terms = model.objective.expression.data
    by_label = np.zeros(int(terms.vars.max()) + 1)
    for name, unit in worth.items():
        labels = model[name].labels
        declared = labels.values >= 0
        by_label[labels.values[declared]] = (
            unit.broadcast_like(labels).transpose(*labels.dims).values[declared]
        )
    moved = terms.assign(coeffs=("_term", by_label[terms.vars.values]))
    model.add_objective(linopy.LinearExpression(moved, model), sense="max", overwrite=True)


def _set_emissions(model: linopy.Model, data: xr.Dataset) -> None:
    """Write what every variable emits into the left side of (16)."""
    total = sum(
        (unit * model[name]).sum()
        for family in FAMILIES
        if hasattr(family, "emitted")
        for name, unit in family.emitted(data).items()
    )
    model.constraints["carbon:budget"].update(lhs=total)
