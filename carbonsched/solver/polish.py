"""The best dispatch of a workload, of equally good ones the calmest, and of these the earliest.

A solver that stops at a gap leaves money on the table even for the jobs that it accepted. Once the
starts are fixed what is left is a program of energy and routes, small and mostly linear, which is
solved to its optimum. Where energy can be stored at no cost, many plans pay the same, and a solver
returns any of them: the calmest moves the least energy through batteries, then the least over the
grid. Then each job starts as early as costs nothing, `carbonsched.solver.earliest`. Either is taken
only if the judge finds that it pays the same.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy import LinearExpression
from linopy.constants import Result
from linopy.objective import Objective
from linopy.solvers import Solver

from carbonsched.core.families.expressions import Model, expression
from carbonsched.errors import SolverError
from carbonsched.solver.decided import deciding
from carbonsched.solver.hand_over import columns, hand_over, limit_from_now, run
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import money_exponent

LEAST_SECONDS = 1.0  # for what follows a search that has used up its time
SAME = 1e-9  # of the turnover: benefits that differ by less are equal
LEAST_MONEY = 1e-3  # USD: and none that differ by more
# A choice among equals that is not made at the root, or soon after, is not worth its time.
_EQUALS = {"mip_max_nodes": 100, "mip_allow_restart": False}
_TRADE = 1e-3  # how much a MWh of trade counts beside one through a battery


def seconds_left(settings: Settings, spent: float) -> float:
    """Return the seconds for a dispatch after a search: what is left, and a tenth at least."""
    if settings.time_limit <= 0:
        return 0.0
    return max(settings.time_limit - spent, settings.time_limit / 10, LEAST_SECONDS)


def dispatch(
    model: Model,
    start: xr.DataArray | None,
    settings: Settings,
    ends: tuple[xr.DataArray, xr.DataArray] | None = None,
) -> Result:
    """Solve a model for the best dispatch of a workload.

    Parameters
    ----------
    model : Model
        With the solver that had it last, if that was HiGHS.
    start : DataArray, optional
        0 or 1 over (job, site, time); by default no job runs.
    settings : Settings
        The time limit is for this.
    ends : tuple of DataArray, optional
        The least and the most of each start, where a few are left to the solver.

    Raises
    ------
    SolverError
        HiGHS failed.
    """
    tight = to_the_end(settings)
    with deciding(model, settings):
        engine = model.solver
        apart = engine is None or engine.solver_name.value != "highs"
        if engine is None or apart:
            engine = hand_over(model, tight, rescale=engine is None)
        with _fixed(engine, model, ends or (start, start)), _exactly(engine.solver_model, tight):
            return run(engine, model, tight, apart=apart)


def calmest(
    model: Model,
    benefit: float,
    turnover: float,
    settings: Settings,
    rows: Mapping[str, Any] | None = None,
) -> Result | None:
    """Solve a model whose workload is fixed for the calmest dispatch of a benefit.

    A MWh over the grid counts a thousandth of one through a battery.

    Parameters
    ----------
    benefit : float
        Of what can be decided, USD.
    turnover : float
        USD, to which the tolerance is relative.
    rows : mapping, optional
        What the plan must keep besides, by names of rows.

    Returns
    -------
    linopy Result or None
        None if the solver found none.
    """
    calm = expression(model, [(-weight, of) for weight, of in moved(model)], ())
    start = open_start(model)
    if start is None:
        return of_equals(model, benefit, turnover, calm, settings, rows)
    start.fix(start.solution.fillna(0).round().clip(0, 1))
    try:
        return of_equals(model, benefit, turnover, calm, settings, rows)
    finally:
        start.unfix()


def to_the_end(settings: Settings) -> Settings:
    """Return the settings of a program that HiGHS solves to its optimum, in the time that is left.

    It is quiet but for the log.
    """
    return replace(settings, solver="highs", gap=0.0, options={}, progress=False)


def in_bounds(settings: Settings) -> Settings:
    """Return the settings of a choice among equals, which may take only so many nodes."""
    return replace(to_the_end(settings), options=_EQUALS)


def open_start(model: Model) -> linopy.Variable | None:
    """Return the starts of jobs, where there are some and the method does not fix them."""
    return None if "start" in model.fixed else dict(model.variables.items()).get("start")


def moved(model: Model) -> list[tuple[float, Any]]:
    """Return what is moved through batteries, and what over the grid, which counts less."""
    stored = [(1.0, model[n]) for n in ("charge", "discharge") if n in model.variables]
    return [*stored, *((_TRADE, model[n]) for n in ("grid_import", "grid_export"))]


def may_lose(turnover: float) -> float:
    """Return by how much benefits may differ that are equal, USD."""
    return min(SAME * turnover, LEAST_MONEY)


def of_equals(
    model: Model,
    benefit: float,
    turnover: float,
    best: LinearExpression | None,
    settings: Settings,
    rows: Mapping[str, Any] | None = None,
) -> Result | None:
    """Maximise something else over the plans that earn a benefit and keep some more rows.

    Without something else it is the benefit itself.
    """
    whole = model.objective
    try:
        with linopy.options as options, deciding(model, replace(settings, gap_of="decided")):
            options["semantics"] = "v1"  # all of what may be lost may be spent
            floor = _at_least(model, benefit - may_lose(turnover))
            if best is not None:
                model.objective = Objective(best, model, "max")
            tight = in_bounds(settings)
            with keeping(model, {**(rows or {}), "polish:benefit": floor}):
                engine = hand_over(model, tight, rescale=False)  # a held model keeps its units
                result = run(engine, model, tight, apart=True)
    except SolverError:
        return None
    finally:
        model.objective = whole
    return result if str(result.status.termination_condition) == "optimal" else None


def _at_least(model: Model, benefit: float) -> Any:
    """Return the row of a least benefit, in a unit of money beside which tolerances are small."""
    money = model.objective.expression
    unit = 2.0 ** money_exponent(money.coeffs.values[money.vars.values >= 0])
    return unit * money >= unit * benefit


@contextmanager
def keeping(model: Model, rows: Mapping[str, Any]) -> Generator[None]:
    """Let a model have some more rows, by their names, for a while."""
    try:
        for name, stated in rows.items():
            model.add_constraints(stated, name=name)
        yield
    finally:
        for name in set(rows) & set(model.constraints):
            model.remove_constraints(name)


def may_idle(data: xr.Dataset, schedule_data: xr.Dataset) -> bool:
    """Return whether a battery moves energy that it can move at no cost."""
    moved = schedule_data.charge + schedule_data.discharge
    return bool(((data.battery_cost == 0) & (moved > 0)).any())


@contextmanager
def _fixed(
    engine: Solver[Any], model: Model, ends: tuple[xr.DataArray | None, xr.DataArray | None]
) -> Generator[None]:
    """Hold the workload in HiGHS, where its columns would be free."""
    highs = engine.solver_model
    if open_start(model) is None:
        yield
        return
    (at, least), (_, most) = (columns(model, "start", end) for end in ends)
    program = highs.getLp()
    lower, upper = (np.array(side)[at] for side in (program.col_lower_, program.col_upper_))
    highs.changeColsBounds(len(at), at, least, most)
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
