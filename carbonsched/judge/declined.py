r"""Why a job is declined, with the rest of the plan as it is.

The other jobs, the routes of inference and the batteries stay, and each site meets what it then
needs from grid and generation, as cheaply as it can. With :math:`n` for what facility and battery
take at a site and period, generation :math:`g` is one of :math:`n - \bar P^{imp}`, :math:`n` and
:math:`n + \bar P^{exp}`, brought within :math:`[0, \bar G]`: a MWh bought or sold costs the same on
either side of :math:`g = n`, so some end of the two stretches is cheapest, and at none of them does
a site buy and sell at once. A placement is worth what the job earns less what its site then spends
more. Where no carbon budget binds, that is exact. Where one does, every MWh costs its carbon too,
and so a further one no less: a job that is said to cost more than its reward does so by at least
that much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.currency import currency_of
from carbonsched.judge.verify import Judged

_AT = ("site", "time")
_SAME = 1e-6  # of their size: apart by less, two numbers are the same to a solver
_NO_WINDOW = np.nan, "no window: it can start nowhere in time"
_NO_TURN = np.nan, "first fit: no room when its turn came"
_RATES = (
    "import_price", "export_price", "generation_cost", "carbon_intensity", "generation_carbon",
)  # fmt: skip


def label(at: object) -> str:
    """Return an instant, or a period's number, as people write it.

    Examples
    --------
    >>> label(pd.Timestamp("2025-01-01 08:00")), label(7), label(pd.NaT)
    ('2025-01-01 08:00', '7', '-')
    """
    if at is None or at is pd.NaT or at is pd.NA:
        return "-"
    text = pd.Timestamp(at).isoformat(sep=" ") if isinstance(at, np.datetime64) else str(at)
    return text.removesuffix(":00") if isinstance(at, pd.Timestamp | np.datetime64) else text


def reasons(
    data: xr.Dataset, schedule: Judged, declined: Iterable[int]
) -> Iterator[tuple[float, str]]:
    """Yield what each declined job would add at its best placement, USD, and why it does not run.

    Parameters
    ----------
    data : xarray.Dataset
        Of the instance.
    schedule : Schedule
    declined : iterable of int
        Positions of jobs.
    """
    startable = may_start(data).values
    net_reward = (data.reward - data.startup_cost).values
    left = Left(data, schedule)
    for job in declined:
        if not startable[job].any():
            yield _NO_WINDOW
        elif schedule.method.workload == "first fit":
            yield _NO_TURN
        else:
            length, power = int(data.duration.values[job]), float(data.power.values[job])
            yield left.reason(startable[job], length, power, float(net_reward[job]))


@dataclass(frozen=True)
class Supply:
    """What meets a need at each site and period, arrays over (site, time)."""

    spent: np.ndarray  # USD
    emitted: np.ndarray  # tCO2e
    lacking: np.ndarray  # MW, zero where the need is met


class Left:
    """What a plan leaves to one more job; every array is over (site, time)."""

    def __init__(self, data: xr.Dataset, schedule: Judged) -> None:
        like = data.cooling.transpose(*_AT)

        def over(array: xr.DataArray) -> np.ndarray:
            return np.array(array.broadcast_like(like).transpose(*_AT).values, float)

        decided, method = schedule.data, schedule.method
        self.sites, self.times = data.indexes["site"], data.indexes["time"]
        self.given = {name: over(array) for name, array in usable(data, method).items()}
        self.capacity, self.cooling = over(data.it_capacity), over(data.cooling)
        self.room = (self.capacity - over(decided.it_power)).clip(min=0)
        self.need = over(decided.facility_power + decided.charge - decided.discharge)
        bought, sold, made = (over(decided[n]) for n in ("grid_import", "grid_export", "generate"))
        self.planned = Supply(*self._account(bought, sold, made), np.zeros(like.shape))
        budget = float(data.carbon_budget) if method.carbon == "budget" else np.inf
        self.carbon = max(budget - schedule.emissions, 0.0)  # tCO2e
        self.slack = _SAME * schedule.emissions  # by which it may be used up and not be zero
        self.alone = not schedule.families
        self.currency = currency_of(data)

    @cached_property
    def cheapest(self) -> Supply:
        """What meets the needs of the plan itself."""
        return self.supply(self.need)

    def _account(
        self, bought: np.ndarray, sold: np.ndarray, made: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what powers cost, USD, and emit, tCO2e."""
        p = self.given
        cost = p["import_price"] * bought - p["export_price"] * sold + p["generation_cost"] * made
        return cost, p["carbon_intensity"] * bought + p["generation_carbon"] * made

    def supply(self, need: np.ndarray, *, cleanest: bool = False) -> Supply:
        """Return what meets a need, MW, as cheaply as can be, or with the least emissions."""
        most_bought, most_sold, most_made = (
            self.given[name] for name in ("import_limit", "export_limit", "generation_available")
        )
        made = np.clip(np.stack([need - most_bought, need, need + most_sold]), 0, most_made)
        bought, sold = (need - made).clip(min=0), (made - need).clip(min=0)
        lacking = np.maximum(bought - most_bought, sold - most_sold)
        spent, emitted = self._account(bought, sold, made)
        possible = lacking <= _SAME * (most_bought + most_sold + most_made + np.abs(need))
        first, then = (emitted, spent) if cleanest else (spent, emitted)
        least = np.where(possible, first, np.inf).min(axis=0)
        tied = possible & (first <= least + _SAME * np.abs(least))
        chosen = np.where(tied, then, np.inf).argmin(axis=0)[None]
        spent, emitted = (np.take_along_axis(a, chosen, 0)[0] for a in (spent, emitted))
        return Supply(spent, emitted, np.where(possible.any(axis=0), 0, lacking.min(axis=0)))

    def reason(
        self, startable: np.ndarray, length: int, power: float, net_reward: float
    ) -> tuple[float, str]:
        """Return what a job would add at its best placement, USD, and why it does not run.

        Parameters
        ----------
        startable : numpy.ndarray
            Where it may start, bool over (site, time).
        length, power, net_reward
            Its periods, MW of IT, and USD less what a start costs.
        """
        held = startable[:, : startable.shape[1] - length + 1]
        supply = self.supply(self.need + self.cooling * power)
        for lacking, kind, what in (
            (power - self.capacity, "too large", "IT capacity"),
            (power - self.room, "no room", "IT capacity left"),
            (supply.lacking, "no power", "grid and generation"),
        ):
            short = highest(lacking, length)
            still = held & (short <= _SAME * power)
            if not still.any():
                return np.nan, f"{kind}: {short[held].min():,.4g} MW of {what} too little at best"
            held = still

        dearer = supply.spent - self.cheapest.spent
        worth = np.where(held, net_reward - total(dearer, length), -np.inf)
        tie = _SAME * (abs(net_reward) + total(np.abs(dearer), length))
        margin, place = float(worth.max()), self._place(worth)
        if (worth <= tie).all():
            equal = (np.abs(worth) <= tie).any()
            more = "as much as" if equal else f"{-margin:,.2f} {self.currency} more than"
            return margin, f"cost: {more} its reward at best, {place}"
        cleaner = self.supply(self.need + self.cooling * power, cleanest=True)
        for own in (supply, cleaner):  # both hold while this job is added to the plan
            gain = net_reward - total(own.spent - self.planned.spent, length)
            more = total(own.emitted - self.planned.emitted, length)
            fits = held & (more <= self.carbon + self.slack) & (gain > tie)
            if fits.any():
                gain = np.where(fits, gain, -np.inf)
                claim = "so this plan is not the best" if self.alone else "but for added families"
                more = f"{gain.max():,.2f} {self.currency} more"
                return float(gain.max()), f"would pay: {more}, {self._place(gain)}, {claim}"
        spare = self.carbon if self.carbon > self.slack else 0.0
        return margin, f"carbon budget: {spare:,.4g} tCO2e left, too little to pay, {place}"

    def _place(self, worth: np.ndarray) -> str:
        """Return in words where a placement is worth most."""
        site, first = np.unravel_index(int(worth.argmax()), worth.shape)
        return f"{self.sites[site]} from {label(self.times[first])}"


def usable(data: xr.Dataset, method: Method) -> dict[str, xr.DataArray]:
    """Return the limits that a method leaves, MW, and rates, USD and tCO2e a MW and period."""
    limits = {
        "import_limit": data.import_limit,
        "export_limit": data.export_limit * (method.export == "allowed"),
        "generation_available": data.generation_available * (method.generation == "dispatched"),
    }
    return limits | {name: data.step_hours * data[name] for name in _RATES}


def highest(values: np.ndarray, length: int) -> np.ndarray:
    """Return the highest of so many periods from each one on; no slower for many."""
    return pd.DataFrame(values.T).rolling(length).max().to_numpy()[length - 1 :].T


def total(values: np.ndarray, length: int) -> np.ndarray:
    """Return the sum of so many periods from each one on."""
    summed = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    return summed[:, length:] - summed[:, :-length]
