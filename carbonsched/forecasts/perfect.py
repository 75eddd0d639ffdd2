"""The forecast that knows: what regret is measured against."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.forecasts.answers import Forecast
from carbonsched.forecasts.seen import Seen


def perfect(truth: Instance) -> Forecast:
    """Return the forecast that tells every period as it will be.

    Raises ValueError, when asked, for periods that the truth does not have.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.example("default")
    >>> times = day.data.indexes["time"]
    >>> perfect(day)(times[6], times[6:]).import_price.equals(day.data.import_price[:, 6:])
    True
    """
    seen = Seen(truth)

    def forecast(issued: Any, horizon: pd.Index) -> xr.Dataset:
        at = seen.in_truth(*seen.window(issued, horizon))
        return seen.dataset({name: values[:, at] for name, values in seen.values.items()}, horizon)

    return forecast
