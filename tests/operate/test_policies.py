"""The rules that people start jobs by: each on a case counted by hand, all within the room."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from draws import draw_varied
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.core.reach import may_start, window_positions
from carbonsched.operate.policies import (
    POLICIES,
    carbon_threshold,
    carbon_time,
    first_fit,
    greedy_price,
    lowest_carbon_window,
    policy_of,
)


def chosen(policy, instance: cs.Instance, room=100.0) -> dict[str, tuple[str, int]]:
    """Return site and period of each job that a policy starts."""
    start = policy(instance, xr.zeros_like(instance.data.cooling) + room)
    return {
        str(job): (str(site), int(time))
        for job, site, time in start.to_series()[lambda starts: starts].index
    }


def test_first_fit_starts_at_once_where_there_is_room(make):
    """Proves: of 10 MW each, two fit beside each other at A, the third at B, the fourth waits."""
    instance = make(2, 3, 4, 0, it_capacity=[20.0, 10.0], duration=2, allowed=True)
    room = instance.data.it_capacity
    assert chosen(first_fit, instance, room) == {"j0": ("A", 0), "j1": ("A", 0), "j2": ("B", 0)}
    longer = make(2, 4, 4, 0, it_capacity=[20.0, 10.0], duration=2)
    assert chosen(first_fit, longer, room)["j3"] == ("A", 2)


def test_the_order_is_that_of_release_with_required_jobs_before(make):
    """Proves: room for one at a time; j2 must run and is first though released last."""
    instance = make(
        1, 3, 3, 0, release=[0, 0, 1], required=[False, False, True], duration=1, it_capacity=10.0
    )
    assert chosen(first_fit, instance, 10.0) == {"j0": ("A", 0), "j2": ("A", 1), "j1": ("A", 2)}
    held = make(1, 2, 2, 0, required=[False, True], deadline=[1, 0], it_capacity=10.0)
    assert chosen(first_fit, held, 10.0) == {"j1": ("A", 0), "j0": ("A", 1)}


INTENSITY = [[0.5, 0.4, 0.3, 0.6, 0.2, 0.7]]


def test_a_threshold_is_waited_for(make):
    """Proves: the quantile 0.2 of the six intensities is 0.3, first reached in period 2."""
    instance = make(1, 6, 1, 0, carbon_intensity=INTENSITY)
    assert chosen(partial(carbon_threshold, quantile=0.2), instance) == {"j0": ("A", 2)}
    # the least of them is first reached in period 4, that of the first three hours in period 2
    assert chosen(partial(carbon_threshold, quantile=0.0), instance) == {"j0": ("A", 4)}
    near = partial(carbon_threshold, quantile=0.0, hours=3)
    assert chosen(near, instance) == {"j0": ("A", 2)}
    assert chosen(partial(carbon_threshold, quantile=1.0), instance) == {"j0": ("A", 0)}


def test_hours_are_counted_in_periods(make):
    """Proves: three hours are two periods of 1.5 h, of which the cleaner one is the second."""
    instance = make(1, 6, 1, 0, carbon_intensity=INTENSITY, step_hours=1.5)
    near = partial(carbon_threshold, quantile=0.0, hours=3)
    assert chosen(near, instance) == {"j0": ("A", 1)}


@pytest.mark.parametrize("required", [False, True])
def test_a_deadline_forces_the_start(make, required):
    """Proves: never below 0.2 by period 3, so the last start of two periods: 2, at B."""
    instance = make(
        2, 6, 1, 0, duration=2, deadline=3, required=required,
        carbon_intensity=[[0.5, 0.4, 0.6, 0.6, 0.2, 0.7], [0.5, 0.5, 0.5, 0.6, 0.2, 0.7]],
    )  # fmt: skip
    clean = partial(carbon_threshold, quantile=0.0)
    assert chosen(clean, instance) == {"j0": ("B", 2)}
    room = xr.DataArray([[100.0] * 6, [100, 100, 0, 0, 100, 100]], dims=("site", "time"))
    assert chosen(clean, instance, room) == {"j0": ("A", 2)}
    room[0, 2] = 0.0  # the last moment with room is an earlier one
    assert chosen(clean, instance, room) == {"j0": ("A", 0)}


def test_a_deadline_out_of_sight_forces_nothing(make):
    instance = make(1, 3, 1, 0, carbon_intensity=[[0.5, 0.4, 0.1]], duration=2, deadline=9)
    assert chosen(partial(carbon_threshold, quantile=0.0), instance) == {}
    assert chosen(carbon_threshold, instance.replace(deadline=2)) == {"j0": ("A", 1)}


def test_the_threshold_is_that_of_the_sites_allowed(make):
    """Proves: A is clean but closed to the job; of B's own hours the second is the cleanest."""
    instance = make(2, 3, 1, 0, carbon_intensity=[[0.1, 0.1, 0.1], [0.6, 0.4, 0.5]])
    only = xr.DataArray([[False, True]], dims=("job", "site"))
    assert chosen(carbon_threshold, instance.replace(allowed=only)) == {"j0": ("B", 1)}
    assert chosen(carbon_threshold, instance) == {"j0": ("A", 0)}


def test_greedy_price_takes_the_cheapest_run_that_pays(make):
    """Proves: two periods cost 10 (50 + 10), 10 (10 + 30) or 10 (30 + 30); cooling doubles B."""
    prices = [[50, 10, 30, 30], [25, 15, 15, 15]]
    instance = make(
        2, 4, 1, 0, duration=2, import_price=prices, cooling=[[1] * 4, [2] * 4], reward=500.0
    )
    assert chosen(greedy_price, instance) == {"j0": ("A", 1)}
    assert chosen(greedy_price, instance.replace(startup_cost=100.0)) == {"j0": ("A", 1)}
    dear = instance.replace(startup_cost=100.1)
    assert chosen(greedy_price, dear) == {}
    assert chosen(greedy_price, dear.replace(required=True)) == {"j0": ("A", 1)}


def test_what_is_cheapest_goes_to_who_comes_first(make):
    instance = make(1, 3, 2, 0, release=[0, 0], import_price=[[30, 10, 20]], it_capacity=10.0)
    assert chosen(greedy_price, instance, 10.0) == {"j0": ("A", 1), "j1": ("A", 2)}


def test_the_whole_run_counts_for_the_lowest_carbon_window(make):
    """Proves: over two periods 0.5 + 0.4, 0.4 + 0.3, 0.3 + 0.6, 0.6 + 0.2 and 0.2 + 0.7."""
    instance = make(1, 6, 1, 0, carbon_intensity=INTENSITY, duration=2)
    assert chosen(lowest_carbon_window, instance) == {"j0": ("A", 1)}
    assert chosen(lowest_carbon_window, instance.replace(release=2)) == {"j0": ("A", 3)}
    hot = instance.replace(cooling=xr.DataArray([[1, 1, 2, 1, 1, 1]], dims=("site", "time")))
    assert chosen(lowest_carbon_window, hot) == {"j0": ("A", 3)}


def test_carbon_time_weighs_saving_against_waiting(make):
    """Proves: of 1 MWh, savings by completion are 0, 0.1 / 2, 0.2 / 3, -0.1 / 4, 0.3 / 5.

    Released two periods earlier they are 0.1 / 4, 0.2 / 5 and 0.3 / 7: the wait weighs less.
    """
    instance = make(1, 6, 1, 0, carbon_intensity=INTENSITY, power=1.0)
    assert chosen(carbon_time, instance) == {"j0": ("A", 2)}
    assert chosen(carbon_time, instance.replace(release=-2)) == {"j0": ("A", 4)}
    flat = instance.replace(carbon_intensity=0.4)
    assert chosen(carbon_time, flat) == {"j0": ("A", 0)}


@given(seed=st.integers(0, 10_000), share=st.floats(0, 1), named=st.sampled_from([*POLICIES]))
def test_every_policy_keeps_to_room_and_windows(seed, share, named):
    instance = draw_varied(seed)
    data = instance.data
    if not data.sizes["job"]:
        return
    held = share * data.it_capacity * xr.ones_like(data.cooling)
    rng = np.random.default_rng(seed)
    room = held * rng.choice([0.0, 0.5, 1.0], held.shape)
    start = policy_of(named)(instance, room)
    assert start.dims == ("job", "site", "time") and start.dtype == bool
    assert (start.sum(["site", "time"]) <= 1).all()
    assert not (start & ~may_start(data)).any()
    load = xr.zeros_like(room)
    for job, site, time in np.argwhere(start.values):
        lasts = int(data.duration[job])
        load[{"site": site, "time": slice(time, time + lasts)}] += float(data.power[job])
    assert (load <= room * (1 + 1e-9) + 1e-9).all()
    assert start.identical(policy_of(named)(instance, room.transpose("time", "site")))
    # who waits although it could start beside the others has a reason: it does not pay, or
    # the threshold is awaited
    left, (first, last) = room - load, window_positions(data)
    for job in np.flatnonzero(start.sum(["site", "time"]) == 0):
        lasts, power = int(data.duration[job]), float(data.power[job])
        fits = [
            (site, time)
            for site in np.flatnonzero(data.allowed[job])
            for time in range(first[job], last[job] - lasts + 2)
            if (left[site, time : time + lasts] >= power * (1 + 1e-6)).all()
        ]
        assert not fits or named in ("greedy_price", "carbon_threshold")


def test_names_lead_to_policies():
    assert [policy_of(name) for name in POLICIES] == list(POLICIES.values())
    assert policy_of(first_fit) is first_fit
    with pytest.raises(ValueError, match="policy = 'tetris': there is no such one, but first_fit"):
        policy_of("tetris")


def test_no_jobs_no_starts():
    instance = cs.Instance(plain(2, 3, 0, 0))
    for policy in POLICIES.values():
        assert policy(instance, xr.ones_like(instance.data.cooling)).shape == (0, 2, 3)


@pytest.mark.parametrize("named", ["first_fit", "lowest_carbon_window"])
def test_a_roll_starts_jobs_by_the_rule(make, named):
    """Proves: first fit starts in period 0, the other waits for period 2; each costs its hour."""
    prices = [[10, 20, 30, 40]]
    instance = make(1, 4, 1, 0, carbon_intensity=[[0.5, 0.4, 0.1, 0.6]], import_price=prices)
    rolled = cs.roll(instance, window=4, step=2, policy=named, gap=0)
    at = {"first_fit": 0, "lowest_carbon_window": 2}[named]
    assert rolled.data.start.sel(job="j0", site="A").values.argmax() == at
    assert rolled.objective == pytest.approx(1000 - 10 * prices[0][at])
