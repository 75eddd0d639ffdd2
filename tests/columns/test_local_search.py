"""What a local search believes of a placement, worked out by hand, and what it must not do."""

import numpy as np
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.columns.local_search import LocalSearch
from carbonsched.columns.merit_order import blocks
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.core.schema import PRICES
from carbonsched.core.tighten import tightened


def prices_of(data: xr.Dataset, **given: float) -> xr.Dataset:
    """Return prices that are the same everywhere, zero unless given."""
    return xr.Dataset(
        {
            name: (dims, np.full([data.sizes[dim] for dim in dims], given.get(name, 0.0)))
            for name, dims in PRICES.items()
        },
        {dim: data[dim] for dim in ("site", "time")},
    )


def test_power_comes_from_the_cheapest_block_that_is_left():
    """By hand: 4 MW generated at 1 USD, what is beyond bought at 20; export at 8 comes between."""
    data = plain(
        periods=2,
        generation_available=[[4.0, 4.0]], generation_cost=[1.0], import_limit=[10.0],
        import_price=[[20.0, 20.0]], export_limit=[3.0], export_price=[[8.0, 8.0]],
        cooling=[[1.0, 1.0]], it_capacity=[20.0],
    )  # fmt: skip
    part = blocks(data, prices_of(data), np.zeros((1, 2)), 0.0)

    def cost(power: float) -> float:
        beyond = np.maximum(part["slack"][:, 0, 0] + power, 0) * part["rise"][:, 0, 0]
        idle = np.maximum(part["slack"][:, 0, 0], 0) * part["rise"][:, 0, 0]
        return float(part["least"][0, 0] * power + beyond.sum() - idle.sum())

    # of 4 MW, 3 are sold: the first MW is generated, the next three are not sold, then bought
    assert [cost(mw) for mw in (1.0, 2.0, 4.0, 6.0)] == pytest.approx([1, 9, 25, 65])


@pytest.mark.parametrize("seed", range(3))
def test_a_search_keeps_windows_and_room_and_says_what_it_gains(seed):
    data = tightened(cs.generate(4, 36, 24, seed=seed).data, Method(), Formulation())
    may = may_start(data)
    local = LocalSearch(data, may, [np.flatnonzero(a) for a in data.allowed.values])
    local.price(prices_of(data, storage_price=40.0), np.zeros((4, 36)), 0.0)
    local.fill()
    placed = np.flatnonzero(local.site >= 0)
    assert len(placed)
    local.improve(200)
    used = np.zeros((4, 36))
    for job in np.flatnonzero(local.site >= 0):
        site, time = local.site[job], local.time[job]
        assert may.values[job, site, time]
        used[site, time : time + int(data.duration[job])] += float(data.power[job])
    assert (used <= data.it_capacity.values[:, None] * (1 + 1e-9)).all()


def test_the_same_schedule_twice():
    instance = cs.generate(3, 24, 12, seed=2)
    first, second = (cs.solve(instance, engine="column-generation", gap=1e-3) for _ in range(2))
    xr.testing.assert_identical(first.data, second.data)
