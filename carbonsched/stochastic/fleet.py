"""The jobs that all scenarios share, priced in arrays: what each placement is worth at a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.reach import may_start


@dataclass(frozen=True)
class Fleet:
    """Jobs in arrays, each over job first.

    Attributes
    ----------
    power : numpy.ndarray
        MW of IT power.
    length : numpy.ndarray
        Periods.
    net : numpy.ndarray
        Reward less start-up cost, USD.
    required : numpy.ndarray
    startable : numpy.ndarray
        Bool over (job, site, time).
    """

    power: np.ndarray
    length: np.ndarray
    net: np.ndarray
    required: np.ndarray
    startable: np.ndarray

    @classmethod
    def of(cls, data: xr.Dataset) -> Fleet:
        """Return the jobs of an instance's data."""
        return cls(
            data.power.values,
            data.duration.values.astype(int),
            (data.reward - data.startup_cost).values,
            data.required.values.astype(bool),
            may_start(data).transpose("job", "site", "time").values,
        )

    @property
    def count(self) -> int:
        """How many jobs there are."""
        return len(self.power)

    def worths(self, price: np.ndarray) -> np.ndarray:
        """Return what every placement is worth, USD over (job, site, time).

        It is minus infinity where a job may not start. `carbonsched.bounds.lagrangian.placements`
        is the same over labels.

        Parameters
        ----------
        price : numpy.ndarray
            Of IT power, USD per MW and period over (site, time).
        """
        worth = np.full(self.startable.shape, -np.inf)
        so_far = np.concatenate([np.zeros((len(price), 1)), price.cumsum(axis=1)], axis=1)
        for length in np.unique(self.length):
            alike = np.flatnonzero(self.length == length)
            window = so_far[:, length:] - so_far[:, :-length]  # (9), (10): L_j in a row
            earned = self.net[alike, None, None] - self.power[alike, None, None] * window
            worth[alike, :, : window.shape[1]] = earned
        return np.where(self.startable, worth, -np.inf)

    def best(self, price: np.ndarray) -> pd.DataFrame:
        """Return each job's best placement: positions `job`, `site`, `time`, and its `worth`, USD.

        Jobs that may start nowhere are left out.
        """
        worth = self.worths(price).reshape(self.count, price.size)
        at = worth.argmax(axis=1)
        most = worth[np.arange(self.count), at]
        site, time = np.unravel_index(at, self.startable.shape[1:])
        job = np.arange(self.count)
        found = pd.DataFrame({"job": job, "site": site, "time": time, "worth": most})
        return pd.DataFrame(found[np.isfinite(most)])

    def earned(self, best: pd.DataFrame) -> float:
        """Return what jobs earn at most, USD: a loss only where one must run (8)."""
        worth = best.worth.to_numpy()
        return float(np.where(self.required[best.job], worth, worth.clip(min=0.0)).sum())

    def near(self, price: np.ndarray, distance: float, most: int) -> pd.DataFrame:
        """Return the placements that are worth no less than their job's best by a distance, USD.

        Beside a job that need not run stands that it is declined, worth nothing. There are at most
        some a job on average, of which the nearest are taken.
        """
        worth = self.worths(price)
        best = worth.max(axis=(1, 2), initial=-np.inf)
        best = np.where(self.required, best, best.clip(min=0.0))
        less = best[:, None, None] - worth
        close = (less <= distance) & np.isfinite(worth)
        at = np.argsort(less[close], kind="stable")[: most * self.count]
        names = ("job", "site", "time")
        return pd.DataFrame({n: k[at] for n, k in zip(names, np.nonzero(close), strict=True)})

    def load(self, placed: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
        """Return the load that placements make at some weights, MW over (site, time)."""
        load = np.zeros(self.startable.shape[1:])
        for job, site, time, weight in zip(
            *(placed[name].to_numpy() for name in ("job", "site", "time")), weights, strict=True
        ):
            if weight:
                load[site, time : time + self.length[job]] += weight * self.power[job]
        return load
