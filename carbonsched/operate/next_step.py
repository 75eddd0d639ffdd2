"""One step of a run a call, for a scheduler of the system's own: settle what has happened, plan.

The instance holds what has been observed up to now and, from there on, what is believed. A folder
holds where the run stands: each call settles the periods of the last plan that have passed, by the
numbers that the instance has now, plans the next window, and says when it is due again. What was
settled must not change any more. What is written is written whole or not at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.build import fitted, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.operate.horizon import horizon_of
from carbonsched.operate.kept import code_of
from carbonsched.operate.outcome import as_schedule
from carbonsched.operate.planning import Planner
from carbonsched.operate.roll import require_choices
from carbonsched.operate.rolling import Planned, Rolling
from carbonsched.operate.standing import Standing, begun
from carbonsched.operate.state import keep_state, read_state
from carbonsched.period import length_of
from carbonsched.schedule import Schedule

STATE = "state.nc"


@dataclass(frozen=True)
class Next:
    """What a call did.

    Attributes
    ----------
    settled : int
        Periods that were settled by this call.
    first : label or None
        First period that is not settled yet; None at the end.
    plan : xarray.Dataset or None
        The decisions of the plan that holds now, over the periods and jobs of its window.
    due : label or None
        The period with whose beginning the next call is due; None where the run has ended.
    schedule : Schedule or None
        All that was committed, judged, where the run has ended.
    news : bool
        Whether this call had anything to do.
    """

    settled: int
    first: Any
    plan: xr.Dataset | None
    due: Any
    schedule: Schedule | None
    news: bool

    def __str__(self) -> str:
        if self.schedule is not None:
            return f"all periods are settled: {self.schedule!r}"
        if not self.news:
            return f"nothing new: the plan from {self.first} holds, next due at {self.due}"
        settled = f"{self.settled} periods settled; " * bool(self.settled)
        return f"{settled}planned from {self.first}, next due at {self.due}"


@named_keywords
def next_step(
    instance: Instance,
    folder: str | Path,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    now: Any,
    families: Iterable[Family] = FAMILIES,
    window: int = 24,
    step: int = 6,
    notice: int | None = None,
    outlook: int | None = 24,
    change_cost: float = 0.0,
    on_breach: str = "report",
    gap: float = 0.01,
    gap_of: str = "decided",
    time_limit: float = 120.0,
    engine: str = "auto",
    polish: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Next:
    """Settle what has happened since the last call, plan the next window, and say when to call.

    A sequence of calls is one `carbonsched.roll` with the same forecasts. A call that comes late
    finds that the old plan went on: as many of its periods are settled as have passed.

    Parameters
    ----------
    instance : Instance
        Observed before `now`, believed from there on; at each call of the same sites, periods and
        services. Jobs may be new.
    folder : path
        Where the run stands; made by the first call.
    now : label
        First period that has not passed, or any instant within it; for the end, one behind the
        last period.
    on_breach : {"report", "raise"}
        As in `carbonsched.roll`, and so are the other keywords.

    Returns
    -------
    Next

    Raises
    ------
    InstanceError
        What was settled is no longer as it was, named by variable and label, or a job is gone.
    ValueError
        The folder holds a run with other keywords, or labels; no plan covers the time that has
        passed; a choice is unknown.
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError, VerificationError, TypeError
        As in `carbonsched.roll`.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=1, periods=4, jobs=0, services=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for now in (0, 1, 2):
    ...         print(cs.next_step(instance, folder, now=now, window=4, step=2))
    planned from 0, next due at 2
    nothing new: the plan from 0 holds, next due at 2
    2 periods settled; planned from 2, next due at 4
    """
    require_instance(instance)
    require_kinds(window=(window, int), step=(step, int))
    require_choices(window, step, notice, outlook, on_breach, engine)
    chosen, stated = method_of(method), formulation_of(formulation)
    stated_by = require_families(families)
    given = fitted(instance, stated_by)
    settings = {
        "gap": gap, "gap_of": gap_of, "time_limit": time_limit, "polish": polish,
        "options": options,
    }  # fmt: skip
    horizon = horizon_of(given, chosen, stated_by, window, notice)
    planner = Planner(
        horizon, stated, engine=engine, policy=None, change_cost=change_cost, settings=settings
    )
    rolling = Rolling(
        horizon, stated, planner, None, True, outlook, on_breach == "report", time_limit
    )
    about = {
        "method": asdict(chosen), "formulation": asdict(stated), "families": code_of(stated_by),
        "window": window, "step": step, "notice": notice, "outlook": outlook,
        "change_cost": change_cost, "on_breach": on_breach, "engine": engine,
        **settings, "options": dict(options or {}),
    }  # fmt: skip
    path = Path(folder) / STATE
    return _called(rolling, path, about, _passed(given, now), step)


def _passed(given: Instance, now: Any) -> int:
    """Return how many periods have passed, that is, ended by now."""
    times = given.data.indexes["time"]
    if times.dtype.kind != "M":
        return int(np.searchsorted(times, now, side="left"))
    at: Any = pd.Timestamp(now)
    at = at.tz_convert("UTC").tz_localize(None) if at.tzinfo else at
    ends = times + length_of(given.data.step_hours.item())
    return int((ends <= at).sum())


def _called(rolling: Rolling, path: Path, about: Mapping[str, Any], passed: int, step: int) -> Next:
    """Settle and plan, and keep where the run stands then."""
    horizon, times = rolling.horizon, rolling.horizon.given.data.indexes["time"]
    standing, planned, settled = begun(horizon), None, 0
    if path.exists():
        standing, planned = read_state(path, horizon, about)
    first, count = standing.first, 0 if planned is None else planned.count
    if planned is not None and (passed < first + count):
        return Next(0, times[first], _told(rolling, standing, planned), _due(times, first + count),
                    None, False)  # fmt: skip
    if planned is not None:
        size = min(horizon.window, horizon.periods - first)
        settled = min(passed - first, size)
        planned = replace(planned, count=settled)
        standing = rolling.committed(standing, planned)
        standing.rows[-1]["seconds"] = 0.0
    first = standing.first
    if first < passed and first < horizon.periods:
        raise ValueError(
            f"no plan covers the periods from {times[first]} on, which have passed: the run is "
            "begun anew in another folder, with an instance that begins now"
        )
    if first == horizon.periods:
        if settled:
            keep_state(standing, None, horizon, path, about)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            schedule = as_schedule(rolling, standing, rolling.formulation, "highs")
        return Next(settled, None, None, None, schedule, bool(settled))
    standing, planned = rolling.planned(standing, min(step, horizon.periods - first))
    keep_state(standing, planned, horizon, path, about)
    due = _due(times, first + planned.count)
    return Next(settled, times[first], _told(rolling, standing, planned), due, None, True)


def _due(times: pd.Index, at: int) -> Any:
    """Return the label of a period, also of the one behind the last."""
    if at < len(times):
        return times[at]
    return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1)


def _told(rolling: Rolling, standing: Standing, planned: Planned) -> xr.Dataset:
    """Return a plan over the labels of its window, for people and machines to read."""
    horizon, first = rolling.horizon, standing.first
    size = min(horizon.window, horizon.periods - first)
    own = planned.decided.isel(time=slice(size)).sel(service=horizon.given.data.service)
    return own.assign_coords(time=horizon.given.data.indexes["time"][first : first + size])
