"""A time-of-use tariff over periods: the price of each is the mean over its local time."""

from __future__ import annotations

from datetime import tzinfo
from math import gcd

import numpy as np
import pandas as pd

from carbonsched.project.forms import TimeOfUse
from carbonsched.project.windows import DAYS, MONTHS, minutes_of, places_of

_QUARTER = 15 * 60  # s: every zone's offset is a multiple of it, or is sampled finer


def prices(
    tariff: TimeOfUse, times: pd.DatetimeIndex, step: pd.Timedelta, zone: tzinfo
) -> np.ndarray:
    """Return the price of each period, in the unit of the tariff, over `time`.

    A period that a window's edge divides has the mean of its parts.

    Parameters
    ----------
    tariff : TimeOfUse
    times : pandas.DatetimeIndex
        Begins of the periods in UTC.
    step : pandas.Timedelta
    zone : tzinfo
        Whose clock the tariff goes by.
    """
    spans = [minutes_of(window.hours) for window in tariff.time_of_use]
    edges = [60 * minute for span in spans for ends in span for minute in ends]
    begin = int(times.as_unit("s").asi8[0]) % _QUARTER
    width = gcd(_QUARTER, int(step.total_seconds()), begin, *edges)
    parts = int(step.total_seconds()) // width
    offsets = pd.to_timedelta(np.arange(parts) * width, unit="s").to_numpy()
    moments = pd.DatetimeIndex((times.to_numpy()[:, None] + offsets).ravel())
    local = moments.tz_localize("UTC").tz_convert(zone)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    held = np.full(len(moments), tariff.otherwise)
    for window, span in reversed(list(zip(tariff.time_of_use, spans, strict=True))):
        days, months = places_of(window.days, DAYS), places_of(window.months, MONTHS)
        within = np.isin(local.day_of_week, list(days)) & np.isin(local.month - 1, list(months))
        inside = np.zeros(len(moments), dtype=bool)
        for first, last in span:
            inside |= np.asarray((first * 60 <= seconds) & (seconds < last * 60))
        held[within & inside] = window.price
    return held.reshape(len(times), parts).mean(axis=1)
