"""Local search: jobs are taken out a few at a time and put back where they are worth most.

A placement costs what its power adds to the merit order of its site and periods
(`carbonsched.columns.merit_order`), so that an attempt takes a millisecond, no linear program.
Ruin and recreate (Schrimpf et al., J. Comput. Phys. 159, 2000), accepted as in simulated annealing:
jobs that run at the same time on a site, and some that are declined, are put back one by one.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.columns.greedy import NEARLY
from carbonsched.columns.merit_order import blocks

TOGETHER = 16  # jobs on a site that are taken out at most, and
DECLINED = 2  # those put in that are declined
HEAT = 1e-3  # of the mean worth of a job's placement: a loss that is accepted now and then
_SLACK, _RISE = slice(0, 6), slice(6, 12)
_ROOM, _LEAST, _COOLING = 12, 13, 14
_NO_ROOM = 1e9  # USD a period


class LocalSearch:
    """Jobs on sites, and what moving them is worth.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, tightened or not.
    startable : xarray.DataArray
        Where each job may start, bool over (job, site, time).
    near : list of numpy.ndarray
        Positions of the sites that each job may go to.

    Attributes
    ----------
    site, time : numpy.ndarray
        Positions of each job's placement; a site of -1 where it is declined.
    """

    def __init__(self, data: xr.Dataset, startable: xr.DataArray, near: list[np.ndarray]) -> None:
        self._data, self._near = data, near
        self._power, self._length = data.power.values.astype(float), data.duration.values
        net = (data.reward - data.startup_cost).values
        self._heat = HEAT * float(np.abs(net).mean()) if len(net) else 0.0
        self._net = net + 1e6 * data.required.values * (1.0 + np.abs(net).max(initial=0.0))
        may = np.any(startable.transpose("job", "site", "time").values, axis=1)
        self._first = may.argmax(axis=1)
        self._last = may.shape[1] - 1 - may[:, ::-1].argmax(axis=1)
        self._able = np.array([len(sites) > 0 for sites in near], bool) & may.any(axis=1)
        self._chance = np.random.default_rng(0)
        self.site, self.time = np.full(len(net), -1), np.zeros(len(net), int)

    def price(self, prices: xr.Dataset, routed: np.ndarray, pull: float) -> None:
        """Take new prices and inference, as `blocks` does; jobs stay where they are."""
        part = blocks(self._data, prices, routed, pull)
        rows = [part["slack"], part["rise"], *(part[n][None] for n in ("room", "least", "cooling"))]
        self._cells = np.concatenate(rows)
        for job in np.flatnonzero(self.site >= 0).tolist():
            self._shift(job, 1.0)

    def fits(self, job: int, site: int, time: int) -> bool:
        """Return whether a site has room for a job from a period on."""
        room = self._cells[_ROOM, site, time : time + self._length[job]]
        return bool(room.min() >= self._power[job] * NEARLY)

    def put(self, job: int, site: int, time: int) -> None:
        """Place a job."""
        self.site[job], self.time[job] = site, time
        self._shift(job, 1.0)

    def fill(self, among: np.ndarray | None = None) -> None:
        """Place jobs that are declined, all or some, where they are worth more than nothing."""
        declined = np.flatnonzero((self.site < 0) & self._able)
        declined = declined if among is None else np.intersect1d(declined, among)
        for job in declined[np.argsort(-self._net[declined] / self._energy(declined))]:
            self._insert(job)

    def improve(self, attempts: int) -> None:
        """Take out and put back so many times, and keep the best that was found."""
        gained = best = 0.0
        known = self.placed()
        for _ in range(attempts if self._able.any() else 0):
            out = self._chosen()
            before = self.site[out], self.time[out]
            gain = -sum(self._remove(job) for job in out if self.site[job] >= 0)
            gain += sum(self._insert(job) for job in self._ordered(out))
            if gain >= self._heat * np.log(1.0 - self._chance.random()):
                gained += gain
                if gained > best + 1e-6:
                    best, known = gained, self.placed()
            else:
                self._move(out, *before)
        self.place(*known)

    def placed(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where the jobs are: `site` and `time`."""
        return self.site.copy(), self.time.copy()

    def place(self, site: np.ndarray, time: np.ndarray) -> None:
        """Place all jobs as they were before, where they fit beside each other."""
        changed = np.flatnonzero((self.site != site) | (self.time != time))
        self._move(changed, site[changed], time[changed])

    def _chosen(self) -> np.ndarray:
        """Return a job, others on its site or one near it meanwhile, and some declined."""
        chance = self._chance
        job = int(chance.choice(np.flatnonzero(self._able)))
        near, begin = self._near[job], self.time[job]
        site = self.site[job]
        if site < 0:
            site, begin = (
                chance.choice(near),
                chance.integers(self._first[job], self._last[job] + 1),
            )
        sites = [site, chance.choice(near)] if chance.random() < 0.5 else [site]
        beside = np.isin(self.site, sites) & (self.time < begin + self._length[job])
        beside = np.flatnonzero(beside & (self.time + self._length > begin))
        count = chance.integers(1, TOGETHER)
        declined = np.flatnonzero((self.site < 0) & self._able)
        chosen = [
            chance.choice(some, min(len(some), most), replace=False)
            for some, most in ((beside, count), (declined, DECLINED))
        ]
        return np.unique(np.concatenate([[job], *chosen]))

    def _ordered(self, out: np.ndarray) -> np.ndarray:
        """Return jobs in the order in which they are put back: any, the largest, the dearest."""
        how = self._chance.integers(3)
        if how == 0:
            return self._chance.permutation(out)
        return out[
            np.argsort(-(self._energy(out) if how == 1 else self._net[out] / self._energy(out)))
        ]

    def _energy(self, jobs: np.ndarray) -> np.ndarray:
        return np.maximum(self._power[jobs] * self._length[jobs], 1e-9)

    def _move(self, jobs: np.ndarray, site: np.ndarray, time: np.ndarray) -> None:
        for job in jobs[self.site[jobs] >= 0]:
            self._shift(job, -1.0)
        self.site[jobs], self.time[jobs] = site, time
        for job in jobs[site >= 0]:
            self._shift(job, 1.0)

    def _shift(self, job: int, sign: float) -> None:
        """Add a job's power to its site and periods, or take it away."""
        begin, power = self.time[job], sign * self._power[job]
        at = self._cells[:, self.site[job], begin : begin + self._length[job]]
        at[_SLACK] += power * at[_COOLING]
        at[_ROOM] -= power

    def _costs(self, at: np.ndarray, power: float) -> np.ndarray:
        """Return what more IT power costs in some cells."""
        more, slack = power * at[_COOLING], at[_SLACK]
        beyond = np.maximum(slack + more, 0.0)
        beyond -= np.maximum(slack, 0.0)
        return at[_LEAST] * more + np.einsum("k...,k...->...", beyond, at[_RISE])

    def _remove(self, job: int) -> float:
        """Decline a job and return what it was worth."""
        site, begin = self.site[job], self.time[job]
        self._shift(job, -1.0)
        self.site[job] = -1
        at = self._cells[:, site, begin : begin + self._length[job]]
        return float(self._net[job] - self._costs(at, self._power[job]).sum())

    def _insert(self, job: int) -> float:
        """Place a job where it is worth most, if more than nothing; return what it is worth."""
        length, power, first = self._length[job], self._power[job], self._first[job]
        at = self._cells[:, self._near[job], first : self._last[job] + length]
        costs = self._costs(at, power) + _NO_ROOM * (at[_ROOM] < power * NEARLY)
        so_far = np.zeros((len(costs), costs.shape[1] + 1))
        np.cumsum(costs, axis=1, out=so_far[:, 1:])
        window = so_far[:, length:] - so_far[:, :-length]
        row, begin = divmod(int(window.argmin()), window.shape[1])
        worth = float(self._net[job] - window[row, begin])
        if worth <= 0:
            return 0.0
        self.put(job, self._near[job][row], first + begin)
        return worth
