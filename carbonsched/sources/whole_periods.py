"""Jobs of any length put onto whole periods, with the energy they had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from carbonsched.sources.log_time import Periods, many

_FAR = 10**18  # ns, some 30 years: beyond any horizon


def because(frame: pd.DataFrame, what: str, where: pd.Series | np.ndarray) -> None:
    """Give jobs that have none yet the reason for which they are left out."""
    frame.loc[where & frame.reason.eq(""), "reason"] = what


def placed(
    frame: pd.DataFrame, periods: Periods, after: float | int | None, notes: list[str]
) -> pd.DataFrame:
    """Return the jobs that fit onto the horizon, in whole periods; the others get a reason.

    Parameters
    ----------
    frame : pandas.DataFrame
        By job, as `JobRows` has it, with its `kw`; its `reason` is filled in.
    periods : Periods
        The horizon.
    after : float, int or None
        Of a job without a deadline, how long after arrival and time it may end: a multiple of its
        time, ns, or whenever the horizon does.
    notes : list of str
        Takes each rule that was applied.

    Returns
    -------
    pandas.DataFrame
        By job, `power` [MW], `duration` [periods], `release`, `deadline`, `gpus` and `seconds`.
    """
    step, count = periods.step, periods.count
    known = frame.arrival.notna() & frame.seconds.notna()
    arrival = frame.arrival.where(known, pd.Timestamp(0)).astype("datetime64[ns]").astype("int64")
    length = frame.seconds.where(known, 0.0).clip(0.0, _FAR / 1e9).mul(1e9).round().astype("int64")
    release = -((periods.start - arrival) // step)
    booked = -(-length // step)
    least = release + booked - 1
    stated = frame.deadline.notna()
    if after is None:
        last = pd.Series(count - 1, index=frame.index)
    else:
        more = (
            min(after, _FAR)
            if isinstance(after, int)
            else (length * after).clip(upper=_FAR).round().astype("int64")
        )
        last = (arrival + length + more - periods.start) // step - 1
    short = ~stated & (last < least)
    last = last.where(~short, least)
    told = frame.deadline.where(stated, pd.Timestamp(0)).astype("datetime64[ns]").astype("int64")
    last = last.where(~stated, (told - periods.start) // step - 1)
    because(frame, "arrives before the horizon", release < 0)
    because(frame, "arrives after the last period began", release >= count)
    because(frame, "longer than the horizon", booked > count)
    because(frame, "cannot end within the horizon", least >= count)
    because(frame, "its deadline leaves too few whole periods", last < least)
    kept = frame.reason == ""
    clipped = kept & (last >= count)
    inside: Any = np.minimum(last, count - 1)
    true = (length / step)[kept]
    data = pd.DataFrame(
        {
            "power": frame.kw[kept] / 1000 * (true / booked[kept]),
            "duration": booked[kept],
            "release": periods.labels[release[kept]],
            "deadline": periods.labels[inside[kept]],
            "gpus": frame.gpus[kept],
            "seconds": frame.seconds[kept],
        }
    )
    data.index = pd.Index(frame.job[kept], name="job")
    full = frame.kw[kept]
    energy = float((full * true).sum())
    if energy > 0:
        more = float((full * booked[kept]).sum()) / energy - 1
        notes.append(
            f"Times are rounded up to whole periods of {periods.hours:g} h and powers scaled down, "
            f"so that each job keeps its energy: {(true < 1).mean():.0%} of the jobs end within "
            f"one period, and at full power {more:.1%} more energy would be booked."
        )
        late = (release[kept] * step + periods.start - arrival[kept]) > 0
        notes.append(
            f"Arrivals are rounded up to the start of a period, of {many(int(late.sum()), 'job')}; "
            "deadlines down to the end of one."
        )
    notes += [
        text
        for number, text in (
            (
                int((short & kept).sum()),
                "left without slack by rounding: the window is as long as the job",
            ),
            (int(clipped.sum()), "with a deadline beyond the horizon: the end must lie within it"),
        )
        if number
        for text in [f"{many(number, 'job')} {text}."]
    ]
    return data
