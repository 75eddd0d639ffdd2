"""The bound from prices, by hand: what jobs, a varying reserve and a varying capacity add."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from by_hand import plain

from carbonsched.bounds.lagrangian import dual_bound, energy_parts, jobs_best
from carbonsched.core.schema import PRICES


def prices(data: xr.Dataset, **given: object) -> xr.Dataset:
    """Return prices, those not given zero."""
    shapes = {name: [data.sizes[dim] for dim in dims] for name, dims in PRICES.items()}
    return xr.Dataset(
        {
            name: (dims, np.broadcast_to(np.asarray(given.get(name, 0.0), float), shapes[name]))
            for name, dims in PRICES.items()
        },
        {dim: data[dim] for dim in ("site", "time")},
    )


def test_only_a_required_job_counts_a_loss():
    """Proves: 5 of the first, nothing of the second, -7 of the third; jobs in any order."""
    data = plain(1, 1, 4, 0, required=[False, False, True, True])
    best = xr.DataArray([-7.0, -np.inf, 5.0, -3.0], {"job": ["j2", "j3", "j0", "j1"]})
    counted = jobs_best(data, best)
    assert counted.sel(job=["j0", "j1", "j2", "j3"]).values.tolist() == [5, 0, -7, 0]
    assert dual_bound(data, prices(data), best) == pytest.approx(5 - 7)


def test_prices_in_another_order_bound_nothing():
    data = plain(2, 1, 0, 0)
    best = xr.DataArray(np.zeros(0), {"job": data.job})
    with pytest.raises(ValueError, match="other labels of site"):
        dual_bound(data, prices(data).isel(site=[1, 0]), best)


def test_stored_energy_is_worth_its_price_from_the_reserve_up():
    """A price of 4 in the first hour, 0 then: what is held costs 4 a MWh, so the reserve of it.

    In the second hour it is worth the final price, 3, up to the energy of 10 MWh, and 2 MWh must
    be left at that price. The 6 MWh before the first hour are worth 4 each.
    """
    data = plain(
        1, 2, 0, 0, battery_energy=10.0, battery_initial=6.0, battery_final=2.0,
        battery_min=[[5.0, 0.0]],
    )  # fmt: skip
    _, held, start, _, _ = energy_parts(
        data, prices(data, storage_price=[[4.0, 0.0]], final_price=3.0)
    )
    assert held.transpose("site", "time").values.tolist() == [[-4 * 5, 3 * 10]]
    assert start.item() == 6 * 4 - 3 * 2


def test_capacity_is_priced_hour_by_hour():
    data = plain(1, 3, 0, 0, it_capacity=[[8.0, 2.0, 8.0]])
    *_, capacity, _ = energy_parts(data, prices(data, capacity_price=[[1.0, 10.0, 0.0]]))
    assert float(capacity.sum()) == 8 + 20
