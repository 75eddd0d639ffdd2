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
  the window may use all that remains.

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
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched import store
from carbonsched.decisions import read_decisions, running
from carbonsched.digest import digest
from carbonsched.errors import InfeasibleError
from carbonsched.families import grid, storage
from carbonsched.formulation import Formulation, choose
from carbonsched.instance import Instance, derived, require_instance
from carbonsched.progress import progress_bar
from carbonsched.reoptimise import Reoptimiser
from carbonsched.schedule import Schedule, emissions
from carbonsched.solve import as_judged, versions
from carbonsched.tightening import restricted
from carbonsched.verify import verify
from carbonsched.windows import window_positions

_CHOSEN = ("start", "route", "generate", "grid_import", "grid_export", "charge", "discharge")
_TIMES = ("runtime", "build_time")


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
    whole = _over_positions(instance.data)
    again = Reoptimiser(
        method,
        _movable(whole, chosen),
        warm=False,  # a run taken up again has no last solution to start from
        gap=gap,
        time_limit=time_limit,
        solver=solver,
        **options,
    )
    done = store.read_netcdf(kept) if kept and kept.exists() else _nothing(instance)
    with progress_bar(progress, total=periods, unit="period") as bar:
        bar.update(done.sizes["time"])
        for first, count in _steps(periods, window, step, done.sizes["time"]):
            given = _in_window(whole, done, first, window, chosen)
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
        **{name: float(done.attrs[name]) for name in _TIMES},
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


def _movable(whole: xr.Dataset, chosen: Formulation) -> Formulation:
    """Return the formulation as stated for a model whose windows move: limits as they are given.

    States of grid and battery stand everywhere if they are needed anywhere on the horizon.
    """
    data = restricted(whole, chosen)
    return replace(
        chosen,
        windows="rows",
        bounds="given",
        power="stated",  # cooling then stands in one row
        grid_states="everywhere" if grid.needs_states(data, chosen).any() else "needed",
        storage_states="everywhere" if storage.needs_state(data, chosen).any() else "needed",
    )


def _over_positions(data: xr.Dataset) -> xr.Dataset:
    """Return the data with periods counted from 0, and at each site a service for running jobs."""
    release, deadline = (("job", at) for at in window_positions(data))
    counted = data.assign_coords(time=np.arange(data.sizes["time"]))
    counted = counted.assign(release=release, deadline=deadline)
    if not data.sizes["job"]:
        return counted
    sites = data.site.values
    service = [f"jobs running at {site}" for site in sites]
    own = xr.DataArray(np.eye(len(sites), dtype=bool), {"service": service, "site": sites})
    idle = xr.DataArray(0.0, {"service": service, "time": counted.time}, ("service", "time"))
    each = xr.DataArray(np.zeros(len(sites)), {"service": service})
    running_jobs = xr.Dataset(
        {
            "demand": idle,
            "power_per_unit": each + 1,
            "value": each,
            "latency": xr.where(own, 0, np.inf),
            "latency_limit": each,
            "home": ("service", sites),
        }
    )
    services = counted[list(running_jobs)]
    return counted.drop_dims("service").merge(xr.concat([services, running_jobs], "service"))


def _nothing(instance: Instance) -> xr.Dataset:
    """Return the decisions of a run that has not begun."""
    none = instance.data.isel(time=slice(0))
    shapes = {
        "start": ("job", "site", "time"),
        "route": ("service", "site", "time"),
    }
    arrays = {}
    for name in _CHOSEN:
        dims = shapes.get(name, ("site", "time"))
        arrays[name] = (dims, np.zeros([none.sizes[dim] for dim in dims]))
    return xr.Dataset(arrays, none.coords, dict.fromkeys(_TIMES, 0.0))


def _in_window(
    whole: xr.Dataset, done: xr.Dataset, first: int, window: int, chosen: Formulation
) -> xr.Dataset:
    """Return the data of the window that begins at a period, after what was committed."""
    data = whole.isel(time=slice(first, first + window))
    data = data.assign_coords(time=np.arange(window))
    started = done.start.astype(float).assign_coords(time=np.arange(first))
    data["battery_final"] = whole.battery_initial
    data["battery_initial"] = _charge(whole, done)
    data["carbon_budget"] = _remaining(whole, done, chosen)
    if not data.sizes["job"]:
        return data

    run = running(started.reindex(time=whole.time.values, fill_value=0.0), whole.duration)
    load = (whole.power * run).sum("job").isel(time=slice(first, first + window))
    own = data.demand.copy()
    own[{"service": slice(-whole.sizes["site"], None)}] = load.transpose("site", "time").values
    there = (whole.release < first + window) & (whole.deadline >= first)
    waiting = started.sum(["site", "time"]) == 0
    return data.assign(
        demand=own,
        allowed=(whole.allowed & there & waiting).transpose("job", "site"),
        release=(whole.release - first).clip(0, window - 1),
        deadline=(whole.deadline - first).clip(0, window - 1),
    )


def _charge(whole: xr.Dataset, done: xr.Dataset) -> xr.DataArray:
    """Return the state of charge after what was committed, MWh over site."""
    stored = whole.charge_efficiency * done.charge - done.discharge / whole.discharge_efficiency
    charge = whole.battery_initial + (whole.step_hours * stored).sum("time")
    return charge.clip(whole.battery_min, whole.battery_energy)  # a solver's tolerance aside


def _remaining(whole: xr.Dataset, done: xr.Dataset, chosen: Formulation) -> xr.DataArray:
    """Return what is left of the carbon budget, tCO2e."""
    budget = whole.carbon_budget if chosen.carbon == "budget" else xr.DataArray(np.inf)
    count = done.sizes["time"]
    past = derived(whole.isel(time=slice(count)))
    emitted = emissions(past, done.assign_coords(time=np.arange(count))).sum()
    return (budget - emitted).clip(min=0)


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
    part = schedule.data[list(_CHOSEN)].isel(time=slice(count)).sel(service=data.service)
    part = part.assign_coords(time=data.indexes["time"][first : first + count])
    times = {name: float(done.attrs[name]) + getattr(schedule, name) for name in _TIMES}
    return xr.concat([done, part], "time").assign_attrs(times)
