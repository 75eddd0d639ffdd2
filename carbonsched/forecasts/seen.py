"""What there is to look back at: the truth and, before it, a history, by position."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.schema import PARAMETERS
from carbonsched.currency import currency_of
from carbonsched.forecasts.answers import FORECAST
from carbonsched.period import length_of


def alike(history: Instance, truth: Instance) -> xr.Dataset:
    """Return what a history has of `FORECAST`, over the sites and services of a truth.

    Raises
    ------
    ValueError
        It is another fleet's, or one by another clock.
    """
    for given in (history, truth):
        require_instance(given)
    past, data = history.data, truth.data
    fleet = {dim: data.indexes[dim] for dim in ("site", "service")}
    faults = [
        f"it lacks the {dim} {', '.join(map(str, lacking[:5]))}"
        for dim, labels in fleet.items()
        if len(lacking := labels.difference(past.indexes[dim]))
    ]
    times, due = past.indexes["time"], data.indexes["time"]
    hours = [d.step_hours.item() for d in (past, data)]
    if times.dtype.kind != due.dtype.kind:
        faults.append("of the two, one has timestamps and the other numbered periods")
    elif not np.isclose(*hours, rtol=1e-9):
        faults.append("its periods are of {:g} h, not of {:g} h".format(*hours))
    elif not float((times[0] - due[0]) / step_of(data)).is_integer():
        faults.append(f"its periods begin between those of the truth, as does {times[0]}")
    money = [currency_of(d) for d in (past, data)]
    if money[0] != money[1]:
        faults.append("it is in {}, not in {}".format(*money))
    if faults:
        raise ValueError(f"history: {'; '.join(faults)}")
    return past[list(FORECAST)].sel(fleet)


def step_of(data: xr.Dataset) -> Any:
    """Return the distance between two labels of `time`."""
    times: Any = data.indexes["time"]
    if times.dtype.kind != "M":
        return 1
    return times[1] - times[0] if len(times) > 1 else length_of(data.step_hours.item())


class Seen:
    """The values of `FORECAST` of every period of a truth and of what came before it.

    Parameters
    ----------
    truth : Instance
    history : Instance, optional
        The same sites, services, length of period and currency. Only its periods before the
        truth's first count; whatever else it holds is not looked at.

    Attributes
    ----------
    periods, before : int
        Periods of the truth, and how many the history reaches back from its first.
    values : dict of str to numpy.ndarray
        Over (site or service, period), from `before` periods before the truth's first on; not a
        number where the history has a gap.

    Raises
    ------
    ValueError
        The history is another fleet's, or one by another clock.
    """

    def __init__(self, truth: Instance, history: Instance | None = None) -> None:
        require_instance(truth)
        data = truth.data
        times: Any = data.indexes["time"]
        self.hours, self.step = data.step_hours.item(), step_of(data)
        self.first, self.periods = times[0], len(times)
        self._coords = {dim: data[dim] for dim in ("site", "service")}
        self._about = {
            name: {k: v for k, v in data[name].attrs.items() if k not in ("source", "licence")}
            for name in FORECAST
        }
        past = self._past(history, truth)
        self.before = 0 if past is None else max(-int(self.positions(past.indexes["time"])[0]), 0)
        self.values = {name: self._joined(name, data, past) for name in FORECAST}

    def _past(self, history: Instance | None, truth: Instance) -> xr.Dataset | None:
        """Return the periods of a history that lie before the truth."""
        if history is None:
            return None
        past = alike(history, truth)
        past = past.isel(time=np.flatnonzero(past.indexes["time"] < self.first))
        return past if past.sizes["time"] else None

    def _joined(self, name: str, data: xr.Dataset, past: xr.Dataset | None) -> np.ndarray:
        own = data[name].values
        joined = np.full((own.shape[0], self.before + self.periods), np.nan)
        joined[:, self.before :] = own
        if past is not None:
            joined[:, self.before + self.positions(past.indexes["time"])] = past[name].values
        return joined

    def positions(self, labels: Any) -> np.ndarray:
        """Return how many periods labels lie after the truth's first, negative before it."""
        return np.asarray((labels - self.first) // self.step, dtype=np.int64)

    def label(self, position: int) -> Any:
        """Return the label of a period, counted from the truth's first."""
        return self.first + int(position) * self.step

    def window(self, issued: Any, horizon: pd.Index) -> tuple[int, int]:
        """Return the position of the first period of a horizon and how many it has.

        Raises
        ------
        ValueError
            The horizon is empty, does not begin where the forecast is issued, or has gaps.
        """
        length, first = len(horizon), 0
        try:
            first = int((issued - self.first) // self.step)
            sound = length > 0 and horizon[0] == issued and self.label(first) == issued
            sound = sound and (self.positions(horizon) == first + np.arange(length)).all()
        except TypeError:  # a number where there are timestamps, or the reverse
            sound = False
        if not sound:
            ends = f"{horizon[0]} to {horizon[-1]}" if length else "no period"
            raise ValueError(
                f"a forecast issued {issued} of {length} labels, {ends}: expected contiguous "
                f"periods from {issued} on, in steps of {self.hours:g} h from {self.first}"
            )
        return first, length

    def in_truth(self, first: int, length: int) -> slice:
        """Return where a horizon lies in the arrays of the truth.

        Raises
        ------
        ValueError
            The truth does not reach that far.
        """
        if first < 0 or first + length > self.periods:
            ends = f"{self.label(first)} to {self.label(first + length - 1)}"
            last = self.label(self.periods - 1)
            raise ValueError(f"the truth is known from {self.first} to {last}, not {ends}")
        return slice(first, first + length)

    def dataset(self, values: Mapping[str, np.ndarray], horizon: pd.Index) -> xr.Dataset:
        """Return values over (site or service, horizon) as what a forecast answers."""
        arrays = {
            name: ((PARAMETERS[name].dims[0], "time"), array, self._about[name])
            for name, array in values.items()
        }
        return xr.Dataset(arrays, {**self._coords, "time": horizon})
