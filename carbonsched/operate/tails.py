"""The periods after a window, in which there are the tails of its jobs and nothing else.

A job may start in the window and end after it. So that its tail is priced and
finds room, the window has some periods more, in which nothing happens but such tails: their IT
power costs what the outlook says it is worth there, `carbonsched.operate.outlook`, they emit what
import emits, and no more of them fit than beside the fallback, `carbonsched.operate.pacing`.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.core.first_fit import it_room, split_evenly
from carbonsched.core.tighten import restricted
from carbonsched.operate.fallback import Fallback
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.outlook import Outlook

SITE_TIME = ("site", "time")


def with_tails(
    horizon: Horizon,
    rest: xr.Dataset,
    data: xr.Dataset,
    size: int,
    outlook: Outlook | None,
    fallback: Fallback | None,
) -> xr.Dataset:
    """Return the window's numbers with periods after it in which there are tails of jobs only."""
    after = data.time >= size
    reach = after & (data.time < rest.sizes["time"])

    def only(value: object, otherwise: xr.DataArray) -> xr.DataArray:
        return xr.where(after, value, otherwise).transpose(*SITE_TIME)

    wide = {
        name: data[name].broadcast_like(data.cooling).transpose(*SITE_TIME)
        for name in (
            "it_capacity", "import_limit", "export_limit", "charge_limit", "discharge_limit",
            "generation_cost", "battery_min",
        )
    }  # fmt: skip
    given = rest.isel(time=slice(0, data.sizes["time"]))
    room, spare = _room(horizon, given, size, fallback)
    pad = data.sizes["time"] - given.sizes["time"]
    room, spare = (np.pad(part, ((0, 0), (0, pad))) for part in (room, spare))
    room = xr.DataArray(room, wide["it_capacity"].coords, SITE_TIME).where(reach, 0.0)
    spare = xr.DataArray(spare, room.coords, SITE_TIME).where(reach, 0.0)
    big = 2.0 * float(horizon.whole.cooling.max() * horizon.whole.it_capacity.max())
    price = _tail_price(rest, data, size, outlook)
    held = wide["battery_min"].isel(time=size - 1, drop=True)
    return data.assign(
        demand=data.demand.where(~after, 0.0),
        it_capacity=only(room, wide["it_capacity"]),
        import_limit=only(big, wide["import_limit"]),
        export_limit=only(0.0, wide["export_limit"]),
        charge_limit=only(0.0, wide["charge_limit"]),
        discharge_limit=only(0.0, wide["discharge_limit"]),
        generation_available=only(spare, data.generation_available),
        import_price=only(price, data.import_price),
        export_price=only(price.clip(max=0.0), data.export_price),
        generation_cost=only(price, wide["generation_cost"]),
        battery_min=only(held, wide["battery_min"]),
    )


def _tail_price(
    rest: xr.Dataset, data: xr.Dataset, size: int, outlook: Outlook | None
) -> xr.DataArray:
    """Return what a MWh costs after the window, USD over (site, time); at least nothing."""
    if outlook is None:
        mean = rest.import_price.isel(time=slice(0, data.sizes["time"])).mean("time")
        return mean.broadcast_like(data.cooling).transpose(*SITE_TIME).clip(min=0)
    price = np.zeros((data.sizes["site"], data.sizes["time"]))
    told = outlook.it_price(rest)[:, : data.sizes["time"]]
    price[:, : told.shape[1]] = told
    price = xr.DataArray(price, data.cooling.transpose(*SITE_TIME).coords, SITE_TIME)
    return (price / data.cooling / data.step_hours).transpose(*SITE_TIME).clip(min=0)


def _room(
    horizon: Horizon, rest: xr.Dataset, size: int, fallback: Fallback | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return IT power that tails find free after the window, and generation, MW over (site, time).

    Generation that is dirtier than import is not counted: a tail emits no more than is counted.
    """
    data = restricted(rest, horizon.method)
    available = data.generation_available.transpose(*SITE_TIME).values
    if fallback is None or not horizon.chooses:
        used = (data.power_per_unit * split_evenly(data)).sum("service")
        room = (it_room(data) - used).transpose(*SITE_TIME).values
        return room.clip(min=0), np.zeros_like(available)
    it_power, bought, spare = fallback.after(size, available.shape[1])
    cooling = data.cooling.transpose(*SITE_TIME).values
    most, capacity = (
        data[name].broadcast_like(data.cooling).transpose(*SITE_TIME).values
        for name in ("import_limit", "it_capacity")
    )
    fed = ((most - bought).clip(min=0) + spare) / cooling
    return np.minimum(capacity - it_power, fed).clip(min=0), spare
