r"""The first stage beside cuts: where jobs start, and what scenarios say of the load they make.

A placement is a column: its power in the rows that make the load, and one in the row of its job. Of
each answer that scenarios gave, a cut is kept for each of them, as dispatch is concave in the load
(Benders, 1962; several cuts a round: Birge and Louveaux, 1988),

.. math:: \theta_\omega \le Q_\omega(\bar l) + \pi_\omega^\top (l - \bar l).

The conditional value at risk is stated over the :math:`\theta` and what jobs earn in all scenarios
alike (Rockafellar and Uryasev, 2000). The duals of the cuts weigh the answers, and with them their
prices: what `carbonsched.stochastic.price_bound` proves of the mix is no more than the optimum
here. A required job without a placement has an artificial one, at a penalty.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from carbonsched.solver.program import Entries
from carbonsched.stochastic.fleet import Fleet
from carbonsched.stochastic.statement import Statement

_MET = 1e-6  # of a required job's row; less that an artificial column meets is none


class CutModel:
    """A linear program of placements and cuts, held by HiGHS.

    Parameters
    ----------
    fleet : Fleet
        The jobs that all scenarios share.
    most : numpy.ndarray
        The largest load of jobs, MW over (site, time).
    probability : numpy.ndarray
        Of the scenarios.
    risk, tail : float
    penalty : float
        USD for each required job that has no placement.

    Attributes
    ----------
    columns : pandas.DataFrame
        Positions `job`, `site`, `time` of every placement so far.
    weights : numpy.ndarray
        Of the columns at the last optimum, 0 to 1.
    value : float
        Of that optimum, USD.
    proven : float
        What the last `search` proved of whole placements: none of them are worth more, USD.
    """

    def __init__(
        self,
        fleet: Fleet,
        most: np.ndarray,
        probability: np.ndarray,
        risk: float,
        tail: float,
        penalty: float,
    ) -> None:
        self.fleet, required, count = fleet, fleet.required, len(probability)
        said = Statement()
        load = said.variables(0.0 * most, most)
        theta = said.variables((1 - risk) * probability, np.inf, -np.inf)
        self._load_rows = said.constraints(0.0, 0.0, most.shape, (-1.0, load))
        self._job_rows = said.constraints(np.where(required, 1.0, -np.inf), 1.0, required.shape)
        if risk:
            threshold = said.variables(np.full(1, risk), np.inf, -np.inf)
            below = said.variables(-risk * probability / tail, np.inf)
            said.constraints(-np.inf, 0.0, (count,), (1.0, threshold), (-1.0, theta), (-1.0, below))
        self._artificial = said.variables(np.full(int(required.sum()), -penalty), 1.0)
        said.enter(self._job_rows[required], self._artificial, 1.0)
        self._load, self._theta, self._cuts = load, theta, np.zeros((0, count), int)
        self._most, self._whole = np.zeros((0, count)), np.zeros(0, bool)
        self.held = said.held()
        self._own = np.zeros(0, int)
        self.columns = pd.DataFrame({"job": [], "site": [], "time": []}, dtype=int)
        self.weights, self.value, self.proven = np.zeros(0), math.nan, math.inf

    def add(self, placements: pd.DataFrame) -> int:
        """Add the placements that are not columns yet; return how many."""
        placements = pd.DataFrame(placements[["job", "site", "time"]]).astype(int)
        known = pd.MultiIndex.from_frame(pd.DataFrame(self.columns))
        new = pd.DataFrame(placements[~pd.MultiIndex.from_frame(placements).isin(known)])
        job, site, time = (new[name].to_numpy() for name in ("job", "site", "time"))
        length = self.fleet.length[job]
        begin = np.cumsum(length) - length
        step = np.arange(length.sum()) - np.repeat(begin, length)
        column, at = np.repeat(np.arange(len(new)), length), np.repeat(time, length) + step
        entries = Entries(
            np.concatenate([column, np.arange(len(new))]),
            np.concatenate([self._load_rows[np.repeat(site, length), at], self._job_rows[job]]),
            np.concatenate([np.repeat(self.fleet.power[job], length), np.ones(len(new))]),
        )
        own = self.held.add_columns(self.fleet.net[job], 1.0, entries)
        self._own = np.concatenate([self._own, own])
        self.columns = pd.concat([self.columns, new], ignore_index=True)
        self.weights = np.append(self.weights, np.zeros(len(new)))
        return len(new)

    def cut(self, load: np.ndarray, values: np.ndarray, slopes: np.ndarray, whole: bool) -> None:
        """Add what every scenario says of a load.

        Parameters
        ----------
        load : numpy.ndarray
            MW over (site, time).
        values : numpy.ndarray
            USD over scenario.
        slopes : numpy.ndarray
            What a MW more is worth, USD over (scenario, site, time).
        whole : bool
            Whether it is the load of whole placements.
        """
        count = len(values)
        flat = slopes.reshape(count, -1)
        row, at = np.nonzero(flat)
        each = np.arange(count)
        entries = Entries(
            np.concatenate([self._load.ravel()[at], self._theta]),
            np.concatenate([row, each]),
            np.concatenate([-flat[row, at], np.ones(count)]),
        )
        most = values - flat @ load.ravel()
        rows = self.held.add_rows(-np.inf, most, count, entries)
        self._cuts = np.concatenate([self._cuts, rows[None]])
        self._most = np.concatenate([self._most, most[None]])
        self._whole = np.append(self._whole, whole)

    def solve(self, seconds: float) -> bool:
        """Solve from where the last solve ended; return whether there is a solution.

        Raises
        ------
        TimeoutError
            The time is up.
        SolverError
            HiGHS failed.
        """
        if not self.held.run(seconds):
            return False
        self._read()
        duals = self.held.duals()
        self.cut_weights = np.maximum(duals[self._cuts], 0.0)
        self._job_prices = duals[self._job_rows]
        self._price = duals[self._load_rows]
        return True

    def generate(self, least: float) -> int:
        """Add each job's best placement at the duals that gains more than told, USD."""
        best = self.fleet.best(self._price)
        gains = best.worth > self._job_prices[best.job] + least
        return self.add(pd.DataFrame(best[gains]))

    def search(self, seconds: float, distance: float) -> bool:
        """Solve with whole placements, to a distance from the bound; return whether any is found.

        Of the cuts it knows those that held the last optimum of `solve`, whose duals stay, and
        those of whole placements.
        """
        idle = (self.cut_weights <= 0.0) & ~self._whole[:, None]
        self.held.bound_rows(self._cuts[idle], -np.inf, np.inf)
        self.held.integral(self._own, True)
        found = self.held.search(seconds, distance)
        self.proven = self.held.proven
        if found:
            self._read()
        self.held.integral(self._own, False)
        self.held.bound_rows(self._cuts[idle], -np.inf, self._most[idle])
        return found

    def exclude(self, weights: np.ndarray) -> None:
        """Let whole placements of all columns so far be others than these."""
        taken = weights > 0.5
        row = np.zeros(len(taken), int)
        entries = Entries(self._own, row, np.where(taken, 1.0, -1.0))
        self.held.add_rows(-np.inf, float(taken.sum() - 1), 1, entries)

    def _read(self) -> None:
        values = self.held.values()
        self.value, self.weights = self.held.objective, values[self._own]
        lacking = float(values[self._artificial].sum())
        self.lacking = lacking if lacking > _MET else 0.0

    def load(self, weights: np.ndarray) -> np.ndarray:
        """Return the load that placements make at some weights, MW over (site, time)."""
        return self.fleet.load(self.columns.iloc[: len(weights)], weights)

    def earned(self, weights: np.ndarray) -> float:
        """Return what jobs earn by themselves at some weights, USD."""
        return float(self.fleet.net[self.columns.job.to_numpy()] @ weights)
