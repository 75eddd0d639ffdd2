"""Options, silence and progress for the solvers that linopy knows, and HiGHS held in place."""

from __future__ import annotations

import io
import logging
import math
import os
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.constants import Result
from linopy.solvers import Solver

from carbonsched.errors import SolverError
from carbonsched.solver.claims import require_complete
from carbonsched.solver.decided import watched
from carbonsched.solver.progress import progress_bar
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import MONEY_OPTION, count_money, money_unit, scale

# What each solver calls the relative gap, the time limit, its output and its presolve.
_OPTIONS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "highs": ("mip_rel_gap", "time_limit", {"output_flag": False}, {"presolve": "off"}),
    "gurobi": ("MIPGap", "TimeLimit", {"OutputFlag": 0}, {"Presolve": 0}),
    "scip": ("limits/gap", "limits/time", {}, {"presolving/maxrounds": 0}),
    "cbc": ("ratioGap", "sec", {"log": 0}, {"presolve": "off"}),
    "glpk": ("", "tmlim", {}, {}),  # it calls a stop at the gap no optimum
    "cplex": ("mip.tolerances.mipgap", "timelimit", {}, {"preprocessing.presolve": 0}),
    "xpress": ("miprelstop", "timelimit", {"outputlog": 0}, {"presolve": 0}),
    "copt": ("RelGap", "TimeLimit", {"Logging": 0}, {"Presolve": 0}),
    "cupdlpx": ("", "TimeLimit", {}, {}),  # on a GPU; no integers
    "cuopt": ("mip_relative_gap", "time_limit", {"log_to_console": False}, {"presolve": 0}),
}


DIRECT = ("highs", "gurobi")  # handed over in memory, and updated in place
_ON_GPU = ("cupdlpx", "cuopt")  # in memory too, and no file for the solution; others read files


def run_solver(
    model: linopy.Model,
    settings: Settings,
    *,
    cautious: bool = False,
    start: xr.DataArray | None = None,
    duals: bool = False,
) -> Result:
    """Solve a model, silently unless asked, and return linopy's result.

    Parameters
    ----------
    model : linopy.Model
    settings : Settings
    cautious : bool
        Switch presolve off, as far as the solver has a name for that.
    start : DataArray, optional
        A workload for HiGHS to begin with, 0 or 1 over (job, site, time).
    duals : bool
        Write the duals back too; there are some without integers only.

    Raises
    ------
    SolverError
        The solver is not installed, or failed.
    """
    if settings.solver in ("highs", *_ON_GPU):
        engine = hand_over(model, settings, cautious=cautious)
        if start is not None and settings.solver == "highs":
            suggest(engine, model, start)
        return run(engine, model, settings, duals=duals)
    with tempfile.TemporaryDirectory(prefix="carbonsched-") as folder:
        engine = hand_over(model, settings, cautious=cautious, folder=Path(folder))
        at = Path(folder) / "model.sol"
        return run(engine, model, settings, solution_fn=at, duals=duals)


def hand_over(
    model: linopy.Model,
    settings: Settings,
    *,
    cautious: bool = False,
    folder: Path | None = None,
    track_updates: bool = False,
    rescale: bool = True,
) -> Solver[Any]:
    """Give a model to a solver and return linopy's handle on it, not yet run.

    Parameters
    ----------
    cautious : bool
        Switch presolve off, as far as the solver has a name for that.
    folder : Path, optional
        Where to write the model, for a solver that reads files.
    track_updates : bool
        Let later changes of the model reach the solver in place.
    rescale : bool
        Choose units for the solver where coefficients lie far apart, see
        `carbonsched.solver.units`.

    Raises
    ------
    SolverError
        The solver is not installed, or does not take the model.
    """
    solver = settings.solver
    if solver not in linopy.available_solvers:
        available = ", ".join(linopy.available_solvers)
        raise SolverError(f"solver {solver!r} is not available here; available: {available}")
    gap_name, limit_name, quiet, unpresolved = _OPTIONS.get(solver, ("", "", {}, {}))
    seconds = settings.time_limit
    seconds = math.ceil(seconds) if solver == "glpk" else seconds  # GLPK wants an integer
    named = {name: v for name, v in ((gap_name, settings.gap), (limit_name, seconds)) if name}
    quiet = {} if settings.verbose else quiet
    chosen = named | quiet | (unpresolved if cautious else {}) | dict(settings.options)
    how: dict[str, Any] = {"io_api": "direct", "track_updates": track_updates}
    if solver not in (*DIRECT, *_ON_GPU):
        how = {"io_api": "lp", "problem_fn": None if folder is None else folder / "model.lp"}
    with _as_solver_error(solver), silence(not settings.verbose):
        if rescale:
            scale(model)
        engine = Solver.from_name(solver, model=model, options=chosen, **how)
        _refuse_ignored_options(engine, chosen)
        _count_money(engine, settings)
    return engine


def run(
    engine: Solver[Any],
    model: linopy.Model,
    settings: Settings,
    *,
    solution_fn: Path | None = None,
    apart: bool = False,
    stakes: np.ndarray | None = None,
    duals: bool = False,
) -> Result:
    """Run a solver that holds a model, write the solution back to it and return the result.

    With `apart` the model keeps the solver that it had before, which linopy would close. `stakes`
    is what the turnover is counted by: see `carbonsched.solver.decided.watched`.
    """
    name, verbose = engine.solver_name.value, settings.verbose
    quiet = not verbose and name != "highs"  # whose own silence is complete
    before = _clock(engine)
    _count_money(engine, settings)  # prices may have moved since it was handed over
    with (
        _as_solver_error(name),
        silence(quiet),
        _progress(engine, settings),
        watched(engine.solver_model, settings, stakes),
    ):
        result = engine.solve(solution_fn=solution_fn)
    if result.report is not None and result.report.runtime is not None:
        result.report = replace(result.report, runtime=result.report.runtime - before)
    if name == "highs" and result.report is not None and result.report.dual_bound is not None:
        bound = result.report.dual_bound / money_unit(engine.solver_model)
        result.report = replace(result.report, dual_bound=bound)
    require_complete(model, result, name)
    if result.solution is not None and not (duals and model.type == "LP"):
        result.solution.dual = np.zeros(0)  # of integers they are zeros without a meaning
    with _as_solver_error(name), silence(not verbose):
        _write_back(model, result, None if apart else engine)
    return result


def _write_back(model: linopy.Model, result: Result, engine: Solver[Any] | None) -> None:
    """Give a model what a solver found, and the solver, if it is to keep it.

    linopy makes every variable anew for its values, which takes ten times as long.
    """
    found = result.solution
    if found is None or len(found.dual) or not len(found.primal):
        model.assign_result(result, solver=engine)
        return
    without = replace(result, solution=replace(found, primal=np.zeros(0)))
    model.assign_result(without, solver=engine)
    for _, variable in model.variables.items() if result.status.is_ok else ():
        begin, end = variable.range
        values = found.primal[begin:end].reshape(variable.shape) / variable.solver_scaling.values
        variable.data["solution"] = (variable.dims, values)


def _count_money(engine: Solver[Any], settings: Settings) -> None:
    """Choose HiGHS's unit of money, unless the options do."""
    if engine.solver_name.value == "highs" and MONEY_OPTION not in settings.options:
        count_money(engine.solver_model)


def _clock(engine: Solver[Any]) -> float:
    """Return the seconds that a solver which is held has run so far: its clock runs on."""
    held = hasattr(engine.solver_model, "getRunTime")
    return float(engine.solver_model.getRunTime()) if held else 0.0


def suggest(engine: Solver[Any], model: linopy.Model, start: xr.DataArray) -> None:
    """Give HiGHS a workload to begin with; it finds the dispatch by itself."""
    if "start" in model.variables:
        at, values = columns(model, "start", start)
        engine.solver_model.setSolution(len(at), at, values)


def columns(
    model: linopy.Model, name: str, values: xr.DataArray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of an integer variable in a solver and its values there, 0 by default.

    Both are flat, in the order of the variable's labels.
    """
    labels = model.variables[name].labels
    there = labels.values >= 0
    at = model.variables.label_index.label_to_pos[labels.values[there]].astype(np.int32)
    if values is None:
        return at, np.zeros(len(at))
    return at, values.transpose(*labels.dims).values[there].astype(float).round()


def limit_from_now(highs: Any, seconds: float) -> None:
    """Give HiGHS some seconds for its next run: its clock runs on from run to run."""
    highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.0))


@contextmanager
def _as_solver_error(solver: str) -> Generator[None]:
    try:
        yield
    except Exception as error:
        raise SolverError(f"{solver} failed: {error}") from error


def _refuse_ignored_options(engine: Solver[Any], chosen: Mapping[str, Any]) -> None:
    """Raise for an option that HiGHS did not take: it only warns, and warnings are silenced."""
    if hasattr(engine.solver_model, "getOptionValue"):
        for name, value in chosen.items():
            _, taken = engine.solver_model.getOptionValue(name)
            if taken != value:
                raise ValueError(f"no such option, or no such value: {name} = {value!r}")


@contextmanager
def silence(active: bool) -> Generator[None]:
    """Send the process's standard output nowhere: solvers print past Python's own stream.

    linopy's warnings go too: what they tell is told by this package's errors.
    """
    if not active:
        yield
        return
    saved, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    logger = logging.getLogger("linopy")
    level = logger.level
    try:
        os.dup2(nowhere, 1)
        logger.setLevel(logging.ERROR)
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


@contextmanager
def _progress(engine: Solver[Any], settings: Settings) -> Generator[None]:
    """Show the time used, incumbent, bound and gap, as often as HiGHS calls back."""
    highs, limit = engine.solver_model, settings.time_limit
    with progress_bar(settings.progress, total=limit, unit="s", delay=2) as bar:
        if bar.disable or not hasattr(highs, "cbMipInterrupt"):
            yield
            return
        bar.bar_format = "{desc} {bar} {n:.0f}/{total:.0f} s{postfix}"
        bar.set_description("solving")
        begun, unit = time.monotonic(), money_unit(highs)
        shown = begun

        def tick(event: Any) -> None:
            nonlocal shown
            now = time.monotonic()
            if now - shown >= 0.5:
                shown, bar.n = now, min(now - begun, limit)
                bar.refresh()

        def tell(event: Any) -> None:
            found = event.data_out
            bar.set_postfix_str(
                f"incumbent {found.mip_primal_bound / unit:,.0f}, "
                f"bound {found.mip_dual_bound / unit:,.0f}, gap {found.mip_gap:.2%}",
                refresh=False,
            )
            tick(event)

        highs.cbMipInterrupt += tell
        highs.cbSimplexInterrupt += tick
        yield
