"""How long a period is: hours as the instants of an axis count them."""

from __future__ import annotations

from typing import Any

import pandas as pd


def length_of(hours: float) -> Any:
    """Return a number of hours as a `pandas.Timedelta`, to the microsecond.

    pandas cuts hours to whole nanoseconds, and would make 65 minutes one too short.

    Parameters
    ----------
    hours : float
        h.

    Examples
    --------
    >>> length_of(65 / 60)
    Timedelta('0 days 01:05:00')
    """
    return pd.Timedelta(microseconds=round(hours * 3.6e9))
