"""What a decomposition knows so far: cuts, bound, plan, and the time that is left."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.solver.settings import Settings
from carbonsched.solver.sought import Sought
from carbonsched.stochastic.cut_model import CutModel
from carbonsched.stochastic.futures import Answers, Futures, Shared
from carbonsched.stochastic.kept_answers import KeptAnswers
from carbonsched.stochastic.price_bound import Priced, envelope, priced, worst_weights

_SHORT = 1e-7  # of the largest load: less that lacks is rounding
STATES = 0.1  # of the gap asked for, within which the states of grid and battery are settled
_RAISED = 100.0  # what penalties are multiplied by where something stays short
_MOST_RAISED = 1e5  # in all, after which what is short is short at any price


@dataclass
class Point:
    """Placements in weights, and what they are worth in all scenarios.

    Attributes
    ----------
    weights : numpy.ndarray
        Of the columns that there were.
    value : float
        USD, less penalties.
    short : bool
        Whether some scenario lacks something.
    """

    weights: np.ndarray
    value: float
    short: bool


@dataclass
class Search(Sought):
    """The state of a decomposition.

    Attributes
    ----------
    data : xarray.Dataset
        Of all scenarios, see `carbonsched.stochastic.futures.data_of`.
    deadline : float
        On the monotonic clock, s.
    bound, value : float
        The best bound of any round, and what the best plan earns, USD.
    size : float
        What the gap is relative to, of that plan, USD.
    placed : pandas.DataFrame
        The placements of that plan; None before there is one.
    proof : Priced
        What the prices that prove the bound say.
    intervals : list of tuple
        Value and bound after every round.
    """

    futures: Futures | Shared
    cuts: CutModel
    data: xr.Dataset
    probability: np.ndarray
    risk: float
    tail: float
    settings: Settings
    deadline: float
    penalty: float
    kept: KeptAnswers | None
    show: Callable[[Search], None]
    bound: float = math.inf
    value: float = -math.inf
    size: float = 0.0
    placed: pd.DataFrame | None = None
    proof: Priced | None = None
    raised: float = 1.0
    intervals: list[tuple[float, float]] = field(default_factory=list)
    asked: list[Answers] = field(default_factory=list)

    def ask(self, weights: np.ndarray, whole: bool) -> Point:
        """Ask all scenarios about some placements; keep the cuts and, where whole, a better plan.

        Where there are none, states are settled as they come: it is a plan to begin with.

        Raises
        ------
        TimeoutError
            The time is up.
        """
        load = self.cuts.load(weights)
        within = (self.within if weights.any() else math.inf) if whole else None
        answers = self._answers(load, within)
        cooling = self.data.cooling.transpose(..., "site", "time").values
        prices = answers.prices
        slopes = -(cooling * prices["power_price"] + prices["capacity_price"])
        self.cuts.cut(load, answers.value, slopes, whole)
        self.asked.append(answers)
        earned = self.cuts.earned(weights)
        short = bool(answers.short.max() > _SHORT * max(float(load.max()), 1.0))
        if whole and not short:
            self._take(weights, earned, answers)
        return Point(weights, self.worth(answers.value) + earned, short)

    def worth(self, values: np.ndarray) -> float:
        """Return what is maximised, USD, of a value in each scenario."""
        return float(worst_weights(values, self.probability, self.risk, self.tail) @ values)

    def reachable(self, weights: np.ndarray) -> float:
        """Return what the whole placements last asked about are worth at most, USD.

        Their states were settled near enough, not at their best.
        """
        answers = self.asked[-1]
        most = answers.value
        if weights.any():
            most = np.minimum(most, answers.settled + self.within * answers.turnover)
        return self.worth(most) + self.cuts.earned(weights)

    @property
    def within(self) -> float:
        """What states may cost beyond the least, of a scenario's turnover."""
        return STATES * self.settings.gap

    def _answers(self, load: np.ndarray, within: float | None) -> Answers:
        if self.left <= 0:
            raise TimeoutError
        if self.kept and (known := self.kept.known(load, within, self.penalty)):
            return known
        answers = self.futures.answers(load, within, self.left)
        if self.kept:
            self.kept.keep(load, within, self.penalty, answers)
        return answers

    def _take(self, weights: np.ndarray, earned: float, answers: Answers) -> None:
        """Let whole placements be the plan if every required job has one and it earns more."""
        placed = pd.DataFrame(self.cuts.columns[weights > 0.5])
        value = self.worth(answers.settled) + earned
        fleet = self.cuts.fleet
        lacking = set(np.flatnonzero(fleet.required)) - set(placed.job)
        if lacking or value <= self.value:
            return
        decided = np.where(fleet.required, 0.0, fleet.net)
        turnover = float(self.probability @ answers.turnover)
        self.size = turnover + float(np.abs(decided[placed.job]).sum())
        if self.settings.gap_of == "objective":
            self.size = abs(value)
        self.value, self.placed = value, placed

    def prove(self) -> None:
        """Move the bound to what the mixed prices prove.

        The duals of the cuts mix the answers: of no scenario more than its weight.
        """
        mixing = self.cuts.cut_weights
        weight = mixing.sum(axis=0)
        share = np.where(weight > 0, mixing / np.where(weight > 0, weight, 1.0), 0.0)
        share[-1, weight <= 0] = 1.0
        prices = {
            name: np.sum(
                [
                    part.reshape(-1, *[1] * (answers.prices[name].ndim - 1)) * answers.prices[name]
                    for part, answers in zip(share, self.asked, strict=True)
                    if part.any()
                ],
                axis=0,
            )
            for name in self.asked[-1].prices
        }
        self._prove(envelope(weight, self.probability, self.risk, self.tail), prices)

    def prove_last(self) -> None:
        """Move the bound to what the prices of the last answers prove; add their placements."""
        answers = self.asked[-1]
        q = worst_weights(answers.value, self.probability, self.risk, self.tail)
        found = self._prove(q, answers.prices)
        self.cuts.add(self.cuts.fleet.best(found.price))

    def _prove(self, weights: np.ndarray, prices: dict[str, np.ndarray]) -> Priced:
        found = priced(self.data, self.cuts.fleet, weights, prices)
        if found.bound < self.bound:
            self.bound, self.proof = found.bound, found
        return found

    @property
    def least(self) -> float:
        """A gain that is none, USD."""
        return 1e-9 * max(abs(self.bound), 1.0)

    def told(self) -> None:
        """Note the interval of a round, and show it."""
        self.intervals.append((self.value, self.bound))
        self.show(self)

    def penalise(self) -> bool:
        """Raise the penalties for what is short; return whether they may be."""
        if self.raised >= _MOST_RAISED:
            return False
        self.raised *= _RAISED
        self.penalty *= _RAISED
        self.futures.penalise(_RAISED)
        return True
