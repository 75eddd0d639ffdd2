"""Solve an instance by one of the methods, and let nothing unverified out."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import linopy
import numpy as np
from linopy.constants import Result

from carbonsched.claims import contradiction
from carbonsched.columns import column_generation
from carbonsched.decisions import read_decisions
from carbonsched.diagnose import explaining
from carbonsched.errors import (
    InfeasibleError,
    NoIncumbentError,
    SolverError,
    UnboundedError,
)
from carbonsched.formulation import Formulation, choose
from carbonsched.instance import Instance, require_instance
from carbonsched.model import build
from carbonsched.schedule import Schedule
from carbonsched.solvers import run_solver
from carbonsched.verify import Report, verify
from carbonsched.windows import start_counts

ENGINES = ("auto", "milp", "column-generation")
AUTO_PLACEMENTS = 8_000
_PACKAGES = {"highs": "highspy", "gurobi": "gurobipy", "scip": "pyscipopt"}


def solve(
    instance: Instance,
    method: str = "joint",
    formulation: str | Formulation = "start",
    *,
    gap: float = 0.01,
    time_limit: float = 120.0,
    engine: str = "auto",
    solver: str = "highs",
    verbose: bool = False,
    progress: bool | None = None,
    explain: bool = False,
    **options: Any,
) -> Schedule:
    """Build, solve and verify.

    Parameters
    ----------
    instance : Instance
    method : str
        A method of Table I: "joint", "compute_only", "energy_only", "no_battery", "no_routing"
        or "no_carbon".
    formulation : str or Formulation
        "start" (default) or "paper".
    gap : float
        Relative gap at which to stop; the paper's 1 % by default.
    time_limit : float
        Seconds; the paper's 120 by default. The incumbent is returned with its gap.
    engine : str
        "milp" hands the whole model to the solver. "column-generation" solves the relaxation job
        by job and rounds: for many jobs, where a small certified gap is enough; with HiGHS, and
        not for "energy_only". It may stop short of the gap asked for (status "stopped").
        "auto" takes the first up to `AUTO_PLACEMENTS` placements of jobs.
    solver : str
        Any solver that linopy supports and finds installed.
    verbose : bool
        Let the solver print its log.
    progress : bool, optional
        Show a progress bar once a solve takes seconds; by default on a terminal only.
    explain : bool
        Say in the message of an InfeasibleError why there is no schedule and what would restore
        one. Without it, `error.diagnosis` finds out when asked.
    **options
        Passed to the solver under the solver's own names.

    Returns
    -------
    Schedule
        Verified against every equation; for "no_carbon" all but the budget of (16).

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is no schedule to return, and why; or the solver contradicts itself.
    VerificationError
        The solver's answer breaks the model; with the engine "milp", also when solved again
        without presolve and with all states, if there was time to.
    ValueError
        A choice is unknown, or the engine does not take the method, solver or options.
    """
    require_instance(instance)
    chosen = choose(method, formulation)
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}, choose from {', '.join(ENGINES)}")
    if engine == "auto":
        engine = fitting_engine(instance, chosen, solver, options)
    limits = {"gap": gap, "time_limit": time_limit, "verbose": verbose, "progress": progress}
    with explaining(instance, method, chosen, explain):
        return _solved(instance, method, chosen, engine, solver, limits, options)


def _solved(
    instance: Instance,
    method: str,
    chosen: Formulation,
    engine: str,
    solver: str,
    limits: dict[str, Any],
    options: dict[str, Any],
) -> Schedule:
    if engine == "column-generation":
        if solver != "highs" or options:
            raise ValueError("column generation works with HiGHS and takes no solver options")
        wanted = {name: limits[name] for name in ("gap", "time_limit", "progress")}
        schedule = column_generation(instance, method, chosen, **wanted)
        schedule = replace(schedule, versions=versions(solver))
        report = verify(as_judged(instance, chosen), schedule)
        return _believed(schedule, report, limits["gap"])
    schedule, report = _attempt(instance, method, chosen, solver, **limits, **options)
    if not report.ok or contradiction(schedule, limits["gap"]):
        # Presolve has been seen to return a wrong point as optimal, and a tie in prices to leave
        # opposite flows that cannot be netted: once more without the one and with all states.
        safe = replace(chosen, grid_states="everywhere", storage_states="everywhere")
        left = limits["time_limit"] - schedule.runtime
        limits |= {"cautious": True, "time_limit": left}
        if limits["time_limit"] > 0:
            spent = schedule.runtime
            schedule, report = _attempt(instance, method, safe, solver, **limits, **options)
            schedule = replace(schedule, runtime=schedule.runtime + spent)
    return _believed(schedule, report, limits["gap"])


def _believed(schedule: Schedule, report: Report, gap: float) -> Schedule:
    """Return a schedule that keeps every row and agrees with what is claimed of it, or raise."""
    report.raise_if_broken()
    if lie := contradiction(schedule, gap):
        raise SolverError(lie)
    return schedule


def fitting_engine(
    instance: Instance, chosen: Formulation, solver: str, options: Mapping[str, Any]
) -> str:
    """Return what "auto" means: the engine for the number of placements the jobs may take."""
    data = instance.data
    count = (data.allowed.sum("site") * start_counts(data)).sum()
    alone = chosen.workload == "optimised" and chosen.jobs == "start" and not options
    large = count > AUTO_PLACEMENTS and alone and solver == "highs"
    return "column-generation" if large else "milp"


def _attempt(
    instance: Instance, method: str, chosen: Formulation, solver: str, **options: Any
) -> tuple[Schedule, Report]:
    begun = time.perf_counter()
    model = build(instance, chosen, method=method)
    built = time.perf_counter()
    result = run_solver(model, solver, **options)
    seconds = time.perf_counter() - built
    schedule = read_schedule(instance, method, chosen, solver, model, result)
    runtime = _or(result.report and result.report.runtime, seconds)
    schedule = replace(schedule, runtime=runtime, build_time=built - begun)
    return schedule, verify(as_judged(instance, chosen), schedule)


def read_schedule(
    instance: Instance,
    method: str,
    chosen: Formulation,
    solver: str,
    model: linopy.Model,
    result: Result,
) -> Schedule:
    """Return what a solver left in a model as a schedule, its times still to be filled in.

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is none, and why.
    """
    status = _status(model, result, solver)
    return Schedule.of(
        instance,
        read_decisions(instance, model.solution),
        bound=_bound(model, result, status),
        runtime=math.nan,
        build_time=math.nan,
        status=status,
        method=method,
        formulation=chosen,
        solver=solver,
        versions=versions(solver),
    )


def as_judged(instance: Instance, chosen: Formulation) -> Instance:
    """Return the instance by which a schedule is verified: without a budget it was not given."""
    free = chosen.carbon == "budget" or math.isinf(instance.data.carbon_budget)
    return instance if free else instance.replace(carbon_budget=math.inf)


def _status(model: linopy.Model, result: Result, solver: str) -> str:
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
    known = primal is not None and len(primal) and np.isfinite(_or(model.objective.value, math.nan))
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
        return float(model.objective.value)
    return _or(result.report and result.report.dual_bound, math.nan)


def _or(value: float | None, fallback: float) -> float:
    return fallback if value is None else float(value)


def versions(solver: str) -> dict[str, str]:
    """Return the versions of carbonsched, linopy and the solver, as installed."""
    packages = ("carbonsched", "linopy", _PACKAGES.get(solver, solver))
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not a Python package"
    return found
