"""The horizon of an instance in a line, so that a wrong length of period is seen at once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from carbonsched.core.instance import Instance
from carbonsched.period import length_of


def horizon(instance: Instance) -> str:
    """Return from when to when an instance reaches, in hours and, of timestamps, in dates.

    Examples
    --------
    >>> import carbonsched as cs
    >>> horizon(cs.example("default"))
    '24 h: 24 periods of 1 h, 2025-01-01 00:00 to 2025-01-02 00:00 UTC'
    >>> horizon(cs.generate(periods=24).replace(step_hours=0.25))
    '6 h: 24 periods of 15 min, numbered 0 to 23, without dates'
    """
    return horizon_of(instance.data.indexes["time"], instance.data.step_hours.item())


def horizon_of(times: Any, hours: float | None = None) -> str:
    """Return from when to when periods reach, as far as their length is known.

    Parameters
    ----------
    times : pandas.Index
    hours : float, optional
        The length of a period; by default the step between timestamps, if there is one.

    Examples
    --------
    >>> horizon_of(pd.DatetimeIndex(["2025-03-30"]))
    '1 period from 2025-03-30 00:00 UTC, of a length that is not stated'
    """
    stamped, many = times.dtype.kind == "M", f"{len(times)} period{'s' if len(times) != 1 else ''}"
    if hours is None and stamped and len(times) > 1:
        hours = (times[1] - times[0]) / pd.Timedelta(hours=1)
    if hours is None and stamped:
        return f"{many} from {_minute(times[0])} UTC, of a length that is not stated"
    numbered = f"numbered {times[0]} to {times[-1]}, without dates"
    if hours is None:
        return f"{many}, {numbered}"
    days = len(times) * hours / 24
    whole = f" = {days:g} days" if days >= 2 and days == round(days) else ""
    long = f"{span(len(times) * hours)}{whole}: {many} of {span(hours)}"
    if not stamped:
        return f"{long}, {numbered}"
    end = times[-1] + length_of(hours)
    return f"{long}, {_minute(times[0])} to {_minute(end.round('s'))} UTC"


def _minute(instant: pd.Timestamp) -> str:
    """Return an instant to the minute, or to the nanosecond where that matters."""
    whole = instant == instant.floor("min")
    return instant.isoformat(" ", "minutes" if whole else "auto")


def span(hours: float) -> str:
    """Return a length of time in words.

    Examples
    --------
    >>> span(36), span(0.25), span(1.5), span(0.08)
    ('36 h', '15 min', '1 h 30 min', '4 min 48 s')
    """
    minutes, seconds = divmod(round(3600 * hours, 3), 60)
    whole, minutes = divmod(int(minutes), 60)
    parts = {"h": f"{whole:,}", "min": f"{minutes}", "s": f"{seconds:g}"}
    return " ".join(f"{size} {unit}" for unit, size in parts.items() if size != "0") or "0 s"
