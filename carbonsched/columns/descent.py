"""Prices that prove a better bound, without a linear program: by subgradient steps.

At any prices each part of the problem has an answer of its own: every power at its best, every
service at its best site, every job at its best placement. What these answers lack or leave over in
each row is how the bound changes with the row's price, and against the mean of recent ones the
prices move, as far as the bound would fall by what is aimed at: more after success, less without.
A step takes a hundredth of what the master's linear program takes, where that is large, and the
mean of the answers is near an optimum of the relaxation: it says where jobs and inference go (the
volume algorithm: Barahona and Anbil, Math. Program. 87, 2000; the step: Polyak, USSR Comput. Math.
Math. Phys. 9, 1969). The bound itself is proved at the end as any other is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.bounds.lagrangian import NOT_NEGATIVE, energy_worth
from carbonsched.columns.merit_order import by_cell
from carbonsched.columns.prices import Relaxed
from carbonsched.columns.search import Search
from carbonsched.core.reach import open_routes, window_positions
from carbonsched.core.schema import PRICES

SHARE = 0.1  # of the newest answer, in the mean that the prices move against
ROUND = 25  # steps, after which there is a look at what they brought
LITTLE, MUCH = 0.005, 0.03  # of the fall aimed at: a round that brings less, or more, changes it
SHORTER, LONGER = 0.7, 3.0  # than before, the fall aimed at then
LEAST = 0.1  # of what the gap allows: to aim at less is not worth a round
ROUNDS = 100  # at most
MEMORY = 60  # answers in whose mean a placement is looked for; older ones have no weight
_WEIGHT = 0.01  # less is none
_TINY = 1e-12
_OVER_TIME = ("power_price", "capacity_price", "storage_price")

Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class _Answer:
    """What the parts do at some prices.

    Attributes
    ----------
    bound : float
        What all of them earn, USD: no schedule earns more.
    placed : numpy.ndarray
        Rows of job, site and time, of the jobs that are worth it.
    routed : numpy.ndarray
        IT power of inference, MW over (site, time).
    slack : dict of str to numpy.ndarray
        By the name of its price, what each row leaves over; negative what it lacks.
    """

    bound: float
    placed: np.ndarray
    routed: np.ndarray
    slack: Values


def descend(search: Search, target: float, until: float) -> Relaxed:
    """Improve the bound from the prices of the best so far; return what the relaxation says there.

    Parameters
    ----------
    search : Search
        With a bound, which is moved, and a schedule.
    target : float
        What the relaxation earns at least, USD.
    until : float
        On the monotonic clock, s.
    """
    parts = _Parts(search.data)
    prices = best = parts.values_of(search.proof())
    bound = known = search.bound
    fall, share = bound - target, 1.0  # the first answer is the whole mean
    slack: Values = dict.fromkeys(prices, np.zeros(()))
    routed, answers = np.zeros(()), deque[np.ndarray](maxlen=MEMORY)
    for step in range(ROUND * ROUNDS):
        answer = parts.answer(prices)
        if answer.bound < bound:
            bound, best = answer.bound, prices
        if step and step % ROUND == 0:
            brought, known = known - bound, bound
            if brought < LITTLE * fall:
                fall *= SHORTER
            elif brought > MUCH * fall:
                fall *= LONGER
            if fall < LEAST * search.allowed or time.monotonic() > until:
                break
        answers.append(answer.placed)
        routed = (1 - share) * routed + share * answer.routed
        slack = {
            name: (1 - share) * slack[name] + share * now for name, now in answer.slack.items()
        }
        share = SHARE
        # from prices far off no more than twice the fall: a mean of slopes may lead away for long
        prices = parts.moved(prices, slack, min(answer.bound - bound, fall) + fall)
    proof = parts.dataset_of(best)
    search.price_at(proof)
    return Relaxed(proof, _weighed(answers), routed)


def _weighed(answers: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return how much weight each placement has in recent answers, the newest last."""
    share = SHARE * (1 - SHARE) ** np.arange(len(answers))[::-1]
    every = pd.DataFrame(np.concatenate(answers), columns=["job", "site", "time"])
    every["weight"] = np.repeat(share / share.sum(), [len(placed) for placed in answers])
    weight = pd.DataFrame(every.groupby(["job", "site", "time"], as_index=False).sum())
    return pd.DataFrame(weight[weight["weight"] > _WEIGHT])


class _Parts:
    """The parts of the problem, each by itself, in arrays over (site, time)."""

    def __init__(self, data: xr.Dataset) -> None:
        self._data = data
        over_both = {
            str(name): by_cell(data, values)
            for name, values in data.data_vars.items()
            if set(values.dims) <= {"site", "time"} and values.dtype.kind in "fi"
        }
        self._own = SimpleNamespace(**over_both | {"step_hours": float(data.step_hours)})
        self._initial = self._own.battery_initial[:, 0]
        self._final = self._own.battery_final[:, 0]
        self._budget = float(data.carbon_budget)
        self._net = (data.reward - data.startup_cost).values
        self._power, self._length = data.power.values, data.duration.values
        self._begin, last = window_positions(data)
        self._end = last - self._length + 2
        self._allowed = data.allowed.transpose("job", "site").values
        able = (self._begin < self._end) & self._allowed.any(axis=1)
        self._alike = [
            np.flatnonzero(able & (self._length == length))
            for length in np.unique(self._length[able])
        ]
        self._least = np.where(data.required.values, -np.inf, 0.0)  # that a placement must earn
        near = open_routes(data).transpose("service", "site").values
        self._far = np.where(near, 0.0, np.inf)
        self._served = (data.power_per_unit * data.demand).transpose("service", "time").values
        self._value = float(data.step_hours * (data.value * data.demand).sum())
        rate = self._own.step_hours * self._own.carbon_intensity
        # a step is to move what import costs as much by the price of carbon as by that of power
        self._pace = {"carbon_price": 1.0 / max(float((rate**2).sum()), _TINY)}

    def values_of(self, prices: xr.Dataset) -> Values:
        """Return prices as arrays."""
        every = {name: by_cell(self._data, prices[name]) for name in _OVER_TIME}
        every["final_price"] = prices.final_price.broadcast_like(self._data.site).values
        every["carbon_price"] = prices.carbon_price.values
        return {name: np.nan_to_num(values) for name, values in every.items()}

    def dataset_of(self, prices: Values) -> xr.Dataset:
        """Return arrays as prices."""
        labels = {dim: self._data.indexes[dim] for dim in ("site", "time")}
        return xr.Dataset({name: (PRICES[name], prices[name]) for name in PRICES}, labels)

    def moved(self, prices: Values, slack: Values, fall: float) -> Values:
        """Return prices moved against what rows leave over, as far as the bound is to fall."""
        pace = {name: self._pace.get(name, 1.0) for name in prices}
        steep = sum(pace[name] * float((slack[name] ** 2).sum()) for name in prices)
        moved = {
            name: prices[name] - fall / max(steep, _TINY) * pace[name] * slack[name]
            for name in prices
        }
        return moved | {name: np.maximum(moved[name], 0.0) for name in NOT_NEGATIVE}

    def answer(self, prices: Values) -> _Answer:
        """Return what the parts do at some prices, and what all of them earn."""
        own, stored, final = self._own, prices["storage_price"], prices["final_price"]
        price = own.cooling * prices["power_price"] + prices["capacity_price"]
        placed, earned = self._jobs(price)
        routed = self._inference(price)
        load = routed + self._load(placed)
        worth = energy_worth(cast(Any, own), cast(Any, SimpleNamespace(**prices)))
        flow = self._flows(worth)
        supply = flow["grid_import"] - flow["grid_export"] + flow["generate"]
        supply = supply + flow["discharge"] - flow["charge"]
        later = np.column_stack([stored[:, 1:], final]) - stored
        held = np.where(later > 0, own.battery_energy, own.battery_min)
        before = np.column_stack([self._initial, held[:, :-1]])
        charged = own.charge_efficiency * flow["charge"]
        charged = own.step_hours * (charged - flow["discharge"] / own.discharge_efficiency)
        emitted = own.carbon_intensity * flow["grid_import"]
        emitted = (emitted + own.generation_carbon * flow["generate"]).sum()
        limited = np.isfinite(self._budget)
        over = self._budget - own.step_hours * emitted if limited else 0.0
        earned += sum(float((worth[name] * flow[name]).sum()) for name in flow)
        earned += float((later * held).sum() - (price * routed).sum()) + self._value
        earned += float((stored[:, 0] * self._initial - final * self._final).sum())
        earned += float((prices["capacity_price"] * own.it_capacity).sum())
        earned += float(prices["carbon_price"]) * self._budget if limited else 0.0
        slack = {
            "power_price": supply - own.cooling * load,  # (3)
            "capacity_price": own.it_capacity - load,  # (2)
            "storage_price": before + charged - held,  # (13)
            "final_price": held[:, -1] - self._final,  # (14)
            "carbon_price": np.asarray(over),  # (16)
        }
        return _Answer(earned, placed, routed, slack)

    def _flows(self, worth: Values) -> Values:
        """Return the powers that earn most, MW: of two that exclude each other one at most."""
        own = self._own
        limit = {
            "grid_import": own.import_limit,
            "grid_export": own.export_limit,
            "charge": own.charge_limit,
            "discharge": own.discharge_limit,
        }
        most = {name: worth[name] * limit[name] for name in limit}
        flow = {"generate": np.where(worth["generate"] > 0, own.generation_available, 0.0)}
        for one, other in (("grid_import", "grid_export"), ("charge", "discharge")):  # (7), (15)
            first = most[one] >= most[other]
            flow[one] = np.where(first & (most[one] > 0), limit[one], 0.0)
            flow[other] = np.where(~first & (most[other] > 0), limit[other], 0.0)
        return flow

    def _jobs(self, price: np.ndarray) -> tuple[np.ndarray, float]:
        """Return each job's best placement, if it is worth it, and what all of them earn, USD."""
        so_far = np.concatenate([np.zeros((len(price), 1)), price.cumsum(axis=1)], axis=1)
        placed, earned = [], 0.0
        for alike in self._alike:
            length = self._length[alike[0]]
            window = so_far[:, length:] - so_far[:, :-length]
            cheapest = window.argmin(axis=0)
            least = window[cheapest, np.arange(len(cheapest))]
            for job in alike.tolist():
                begin, end = self._begin[job], self._end[job]
                at = begin + int(least[begin:end].argmin())
                site = int(cheapest[at])
                if not self._allowed[job, site]:  # only then are all sites looked at
                    open_ = np.where(self._allowed[job][:, None], window[:, begin:end], np.inf)
                    site, at = divmod(int(open_.argmin()), end - begin)
                    at += begin
                worth = self._net[job] - self._power[job] * window[site, at]
                if worth > self._least[job]:
                    placed.append((job, site, at))
                    earned += worth
        return np.array(placed, int).reshape(-1, 3), float(earned)

    def _load(self, placed: np.ndarray) -> np.ndarray:
        """Return the IT power of placements, MW over (site, time)."""
        job, site, begin = placed.T
        sites, periods = self._own.cooling.shape
        change = np.zeros((sites, periods + 1))
        np.add.at(change, (site, begin), self._power[job])
        np.add.at(change, (site, begin + self._length[job]), -self._power[job])
        return change.cumsum(axis=1)[:, :-1]

    def _inference(self, price: np.ndarray) -> np.ndarray:
        """Return the IT power of inference where each service costs least, MW over (site, time)."""
        load, period = np.zeros(price.shape), np.arange(price.shape[1])
        for far, served in zip(self._far, self._served, strict=True):
            load[(price + far[:, None]).argmin(axis=0), period] += served
        return load
