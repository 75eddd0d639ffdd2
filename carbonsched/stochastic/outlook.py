r"""How many futures are valued as one: expectation, tail, and where the budget holds.

.. math:: (1 - \rho) \, \mathbb E[B] + \rho \, \mathrm{CVaR}_\alpha[B], \qquad
   \mathrm{CVaR}_\alpha[B] = \max_\eta \; \eta - \frac 1 \alpha \, \mathbb E[(\eta - B)^+]

The conditional value at risk of a benefit is its mean over the worst futures of probability
:math:`\alpha` (Rockafellar and Uryasev, 2000): with :math:`\alpha = 1` its expectation, with
:math:`\alpha` no more than the least probability the worst case. It is coherent, so that no risk is
rewarded, and concave, so that the program stays linear but for the jobs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np
import xarray as xr

BUDGETS = ("each", "expected")


@dataclass(frozen=True)
class Outlook:
    """What is made of a benefit and of a budget that differ from future to future.

    Attributes
    ----------
    risk : float
        Weight of the conditional value at risk, 0 to 1; the expectation has what is left.
    tail : float
        Probability of the worst futures that it is the mean of, above 0 and up to 1.
    budget : {"each", "expected"} or float
        Whether (16) holds in each scenario, in expectation, or in scenarios of this probability
        at least, above 0 and below 1.

    Raises
    ------
    TypeError, ValueError
        A value is of another kind, or out of its range.

    Examples
    --------
    >>> Outlook(risk=0.5).tail
    0.1
    >>> Outlook(tail=0.0)
    Traceback (most recent call last):
    ValueError: tail = 0.0: a number above 0 and up to 1 is needed
    """

    risk: float = 0.0
    tail: float = 0.1
    budget: str | float = "each"

    def __post_init__(self) -> None:
        for name, words in (("risk", "from 0"), ("tail", "above 0 and up")):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise TypeError(f"{name} = {value!r}: a number is needed")
            if not 0 <= float(value) <= 1 or (name == "tail" and value == 0):
                raise ValueError(f"{name} = {value!r}: a number {words} to 1 is needed")
        if self.budget in BUDGETS:
            return
        number = isinstance(self.budget, Real) and not isinstance(self.budget, bool)
        if not number or not 0 < float(self.budget) < 1:
            kinds = " or ".join(map(repr, BUDGETS))
            told = f"budget = {self.budget!r}: {kinds} is needed, or a share between 0 and 1"
            raise ValueError(told) if number or isinstance(self.budget, str) else TypeError(told)

    @property
    def apart(self) -> bool:
        """Whether once the starts are known each scenario can be decided for itself."""
        return self.budget == "each"

    def value(self, benefit: xr.DataArray, probability: xr.DataArray) -> float:
        """Return the objective, USD, of benefits over scenarios.

        Examples
        --------
        >>> even = xr.DataArray([0.5, 0.5], dims="scenario")
        >>> Outlook(risk=0.5, tail=0.5).value(xr.DataArray([10.0, 20.0], dims="scenario"), even)
        12.5
        """
        low = mean_of_worst(benefit, probability, self.tail)
        return (1 - self.risk) * expectation(benefit, probability) + self.risk * low


def expectation(values: xr.DataArray, probability: xr.DataArray) -> float:
    """Return the probability-weighted mean over scenarios."""
    return float((values * probability).sum("scenario"))


def mean_of_worst(
    values: xr.DataArray, probability: xr.DataArray, tail: float, *, worst: str = "least"
) -> float:
    """Return the mean of the worst values, of probability `tail` in all: the CVaR.

    The `worst` are the "least", as of a benefit, or the "most", as of emissions.

    Examples
    --------
    >>> emitted = xr.DataArray([1.0, 5.0, 3.0], dims="scenario")
    >>> third = xr.DataArray([0.25, 0.25, 0.5], dims="scenario")
    >>> mean_of_worst(emitted, third, 0.5, worst="most"), mean_of_worst(emitted, third, 1.0)
    (4.0, 3.0)
    """
    order = np.argsort(values.values, kind="stable")
    order = order if worst == "least" else order[::-1]
    chance = probability.values[order]
    before = np.cumsum(chance) - chance
    weight = np.clip(tail - before, 0.0, chance)
    return math.fsum(weight * values.values[order]) / math.fsum(weight)
