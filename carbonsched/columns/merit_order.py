"""What more IT power costs at each site and period, at the prices of a relaxation.

Power comes in blocks, the cheapest first: generation, import, less export, more discharge, less
charge, and less inference, which other sites then serve. Stored energy and inference served
elsewhere have the relaxation's prices, so that a battery and a route answer to a job instead of
standing where fractions of jobs left them. Each period is then by itself, its cost convex and
piecewise linear, and at the relaxation's optimum it has the relaxation's prices. What batteries and
routes owe each other over time and sites is left to the linear program of the placements found.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import xarray as xr

from carbonsched.bounds.lagrangian import it_price

OVERLOAD = 1e7  # USD/MW beyond the last block: more than any power is worth


def blocks(
    data: xr.Dataset, prices: xr.Dataset, routed: np.ndarray, pull: float
) -> dict[str, np.ndarray]:
    """Return the blocks of each site and period, over (block, site, time), or (site, time).

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, tightened or not.
    prices : xarray.Dataset
        `carbonsched.core.schema.PRICES`.
    routed : numpy.ndarray
        IT power that inference takes, MW over (site, time).
    pull : float
        Of a site's capacity: inference that may come from other sites; all may go there, but
        none if this is zero.

    Returns
    -------
    dict of str to numpy.ndarray
        `slack`: facility power of no jobs beyond the end of each block, MW, as a rule negative;
        `rise`: how much more the next block costs, USD/MW and period; `least`: the first block's
        cost; `cooling`, and `room`: IT power that jobs may take, MW.
    """
    over = partial(by_cell, data)
    hours, cooling, capacity = data.step_hours, over(data.cooling), over(data.it_capacity)
    stored = hours * (prices.storage_price + data.battery_value)
    wear, carbon = hours * data.battery_cost, hours * prices.carbon_price.clip(min=0)
    exported, charged = over(data.export_limit), over(data.charge_limit)
    cost = np.stack(
        [
            over(hours * data.generation_cost + carbon * data.generation_carbon),
            over(hours * data.import_price + carbon * data.carbon_intensity),
            over(hours * data.export_price),
            over(data.charge_efficiency * stored - wear),
            over(stored / data.discharge_efficiency + wear),
        ]
    )
    size = np.stack(
        [
            over(data.generation_available),
            over(data.import_limit),
            exported,
            charged,
            over(data.discharge_limit),
        ]
    )
    elsewhere = _price_elsewhere(data, prices)
    served = np.isfinite(elsewhere)
    most = np.where(served, np.minimum(routed + pull * capacity, capacity), routed)
    least = np.where(served & (pull > 0), 0.0, routed)
    begun = exported + charged
    cost, end = _in_order(cost, size)
    end = np.minimum(
        end, cooling * capacity + begun
    )  # beyond the capacity only inference makes way
    moved = np.where(served, elsewhere, 0.0) / cooling, cooling * (most - least)
    size = np.diff(end, axis=0, prepend=0.0)
    cost, end = _in_order(
        *(np.concatenate([a, b[None]]) for a, b in zip((cost, size), moved, strict=True))
    )
    return {
        "slack": cooling * most + begun - end,
        "rise": np.concatenate([np.diff(cost, axis=0), np.full((1, *capacity.shape), OVERLOAD)]),
        "room": capacity - least,
        "least": cost[0],
        "cooling": cooling,
    }


def by_cell(data: xr.Dataset, values: xr.DataArray) -> np.ndarray:
    """Return values over fewer dimensions as a new array over (site, time)."""
    wide = values.broadcast_like(data.cooling).transpose("site", "time")
    return np.array(wide.values, float)


def _in_order(cost: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the costs of blocks from the cheapest on, and where each ends."""
    order = np.argsort(cost, axis=0, kind="stable")
    end = np.cumsum(np.take_along_axis(size, order, 0), axis=0)
    return np.take_along_axis(cost, order, 0), end


def _price_elsewhere(data: xr.Dataset, prices: xr.Dataset) -> np.ndarray:
    """Return the price of IT power at the best site of any service a site may serve; or -inf."""
    if not data.sizes["service"]:
        return np.full([data.sizes[dim] for dim in ("site", "time")], -np.inf)
    near = data.latency <= data.latency_limit
    least = it_price(data, prices).where(near).min("site")
    return (
        least.where(near, -np.inf).max("service").transpose("site", "time").fillna(-np.inf).values
    )
