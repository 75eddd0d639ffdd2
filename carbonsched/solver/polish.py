"""The best dispatch of a workload, and of equally good ones the calmest.

A solver that stops at a gap leaves money on the table even for the jobs that it accepted. Once the
starts are fixed what is left is a program of energy and routes, small and mostly linear, which is
solved to its optimum. Where energy can be stored at no cost, many plans pay the same, and a solver
returns any of them: the calmest moves the least energy through batteries, then the least over the
grid. It is taken only if the judge finds that it pays the same.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.constants import Result
from linopy.objective import Objective
from linopy.solvers import Solver

from carbonsched.core.families.expressions import Model, expression
from carbonsched.errors import SolverError
from carbonsched.solver.decided import deciding
from carbonsched.solver.hand_over import (
    hand_over,
    limit_from_now,
    run,
    start_columns,
)
from carbonsched.solver.settings import Settings

LEAST_SECONDS = 1.0  # for what follows a search that has used up its time
SAME = 1e-9  # of the turnover: benefits that differ by less are equal
_TRADE = 1e-3  # how much a MWh of trade counts beside one through a battery


def seconds_left(settings: Settings, spent: float) -> float:
    """Return the seconds for a dispatch after a search: what is left, and a tenth at least."""
    if settings.time_limit <= 0:
        return 0.0
    return max(settings.time_limit - spent, settings.time_limit / 10, LEAST_SECONDS)


def dispatch(model: Model, start: xr.DataArray | None, settings: Settings) -> Result:
    """Solve a model for the best dispatch of a workload.

    Parameters
    ----------
    model : Model
        With the solver that had it last, if that was HiGHS.
    start : DataArray, optional
        0 or 1 over (job, site, time); by default no job runs.
    settings : Settings
        The time limit is for this.

    Raises
    ------
    SolverError
        HiGHS failed.
    """
    tight = replace(settings, solver="highs", gap=0.0, options={}, progress=False)
    with deciding(model, settings):
        engine = model.solver
        apart = engine is None or engine.solver_name.value != "highs"
        if engine is None or apart:
            engine = hand_over(model, tight)
        with _fixed(engine, model, start), _exactly(engine.solver_model, tight):
            return run(engine, model, tight, apart=apart)


def calmest(model: Model, benefit: float, turnover: float, settings: Settings) -> Result | None:
    """Solve a model whose workload is fixed for the calmest dispatch of a benefit.

    Parameters
    ----------
    benefit : float
        Of what can be decided, USD.
    turnover : float
        USD, to which the tolerance is relative.

    Returns
    -------
    linopy Result or None
        None if the solver found none.
    """
    start = dict(model.variables.items()).get("start")
    whole, name = model.objective, "polish:benefit"
    try:
        with linopy.options as options, deciding(model, replace(settings, gap_of="decided")):
            options["semantics"] = "v1"
            if start is not None and "start" not in model.fixed:
                start.fix(start.solution.fillna(0).round().clip(0, 1))
            least = benefit - SAME * turnover
            model.add_constraints(model.objective.expression >= least, name=name)
            moved = [(-1.0, model[n]) for n in ("charge", "discharge") if n in model.variables]
            moved += [(-_TRADE, model[n]) for n in ("grid_import", "grid_export")]
            calm = Objective(expression(model, moved, ()), model, "max")
            model.objective = calm
            tight = replace(settings, solver="highs", gap=0.0, options={}, progress=False)
            result = run(hand_over(model, tight), model, tight, apart=True)
    except SolverError:
        return None
    finally:
        model.objective = whole
        if name in model.constraints:
            model.remove_constraints(name)
        if start is not None and "start" not in model.fixed and start.fixed:
            start.unfix()
    return result if str(result.status.termination_condition) == "optimal" else None


def may_idle(data: xr.Dataset, schedule_data: xr.Dataset) -> bool:
    """Return whether a battery moves energy that it can move at no cost."""
    moved = schedule_data.charge + schedule_data.discharge
    return bool(((data.battery_cost == 0) & (moved > 0)).any())


@contextmanager
def _fixed(engine: Solver[Any], model: Model, start: xr.DataArray | None) -> Generator[None]:
    """Hold the workload in HiGHS, where its columns would be free."""
    highs = engine.solver_model
    if "start" not in model.variables or "start" in model.fixed:
        yield
        return
    at, values = start_columns(model, start)
    program = highs.getLp()
    lower, upper = (np.array(side)[at] for side in (program.col_lower_, program.col_upper_))
    highs.changeColsBounds(len(at), at, values, values)
    try:
        yield
    finally:
        highs.changeColsBounds(len(at), at, lower, upper)


@contextmanager
def _exactly(highs: Any, settings: Settings) -> Generator[None]:
    """Let HiGHS look for the optimum itself, for some seconds."""
    before = {name: highs.getOptionValue(name)[1] for name in ("mip_rel_gap", "time_limit")}
    highs.setOptionValue("mip_rel_gap", 0.0)
    if math.isfinite(settings.time_limit):
        limit_from_now(highs, settings.time_limit)
    try:
        yield
    finally:
        for name, value in before.items():
            highs.setOptionValue(name, value)
