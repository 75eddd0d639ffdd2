r"""Rolling operation: a long horizon window by window, on one model that is updated in place.

At each step a window of `window` periods is solved, its first `step` periods are committed, and the
window moves on to where they end; the last one reaches the end and is committed whole. A window
knows its own periods and nothing after them.

- **Jobs.** A job may start where it can end within the window, and is committed if it starts in
  the committed periods: then it keeps running, as a load of its site that must be served. A job
  that was planned later stays open. For no job to be too long for every start that is committed,
  :math:`\text{window} \ge \text{step} + L_j - 1` for all jobs.
- **Batteries.** The state of charge is carried over. Every window ends with at least the
  instance's initial state of charge, as the whole horizon must: no window empties the battery for
  the next.
- **Carbon.** A window may emit its share of the remaining budget: of the periods left, as many as
  it has. What the committed periods emit is debited. Where the share is too small for any schedule,
  the window may use all that remains. Shares go by periods, not by need: under a budget close to
  the least possible, a window can end without a schedule although the whole horizon has one.

What a window plans beyond its committed periods, with idle batteries in those that are new, is a
schedule of the next window: no job that runs reaches them. So only the grid in single periods,
where a battery was needed, or the carbon budget can leave a window without a schedule.

One model serves every window, as each is stated over the same labels: periods are counted from the
window's start, job windows are right-hand sides, jobs that are over or not yet there are allowed
nowhere, and the load of running jobs is a service of its site, of which the demand moves.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.decisions import read_decisions
from carbonsched.core.formulation import Formulation, choose
from carbonsched.core.instance import Instance, derived, require_instance
from carbonsched.core.progress import progress_bar
from carbonsched.core.schedule import Schedule
from carbonsched.core.verify import verify
from carbonsched.errors import InfeasibleError
from carbonsched.front import as_judged, versions
from carbonsched.io.digest import digest
from carbonsched.operate.lookahead import CHOSEN, TIMES, in_window, movable, nothing, over_positions
from carbonsched.operate.reoptimise import Reoptimiser


def roll(
    instance: Instance,
    method: str = "joint",
    formulation: str | Formulation = "start",
    *,
    window: int = 24,
    step: int = 6,
    folder: str | Path | None = None,
    gap: float = 0.01,
    time_limit: float = 120.0,
    solver: str = "highs",
    progress: bool | None = None,
    **options: Any,
) -> Schedule:
    """Operate a long horizon window by window and return what was committed, verified.

    Parameters
    ----------
    instance : Instance
    method : str
        Of `carbonsched.METHODS`.
    formulation : str or Formulation
    window, step : int
        Periods that are looked at, and of them committed before the window moves on. A window
        longer than the horizon is the horizon, and all of it is committed.
    folder : path, optional
        Where to keep the committed part after each step; a run that was ended goes on from there.
        Runs of other instances, windows or options may share the folder.
    gap, time_limit, solver, **options
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
        Window and step do not fit each other, or jobs are too long for them.
    InfeasibleError
        A window has no schedule; it is named.
    UnboundedError, NoIncumbentError, SolverError, VerificationError
        As in `carbonsched.solve`.
    """
    require_instance(instance)
    chosen = choose(method, formulation)
    periods = instance.data.sizes["time"]
    _require_fit(instance.data, window, step)
    window = min(window, periods)
    kept = None
    if folder is not None:
        limits = {"gap": gap, "time_limit": time_limit, **options}
        about = [asdict(chosen), window, step, limits, versions(solver)]
        content = json.dumps([digest(instance), *about], sort_keys=True)
        kept = Path(folder) / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.nc"
    whole = over_positions(instance.data)
    again = Reoptimiser(
        method,
        movable(whole, chosen),
        warm=False,  # a run taken up again has no last solution to start from
        gap=gap,
        time_limit=time_limit,
        solver=solver,
        **options,
    )
    done = store.read_netcdf(kept) if kept and kept.exists() else nothing(instance)
    with progress_bar(progress, total=periods, unit="period") as bar:
        bar.update(done.sizes["time"])
        for first, count in _steps(periods, window, step, done.sizes["time"]):
            given = in_window(whole, done, first, window, chosen)
            schedule = _solve_window(again, given, instance, first)
            done = _committed(instance, done, schedule, first, count)
            if kept:
                store.write_netcdf(done, kept)
            bar.update(count)
    schedule = Schedule.of(
        instance,
        read_decisions(instance, done),
        bound=math.nan,
        status="rolled",
        method=method,
        formulation=chosen,
        solver=solver,
        versions=versions(solver),
        **{name: float(done.attrs[name]) for name in TIMES},
    )
    verify(as_judged(instance, chosen), schedule).raise_if_broken()
    return schedule


def _require_fit(data: xr.Dataset, window: int, step: int) -> None:
    """Raise ValueError if jobs cannot be committed within such windows."""
    if not 1 <= step <= window:
        raise ValueError(f"step = {step} periods: must be at least 1 and at most window = {window}")
    longest = window - step + 1
    long = data.job[data.duration > longest].values
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


def _solve_window(
    again: Reoptimiser, given: xr.Dataset, instance: Instance, first: int
) -> Schedule:
    """Solve a window within its share of the budget, or else within all that remains of it."""
    times = instance.data.indexes["time"]
    window = given.sizes["time"]
    remaining = given.carbon_budget
    share = window / (len(times) - first)
    try:
        return again.solve(derived(given.assign(carbon_budget=share * remaining)))
    except InfeasibleError:
        pass
    try:
        return again.solve(derived(given))
    except InfeasibleError as error:
        limited = np.isfinite(remaining).item()
        left = f" with {float(remaining):.6g} tCO2e left of the budget" if limited else ""
        raise InfeasibleError(
            f"the window from {times[first]} to {times[first + window - 1]} has no schedule{left}: "
            f"{error}"
        ) from error


def _committed(
    instance: Instance, done: xr.Dataset, schedule: Schedule, first: int, count: int
) -> xr.Dataset:
    """Return the decisions with those of a window's first periods added."""
    data = instance.data
    part = schedule.data[list(CHOSEN)].isel(time=slice(count)).sel(service=data.service)
    part = part.assign_coords(time=data.indexes["time"][first : first + count])
    times = {name: float(done.attrs[name]) + getattr(schedule, name) for name in TIMES}
    return xr.concat([done, part], "time").assign_attrs(times)
