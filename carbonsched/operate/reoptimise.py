"""Solve again after a change of numbers, without building again.

Prices, demand, sizes and budgets are costs, bounds and right-hand sides, cooling and carbon
intensity the coefficients of a row or two: the model that was built stays, each family moves its
own numbers, and linopy's persistent solver passes on what differs. What changes other coefficients,
a label or which variables there are is met by building anew, and `reason` says which it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.constants import Result

from carbonsched.core.build import (
    added,
    build,
    fitted,
    fix_workload,
    free_workload,
    held_apart,
    require_families,
)
from carbonsched.core.families import FAMILIES, carbon, grid, objective, storage
from carbonsched.core.families.expressions import Model
from carbonsched.core.family import Family, contributed
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.core.schema import PARAMETERS
from carbonsched.core.tighten import tightened
from carbonsched.errors import SolverError, asking
from carbonsched.front import explaining, solve
from carbonsched.judge.verify import verify
from carbonsched.keywords import named_keywords
from carbonsched.schedule import Schedule
from carbonsched.solver.claims import contradiction
from carbonsched.solver.decided import deciding
from carbonsched.solver.hand_over import DIRECT, hand_over, limit_from_now, run
from carbonsched.solver.milp import polished, read_schedule
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import LIMIT, span

# Parameters that their families move only beside a row, or only without one.
_WITH_ROW = {
    "power:facility": {"cooling"},
    "jobs:window": {"release", "deadline", "allowed"},
    "jobs:required": {"required"},
    "inference:latency": {"latency", "latency_limit"},
}
_WITHOUT_ROW = {  # where they are coefficients of a state
    "grid:state": {"import_limit", "export_limit"},
    "storage:charge": {"charge_limit", "discharge_limit"},
}
_ROUNDING = 1e-12  # relative: sums of the same numbers in another order


class RebuildReason(StrEnum):
    """Why a model was built anew and not changed in place."""

    FIRST = "there is no model yet, or the last change failed"
    LABELS = "sites, periods, jobs or services differ"
    VARIABLES = "states of grid or battery, or the budget's row, come or go"
    COEFFICIENTS = "a number differs that no family moves in place"
    FAMILY = "an added family moves nothing in place"
    STALE = "moved in place it differs from the model built anew: look at a family's `update`"
    BOUNDS = "a lower bound lies above an upper one, which cannot be said in place"
    UNITS = "the coefficients lie so far apart that the solver counts in units of its own"


class Reoptimiser:
    """A built model that follows an instance through changes of its numbers.

    Parameters
    ----------
    method : str or Method
        As in `carbonsched.solve`.
    formulation : str or Formulation
    families : iterable of Family
        What states the rows. An added family whose `moves` is None is met by building anew; after
        the `update` of another the model is compared with one built anew, which takes its place
        if they differ.
    warm : bool
        Let HiGHS go on from its last solution. Without, it forgets it, and an answer depends on
        its instance alone, whichever came before.
    gap, gap_of, time_limit, solver, verbose, polish, options
        As in `carbonsched.solve`; the solver is "highs" or "gurobi".

    Attributes
    ----------
    rebuilds, updates : int
        How often the model was built, and how often changed in place.
    reason : RebuildReason or None
        Why the last change of instance was met by building; None if it was made in place.

    Raises
    ------
    SolverError
        The solver cannot be updated in place.
    ValueError, TypeError
        A choice is unknown, something is no family, or there is no such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> again = cs.Reoptimiser(gap=0.001)
    >>> first = again.solve(instance)
    >>> dearer = again.solve(instance.replace(import_price=1.1 * instance.data.import_price))
    >>> dearer.objective < first.objective, again.rebuilds, again.updates, again.reason
    (True, 1, 1, None)
    """

    @named_keywords
    def __init__(
        self,
        method: str | Method = "joint",
        formulation: str | Formulation = "start",
        *,
        families: Iterable[Family] = FAMILIES,
        warm: bool = True,
        gap: float = 0.01,
        gap_of: str = "decided",
        time_limit: float = 120.0,
        solver: str = "highs",
        verbose: bool = False,
        polish: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if solver not in DIRECT:
            raise SolverError(f"{solver} cannot be updated in place, only {' and '.join(DIRECT)}")
        self.method, self.formulation = method_of(method), formulation_of(formulation)
        self.families, self.warm = require_families(families), warm
        self.settings = Settings.of(
            gap=gap, gap_of=gap_of, time_limit=time_limit, solver=solver, verbose=verbose,
            progress=False, polish=polish, options=options,
        )  # fmt: skip
        self.rebuilds = self.updates = 0
        self.reason: RebuildReason | None = None
        self._stated = held_apart(self.formulation, self.families)
        self._names = (*PARAMETERS, *(q.name for q in contributed(self.families)))
        self._data: xr.Dataset | None = None  # that the model stands for, as its families saw it
        self._wide = False  # whether the solver counts in units of its own

    @named_keywords
    def solve(
        self, instance: Instance, *, near: Schedule | None = None, change_cost: float = 0.0
    ) -> Schedule:
        """Return the schedule of an instance, verified; `build_time` is that of the update.

        Parameters
        ----------
        instance : Instance
        near : Schedule, optional
            A former plan to keep unless changing it pays, as in `carbonsched.solve`. That is a
            model of its own, built anew; the one that is held here stays as it is.
        change_cost : float
            USD a change, as there.

        Raises
        ------
        InfeasibleError, UnboundedError, NoIncumbentError, SolverError
            There is no schedule to return, and why.
        VerificationError
            The solver's answer breaks the model.
        """
        require_instance(instance)
        if near is not None or change_cost:
            return self._solve_anew(instance, near=near, change_cost=change_cost)
        with explaining(instance, self.method, families=self.families):
            return self._solve(instance)

    def _solve(self, instance: Instance) -> Schedule:
        begun, settings = time.perf_counter(), self.settings
        self.update(instance)
        updated, clock = time.perf_counter(), self._clock()
        result = self.run()
        seconds = self._clock() - clock
        schedule = read_schedule(
            instance, self.method, self.formulation, self.families, settings, self.model, result,
        )  # fmt: skip
        schedule = replace(schedule, runtime=seconds, build_time=updated - begun)
        schedule = polished(instance, schedule, self.model, self.families, settings)
        if not contradiction(schedule, settings) and verify(instance, schedule).ok:
            return schedule
        # A tie in prices, or presolve: `solve` knows how to go on from there.
        return self._solve_anew(instance)

    def _solve_anew(self, instance: Instance, **how: Any) -> Schedule:
        """Return the schedule of an instance by a model of its own."""
        return solve(
            instance, self.method, self.formulation, families=self.families, engine="milp",
            progress=False, **self.settings.for_solve(), **how,
        )  # fmt: skip

    def update(self, instance: Instance) -> None:
        """Bring the model to an instance: in place if only numbers moved, else by building."""
        given = fitted(instance, self.families)
        data = tightened(given.data, self.method, self._stated)
        before, self._data = self._data, None  # until the model is there, if what follows raises
        differ = set() if before is None else self._differing(before, data)
        self.reason = self._why_anew(before, data, differ)
        fresh = self._move(given, data, differ) if self.reason is None else self._built(given)
        if fresh is None:
            self.updates += 1
        else:
            self.reason = self.reason or RebuildReason.STALE
            self._hold(fresh)
            self.rebuilds += 1
        self._data = None if self._wide else data

    def run(self) -> Result:
        """Run the solver on the model as it stands and return linopy's result, unverified."""
        if self.settings.solver == "highs":
            if not self.warm:
                self._engine.solver_model.clearSolver()
            limit_from_now(self._engine.solver_model, self.settings.time_limit)
        with deciding(self.model, self.settings):
            return run(self._engine, self.model, self.settings)

    def _clock(self) -> float:
        """Return the time that the solver has run, as it counts it if it does, s."""
        if self.settings.solver == "highs":
            return self._engine.solver_model.getRunTime()
        return time.perf_counter()

    def _built(self, given: Instance) -> Model:
        return build(given, self.formulation, method=self.method, families=self.families)

    def _hold(self, model: Model) -> None:
        """Hand a model to the solver, to be held there."""
        self.model: Model = model
        # linopy's updates in place know nothing of units: a model that needs them is built anew
        self._wide = span(self.model) > LIMIT
        with deciding(self.model, self.settings):
            self._engine = hand_over(
                self.model, self.settings, track_updates=not self._wide, rescale=self._wide
            )

    def _move(self, given: Instance, data: xr.Dataset, differ: set[str]) -> Model | None:
        """Let each family move the numbers that differ, and the solver take them over.

        What `update` of an added family may have missed, nobody else can know: beside one the model
        is built anew, and returned if it is another.
        """
        own = _moves(added(self.families))  # these may enter what any variable earns or emits
        with linopy.options as options:
            options["semantics"] = "v1"
            free_workload(self.model, self.method)  # a fixed value may lie beyond a new bound
            for family in self.families:
                absent = family.over and not data.sizes[family.over]
                sums = family in (objective.family, carbon.family)
                if not absent and differ & (_moves([family]) | (own if sums else set())):
                    with asking(family, "update"):
                        family.update(self.model, data, self._stated)
            fix_workload(self.model, given, self.method)
        if differ and added(self.families):
            fresh = self._built(given)
            if not _same(self.model, fresh):
                return fresh
        with deciding(self.model, self.settings):
            self._engine.update(self.model)
        return None

    def _differing(self, before: xr.Dataset, after: xr.Dataset) -> set[str]:
        """Return the parameters of which a number differs."""
        return {name for name in self._names if not before[name].equals(after[name])}

    def _why_anew(
        self, before: xr.Dataset | None, after: xr.Dataset, differ: set[str]
    ) -> RebuildReason | None:
        """Return what keeps a change from being made in place; nothing if it can be."""
        if before is None:
            return RebuildReason.UNITS if self._wide else RebuildReason.FIRST
        if any(not before.indexes[dim].equals(after.indexes[dim]) for dim in before.indexes):
            return RebuildReason.LABELS
        if differ and any(family.moves is None for family in added(self.families)):
            return RebuildReason.FAMILY
        there = (grid.needs_states, storage.needs_state, carbon.has_budget)
        if any(not at(before, self._stated).equals(at(after, self._stated)) for at in there):
            return RebuildReason.VARIABLES
        rows = self.model.constraints
        rigid = {name for row, names in _WITH_ROW.items() if row not in rows for name in names}
        rigid |= {name for row, names in _WITHOUT_ROW.items() if row in rows for name in names}
        if not differ <= _moves(self.families) - rigid:
            return RebuildReason.COEFFICIENTS
        if (after.battery_min > after.battery_energy).any():  # tightened: the end is out of reach
            return RebuildReason.BOUNDS
        return None


def _same(one: Model, other: Model) -> bool:
    """Return whether two models state the same rows, bounds and objective, number by number."""
    a, b = one.matrices, other.matrices
    if a.A is None or b.A is None or a.A.shape != b.A.shape:
        return False
    pairs = [(getattr(a, name), getattr(b, name)) for name in ("b", "lb", "ub", "c")]
    alike = all(np.allclose(x, y, rtol=_ROUNDING, atol=0) for x, y in pairs)
    alike = alike and not (abs(a.A - b.A) > _ROUNDING * abs(a.A)).nnz
    same = [(getattr(a, name), getattr(b, name)) for name in ("sense", "vtypes", "vlabels")]
    return alike and all(np.array_equal(x, y) for x, y in same)


def _moves(families: Iterable[Family]) -> set[str]:
    """Return the parameters that families move in place."""
    return set().union(*(family.moves or () for family in families))
