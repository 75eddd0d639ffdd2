"""Scenarios drawn: from the errors of forecasts, or from what has happened before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.schema import PARAMETERS
from carbonsched.forecasts import FORECAST, SIZES, Size
from carbonsched.forecasts.error_model import ErrorModel
from carbonsched.forecasts.seen import Seen, alike, step_of
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.stochastic.scenarios import Scenarios

MODELS = ("noisy", "bootstrap", "perfect")
_DAY, _WEEK = 24.0, 7


@named_keywords
def scenarios(
    instance: Instance,
    count: int = 20,
    model: str = "noisy",
    seed: int = 0,
    *,
    history: Instance | None = None,
    lead: float = 0.0,
    scale: float = 1.0,
    sizes: Mapping[str, Size] = SIZES,
    days: int = 1,
) -> Scenarios:
    """Return futures of an instance, all equally probable; the same arguments give the same ones.

    Parameters
    ----------
    instance : Instance
    count : int
        How many; the first of many are those of few. "perfect" has one, whatever is asked for.
    model : {"noisy", "bootstrap", "perfect"}
        "noisy": the instance is a forecast, and each future is what may come of it, by the model
        of errors of `carbonsched.forecasts.error_model`. "bootstrap": each day is a day that the
        history has, drawn for all sites and variables together, so that what goes together in the
        history does so here. "perfect": the instance itself.
    seed : int
    history : Instance, optional
        Other periods of the same sites and services; "bootstrap" needs it. Days that lie within
        the instance are not drawn. Of "noisy", what came before is looked at for spreads of prices
        and clear hours.
    lead : float
        Hours before the first period at which "noisy" takes the forecast to have been issued, a
        whole number of periods.
    scale, sizes
        Of "noisy": times the errors of the table, and the table; see `carbonsched.forecasts.noisy`.
    days : int
        Of "bootstrap": how many days are drawn in one piece; 7 for whole weeks. Each begins at the
        hour of day of what it stands for; with timestamps, a piece of whole weeks begins on its day
        of the week too, and any other on a weekday for a weekday, at a weekend for a weekend (in
        UTC), wherever the history has one.

    Returns
    -------
    Scenarios
        Of those of `carbonsched.forecasts.FORECAST` that differ. Labels are numbers from "1" on.

    Raises
    ------
    ValueError
        There is no such model; a number is out of range; the history is missing, another fleet's,
        or has no whole piece to draw.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.example("default")
    >>> futures = cs.scenarios(day, count=3, seed=1)
    >>> futures.labels, futures.data.demand.dims
    (['1', '2', '3'], ('scenario', 'service', 'time'))
    >>> cs.scenarios(day, model="perfect").size
    1
    """
    require_instance(instance)
    require_kinds(count=(count, int), seed=(seed, int), days=(days, int))
    if model not in MODELS:
        raise ValueError(f"model {model!r:.80}, choose from {', '.join(MODELS)}")
    for name, value in {"count": count, "days": days}.items():
        if value < 1:
            raise ValueError(f"{name} = {value}: expected at least 1")
    if model == "perfect":
        return Scenarios.of(instance, {"1": {}})
    if model == "noisy":
        drawn = _noisy(instance, count, seed, history, lead, scale, sizes)
    else:
        drawn = _bootstrap(instance, count, seed, history, days)
    labels = np.array([str(k + 1) for k in range(count)], dtype=object)
    differs = {
        name: (("scenario", *PARAMETERS[name].dims), values)
        for name, values in drawn.items()
        if (values != instance.data[name].values).any()
    }
    coords = {dim: instance.data[dim] for dim in ("site", "service", "time")}
    data = xr.Dataset(differs, {"scenario": labels, **coords})
    return Scenarios(instance, data, xr.DataArray(np.full(count, 1 / count), data.scenario.coords))


def _noisy(
    instance: Instance,
    count: int,
    seed: int,
    history: Instance | None,
    lead: float,
    scale: float,
    sizes: Mapping[str, Size],
) -> dict[str, np.ndarray]:
    """Return what may come of an instance that is a forecast, over (scenario, label, period)."""
    seen = Seen(instance, history)
    steps = round(lead / seen.hours)
    if steps < 0 or abs(steps * seen.hours - lead) > 1e-6 * max(lead, 1):
        told = f"expected a whole number of periods of {seen.hours:g} h, none negative"
        raise ValueError(f"lead = {lead:g} h: {told}")
    model, whole = ErrorModel(seen, sizes, scale), slice(0, seen.periods)
    drawn = [
        {
            name: model.walk(name, steps + seen.periods, seed, k + 1)[:, 1 + steps :]
            for name in SIZES
        }
        for k in range(count)
    ]
    moved = [model.moved(errors, whole) for errors in drawn]
    return {name: np.stack([values[name] for values in moved]) for name in FORECAST}


def _bootstrap(
    instance: Instance, count: int, seed: int, history: Instance | None, days: int
) -> dict[str, np.ndarray]:
    """Return pieces of a history in the place of an instance, over (scenario, label, period)."""
    if history is None:
        raise ValueError("bootstrap draws days of a history: give history=")
    past, data = alike(history, instance), instance.data
    day = round(_DAY / data.step_hours.item())
    if abs(day * data.step_hours.item() - _DAY) > 1e-6 or not day:
        raise ValueError(f"bootstrap: a day has no whole number of {data.step_hours.item():g} h")
    periods = data.sizes["time"]
    piece = min(days * day, periods)
    first = round((past.indexes["time"][0] - data.indexes["time"][0]) / step_of(data))
    at = first + np.arange(past.sizes["time"] - piece + 1)  # from the instance's first period
    at = at[(at % day == 0) & ((at + piece <= 0) | (at >= periods))]
    if not at.size:
        told = f"no {piece} periods from the hour of day at which the instance begins"
        raise ValueError(f"history: {told}, but for those of the instance itself")
    random = np.random.default_rng(np.random.SeedSequence(seed))
    starts = np.arange(0, periods, piece)
    kinds = [_kinds(data, days, start) for start in (starts, at)]
    pools = [at[kinds[1] == kind] for kind in kinds[0]]
    chosen = np.array([
        [random.choice(pool if pool.size else at) for pool in pools] for _ in range(count)
    ])  # fmt: skip
    places = (chosen[:, :, None] - first + np.arange(piece)).reshape(count, -1)[:, :periods]
    return {name: past[name].values[:, places].swapaxes(0, 1) for name in FORECAST}


def _kinds(data: xr.Dataset, days: int, at: np.ndarray) -> np.ndarray:
    """Return of which kind the days are that begin some periods after the first of an instance."""
    times = data.indexes["time"]
    if times.dtype.kind != "M":
        return np.zeros(at.size)
    begun = pd.DatetimeIndex([times[0] + int(k) * step_of(data) for k in at])
    of_week = begun.day_of_week.to_numpy()
    return of_week if days % _WEEK == 0 else of_week >= 5
