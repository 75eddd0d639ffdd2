"""What column generation knows so far: master, bound, incumbent, and the time that is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.bounds.lagrangian import by_duration, dual_bound
from carbonsched.columns.master import Master
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import stakes, turnover_of
from carbonsched.solver.polish import seconds_left
from carbonsched.solver.settings import Settings
from carbonsched.solver.sought import Sought

SLOW = 5.0  # s; where a linear program takes longer, no search among states ends in time


@dataclass
class Search(Sought):
    """The state of a run.

    Attributes
    ----------
    data : xarray.Dataset
        Of the instance, tightened, and without what every schedule earns.
    startable : xarray.DataArray
        Where each job may start, bool over (job, site, time).
    settings : Settings
        With the gap at which to stop.
    settled : float
        What every schedule earns beside, USD.
    deadline : float
        On the monotonic clock, s.
    bound, value : float
        The best bound of any round, and the best schedule's benefit, USD, both without `settled`.
    size : float
        What the gap is relative to, of that schedule, USD.
    incumbent : xarray.Dataset
        The values of the variables of that schedule, the best so far.
    prices : xarray.Dataset
        Those that prove the bound.
    rounds : int
        How many there were.
    """

    master: Master
    data: xr.Dataset
    startable: xr.DataArray
    settings: Settings
    settled: float
    deadline: float
    bound: float = math.inf
    value: float = -math.inf
    size: float = 0.0
    incumbent: xr.Dataset | None = None
    prices: xr.Dataset | None = None
    rounds: int = 0

    def known(self) -> xr.Dataset:
        """Return the best schedule's values; there must be one."""
        if self.incumbent is None:
            raise ValueError("no schedule is known yet")
        return self.incumbent

    def proof(self) -> xr.Dataset:
        """Return the prices of the best bound; there must have been a round."""
        if self.prices is None:
            raise ValueError("no bound is known yet")
        return self.prices

    def keep(self, branched: bool = False) -> None:
        """Take the master's solution as the schedule if it is better, its states settled first.

        Every column has weight 0 or 1 in that solution. It is no schedule as long as a required
        job has no placement.
        """
        master = self.master
        if master.lacking or master.value <= self.value:  # which states can only lower
            return
        integral = branched or not master.has_states
        if not integral:
            near = self.settings.gap * self.size_of(master.value, master.solution()) / 10
            integral = master.settle_states(self.left, near)
        if integral:
            self._take()

    def settle(self) -> None:
        """Let the schedule be the best dispatch of its workload: a search stops short of it."""
        if self.incumbent is None or not self.settings.polish:
            return
        master, start = self.master, self.incumbent.start.values
        columns = master.columns
        fixed = start[columns.job, columns.site, columns.time] > 0.5
        master.fix(fixed, fixed, complete=True)
        seconds = seconds_left(self.settings, self.settings.time_limit - self.left)
        if master.solve(seconds) and master.value > self.value and master.has_states:
            near = self.settings.gap * self.size / 10 if master.slowest > SLOW else 0.0
            master.settle_states(seconds, near)
        self._take()

    def _take(self) -> None:
        """Let the master's solution be the schedule, if it is one and better."""
        master = self.master
        if not master.lacking and master.value > self.value:
            self.value, self.incumbent = master.value, master.solution()
            self.size = self.size_of(self.value, self.incumbent)

    def size_of(self, value: float, solved: xr.Dataset) -> float:
        """Return what the gap is relative to, USD, of a benefit and the values that earn it."""
        if self.settings.gap_of == "objective":
            return abs(value + self.settled)
        return turnover_of(self._decided, solved)

    @cached_property
    def _decided(self) -> dict[str, xr.DataArray]:
        """What a unit of each variable earns that is decided, USD."""
        return stakes(FAMILIES, self.data)[0]

    def routed(self, solved: xr.Dataset | None = None) -> np.ndarray:
        """Return the IT power of inference in some solution or the last, MW over (site, time)."""
        solved = self.master.values() if solved is None else solved
        if "route" not in solved:
            return np.zeros([self.data.sizes[dim] for dim in ("site", "time")])
        power = (self.data.power_per_unit * solved.route.fillna(0)).sum("service")
        return power.transpose("site", "time").values

    def price(self) -> pd.DataFrame:
        """Return the placements worth adding, and move the bound to what the prices prove."""
        return self.price_at(self.master.prices())

    def price_at(self, prices: xr.Dataset) -> pd.DataFrame:
        """Do as `price` does, at prices of any origin."""
        columns, best = self._best(self.data, prices, self.startable)
        bound = dual_bound(self.data, prices, best)
        if bound < self.bound:
            self.bound, self.prices = bound, prices
        self.rounds += 1
        return columns

    def price_some(self, which: np.ndarray, startable: xr.DataArray) -> pd.DataFrame:
        """Return the placements worth adding of the jobs at some positions only."""
        return self._best(self.data.isel(job=which), self.master.prices(), startable)[0]

    def _best(
        self, data: xr.Dataset, prices: xr.Dataset, startable: xr.DataArray
    ) -> tuple[pd.DataFrame, xr.DataArray]:
        """Return the best placements that gain on their job's price, and what each job's is worth.

        One a job and round: more make harder programs.
        """
        jobs, own = self.data.indexes["job"], data.indexes["job"]
        job, place, best = [np.zeros(0, int)], [np.zeros(0, int)], [np.zeros(0)]
        for alike, worth in by_duration(data, prices, startable):
            flat = worth.reshape(len(worth), -1)
            place.append(flat.argmax(axis=1))
            best.append(flat[np.arange(len(flat)), place[-1]])
            job.append(jobs.get_indexer(own[alike]))
        which, most = np.concatenate(job), np.concatenate(best)
        site, time = np.divmod(np.concatenate(place), data.sizes["time"])
        gain = most - self.master.job_prices()[which]
        gains = gain > 1e-9 * max(abs(self.master.value), 1.0)
        placed = pd.DataFrame({"job": which, "site": site, "time": time})
        return pd.DataFrame(placed[gains]), xr.DataArray(most, {"job": jobs[which]})
