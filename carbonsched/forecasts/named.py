"""Forecasts by name, or a callable of one's own."""

from __future__ import annotations

from collections.abc import Callable

from carbonsched.core.instance import Instance, require_instance
from carbonsched.forecasts.answers import Forecast, checked
from carbonsched.forecasts.day_ahead import day_ahead
from carbonsched.forecasts.noisy import noisy
from carbonsched.forecasts.perfect import perfect
from carbonsched.forecasts.persistence import DAY, WEEK, persistence

FORECASTS: dict[str, Callable[[Instance, Instance | None, int], Forecast]] = {
    "perfect": lambda truth, history, seed: perfect(truth),
    "persistence": lambda truth, history, seed: persistence(truth, DAY, history),
    "persistence_week": lambda truth, history, seed: persistence(truth, WEEK, history),
    "noisy": lambda truth, history, seed: noisy(truth, seed, history=history),
    "day_ahead": lambda truth, history, seed: day_ahead(truth, history=history),
}


def forecast_of(
    named: str | Forecast,
    truth: Instance,
    *,
    history: Instance | None = None,
    seed: int = 0,
) -> Forecast:
    """Return a forecast by its name, or a user's own with every answer checked.

    Parameters
    ----------
    named : str or callable
        A name of `FORECASTS`, or a callable `(issued, horizon) -> xarray.Dataset`; see
        `carbonsched.forecasts`.
    truth : Instance
        What happens.
    history : Instance, optional
        Earlier periods of the same sites and services.
    seed : int
        Of "noisy".

    Raises
    ------
    ValueError
        No forecast has that name, or what it needs is not given.
    TypeError
        Neither a name nor a callable.
    InstanceError
        When asked: an answer of the callable is faulty; see `checked`.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.example("default")
    >>> times = day.data.indexes["time"]
    >>> cheap = lambda issued, horizon: day.data[["demand"]].sel(time=horizon)
    >>> list(forecast_of(cheap, day)(times[0], times))
    ['demand']
    >>> list(FORECASTS)
    ['perfect', 'persistence', 'persistence_week', 'noisy', 'day_ahead']
    """
    require_instance(truth)
    if isinstance(named, str):
        if named not in FORECASTS:
            raise ValueError(f"forecast {named!r:.80}, choose from {', '.join(FORECASTS)}")
        return FORECASTS[named](truth, history, seed)
    if not callable(named):
        kind = type(named).__name__
        raise TypeError(f"forecast: expected a name or a callable (issued, horizon), got {kind}")
    return checked(named, truth)
