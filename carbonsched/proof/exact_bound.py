r"""A bound that floating point cannot break: weak duality, evaluated in exact arithmetic.

`carbonsched.bounds.lagrangian` bounds every schedule from prices alone, whatever the prices are.
Here its formula, which column generation uses in floats, is evaluated over rationals, on limits
tightened in rationals too (`carbonsched.proof.restated`, which the model does not use), so that no
rounding can put the bound below what a schedule earns. Floats enter in one place only, rounded to
the safe side: the price of a job's cheapest window, of which there may be millions, is rounded
down.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import xarray as xr

from carbonsched.bounds.lagrangian import (
    NOT_NEGATIVE,
    energy_parts,
    it_price,
    served_best,
    unit_worth,
)
from carbonsched.core.schema import PRICES
from carbonsched.proof.exact_schedule import Incumbent
from carbonsched.proof.rational import exact, exact_data, total
from carbonsched.proof.restated import possible_starts, tightest

LARGEST = 1e24  # USD per unit, whatever the units; a price beyond it bounds nothing worth knowing
FIGURES = 10  # significant figures of a price: enough for a bound, and a short file


def snap_prices(data: xr.Dataset, prices: xr.Dataset) -> xr.Dataset:
    """Return prices near those given that the bound takes: finite, of the right sign, short.

    A price that is missing or no number becomes zero: a bound holds at any prices.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as its method leaves it, see `carbonsched.proof.restated.left_by`.
    prices : xarray.Dataset
        Some of `carbonsched.core.schema.PRICES`.
    """
    snapped = {}
    for name, dims in PRICES.items():
        like = xr.DataArray(
            np.zeros([data.sizes[dim] for dim in dims]), {dim: data[dim] for dim in dims}, dims
        )
        given = prices[name].astype(float).transpose(*dims) if name in prices else like
        given = given.where(np.isfinite(given), 0).clip(-LARGEST, LARGEST)
        if name in NOT_NEGATIVE:
            given = given.clip(min=0)
        negligible = 1e-12 * float(np.abs(given).max()) if given.size else 0.0
        given = given.where(np.abs(given) > negligible, 0) + 0.0  # and no zero below zero
        short = np.vectorize(lambda v: float(f"{v:.{FIGURES}g}"), otypes=[float])(given.values)
        snapped[name] = like.copy(data=short)
    if not np.isfinite(data.carbon_budget):
        snapped["carbon_price"] = xr.zeros_like(snapped["carbon_price"])
    return xr.Dataset(snapped)


def certified_bound(
    data: xr.Dataset, prices: xr.Dataset, fixed: Incumbent | None = None
) -> Fraction:
    """Return an upper bound on the benefit of every schedule of an instance, USD.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as its method leaves it, as floats.
    prices : xarray.Dataset
        As `snap_prices` returns them.
    fixed : Incumbent, optional
        If given, the bound is on schedules with this one's placements and routes only.
    """
    exactly, priced = exact_data(data), prices.map(exact)
    tight = exactly.assign(tightest(exactly))
    energy = sum((total(part) for part in energy_parts(tight, priced)), Fraction(0))
    if fixed is not None:
        return energy + _worth(tight, priced, fixed)
    return energy + total(served_best(tight, priced)) + _placed_best(tight, priced)


def _placed_best(data: xr.Dataset, prices: xr.Dataset) -> Fraction:
    """Return what the jobs are worth at most, USD: each at its best placement, or declined.

    A job that is required is not declined, even at a loss. One without any placement counts
    nothing: if it is required there is no schedule, and any bound holds.
    """
    startable = possible_starts(data)
    price = it_price(data, prices).transpose("site", "time").values
    so_far = np.concatenate([np.zeros((len(price), 1), int), price.cumsum(axis=1)], axis=1)
    net_reward, power = (data.reward - data.startup_cost).values, data.power.values
    required, worth = data.required.values, Fraction(0)
    for length in np.unique(data.duration.values):
        window = np.full(price.shape, np.inf)
        exactly = so_far[:, length:] - so_far[:, :-length]
        window[:, : max(price.shape[1] - length + 1, 0)] = np.nextafter(
            exactly.astype(float), -np.inf
        )
        for job in np.flatnonzero(data.duration.values == length):
            cheapest = np.min(window, where=startable[job], initial=np.inf)
            if np.isfinite(cheapest):
                best = net_reward[job] - power[job] * Fraction(cheapest)
                worth += best if required[job] else max(best, Fraction(0))
    return worth


def _worth(data: xr.Dataset, prices: xr.Dataset, fixed: Incumbent) -> Fraction:
    """Return what some placements and routes are worth, USD."""
    price = it_price(data, prices).transpose("site", "time").values
    net_reward, power = (data.reward - data.startup_cost).values, data.power.values
    durations = data.duration.values
    jobs = sum(
        (
            net_reward[j] - power[j] * sum(price[i, t : t + int(durations[j])], Fraction(0))
            for j, i, t in fixed.placements
        ),
        Fraction(0),
    )
    return jobs + total(unit_worth(data, prices) * fixed.decided.route)
