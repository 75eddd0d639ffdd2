"""Rounding: from the weights of the restricted master to a schedule.

Placements of the greatest weight are fixed, the master is solved again, what is undecided is priced
anew at the moved prices, and so on. What has no weight left is placed greedily. A dive decides all
jobs so; a repair (`carbonsched.columns.repair`) a few.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.columns.greedy import NEARLY, greedy
from carbonsched.columns.search import Search
from carbonsched.core.first_fit import it_room

SHARE = 0.3  # of the jobs not yet decided, that a step of a dive fixes
SETTLED = 1 - 1e-6  # weight that counts as one
TIME_SHARE = 0.7  # of the time left, after which the rest is placed greedily


def dive(search: Search) -> None:
    """Round the master's optimum to a schedule and keep it; give the master its basis back."""
    basis = search.master.basis()
    settle(search, np.zeros(0), np.ones(search.data.sizes["job"], bool), SHARE)
    search.master.free()
    search.master.restore(basis)


def settle(
    search: Search, lower: np.ndarray, undecided: np.ndarray, share: float, anew: bool = True
) -> None:
    """Decide jobs step by step, from the weights of the last solve, and keep the schedule.

    Gives up where the master shows that what is decided leaves no better schedule than the known.

    Parameters
    ----------
    search : Search
    lower : numpy.ndarray
        One for the columns that are fixed, for as many columns as it is long.
    undecided : numpy.ndarray
        Bool over the positions of jobs; those that are decided are taken out of it.
    share : float
        Of the undecided jobs, that a step fixes; those of weight one are fixed in any case.
    anew : bool
        Price what is undecided after every step.
    """
    master, data = search.master, search.data
    free = np.array(data.it_capacity.broadcast_like(data.cooling).transpose("site", "time"))
    _occupy(data, free, master.columns.iloc[np.flatnonzero(lower > 0.5)])
    # what is decided stays closed: opened bounds cost the dual simplex its basis
    upper = np.maximum(lower, undecided[master.columns.job.to_numpy()[: len(lower)]])
    until = (1 - TIME_SHARE) * search.left
    with suppress(TimeoutError):  # what is left of the time is for placing the rest
        while search.left > until:
            fresh = len(master.columns) - len(lower)
            lower, upper = np.append(lower, np.zeros(fresh)), np.append(upper, np.ones(fresh))
            batch, full = _batch(search, undecided, upper, free, share)
            upper[full] = 0.0
            if not len(batch):
                break
            job = master.columns.job.to_numpy()
            while True:
                low, high = lower.copy(), np.where(np.isin(job, job[batch]), 0.0, upper)
                low[batch] = high[batch] = 1.0
                master.fix(low, high)
                if master.solve(search.left - until):
                    lower, upper = low, high
                    undecided[job[batch]] = False
                    _occupy(data, free, master.columns.iloc[batch])
                    if not master.lacking and master.value <= search.value:
                        return
                    break
                if len(batch) == 1:  # it fits beside the jobs, but not beside what cannot move
                    upper[batch] = 0.0
                    break
                batch = batch[: max(1, len(batch) // 3)]
            which = np.flatnonzero(undecided)
            if anew and len(which) and upper[batch].all():
                startable = search.startable.isel(job=which) & _roomy(data, free, which)
                if master.add(search.price_some(which, startable)):
                    master.solve(search.left - until)
    place(search, lower, undecided)


def _batch(
    search: Search, undecided: np.ndarray, upper: np.ndarray, free: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns to fix next, which fit beside each other, and those that fit no more.

    Required jobs come first, and then the greatest weights.
    """
    columns, weights = search.master.columns, search.master.weights
    weight = np.append(weights, np.zeros(len(upper) - len(weights)))
    open_ = columns.assign(weight=weight)[undecided[columns.job] & (upper > 0) & (weight > 1e-9)]
    open_ = open_.assign(required=search.data.required.values[open_.job])
    first = open_.sort_values(["required", "weight"], ascending=False).drop_duplicates("job")
    step = max(int((first.weight >= SETTLED).sum()), math.ceil(share * len(first)))
    durations, powers = search.data.duration.values, search.data.power.values
    left = free.copy()
    batch: list[int] = []
    full: list[int] = []
    for row in _rows(first):
        run, power = slice(row.time, row.time + durations[row.job]), powers[row.job]
        if left[row.site, run].min() >= power * NEARLY:
            left[row.site, run] -= power
            batch.append(row.Index)
        elif free[row.site, run].min() < power * NEARLY:
            full.append(row.Index)
        if len(batch) == step:
            break
    return np.array(batch, int), np.array(full, int)


def _rows(table: pd.DataFrame) -> Iterable[Any]:
    """Return the rows of a table as named tuples, whose names a type does not know."""
    return table.itertuples()


def _occupy(data: xr.Dataset, free: np.ndarray, placed: pd.DataFrame) -> None:
    """Take the power of placed jobs from free IT power, MW over (site, time), in place."""
    duration, power = data.duration.values, data.power.values
    for row in _rows(placed):
        free[row.site, row.time : row.time + duration[row.job]] -= power[row.job]


def _roomy(data: xr.Dataset, free: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Return where some jobs find their power free for their whole run, over (job, site, time)."""
    room = np.zeros((len(which), *free.shape), bool)
    for k, (power, length) in enumerate(
        zip(data.power.values[which], data.duration.values[which], strict=True)
    ):
        lacking = np.cumsum(np.pad(free < power * NEARLY, ((0, 0), (1, 0))), axis=1)
        room[k, :, : max(free.shape[1] - length + 1, 0)] = (
            lacking[:, length:] == lacking[:, :-length]
        )
    return room


def place(search: Search, lower: np.ndarray, undecided: np.ndarray) -> None:
    """Place undecided jobs greedily beside the columns fixed to one, and keep what fits.

    What does not is left out from the end; the required jobs, which come first, never are.
    """
    master, data = search.master, search.data
    energy = greedy_energy(search, lower)
    which = np.flatnonzero(undecided)
    placed = greedy(data.isel(job=which), search.startable.isel(job=which), energy)
    placed["job"] = which[placed.job]
    master.add(placed)
    order = pd.MultiIndex.from_frame(pd.DataFrame(master.columns)).get_indexer(
        pd.MultiIndex.from_frame(pd.DataFrame(placed))
    )
    fixed = np.append(lower, np.zeros(len(master.columns) - len(lower)))
    least = int(data.required.values[placed.job].sum())
    while True:
        fixed[order] = 1.0
        master.fix(fixed, fixed, complete=True)
        if master.solve(search.left):
            search.keep()
            break
        if len(order) == least:
            break
        fixed[order] = 0.0
        order = order[: max(len(order) // 2, least)]


def greedy_energy(search: Search, lower: np.ndarray) -> xr.Dataset:
    """Return what `greedy` asks of the energy side, beside the columns fixed to one."""
    master, data = search.master, search.data
    prices, solved = master.prices(), master.values()
    room = it_room(data).transpose("site", "time")
    _occupy(data, room.values, master.columns.iloc[np.flatnonzero(lower > 0.5)])
    if "route" in solved:
        room = room - (data.power_per_unit * solved.route.fillna(0)).sum("service")
    return xr.Dataset(
        {
            "power_price": prices.power_price,
            "carbon_price": prices.carbon_price,
            "spare_room": room,
            "spare_generation": data.generation_available - solved.generate + solved.grid_export,
        }
    )
