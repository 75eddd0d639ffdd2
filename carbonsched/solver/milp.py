"""Solve the whole model with a solver, and let nothing unverified out."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import linopy
import numpy as np
from linopy.constants import Result

from carbonsched.core.build import build
from carbonsched.core.decisions import schedule_of
from carbonsched.core.families.expressions import Model
from carbonsched.core.family import Family, stakes
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.schedule import Schedule
from carbonsched.errors import InfeasibleError, NoIncumbentError, SolverError, UnboundedError
from carbonsched.judge.verify import Report, verify
from carbonsched.solver.claims import contradiction
from carbonsched.solver.decided import deciding
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

_PACKAGES = {"highs": "highspy", "gurobi": "gurobipy", "scip": "pyscipopt"}


def solve_milp(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
) -> Schedule:
    """Build, solve and verify; see `carbonsched.solve`."""
    schedule, report = _attempt(instance, method, formulation, families, settings)
    if not report.ok or contradiction(schedule, settings):
        # Presolve has been seen to return a wrong point as optimal, and a tie in prices to leave
        # opposite flows that cannot be netted: once more without the one and with all states.
        safe = replace(formulation, grid_states="everywhere", storage_states="everywhere")
        left = replace(settings, time_limit=settings.time_limit - schedule.runtime)
        if left.time_limit > 0:
            spent = schedule.runtime
            schedule, report = _attempt(instance, method, safe, families, left, cautious=True)
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
    cautious: bool = False,
) -> tuple[Schedule, Report]:
    begun = time.perf_counter()
    model = build(instance, formulation, method=method, families=families)
    built = time.perf_counter()
    with deciding(model, settings):
        result = run_solver(model, settings, cautious=cautious)
    seconds = time.perf_counter() - built
    schedule = read_schedule(instance, method, formulation, families, settings, model, result)
    runtime = _or(result.report and result.report.runtime, seconds)
    schedule = replace(schedule, runtime=runtime, build_time=built - begun)
    return schedule, verify(instance, schedule)


def read_schedule(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    model: Model,
    result: Result,
) -> Schedule:
    """Return what a solver left in a model as a schedule, its times still to be filled in.

    Where the solver had only what can be decided (`carbonsched.solver.decided`), its bound is on
    that, and what is settled comes on top.

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is none, and why.
    """
    status, solver = _status(result, settings.solver), settings.solver
    given = instance.with_families(families)
    schedule = schedule_of(
        given,
        model.solution,
        families,
        bound=_bound(model, result, status),
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
        sums = [float((unit * schedule.data[name]).sum()) for name, unit in settled.items()]
        schedule = replace(schedule, bound=schedule.bound + sum(sums))
    if status == "time_limit" and schedule.gap_to(settings.gap_of) <= settings.gap:
        return replace(schedule, status="optimal")  # as soon as the gap is reached, it is stopped
    return schedule


def _status(result: Result, solver: str) -> str:
    """Return "optimal" or "time_limit" if there is a schedule; raise the fitting error if not."""
    condition = str(result.status.termination_condition)
    if condition == "infeasible_or_unbounded":
        # Power and workload are bounded by the instance's limits, so it can only be the former.
        condition = "infeasible"
    if condition == "infeasible":
        raise InfeasibleError(
            "no schedule satisfies (1)-(16): demand, capacities, grid limits, battery and carbon "
            "budget cannot all be met"
        )
    if condition == "unbounded":
        raise UnboundedError("the benefit (1) is unbounded: some price or limit is wrong")
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
