r"""The outlook: what the periods after a window are worth, by the relaxation of all that remains.

A window knows nothing after its end, so it is told prices: what a tonne of the budget, a MWh in a
battery and a MW of IT power are worth there. They are duals of the linear relaxation of everything
that remains, by forecast: all periods, and all jobs that are known and have not started, in
fractions. With :math:`\lambda, \mu, \psi, \beta` as in `carbonsched.bounds.lagrangian`,

- what the window emits costs :math:`\beta` a tonne;
- what its batteries hold at its end :math:`\tau` is worth :math:`\max(\psi_{i\tau}, 0)` a MWh;
- IT power of a job that runs beyond its end costs :math:`\kappa\lambda + \mu` a MW and period;
- a job that may start after its end forgoes, when it starts in the window, the most that a start
  there is worth,

.. math:: \max_{i,\, t \ge \tau} \; R_j - \sigma_j - \rho_j \sum_{s=t}^{t+L_j-1}
          (\kappa_{is}\lambda_{is} + \mu_{is}).

These are prices of choosing. What is reported is what was earned, at true prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.bounds.relaxation import relaxed_prices
from carbonsched.columns.prices import prices_by_columns
from carbonsched.core.build import added
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import derived
from carbonsched.core.tighten import restricted
from carbonsched.errors import CarbonschedError
from carbonsched.operate.horizon import Horizon

_ARRAYS = ("power_price", "capacity_price", "storage_price")


@dataclass(frozen=True)
class Outlook:
    """Prices of the periods to come, arrays over sites (in order) and periods from now.

    Attributes
    ----------
    power_price, capacity_price : numpy.ndarray
        USD per MW and period of facility power and of IT capacity.
    storage_price : numpy.ndarray
        USD per MWh in the battery when the period begins.
    carbon_price : float
        USD/tCO2e.
    placements : numpy.ndarray
        Positions of job, site and period of the starts that have weight in the relaxation: what the
        next one begins with.
    """

    power_price: np.ndarray
    capacity_price: np.ndarray
    storage_price: np.ndarray
    carbon_price: float
    placements: np.ndarray

    def after(self, count: int) -> Outlook:
        """Return the same, some periods later."""
        arrays = {name: getattr(self, name)[:, count:] for name in _ARRAYS}
        left = self.placements - np.array([0, 0, count])
        return replace(self, **arrays, placements=left[left[:, 2] >= 0])

    def stored(self, at: int) -> xr.DataArray:
        """Return what a MWh stored when a period begins is worth, USD over sites."""
        return xr.DataArray(self.storage_price[:, at], dims="site")

    def it_price(self, data: xr.Dataset) -> np.ndarray:
        """Return the price of IT power, USD per MW and period over (site, time)."""
        return (
            data.cooling.transpose("site", "time").values * self.power_price + self.capacity_price
        )

    def later_worth(self, data: xr.Dataset, size: int) -> np.ndarray:
        """Return the most that each job is worth which starts after a window, USD over jobs.

        Minus infinity where it cannot.
        """
        price = self.it_price(data)
        so_far = np.concatenate([np.zeros((len(price), 1)), price.cumsum(axis=1)], axis=1)
        net, power = (data.reward - data.startup_cost).values, data.power.values
        length, allowed = data.duration.values, data.allowed.transpose("job", "site").values
        first = np.maximum(data.release.values, size)
        last = np.minimum(data.deadline.values + 1, price.shape[1]) - length
        worth = np.full(len(net), -np.inf)
        for job in np.flatnonzero((first <= last) & allowed.any(axis=1)):
            begin = slice(first[job], last[job] + 1)
            end = slice(first[job] + length[job], last[job] + 1 + length[job])
            energy = (so_far[:, end] - so_far[:, begin])[allowed[job]]
            worth[job] = net[job] - power[job] * energy.min()
        return worth

    def stored_as(self, first: int, periods: int) -> xr.Dataset:
        """Return the same to keep in a file, over all periods of the horizon."""
        arrays = {}
        for name in _ARRAYS:
            whole = np.zeros((len(self.power_price), periods))
            whole[:, first:] = getattr(self, name)
            arrays[f"outlook_{name}"] = (("site", "ahead"), whole)
        known = self.placements + np.array([0, 0, first])
        arrays["outlook_placements"] = (("outlook_start", "position"), known)
        return xr.Dataset(arrays | {"outlook_carbon_price": self.carbon_price})


def read_outlook(kept: xr.Dataset, first: int) -> Outlook | None:
    """Return an outlook that was kept, from a period on; None if there was none."""
    if "outlook_carbon_price" not in kept:
        return None
    arrays = {
        name: kept[f"outlook_{name}"].transpose("site", "ahead").values[:, first:]
        for name in _ARRAYS
    }
    known = kept.outlook_placements.transpose("outlook_start", "position").values.astype(int)
    carbon = float(kept.outlook_carbon_price)
    return Outlook(**arrays, carbon_price=carbon, placements=known - np.array([0, 0, first]))


def outlook_of(
    horizon: Horizon,
    rest: xr.Dataset,
    formulation: Formulation,
    time_limit: float,
    former: Outlook | None = None,
) -> Outlook | None:
    """Return the prices of all that remains, or None if the relaxation tells none.

    It goes on from a former outlook as of now, if there is one.

    None of a method that fixes its workload, of periods that no schedule is believed to serve, and
    where there was no time.
    """
    if not horizon.chooses:
        return None
    data = restricted(rest, horizon.method)
    if data.carbon_budget < 0:
        data = data.assign(carbon_budget=xr.zeros_like(data.carbon_budget))
    jobs = np.flatnonzero(_may_come(data))
    data = data.isel(job=jobs)
    known = np.zeros((0, 3), int) if former is None else former.placements
    given = replace(formulation, bounds="given", windows="cut", power="substituted")
    try:
        if added(horizon.families) or formulation.jobs != "start":
            instance = derived(data, horizon.given.extra)
            prices = relaxed_prices(
                instance, horizon.method, given, horizon.families, time_limit=time_limit
            )
        else:
            begin = pd.DataFrame(_among(known, jobs), columns=["job", "site", "time"])
            relaxed = prices_by_columns(data, given, time_limit, begin)
            prices, placed = relaxed.prices, relaxed.placed
            known = np.column_stack([jobs[placed.job], placed.site, placed.time])
    except (CarbonschedError, TimeoutError):
        return None
    none = xr.zeros_like(data.cooling)
    arrays = {
        name: prices.get(name, none).broadcast_like(none).transpose("site", "time").values
        for name in _ARRAYS
    }
    arrays["storage_price"] = arrays["storage_price"] + data.battery_value.values[:, None]
    if not all(np.isfinite(array).all() for array in arrays.values()):
        return None
    carbon = max(float(prices.get("carbon_price", 0.0)), 0.0)
    return Outlook(**arrays, carbon_price=carbon, placements=known)


def _among(placements: np.ndarray, jobs: np.ndarray) -> np.ndarray:
    """Return the placements of some jobs, each by its position among these."""
    there = placements[np.isin(placements[:, 0], jobs)]
    return np.column_stack([np.searchsorted(jobs, there[:, 0]), there[:, 1:]])


def _may_come(data: xr.Dataset) -> np.ndarray:
    """Return which jobs may start in the periods of data, bool over jobs."""
    last = data.deadline.values - data.duration.values + 1
    return data.allowed.any("site").values & (last >= data.release.values)
