"""What a solver says of its own answer, held against the answer: no solver is taken at its word.

The verifier judges a schedule; this judges what is claimed about it, that it is complete, that no
better one exists than the bound allows, and that "optimal" means within the gap asked for.
"""

from __future__ import annotations

import math

import linopy
import numpy as np
from linopy.constants import Result

from carbonsched.errors import SolverError
from carbonsched.schedule import Schedule
from carbonsched.solver.settings import Settings

BOUNDED = ("highs", "gurobi")  # always have a bound on what they call optimal; CBC and GLPK do not
_TOLERANCE = 1e-5  # of the turnover, as in the verifier


def require_complete(model: linopy.Model, result: Result, solver: str) -> None:
    """Raise SolverError unless the solution, if there is one, has a number for every variable."""
    primal = None if result.solution is None else np.asarray(result.solution.primal)
    if primal is None or not primal.size:
        return
    each = [model.variables[name].labels.values.ravel() for name in model.variables]
    labels = np.concatenate(each) if each else np.array([], int)
    labels = labels[labels >= 0]
    if primal.ndim != 1 or (labels.size and labels.max() >= len(primal)):
        raise SolverError(f"{solver} returned {primal.size} values for {len(labels)} variables")
    bad = int((~np.isfinite(primal[labels])).sum())
    if bad:
        raise SolverError(f"{solver} returned {bad} values that are not numbers")


def contradiction(schedule: Schedule, settings: Settings) -> str:
    """Say how the bound and the status of a schedule contradict what it earns, if they do."""
    turnover = max(1.0, sum(abs(value) for value in schedule.benefit.values()))
    slack, excess = _TOLERANCE * turnover, schedule.objective - schedule.bound
    money = schedule.currency
    said = f"{schedule.solver} gives an upper bound of {schedule.bound:,.6g} {money}"
    if excess > slack:
        return f"{said}, and a schedule that earns {schedule.objective:,.6g} {money}"
    if schedule.status != "optimal":
        return ""
    if not math.isfinite(schedule.bound):
        known = schedule.solver not in BOUNDED
        return "" if known else f"{schedule.solver} ended as optimal without a bound"
    size = schedule.turnover if settings.gap_of == "decided" else abs(schedule.objective)
    if -excess > settings.gap * size + slack:
        return (
            f"{said} and calls {schedule.objective:,.6g} {money} optimal to a gap of "
            f"{settings.gap:.3g}"
        )
    return ""
