"""Which engine solves an instance, and what the other one adds where it falls short.

The whole model is the quicker one for few placements, or where exporting pays more than importing
costs, so that most hours need a state of the grid; column generation for many
(`benchmarks/engines.py` measures both). Either may end without the gap asked for: columns because
the relaxation leaves it open, and the whole model because its search stalls. Then the other one
takes over in the time that is left, and what is returned is the better schedule of both with the
lower bound of both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import xarray as xr

from carbonsched.columns.engine import column_generation, first_schedule
from carbonsched.core.build import added, build, refuse_added
from carbonsched.core.families import FAMILIES
from carbonsched.core.families.grid import needs_states
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.reach import start_counts
from carbonsched.errors import NoIncumbentError, SolverError, VerificationError
from carbonsched.judge.verify import verify
from carbonsched.schedule import Schedule
from carbonsched.solver.milp import believed, polished, solve_milp, versions
from carbonsched.solver.polish import may_idle
from carbonsched.solver.settings import Settings

AUTO_PLACEMENTS = 2_000  # above, columns are faster: measured by benchmarks/engines.py
COARSE_PLACEMENTS, COARSE_GAP = 300, 1e-3  # above so few, if the gap is at least this
STATES_SHARE = 0.1  # of sites and periods with a state of the grid, above which columns are slow
STATES_PLACEMENTS = 20_000  # up to this, such an instance is for the whole model alone
STALL_SHARE = 0.1  # of the time limit, after which the whole model is left for columns
LEAST_STALL = 5.0  # s; a shorter time limit is all for the whole model
START_PLACEMENTS = 1_000  # above, the search begins with a workload placed greedily
BRANCH_PLACEMENTS = 20_000  # up to this, what columns leave open is for the whole model


def fitting_engine(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    settings: Settings,
    families: Iterable[Family] = FAMILIES,
) -> str:
    """Return what "auto" means: the engine for the placements, the states and the gap asked for."""
    able = may_have_columns(method, formulation, settings, families)
    few = COARSE_PLACEMENTS if settings.gap >= COARSE_GAP else AUTO_PLACEMENTS
    large = placements(instance.data) > few
    return "column-generation" if large and able and not _stately(instance, formulation) else "milp"


def may_have_columns(
    method: Method, formulation: Formulation, settings: Settings, families: Iterable[Family]
) -> bool:
    """Return whether "auto" may go by columns."""
    alone = method.workload == "optimised" and formulation.jobs == "start" and not settings.options
    return alone and settings.solver == "highs" and not added(families)


def _stately(instance: Instance, formulation: Formulation) -> bool:
    """Return whether states of the grid, for which columns branch each time, are many."""
    states = needs_states(instance.data, formulation).mean() > STATES_SHARE
    return bool(states) and placements(instance.data) <= STATES_PLACEMENTS


def placements(data: xr.Dataset) -> int:
    """Return on how many sites and in how many periods the jobs may start, all together."""
    return int((data.allowed.sum("site") * start_counts(data)).sum())


@dataclass(frozen=True)
class Task:
    """What is to be solved, and how.

    Attributes
    ----------
    instance : Instance
    method : Method
    formulation : Formulation
    families : tuple of Family
    settings : Settings
    """

    instance: Instance
    method: Method
    formulation: Formulation
    families: tuple[Family, ...]
    settings: Settings

    def within(self, seconds: float) -> Task:
        """Return the same with another time limit, s."""
        return replace(self, settings=replace(self.settings, time_limit=seconds))

    def whole_model(self, known: xr.Dataset | None) -> Schedule:
        """Return what the whole model gives, begun with a schedule if one is known."""
        return solve_milp(
            self.instance, self.method, self.formulation, self.families, self.settings, known
        )


def by_whole_model(task: Task) -> Schedule:
    """Return what the whole model gives, begun with a workload placed greedily if it is large."""
    known, seconds = _first_schedule(task)
    return task.within(seconds).whole_model(known)


def by_whole_model_or_columns(
    task: Task, whole: Callable[[Task], Schedule] = by_whole_model
) -> Schedule:
    """Return what the whole model gives, and where it stalls the better of that and of columns.

    It has a share of the time to reach the gap; what it finds within that is as without columns.
    `whole` is how it is solved first, such as in a model that is held already.
    """
    begun, time_limit = time.monotonic(), task.settings.time_limit
    share = max(STALL_SHARE * time_limit, LEAST_STALL)
    able = may_have_columns(task.method, task.formulation, task.settings, task.families)
    able = able and not _stately(task.instance, task.formulation)
    if share >= time_limit or not able:
        return whole(task)

    def left() -> float:
        """Return the seconds that are left."""
        return max(time_limit - (time.monotonic() - begun), 0.0)

    schedule = None
    with suppress(NoIncumbentError):
        schedule = whole(task.within(share))
        if schedule.status == "optimal" or left() <= 0:
            return schedule
    with suppress(NoIncumbentError, SolverError, VerificationError):
        other = _columns(task.within(left()))
        schedule = other if schedule is None else _better(schedule, other, task.settings)
    if schedule is None:
        return by_whole_model(task.within(left()))
    if schedule.status == "optimal":
        return schedule
    return _branched(task, schedule)


def by_columns(task: Task) -> Schedule:
    """Return what columns give, or the better of that and the whole model where a gap is left."""
    schedule = _columns(task)
    if schedule.status != "stopped" or placements(task.instance.data) > BRANCH_PLACEMENTS:
        return schedule
    return _branched(task, schedule)


def _first_schedule(task: Task) -> tuple[xr.Dataset | None, float]:
    """Return a schedule to begin with, if finding one is worth the time, and the seconds left."""
    settings, time_limit = task.settings, task.settings.time_limit
    able = settings.solver == "highs" and task.method.workload == "optimised"
    able = able and not added(task.families)
    if not able or placements(task.instance.data) <= START_PLACEMENTS:
        return None, time_limit
    begun = time.monotonic()
    known = first_schedule(task.instance, task.method, task.formulation, settings)
    left = time_limit - (time.monotonic() - begun)
    return known, max(left, time_limit / 10)  # what is known is soon handed over


def _columns(task: Task) -> Schedule:
    """Return what column generation finds, its dispatch the calmest, verified."""
    instance, settings = task.instance, task.settings
    refuse_added(task.families, "column generation", "engine='milp'")
    schedule = column_generation(instance, task.method, task.formulation, settings)
    if settings.polish and may_idle(instance.data, schedule.data):
        model = build(instance, task.formulation, method=task.method)
        schedule = polished(instance, schedule, model, task.families, settings)
    schedule = replace(schedule, versions=versions(settings.solver))
    return believed(schedule, verify(instance, schedule), settings)


def _branched(task: Task, schedule: Schedule) -> Schedule:
    """Return the better of a schedule and what the whole model finds in the time that is left."""
    left = task.settings.time_limit - (schedule.build_time + schedule.runtime)
    if left <= 0:
        return replace(schedule, status="time_limit")
    try:
        other = task.within(left).whole_model(schedule.data)
    except (NoIncumbentError, SolverError, VerificationError):
        return schedule
    return _better(schedule, other, task.settings)


def _better(schedule: Schedule, other: Schedule, settings: Settings) -> Schedule:
    """Return the one that earns more, with the lower bound of both and the time of both."""
    bounds = [s.bound for s in (schedule, other) if math.isfinite(s.bound)]
    best = max(schedule, other, key=lambda s: s.objective)
    proofs = [s.prices for s in (schedule, other) if s.bound == min(bounds)]
    best = replace(
        best,
        bound=min(bounds),
        prices=proofs[0],
        runtime=schedule.runtime + other.runtime,
        build_time=schedule.build_time + other.build_time,
        status=other.status,
    )
    return replace(best, status="optimal") if best.gap_to(settings.gap_of) <= settings.gap else best
