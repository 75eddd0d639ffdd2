r"""An upper bound on any schedule's benefit, from prices alone, in NumPy and xarray.

Put a price on what couples the parts of the problem and each part is solved in closed form: import
against export, generation, the battery's powers and its state of charge at each site and period;
every service at its best site; every job at its best placement, or declined unless required. For
*any* prices the sum bounds the optimum of (1)-(16) from above (weak duality), so a bound needs no
trust in whoever names the prices. At the best prices it is the optimum of the linear relaxation of
the `start` formulation, or lower: that import and export, charge and discharge exclude each other
is kept exactly.

With :math:`\lambda` the price of facility power, :math:`\mu` of IT capacity, :math:`\beta` of
carbon, :math:`\psi` and :math:`\omega` of stored energy, all but :math:`\lambda, \psi` not
negative, IT power costs :math:`\kappa\lambda + \mu`, and placing job :math:`j` at :math:`(i, t)`
is worth

.. math:: R_j - \sigma_j - \rho_j \sum_{\tau=t}^{t+L_j-1} (\kappa_{i\tau}\lambda_{i\tau}
   + \mu_{i\tau}).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.bare import Bare

Known = xr.Dataset | Bare  # what is summed over the same labels may come without them
CELLS = 4_000_000  # job, site and period, that are priced at once: as memory allows
NOT_NEGATIVE = ("capacity_price", "final_price", "carbon_price")


def it_price(data: xr.Dataset, prices: xr.Dataset) -> xr.DataArray:
    """Return the price of IT power, USD per MW and period over (site, time)."""
    return data.cooling * prices.power_price + prices.capacity_price  # (3), (2)


def placements(
    data: xr.Dataset, prices: xr.Dataset, startable: xr.DataArray
) -> Iterator[xr.DataArray]:
    """Yield the worth of every placement, USD over (job, site, time), some jobs of one duration.

    Where a job may not start its worth is minus infinity.
    """
    dims = ("job", "site", "time")
    for alike, worth in by_duration(data, prices, startable):
        labels = {"job": data.indexes["job"][alike]} | {d: data.indexes[d] for d in dims[1:]}
        yield xr.DataArray(worth, labels, dims)


def by_duration(
    data: xr.Dataset, prices: xr.Dataset, startable: xr.DataArray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the positions of some jobs of one duration, and the worth of their placements.

    That is in USD over (job, site, time), minus infinity where a job may not start. A window sum of
    the price of IT power is shared by all jobs that run equally long.
    """
    price = it_price(data, prices).transpose("site", "time").values
    so_far = np.concatenate([np.zeros((len(price), 1)), price.cumsum(axis=1)], axis=1)
    net_reward, power = (data.reward - data.startup_cost).values, data.power.values
    may, durations = startable.transpose("job", "site", "time").values, data.duration.values
    block = max(CELLS // price.size, 1)
    for length in np.unique(durations):
        window = np.full(price.shape, np.inf)
        window[:, : max(price.shape[1] - length + 1, 0)] = so_far[:, length:] - so_far[:, :-length]
        every = np.flatnonzero(durations == length)
        for alike in np.split(every, range(block, len(every), block)):
            own = (alike, None, None)
            worth = np.full((len(alike), *price.shape), -np.inf)
            np.subtract(  # (9), (10): L_j in a row
                net_reward[own], power[own] * window, out=worth, where=may[alike]
            )
            yield alike, worth


def dual_bound(data: xr.Dataset, prices: xr.Dataset, best: xr.DataArray) -> float:
    """Return the bound that some prices give, USD.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, tightened or not.
    prices : xarray.Dataset
        `PRICES`; of any origin. Negative ones that must not be negative are taken as zero.
    best : xarray.DataArray
        The worth of each job's best placement at these prices, USD over (job).

    Raises
    ------
    ValueError
        The prices are over other labels, or in another order.
    """
    for dim, labels in prices.indexes.items():
        if dim in data.indexes and not labels.equals(data.indexes[dim]):
            raise ValueError(f"the prices have other labels of {dim}, or another order")
    jobs = jobs_best(data, best)
    p, y = Bare(data), Bare(prices)
    parts = (*energy_parts(p, y), served_best(p, y))
    return float(jobs.sum()) + sum(float(part.sum()) for part in parts)  # (1)


def jobs_best(data: xr.Dataset, best: xr.DataArray) -> xr.DataArray:
    """Return what each job earns at most, USD over (job): a loss only where it must run.

    `best` is the worth of its best placement, jobs in any order. A required job without one leaves
    no schedule, and any bound holds.
    """
    best = best.sel(job=data.job)  # (8): one placement, or none
    must = data.required & (best > -np.inf)
    return best.where(must, best.clip(min=0))


def energy_worth(data: Known, prices: Known) -> dict[str, Any]:
    """Return what 1 MW of each power of the energy side earns at some prices, USD a period.

    `grid_import`, `grid_export`, `generate`, `charge`, `discharge`, over (site, time).
    """
    hours, power = data.step_hours, prices.power_price
    stored = prices.storage_price + data.battery_value
    carbon = hours * prices.carbon_price.clip(min=0)
    wear = hours * data.battery_cost
    bought = power - hours * data.import_price - carbon * data.carbon_intensity
    generated = power - hours * data.generation_cost - carbon * data.generation_carbon
    return {
        "grid_import": bought,
        "grid_export": hours * data.export_price - power,
        "generate": generated,
        "charge": hours * data.charge_efficiency * stored - power - wear,
        "discharge": power - wear - hours * stored / data.discharge_efficiency,
    }


def flow_parts(data: Known, worth: Mapping[str, Any]) -> Any:
    """Return what trade, generation and battery powers earn at most, USD over (site, time)."""
    bought = worth["grid_import"] * data.import_limit  # (5)
    sold = worth["grid_export"] * data.export_limit  # (6)
    charged = worth["charge"] * data.charge_limit
    drawn = worth["discharge"] * data.discharge_limit
    generated = (worth["generate"] * data.generation_available).clip(min=0)  # (4)
    trade = np.maximum(bought, sold).clip(min=0)  # (7): the better of the two
    battery = np.maximum(charged, drawn).clip(min=0)  # (15): not both
    return trade + generated + battery


def flow_losses(data: xr.Dataset, prices: xr.Dataset, decided: xr.Dataset) -> xr.DataArray:
    """Return what the powers that are decided earn less than the most, USD over (site, time).

    With what jobs, services and limits fall short of theirs this adds up to the distance between
    bound and benefit: it says where the distance comes from.
    """
    worth = energy_worth(data, prices)
    earned = sum(worth[name] * decided[name] for name in worth)
    return (flow_parts(data, worth) - earned).clip(min=0).transpose("site", "time")


def energy_parts(data: Known, prices: Known) -> tuple[Any, ...]:
    """Return what grid, generation, batteries and limits are worth at most, USD.

    Each part is over (site, time), over site, or a single number, and waits to be summed.
    """
    capacity_price, final_price, carbon_price = (prices[name].clip(min=0) for name in NOT_NEGATIVE)
    flows = flow_parts(data, energy_worth(data, prices))

    stored = prices.storage_price
    last = data.time == data.time[-1]  # (13), (14): between one period's price and the next
    later = xr.where(last, final_price, stored.shift(time=-1, fill_value=0)) - stored
    held = np.maximum(later * data.battery_energy, later * data.battery_min)
    start = stored.isel(time=0) * data.battery_initial
    start = start - final_price * data.battery_final

    capacity = capacity_price * data.it_capacity  # (2)
    budget = data.carbon_budget.where(carbon_price > 0, 0.0) * carbon_price  # (16)
    return flows, held, start, capacity, budget


def unit_worth(data: Known, prices: Known) -> Any:
    """Return what a unit of workload served earns, USD over (service, site, time)."""
    power = data.cooling * prices.power_price + prices.capacity_price.clip(min=0)
    return data.step_hours * data.value - data.power_per_unit * power


def served_best(data: Known, prices: Known) -> Any:
    """Return what each service earns at its best sites, USD over (service, time)."""
    near = data.latency <= data.latency_limit  # (12); all demand is served by (11)
    served = unit_worth(data, prices).where(near, -np.inf).max("site")
    return (served * data.demand).where(data.demand > 0, 0)
