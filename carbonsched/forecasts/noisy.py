"""The forecast that is wrong as forecasts are: less so, the nearer the hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.forecasts.answers import Forecast
from carbonsched.forecasts.error_model import SIZES, ErrorModel, Size
from carbonsched.forecasts.seen import Seen
from carbonsched.keywords import require_kinds


def noisy(
    truth: Instance,
    seed: int = 0,
    *,
    scale: float = 1.0,
    sizes: Mapping[str, Size] = SIZES,
    history: Instance | None = None,
) -> Forecast:
    """Return a forecast that is the truth less errors, which shrink as an hour draws near.

    The model of errors and their sizes are in `carbonsched.forecasts.error_model`. Values stay
    within their bounds: intensity and demand are not negative, cooling is at least 1, and
    generation at most the most that was ever on offer at its site. Import and export prices of a
    site have one error, so that a forecast shows no trade at a profit that will not be there.

    Parameters
    ----------
    truth : Instance
    seed : int
        The same seed gives the same answer for the same periods, whatever was asked before.
    scale : float
        Times the errors of the table; 0 is `perfect`.
    sizes : dict of str to Size
        By default `SIZES`.
    history : Instance, optional
        Earlier periods, in which spread of prices and clear hours are looked for, too.

    Examples
    --------
    >>> import carbonsched as cs
    >>> week = cs.example("real-week")
    >>> times, truth = week.data.indexes["time"], week.data.demand.isel(time=-49)
    >>> forecast = noisy(week, seed=1)
    >>> far, near = (forecast(times[k], times[k:]).demand.isel(time=-49) for k in (0, 119))
    >>> bool(abs(far - truth).mean() > abs(near - truth).mean())
    True
    """
    require_kinds(seed=(seed, int))
    seen = Seen(truth, history)
    model = ErrorModel(seen, sizes, scale)
    walks = {name: model.walk(name, seen.periods, seed) for name in SIZES}

    def forecast(issued: Any, horizon: pd.Index) -> xr.Dataset:
        first, length = seen.window(issued, horizon)
        at = seen.in_truth(first, length)
        leads = np.arange(1, length + 1)
        errors = {
            name: model.fading(name) ** leads * walk[:, [first]] - walk[:, 1:][:, at]
            for name, walk in walks.items()
        }
        return seen.dataset(model.moved(errors, at), horizon)

    return forecast
