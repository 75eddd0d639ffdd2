"""A first schedule of the jobs: one after the other, each where it is worth most at that moment.

Power costs what the energy side asks for it, until own generation that would be curtailed or sold
is used up, and the import price from there on; room is what inference leaves. Neither is exact.
The schedule is a start for column generation: its prices are near the final ones. Required jobs
come first, even at a loss; one for which no room is left goes where it lacks least, as routes may
still make way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

NEARLY = 1 - 1e-9  # of a job's power: room for it, but for what sums in floats lose


def greedy(data: xr.Dataset, startable: xr.DataArray, energy: xr.Dataset) -> pd.DataFrame:
    """Place jobs in order of reward for the energy they take.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, tightened or not.
    startable : xarray.DataArray
        Where each job may start, bool over (job, site, time).
    energy : xarray.Dataset
        Of the schedule without jobs: `power_price`, USD/MW and period; `spare_room`, MW of IT
        power; `spare_generation`, MW; each over (site, time).

    Returns
    -------
    pandas.DataFrame
        Positions `job`, `site`, `time`, required jobs first; another that is worth nothing
        anywhere is left out.
    """
    order = ("site", "time")
    room = np.array(energy.spare_room.transpose(*order).values)
    spare = np.array(energy.spare_generation.transpose(*order).values)
    cooling = data.cooling.transpose(*order).values
    cheap = energy.power_price.transpose(*order).values
    emitted = float(energy.carbon_price) * data.carbon_intensity
    dear = data.step_hours * (data.import_price + emitted)
    dear = np.maximum(dear.transpose(*order).values, cheap)
    net_reward = (data.reward - data.startup_cost).values
    length, power = data.duration.values, data.power.values
    placed = []
    energy_taken = length * power
    energy_taken = np.maximum(energy_taken, 1e-9 * (energy_taken.max(initial=0.0) or 1.0))  # not 0
    required = data.required.values
    for j in np.lexsort([-net_reward / energy_taken, ~required]):
        if not startable.values[j].any():
            continue
        price = cooling * np.where(spare >= cooling * power[j], cheap, dear)
        price[room < power[j] * NEARLY] = np.inf
        window = np.lib.stride_tricks.sliding_window_view(price, length[j], axis=1).sum(axis=2)
        worth = np.full(room.shape, -np.inf)
        worth[:, : window.shape[1]] = net_reward[j] - power[j] * window
        worth[~startable.values[j]] = -np.inf
        if required[j] and np.isneginf(worth).all():
            spare_room = np.lib.stride_tricks.sliding_window_view(room, length[j], axis=1).min(2)
            worth[:, : window.shape[1]] = spare_room
            worth[~startable.values[j]] = -np.inf
        i, t = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[i, t] > 0 or (required[j] and startable.values[j, i, t]):
            run = slice(t, t + length[j])
            room[i, run] -= power[j]
            spare[i, run] -= cooling[i, run] * power[j]
            placed.append((j, i, t))
    return pd.DataFrame(placed, columns=["job", "site", "time"], dtype=int)
