"""Solve the whole model with a solver, and let nothing unverified out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.constants import Result
from linopy.objective import Objective

from carbonsched.core.build import added, build, fix
from carbonsched.core.families.expressions import Model, expression
from carbonsched.core.family import Family, stakes
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.errors import InfeasibleError, NoIncumbentError, SolverError, UnboundedError
from carbonsched.judge.verify import Report, verify
from carbonsched.schedule import Schedule
from carbonsched.solver.claims import contradiction
from carbonsched.solver.decided import deciding
from carbonsched.solver.decisions import schedule_of, solution_of
from carbonsched.solver.earliest import earliest
from carbonsched.solver.hand_over import hand_over, run_solver
from carbonsched.solver.near import Hold, holding
from carbonsched.solver.nearest import (
    EQUAL,
    FARTHER,
    SPENT,
    fewest,
    most_of_near,
    nearest,
    no_farther,
)
from carbonsched.solver.polish import (
    LEAST_MONEY,
    LEAST_SECONDS,
    SAME,
    calmest,
    dispatch,
    may_idle,
    may_lose,
    seconds_left,
)
from carbonsched.solver.settings import Settings

_PACKAGES = {"highs": "highspy", "gurobi": "gurobipy", "scip": "pyscipopt", "cbc": "cbcbox"}


def solve_milp(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    known: xr.Dataset | None = None,
    committed: Mapping[Any, xr.DataArray] | None = None,
) -> Schedule:
    """Build, solve and verify; see `carbonsched.solve`.

    `known` has the values of the variables of a schedule, for HiGHS to begin with its workload;
    `committed` those of variables that are no longer to be decided.
    """
    attempt = partial(_attempt, instance, method, committed=committed or {})
    schedule, report = attempt(formulation, families, settings, known)
    if not report.ok or contradiction(schedule, settings):
        # Presolve has been seen to return a wrong point as optimal, and a tie in prices to leave
        # opposite flows that cannot be netted: once more without the one and with all states.
        safe = replace(formulation, grid_states="everywhere", storage_states="everywhere")
        spent = schedule.runtime
        if spent < settings.time_limit:
            left = replace(settings, time_limit=settings.time_limit - spent)
            schedule, report = attempt(safe, families, left, known, cautious=True)
            schedule = replace(schedule, runtime=schedule.runtime + spent)
    return believed(schedule, report, settings)


def believed(schedule: Schedule, report: Report, settings: Settings) -> Schedule:
    """Return a schedule that keeps every row and agrees with what is claimed of it, or raise."""
    report.raise_if_broken()
    if lie := contradiction(schedule, settings):
        raise SolverError(lie)
    return schedule


def _attempt(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    known: xr.Dataset | None,
    cautious: bool = False,
    committed: Mapping[Any, xr.DataArray] = MappingProxyType({}),
) -> tuple[Schedule, Report]:
    begun = time.perf_counter()
    model = build(instance, formulation, method=method, families=families)
    commit(model, committed)
    built = time.perf_counter()
    with deciding(model, settings):
        hold = holding(families)
        start = known.start if known is not None else hold.former.start if hold else None
        result = run_solver(model, settings, cautious=cautious, start=start)
    seconds = time.perf_counter() - built
    schedule = read_schedule(
        instance, method, formulation, families, settings, model, result, known
    )
    runtime = _or(result.report and result.report.runtime, seconds)
    schedule = replace(schedule, runtime=runtime, build_time=built - begun)
    schedule = polished(instance, schedule, model, families, settings)
    return schedule, verify(instance, schedule)


def commit(model: Model, committed: Mapping[Any, xr.DataArray]) -> None:
    """Fix variables of a model, as what is no longer to be decided."""
    names = [name for name in committed if name in model.variables]
    model.fixed = (*model.fixed, *names)
    with linopy.options as options:
        options["semantics"] = "v1"
        for name in names:
            fix(model[name], committed[name])


def polished(
    instance: Instance,
    schedule: Schedule,
    model: Model,
    families: tuple[Family, ...],
    settings: Settings,
) -> Schedule:
    """Return a schedule with the best dispatch of its workload, see `carbonsched.solver.polish`."""
    if not settings.polish:
        return schedule
    given = instance.with_families(families)
    _, settled = stakes(families, given.data, model.fixed)

    def of(result: Result | None) -> Schedule:
        """Return what a solver left in the model, or the schedule as it was."""
        if result is None or not _is_optimal(result):
            return schedule
        kept = ("build_time", "status", "method", "formulation", "solver", "versions", "prices")
        about: dict[str, Any] = {name: getattr(schedule, name) for name in kept}
        about["runtime"] = schedule.runtime + _or(result.report and result.report.runtime, 0.0)
        other = schedule_of(given, solution_of(model), families, bound=schedule.bound, **about)
        if settings.gap_of == "objective":
            return other
        # a bound on what is decided, with what is settled on top: by decisions that hold
        shift = _worth(settled, other.data) - _worth(settled, schedule.data)
        return replace(other, bound=schedule.bound + shift)

    hold = holding(families)
    left = replace(settings, time_limit=seconds_left(settings, schedule.runtime))
    solved = model.status == "ok"  # not where columns have made the schedule
    if not (solved and schedule.distance <= SAME * schedule.turnover):
        ends = hold.former.back(schedule.data.start) if hold else None
        found = _or(model.objective.value, -math.inf) if solved else -math.inf
        result = dispatch(model, schedule.data.start, left, ends)
        same = _or(model.objective.value, math.inf) <= found + may_lose(schedule.turnover)
        better = schedule if same else of(result)
        if better.objective > schedule.objective:
            schedule = better
    rows: Callable[[], dict[str, Any]] = dict
    still = None
    if hold is not None:
        schedule = _nearest(given, schedule, model, hold, settled, left, of)
        rows = partial(no_farther, model, hold, given.data, hold.apart(given.data, schedule.data))
        still = hold.former.held & ~hold.former.changed(schedule.data.start)
    decided = schedule.objective - _worth(settled, schedule.data)
    worth = schedule.objective - min(2 * SAME * schedule.turnover, 2 * LEAST_MONEY)
    for among_equals in (calmest, earliest, calmest):
        if among_equals is calmest and not may_idle(instance.data, schedule.data):
            continue
        how = {"still": still} if among_equals is earliest else {}
        other = of(among_equals(model, decided, schedule.turnover, left, rows(), **how))
        if other is not schedule and other.objective >= worth and verify(instance, other).ok:
            schedule = other
        elif among_equals is earliest:
            break  # the workload is as it was, and its dispatch the calmest
    if schedule.status == "time_limit" and schedule.gap_to(settings.gap_of) <= settings.gap:
        return replace(schedule, status="optimal")
    if hold is not None and hold.change_cost and schedule.status == "optimal":
        return replace(schedule, status="held")  # by as much it earns less than the best
    return schedule


def _nearest(
    given: Instance,
    schedule: Schedule,
    model: Model,
    hold: Hold,
    settled: Mapping[str, xr.DataArray],
    left: Settings,
    of: Callable[[Result | None], Schedule],
) -> Schedule:
    """Return of the plans that are as good the one with the fewest jobs elsewhere, then flows."""
    until = time.monotonic() + left.time_limit

    def now() -> Settings:
        """Return the settings with what is left of the time for all of these steps together."""
        return replace(left, time_limit=max(until - time.monotonic(), LEAST_SECONDS))

    def taken(result: Result | None, before: Schedule, cost: float) -> Schedule:
        other = of(result)
        least = before.objective - cost - min(2 * SAME * before.turnover, 2 * LEAST_MONEY)
        good = other.objective >= least and verify(given, other).ok
        return other if good else before

    def decided(plan: Schedule) -> float:
        return plan.objective - _worth(settled, plan.data)

    start, former = schedule.data.start, hold.former
    if former.changed(start).any():
        found = fewest(model, decided(schedule), schedule.turnover, now(), former, start)
        schedule = taken(found, schedule, 0.0)
    best, start = schedule, schedule.data.start

    def within(cost: float) -> Schedule:
        """Return the nearest dispatch that earns at most so much less, the best of such."""
        near, apart = best, hold.apart(given.data, best.data)
        for states in (False, True):
            if apart > FARTHER:
                least = decided(best) - cost
                found = nearest(
                    model, least, best.turnover, now(), hold, given.data, start, states=states
                )
                other = taken(found, best, cost)
                if other is not best and hold.apart(given.data, other.data) < apart:
                    near, apart = other, hold.apart(given.data, other.data)
        if near is best or not cost:
            return near
        rows = no_farther(model, hold, given.data, apart)
        found = most_of_near(model, decided(near), best.turnover, now(), rows, start)
        other = taken(found, near, 0.0)
        return other if other.objective > near.objective else near

    cost, same = hold.change_cost, min(hold.change_cost, EQUAL * best.turnover)
    near = within(cost)
    # the nearest of all costs less, or else the floor would have kept it from being taken
    pays = same < cost and best.objective - near.objective >= (1 - SPENT) * cost - LEAST_MONEY
    return within(same) if pays else near


def _is_optimal(result: Result) -> bool:
    return str(result.status.termination_condition) == "optimal"


def _worth(units: Mapping[str, xr.DataArray], decisions: xr.Dataset) -> float:
    """Return what decisions earn by what a unit of each variable does, USD."""
    return sum(float((unit * decisions[name]).sum()) for name, unit in units.items())


def read_schedule(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    model: Model,
    result: Result,
    known: xr.Dataset | None = None,
) -> Schedule:
    """Return what a solver left in a model as a schedule, its times still to be filled in.

    Where the solver had only what can be decided (`carbonsched.solver.decided`), its bound is on
    that, and what is settled comes on top. Where it found nothing in time, the schedule is the
    known one, or the best dispatch without any job.

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is none, and why.
    """
    solver, values = settings.solver, None
    try:
        status, bound = ended(families, settings, model, result)
    except NoIncumbentError:
        status, values = "time_limit", known
        least = replace(settings, time_limit=seconds_left(settings, settings.time_limit))
        if values is None and not _is_optimal(dispatch(model, None, least)):
            raise
        bound = reported_bound(result)
    given = instance.with_families(families)
    schedule = schedule_of(
        given,
        solution_of(model) if values is None else values,
        families,
        bound=bound,
        runtime=math.nan,
        build_time=math.nan,
        status=status,
        method=method,
        formulation=formulation,
        solver=solver,
        versions=versions(solver),
    )
    if settings.gap_of == "decided":
        _, settled = stakes(families, given.data, model.fixed)
        schedule = replace(schedule, bound=schedule.bound + _worth(settled, schedule.data))
    if status == "time_limit" and schedule.gap_to(settings.gap_of) <= settings.gap:
        return replace(schedule, status="optimal")  # as soon as the gap is reached, it is stopped
    return schedule


def ended(
    families: tuple[Family, ...], settings: Settings, model: Model, result: Result
) -> tuple[str, float]:
    """Return "optimal" or "time_limit", and the solver's upper bound on what it maximised, USD.

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is nothing to return, and why.
    """
    condition = _condition(model, result, families, settings)
    own = tuple(family for family in added(families) if not isinstance(family, Hold))
    status = _status(result, condition, settings.solver, own)
    return status, _bound(model, result, status)


def reported_bound(result: Result) -> float:
    """Return the upper bound of a solver that found nothing, USD, or not a number."""
    bound = _or(result.report and result.report.dual_bound, math.nan)
    return bound if math.isfinite(bound) else math.nan


def _condition(
    model: Model, result: Result, families: tuple[Family, ...], settings: Settings
) -> str:
    """Return how a solver ended; where it left open which of two, by solving for no benefit."""
    condition = str(result.status.termination_condition)
    if condition != "infeasible_or_unbounded":
        return condition
    if not added(families):  # the instance's limits bound all power and workload
        return "infeasible"
    whole = model.objective
    try:
        model.objective = Objective(
            expression(model, [(0.0, model["grid_import"])], ()), model, "max"
        )
        apart = replace(settings, solver="highs", options={}, progress=False)
        # the model keeps the solver that holds it, and its units
        any_point = hand_over(model, apart, rescale=False).solve()
    finally:
        model.objective = whole
    there = str(any_point.status.termination_condition)
    return {"optimal": "unbounded", "infeasible": "infeasible"}.get(there, condition)


def _status(result: Result, condition: str, solver: str, own: tuple[Family, ...]) -> str:
    """Return "optimal" or "time_limit" if there is a schedule; raise the fitting error if not."""
    named = f"the family {', '.join(family.name for family in own)}" if own else ""
    if condition == "infeasible":
        raise InfeasibleError(
            f"no schedule satisfies (1)-(16){' and ' * bool(own)}{named}: demand, capacities, grid "
            "limits, battery and carbon budget"
            f"{', and what the family asks for,' * bool(own)} cannot all be met"
        )
    if condition == "unbounded":
        whose = f", or what {named} declares and is paid for has no limit" * bool(own)
        raise UnboundedError(f"the benefit (1) is unbounded: some price or limit is wrong{whose}")
    primal = None if result.solution is None else result.solution.primal
    value = None if result.solution is None else result.solution.objective
    known = primal is not None and len(primal) and np.isfinite(_or(value, math.nan))
    if condition in ("time_limit", "suboptimal", "terminated_by_limit", "user_interrupt"):
        gap = _or(result.report and result.report.mip_gap, 0.0)
        if not known or not math.isfinite(gap):
            raise NoIncumbentError("the time limit passed before any schedule was found")
        return "time_limit"
    if condition != "optimal" or not known:
        raise SolverError(f"{solver} ended with {condition!r} ({result.status.legacy_status})")
    return "optimal"


def _bound(model: linopy.Model, result: Result, status: str) -> float:
    """Return the solver's upper bound, USD; that of a model without integers is its optimum."""
    if model.type == "LP" and status == "optimal":
        return _or(result.solution and result.solution.objective, math.nan)
    return _or(result.report and result.report.dual_bound, math.nan)


def _or(value: Any, fallback: float) -> float:
    return fallback if value is None else float(value)


def versions(solver: str) -> dict[str, str]:
    """Return the versions of carbonsched, linopy and the solver, as installed."""
    return dict(_versions(solver))


@cache
def _versions(solver: str) -> dict[str, str]:
    packages = ("carbonsched", "linopy", _PACKAGES.get(solver, solver))
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not a Python package"
    return found
