r"""Rolling operation: a long horizon window by window, on one model that is updated in place.

At each step a window of `window` periods is solved, its first `step` periods are committed, and the
window moves on to where they end; the last one reaches the end and is committed whole. A window
knows its own periods and nothing after them.

- **Jobs.** A job may start where it can end within the window, and is committed if it starts in
  the committed periods: then it keeps running, as a load of its site that must be served. A job
  that was planned later stays open. For no job to be too long for every start that is committed,
  :math:`\text{window} \ge \text{step} + L_j - 1` for all jobs; one that can start at once only, as
  it is running already, must end in the first window. A required job must be planned as soon as its
  deadline is in sight: whatever start it has left then lies within the window. What could not end
  within the horizon never starts.
- **Batteries.** The state of charge is carried over. Every window but the last ends with at least
  the instance's initial state of charge: no window empties the battery for the next. The last ends
  with at least `battery_final`. Where that is more than the initial one, the windows before must
  have gained their share of it, by periods, unless that leaves no schedule.
- **Carbon.** A window may emit its share of the remaining budget: of the periods left, as many as
  it has. What the committed periods emit is debited. Where the share is too small for any schedule,
  the window may use all that remains. Shares go by periods, not by need: under a budget close to
  the least possible, a window can end without a schedule although the whole horizon has one.
- **Added families.** Each is given what its `carry` returns: the highest import so far, what is
  left of a budget, or this window's share of it. Its decisions over time are committed as all
  others are; one without periods is the last window's. A family that goes by the clock takes it
  from a parameter over time, as a window counts its periods.

What a window plans beyond its committed periods, with idle batteries in those that are new, is a
schedule of the next window: no job that runs reaches them, and a required one is planned. So only
the grid in single periods, where a battery was needed, a reserve or final state of charge that
rises, the carbon budget or an added family can leave a window without a schedule.

One model serves every window, as each is stated over the same labels: periods are counted from the
window's start, job windows are right-hand sides, jobs that are over or not yet there are allowed
nowhere, and the load of running jobs is a service of its site, of which the demand moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.build import fitted, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.first_fit import first_fit
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, derived, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.core.reach import may_start, start_counts
from carbonsched.errors import CarbonschedError, InfeasibleError
from carbonsched.front import explaining
from carbonsched.io import write_netcdf
from carbonsched.io.digest import digest
from carbonsched.judge.verify import verify
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.operate.kept import code_of, key, resumed
from carbonsched.operate.lookahead import (
    TIMES,
    Horizon,
    in_window,
    movable,
    nothing,
    over_labels,
    over_positions,
    with_committed,
)
from carbonsched.operate.reoptimise import Reoptimiser
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import schedule_of
from carbonsched.solver.milp import versions
from carbonsched.solver.progress import progress_bar


@named_keywords
def roll(
    instance: Instance,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    window: int = 24,
    step: int = 6,
    folder: str | Path | None = None,
    gap: float = 0.01,
    gap_of: str = "decided",
    time_limit: float = 120.0,
    solver: str = "highs",
    verbose: bool = False,
    progress: bool | None = None,
    polish: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Schedule:
    """Operate a long horizon window by window and return what was committed, verified.

    Parameters
    ----------
    instance : Instance
    method : str or Method
        As in `carbonsched.solve`.
    formulation : str or Formulation
    families : iterable of Family
        What states the rows. What an added family carries from window to window is said by its
        `carry`.
    window, step : int
        Periods that are looked at, and of them committed before the window moves on. A window
        longer than the horizon is the horizon, and all of it is committed.
    folder : path, optional
        Where to keep the committed part after each step; a run that was ended goes on from there.
        Runs of other instances, windows, families or options may share the folder.
    gap, gap_of, time_limit, solver, verbose, polish, options
        As in `carbonsched.solve`, for each window; the solver is "highs" or "gurobi".
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    Schedule
        Over the whole horizon, verified against every equation of the instance. Its status is
        "rolled"; its bound and gap are not numbers, as no window bounds the whole. The times are
        sums over the windows.

    Raises
    ------
    ValueError
        Window and step do not fit each other, or jobs are too long for them; what is kept in the
        folder is no part of this run; an added family cannot be kept in a folder, has a parameter
        over services without a default, or carries what is no parameter of its own.
    InfeasibleError
        A window has no schedule; it is named, and diagnosed by the horizon's labels.
    UnboundedError, NoIncumbentError, SolverError, VerificationError
        As in `carbonsched.solve`.
    TypeError
        What is given is no instance, or no family, a keyword is of another kind, or there is no
        such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=8, jobs=1, services=1)
    >>> rolled = cs.roll(instance, window=6, step=2)
    >>> rolled.status, rolled.objective <= cs.solve(instance).bound
    ('rolled', True)
    """
    require_instance(instance)
    require_kinds(window=(window, int), step=(step, int))
    chosen, stated = method_of(method), formulation_of(formulation)
    families = require_families(families)
    periods = instance.data.sizes["time"]
    _require_fit(instance.data, window, step)
    window = min(window, periods)
    given = fitted(instance, families)
    kept = None
    if folder is not None:
        limits = {"gap": gap, "gap_of": gap_of, "time_limit": time_limit}
        about = [asdict(chosen), asdict(stated), code_of(families), window, step, limits]
        about += [polish, dict(options or {})]
        kept = Path(folder) / f"{key(digest(given), *about, versions(solver))}.nc"
    whole = over_positions(given)
    horizon = Horizon(given, whole, chosen, families, window)
    again = Reoptimiser(
        chosen,
        movable(whole, chosen, stated),
        families=families,
        warm=False,  # a run taken up again has no last solution to start from
        gap=gap,
        gap_of=gap_of,
        time_limit=time_limit,
        solver=solver,
        verbose=verbose,
        polish=polish,
        options=options,
    )
    ends = {first for first, _ in _steps(periods, window, step, 0)} | {periods}
    done = resumed(kept, horizon, ends) if kept and kept.exists() else nothing(horizon)
    with progress_bar(progress, total=periods, unit="period") as bar:
        bar.update(done.sizes["time"])
        for first, count in _steps(periods, window, step, done.sizes["time"]):
            schedule = _solve_window(again, horizon, done, first)
            spent = {name: float(done.attrs[name]) + getattr(schedule, name) for name in TIMES}
            done = with_committed(horizon, done, schedule.data, count).assign_attrs(spent)
            if kept:
                write_netcdf(done, kept)
            bar.update(count)
    schedule = schedule_of(
        given,
        done,
        families,
        bound=math.nan,
        status="rolled",
        method=chosen,
        formulation=stated,
        solver=solver,
        versions=versions(solver),
        **{name: float(done.attrs[name]) for name in TIMES},
    )
    verify(given, schedule).raise_if_broken()
    return schedule


def _require_fit(data: xr.Dataset, window: int, step: int) -> None:
    """Raise ValueError if jobs cannot be committed within such windows."""
    if not 1 <= step <= window:
        raise ValueError(f"step = {step} periods: must be at least 1 and at most window = {window}")
    longest = window - step + 1
    running = may_start(data).any("site").isel(time=slice(1, None)).sum("time") == 0
    room = xr.where(running, window, longest)  # what starts at once ends in the first window
    long = data.job[(data.duration > room) & (start_counts(data) > 0)].values
    if len(long) and window < data.sizes["time"]:
        named = ", ".join(f"{job} ({int(data.duration.sel(job=job))})" for job in long)
        raise ValueError(
            f"a window of {window} periods, {step} of them committed, holds jobs of up to "
            f"{longest} periods; too long: {named}"
        )


def _steps(periods: int, window: int, step: int, done: int) -> Iterator[tuple[int, int]]:
    """Yield the first period of each window to come and how many periods it commits."""
    last = periods - window
    for first in sorted({*range(0, last, step), last}):
        if first >= done:
            yield first, window if first == last else min(step, last - first)


def _solve_window(again: Reoptimiser, horizon: Horizon, done: xr.Dataset, first: int) -> Schedule:
    """Solve a window as strictly as it has a schedule.

    Raises
    ------
    InfeasibleError
        It has none. Its periods are told by the horizon's labels, in the diagnosis too.
    """
    times, last = horizon.given.data.indexes["time"], first + horizon.window - 1
    window, why = f"the window from {times[first]} to {times[last]}", ""
    tried = list(in_window(horizon, done, first))
    for data in tried:
        try:
            return again.solve(derived(data, horizon.given.extra))
        except InfeasibleError as error:
            why = str(error)
        except CarbonschedError as error:
            error.add_note(f"in {window}, which counts its periods from 0")
            raise
    labelled = over_labels(horizon, tried[-1], first)
    if horizon.method.workload == "first fit":
        try:
            first_fit(labelled)
        except InfeasibleError as error:
            why = str(error)  # by the horizon's labels
    remaining = float(labelled.data.carbon_budget)
    left = f" with {remaining:.6g} tCO2e left of the budget" if np.isfinite(remaining) else ""
    with explaining(labelled, horizon.method, families=horizon.families):
        raise InfeasibleError(f"{window} has no schedule{left}: {why}")
