r"""(1) and (16) over scenarios, in the place of the families of one future.

**Benefit.** With the threshold :math:`\eta` and the shortfall :math:`z_\omega` below it, the
conditional value at risk is linear (Rockafellar and Uryasev, 2000):

.. math::

   \max \; & F + (1 - \rho) \sum_\omega p_\omega Q_\omega \\
   & + \rho \Bigl( \eta - \frac 1 \alpha \sum_\omega p_\omega z_\omega \Bigr), \\
   & z_\omega \ge \eta - Q_\omega, \quad z_\omega \ge 0

:math:`Q_\omega` is what differs by scenario and :math:`F` what does not, as the reward of a job: it
moves expectation and tail alike, so that the rows of the tail hold no start.

**Budget.** In each scenario it is the row of the paper. In expectation it is one row of emissions
weighted by probability. In scenarios of probability :math:`\beta` at least, a binary
:math:`v_\omega` says where it may be broken,

.. math::

   \mathcal E_\omega \le B_\omega + M_\omega v_\omega, \qquad
   \sum_\omega p_\omega v_\omega \le 1 - \beta,

where :math:`M_\omega` is what the scenario emits beyond its budget with every emitting variable at
its bound: no schedule emits more, so that the row with :math:`v_\omega = 1` says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr
from linopy import Variable

from carbonsched.core.families import FAMILIES
from carbonsched.core.families.carbon import Carbon
from carbonsched.core.families.expressions import (
    Model,
    Pair,
    expression,
    polluting,
    priced,
    require,
    settled,
)
from carbonsched.core.families.objective import Objective
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.stochastic.outlook import Outlook

_SPARE = 1e-9  # of the probability of broken budgets: what sums of probabilities lose


def over_scenarios(
    families: Iterable[Family], probability: xr.DataArray, outlook: Outlook
) -> tuple[Family, ...]:
    """Return families with (1) and (16) as an outlook has them."""
    other: dict[str, Family] = {
        "objective": Outcome(probability, outlook),
        "carbon": Budget(probability, outlook),
    }
    return tuple(other.get(f.name, f) if f in FAMILIES else f for f in families)


class Outcome(Objective):
    """(1) over scenarios: expectation and the mean of the worst."""

    moves = None

    def __init__(self, probability: xr.DataArray, outlook: Outlook) -> None:
        self.probability, self.outlook = probability, outlook

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `threshold` and, over scenario, `shortfall`, USD, where there is risk."""
        if self.outlook.risk:
            scenario = {"scenario": data.indexes["scenario"]}
            model.add_variables(coords=[], name="threshold")
            model.add_variables(lower=0, coords=scenario, name="shortfall")

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (1): maximise what the scenarios are worth together, USD."""
        risk, chance = self.outlook.risk, self.probability
        terms = model.shared["benefit"] = priced(model.families, data, model)
        model.settled = list(weighted(settled(model.families, data, model), (1 - risk) * chance))
        worth = list(weighted(terms, (1 - risk) * chance))
        if risk:
            threshold, shortfall = model["threshold"], model["shortfall"]
            worth += [(risk, threshold), (-risk / self.outlook.tail * chance, shortfall)]
            differing = [pair for pair in terms if _differs(pair)]
            require(
                model, "objective:shortfall", (1, shortfall), (-1, threshold), *differing,
                at_least=0, over=(),
            )  # fmt: skip
        model.add_objective(expression(model, worth, ()), sense="max")  # (1)


class Budget(Carbon):
    """(16) in each scenario, in expectation, or in some of them."""

    moves = None

    def __init__(self, probability: xr.DataArray, outlook: Outlook) -> None:
        self.probability, self.outlook = probability, outlook

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `over_budget`, binary over scenario, where the budget may be broken in some."""
        if not isinstance(self.outlook.budget, str) and np.isfinite(data.carbon_budget).any():
            scenario = {"scenario": data.indexes["scenario"]}
            model.add_variables(binary=True, coords=scenario, name="over_budget")

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (16), tCO2e over the horizon."""
        if self.outlook.budget == "each":
            super().constrain(model, data, formulation)
            return
        emitted = model.shared["emissions"] = polluting(model.families, data, model)
        chance, budget = self.probability, data.carbon_budget
        if self.outlook.budget == "expected":
            if np.isfinite(budget).all():
                mean = expression(model, weighted(emitted, chance), ())
                most = float((budget * chance).sum())
                require(model, "carbon:expected", (1, mean), at_most=most, over=())
            return
        if "over_budget" not in model.variables:
            return
        broken = model["over_budget"]
        beyond = (most_emitted(emitted) - budget).clip(min=0)
        require(model, "carbon:budget", *emitted, (-beyond, broken), at_most=budget, over=())
        share = expression(model, [(chance, broken)], ())
        spare = 1 - float(self.outlook.budget) + _SPARE
        require(model, "carbon:share", (1, share), at_most=spare, over=())


def most_emitted(emitted: Iterable[Pair]) -> xr.DataArray:
    """Return what variables emit with each at the worse of its bounds, tCO2e by scenario.

    Raises
    ------
    ValueError
        There is no such bound, so that a budget cannot be waived for a scenario.
    """
    total = xr.DataArray(0.0)
    for unit, variable in emitted:
        ends = [variable.lower, variable.upper] if isinstance(variable, Variable) else []
        extreme = xr.ufuncs.maximum(*(unit * end for end in ends)) if ends else None
        if extreme is None or not bool(np.isfinite(extreme.fillna(0)).all()):
            name = variable.name if isinstance(variable, Variable) else "an expression"
            raise ValueError(
                f"budget as a share: {name} emits, and has no limit; a scenario that may break "
                "its budget needs one"
            )
        total = total + extreme.sum([dim for dim in extreme.dims if dim != "scenario"])
    return total


def _differs(pair: Pair) -> bool:
    """Return whether a term may differ from scenario to scenario."""
    return any("scenario" in getattr(part, "dims", ()) for part in pair)


def weighted(pairs: Iterable[Pair], weight: xr.DataArray) -> Iterator[Pair]:
    """Yield terms times a weight by scenario, and what does not differ as it is."""
    for unit, variable in pairs:
        yield (unit * weight if _differs((unit, variable)) else unit), variable
