"""The plan that a schedule is: which job runs where and when, and why another does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance, require_instance
from carbonsched.currency import currency_of
from carbonsched.judge.declined import reasons
from carbonsched.judge.verify import Judged, mismatches, require_schedule
from carbonsched.keywords import named_keywords
from carbonsched.period import length_of

COLUMNS = ("site", "start", "end", "accepted", "power", "reward", "margin", "reason")


@named_keywords
def plan(instance: Instance, schedule: Judged) -> pd.DataFrame:
    """Return the plan that a schedule is: a row a job, and why one that does not run does not.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Of this instance, by any method and engine.

    Returns
    -------
    pandas.DataFrame
        By job: `site`, `start` and `end`, missing where it is declined; `accepted`; `power` (MW of
        IT while it runs) and `reward` (USD); `margin` (USD), of a declined job, what it would add
        at its best placement with the rest of the plan as it is, carbon aside, missing where it
        has none; and
        `reason`, "required" of a job that had to run, of a declined one a few words that start with

        - "no window": it can start nowhere in time;
        - "too large", "no room", "no power": what its run lacks at its best placement, of IT
          capacity, of what is left of it, of grid and generation;
        - "cost": by how much it would cost more than its reward;
        - "carbon budget": where it would pay it would emit more than is left;
        - "first fit": it found no room when its turn came, by the method that asks no more;
        - "would pay": it was left out although it fits and pays, so the schedule is not the best.

        With timestamps `end` is when its last period ends, UTC; with numbered periods it is the
        last of them. Units are in `attrs["units"]`.

    Raises
    ------
    ValueError
        The schedule is not one of this instance, has values that are no numbers, or starts a job
        twice.
    TypeError
        What is given is no instance, or no schedule.

    Notes
    -----
    With the rest of the plan as it is: the other jobs, the routes of inference and the batteries.
    What moving those would change is not looked at, nor what families of a user's own ask.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=2, services=1).replace(reward=0.0)
    >>> plan = cs.plan(instance, cs.solve(instance, gap=0))
    >>> plan.reason.str.partition(":")[0].to_dict(), plan.attrs["units"]["margin"]
    ({'job-1': 'cost', 'job-2': 'cost'}, 'USD')
    """
    require_instance(instance)
    require_schedule(schedule)
    data = instance.data
    if apart := "; ".join(why for _, why in mismatches(data, schedule.data)):
        raise ValueError(f"the schedule is not one of this instance: {apart}")
    frame = runs(schedule.data, data.duration, data.step_hours.item())
    declined = np.flatnonzero(~frame.accepted)
    margin = np.full(len(frame), np.nan)
    reason = np.where(data.required, "required", "").astype(object)
    for job, told in zip(declined, reasons(data, schedule, declined), strict=True):
        margin[job], reason[job] = told
    own = {"power": data.power.values, "reward": data.reward.values}
    made = frame.assign(**own, margin=margin, reason=reason)
    money = dict.fromkeys(("reward", "margin"), currency_of(data))
    made.attrs["units"] = frame.attrs["units"] | {"power": "MW"} | money
    return made.loc[:, list(COLUMNS)]


def runs(
    decided: xr.Dataset, duration: xr.DataArray | None = None, step_hours: float | None = None
) -> pd.DataFrame:
    """Return where and when each job runs: `site`, `start`, `end` and `accepted` by job.

    Parameters
    ----------
    decided : xarray.Dataset
        The decisions of a schedule.
    duration : xarray.DataArray, optional
        Periods that each job runs, over (job); by default as many as it does.
    step_hours : float, optional
        The length of a period where there is but one; without it the end of that is not known.

    Raises
    ------
    ValueError
        A decision is no number, or a job starts twice.
    """
    numbers = [name for name, array in decided.items() if not np.isfinite(array).all()]
    if numbers:
        raise ValueError(f"no plan: not a number in {', '.join(map(str, numbers))}")
    start = decided.start.transpose("job", "site", "time").values > 0.5
    jobs, sites, times = (decided.indexes[dim] for dim in ("job", "site", "time"))
    if (twice := start.sum(axis=(1, 2)) > 1).any():
        raise ValueError(f"no plan: {', '.join(map(str, jobs[twice]))} starts more than once")
    length = decided.run.sum(["site", "time"]) if duration is None else duration
    accepted = start.any(axis=(1, 2))
    site, first = start.any(axis=2).argmax(axis=1), start.any(axis=1).argmax(axis=1)
    last = (first + np.asarray(length.values, int) - 1).clip(first, len(times) - 1)
    begun, ended = pd.Series(times[first], jobs), pd.Series(times[last], jobs)
    stamped = times.dtype.kind == "M"
    if stamped:
        step = length_of(step_hours) if step_hours else pd.NaT
        ended = ended + (times[1] - times[0] if len(times) > 1 else step)
    else:  # integers that may be missing
        begun, ended = begun.astype("Int64"), ended.astype("Int64")
    frame = pd.DataFrame(
        {
            "site": pd.Series(sites[site], jobs, object).where(accepted, None),
            "start": begun.where(accepted),
            "end": ended.where(accepted),
            "accepted": accepted,
        },
        jobs,
    )
    units = ("UTC", "UTC") if stamped else ("period", "last period")
    frame.attrs["units"] = dict(zip(("start", "end"), units, strict=True))
    return frame
