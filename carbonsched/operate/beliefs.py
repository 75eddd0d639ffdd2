"""What is believed at a step: a forecast of the periods to come, and what has happened before."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.core.instance import derived
from carbonsched.errors import CarbonschedError
from carbonsched.forecasts import Forecast
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.missed import least_unserved


def believed(horizon: Horizon, forecast: Forecast | None, first: int) -> xr.Dataset:
    """Return the data of the whole as believed at a period: the truth before it, then a forecast.

    `forecast` is None where all is known.
    """
    if forecast is None:
        return horizon.whole
    times = horizon.given.data.indexes["time"]
    told = forecast(times[first], times[first:])
    whole = horizon.whole
    changed = {}
    for name, values in told.data_vars.items():
        dims = whole[name].dims
        array = whole[name].copy(deep=True)
        own = values.transpose(*dims).values
        rows = slice(0, own.shape[0])  # services of running jobs come after the instance's own
        array.values[rows, first:] = own
        changed[name] = array
    return whole.assign(changed)


def servable(
    horizon: Horizon, rest: xr.Dataset, size: int, time_limit: float
) -> tuple[xr.Dataset, float]:
    """Return the rest with no more demand in the window than can be served, and MWh of IT cut.

    What is cut is the least, by the energy side of the window with no job but those that run.
    """
    window = rest.isel(time=slice(0, size))
    reserve = window.battery_min
    end = reserve.isel(time=-1, drop=True) if "time" in reserve.dims else reserve
    window = window.assign(
        battery_final=end,
        carbon_budget=xr.full_like(window.carbon_budget, np.inf),
    )
    window = window.isel(job=slice(0))
    try:
        missed = least_unserved(horizon, derived(window, horizon.given.extra), time_limit)
    except CarbonschedError:
        return rest, 0.0
    if missed is None or not (missed > 0).any():
        return rest, 0.0
    demand = rest.demand.copy(deep=True)
    demand.values[:, :size] = (demand.values[:, :size] - missed).clip(min=0)
    energy = float((missed * rest.power_per_unit.values[:, None]).sum() * rest.step_hours)
    return rest.assign(demand=demand), energy
