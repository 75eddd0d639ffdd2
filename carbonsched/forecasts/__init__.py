"""What is believed of the hours to come, from what has been seen.

A forecast is a callable `(issued, horizon) -> xarray.Dataset`. `issued` is the label of the first
period that has not happened yet, and `horizon` has the labels it is to tell, from `issued` on. It
answers with any of `FORECAST` over those labels; what it leaves out is as it will be.
"""

from carbonsched.forecasts.answers import FORECAST, Forecast
from carbonsched.forecasts.day_ahead import day_ahead
from carbonsched.forecasts.error_model import SIZES, Size
from carbonsched.forecasts.named import FORECASTS, forecast_of
from carbonsched.forecasts.noisy import noisy
from carbonsched.forecasts.perfect import perfect
from carbonsched.forecasts.persistence import persistence

__all__ = [
    "FORECAST",
    "FORECASTS",
    "SIZES",
    "Forecast",
    "Size",
    "day_ahead",
    "forecast_of",
    "noisy",
    "perfect",
    "persistence",
]
