"""The fallback: a schedule of all that remains, what it takes, what is left of it step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.operate.horizon import Horizon

_ARRAYS = (
    "it_power",
    "bought",
    "generated",
    "clean",
    "freed",
    "soc",
    "emitted",
    "cooling",
    "rates",
)


@dataclass(frozen=True)
class Fallback:
    """A schedule of all that remains, of least emissions; arrays over (site, periods from now).

    Attributes
    ----------
    it_power, bought, generated : numpy.ndarray
        MW.
    clean : numpy.ndarray
        Generation there is, MW, where it is no dirtier than import.
    freed : numpy.ndarray
        MW from batteries that fed a job which has been taken out.
    soc : numpy.ndarray
        MWh that a battery needs at least when the period begins.
    emitted : numpy.ndarray
        tCO2e.
    rates : numpy.ndarray
        tCO2e per MW and period of import and of generation, over (2, site, time).
    cooling : numpy.ndarray
    start, site : numpy.ndarray
        Where it starts each required job that waits, over jobs; -1 where it starts none.
    power, duration : numpy.ndarray
        Of jobs.
    """

    it_power: np.ndarray
    bought: np.ndarray
    generated: np.ndarray
    clean: np.ndarray
    freed: np.ndarray
    soc: np.ndarray
    emitted: np.ndarray
    cooling: np.ndarray
    rates: np.ndarray
    start: np.ndarray
    site: np.ndarray
    power: np.ndarray
    duration: np.ndarray

    def due(self, size: int) -> np.ndarray:
        """Return which jobs it starts in the window, bool over jobs."""
        return (self.start >= 0) & (self.start < size)

    def needed(self, size: int) -> np.ndarray:
        """Return how full batteries must be when a window has ended, MWh over sites."""
        return self.soc[:, size]

    def emitted_from(self, size: int) -> float:
        """Return what it emits after a window, without the tails of what is due in it, tCO2e."""
        return float(self._without(self.due(size)).emitted[:, size:].sum())

    def overcounted(self, size: int) -> float:
        """Return what a window counts too much if all that is due runs as here, tCO2e.

        What batteries fed of tails is free of emissions, and a window counts it as generation.
        """
        freed = (self._without(self.due(size)).freed - self.freed)[:, size:]
        return float((self.rates[1][:, size:] * freed).sum())

    def after(self, size: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return IT power and import that it takes beside what is due, and clean power it leaves.

        MW over (site, periods from now), of `count` periods.
        """
        left = self._without(self.due(size))
        spare = (left.clean - left.generated).clip(min=0) + left.freed
        return left.it_power[:, :count], left.bought[:, :count], spare[:, :count]

    def _without(self, jobs: np.ndarray) -> Fallback:
        """Return the same without some of the jobs that it starts."""
        if not jobs.any():
            return self
        left = {name: getattr(self, name).copy() for name in _ARRAYS}
        for job in np.flatnonzero(jobs):
            at = slice(self.start[job], self.start[job] + self.duration[job])
            _take(left, self.site[job], at, self.power[job])
        start = np.where(jobs, -1, self.start)
        return replace(self, **left, start=start)

    def step(self, placed: dict[int, tuple[int, int]], size: int, count: int) -> Fallback:
        """Return what is left of it when a step is committed.

        Parameters
        ----------
        placed : dict of int to tuple of int
            Site and period of the jobs that start in the step.
        size : int
            Periods of the window.
        count : int
            Periods of the step.
        """
        gone = np.zeros(len(self.start), bool)
        gone[list(placed)] = True
        left = self._without(gone & (self.start >= 0))
        arrays = {name: getattr(left, name).copy() for name in _ARRAYS}
        for job, (site, begin) in placed.items():
            at = slice(max(begin, size), begin + self.duration[job])
            _add(arrays, site, at, self.power[job])
        arrays = {name: array[..., count:] for name, array in arrays.items()}
        start = np.where(left.start >= 0, left.start - count, -1)
        return replace(left, **arrays, start=np.maximum(start, -1))

    def stored_as(self, first: int, periods: int) -> xr.Dataset:
        """Return the same to keep in a file, over all periods of the horizon."""
        arrays: dict[str, Any] = {}
        for name in _ARRAYS:
            array = getattr(self, name)
            length = periods + (name == "soc")
            whole = np.zeros((*array.shape[:-1], length))
            whole[..., first:] = array
            dims = ("site", "ahead_soc" if name == "soc" else "ahead")
            arrays[f"fallback_{name}"] = (dims if name != "rates" else ("kind", *dims), whole)
        start = np.where(self.start >= 0, self.start + first, -1)
        arrays["fallback_start"] = ("job", start)
        arrays["fallback_site"] = ("job", self.site)
        return xr.Dataset(arrays)


def _take(arrays: dict[str, np.ndarray], site: int, at: slice, power: float) -> None:
    """Take a job's power out of what is taken, in place."""
    cooled = arrays["cooling"][site, at] * power
    bought = np.minimum(cooled, arrays["bought"][site, at])
    generated = np.minimum(cooled - bought, arrays["generated"][site, at]).clip(min=0)
    arrays["it_power"][site, at] -= power
    arrays["bought"][site, at] -= bought
    arrays["generated"][site, at] -= generated
    arrays["freed"][site, at] += (cooled - bought - generated).clip(min=0)
    rates = arrays["rates"][:, site, at]
    arrays["emitted"][site, at] -= rates[0] * bought + rates[1] * generated


def _add(arrays: dict[str, np.ndarray], site: int, at: slice, power: float) -> None:
    """Add a job's power to what is taken, in place: what is freed first, then what is clean."""
    needed = arrays["cooling"][site, at] * power
    freed = np.minimum(needed, arrays["freed"][site, at])
    arrays["freed"][site, at] -= freed
    cooled = needed - freed
    spare = (arrays["clean"] - arrays["generated"])[site, at].clip(min=0)
    generated = np.minimum(cooled, spare)
    arrays["it_power"][site, at] += power
    arrays["bought"][site, at] += cooled - generated
    arrays["generated"][site, at] += generated
    rates = arrays["rates"][:, site, at]
    arrays["emitted"][site, at] += rates[0] * (cooled - generated) + rates[1] * generated


def read_fallback(kept: xr.Dataset, horizon: Horizon, first: int) -> Fallback | None:
    """Return a fallback that was kept, from a period on; None if there was none."""
    if "fallback_start" not in kept:
        return None
    arrays = {}
    for name in _ARRAYS:
        last = "ahead_soc" if name == "soc" else "ahead"
        array = kept[f"fallback_{name}"].transpose(..., "site", last)
        arrays[name] = array.values[..., first:]
    start = kept.fallback_start.values.astype(int)
    return Fallback(
        **arrays,
        start=np.where(start >= 0, start - first, -1),
        site=kept.fallback_site.values.astype(int),
        power=horizon.whole.power.values,
        duration=horizon.whole.duration.values,
    )
