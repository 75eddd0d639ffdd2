r"""What planning for many futures is worth, and what knowing the future would be.

With :math:`V(x)` the objective of starts :math:`x` whose recourse is the best in each scenario:

- the **stochastic solution** is :math:`\max_x V(x)`, that of `carbonsched.solve`;
- the **expected-value solution** :math:`\bar x` is the best plan for the mean of all scenarios, and
  :math:`V(\bar x)` what it turns out to be worth;
- **wait and see** decides the starts, too, once the scenario is known.

The value of the stochastic solution is :math:`\max_x V(x) - V(\bar x) \ge 0`, the expected value of
perfect information is wait and see less :math:`\max_x V(x)`, again no less than 0 (Birge and
Louveaux, 2011, chapter 4). Solved to a gap each is known within an interval, and so are the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from carbonsched.core.build import fitted, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.method import Method, method_of
from carbonsched.errors import InfeasibleError
from carbonsched.keywords import named_keywords
from carbonsched.solver.milp import solve_milp
from carbonsched.solver.settings import Settings
from carbonsched.stochastic.extensive import extensive, require_fitting
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.scenarios import Scenarios
from carbonsched.stochastic.schedule import ScenarioSchedule

JOB_SITE_TIME = ("job", "site", "time")


@dataclass(frozen=True)
class Interval:
    """A value that is known to lie between two others, USD.

    Examples
    --------
    >>> print(Interval(10.0, 12.0) - Interval(1.0, 2.0))
    8.00 .. 11.00
    """

    lower: float
    upper: float

    def __sub__(self, other: Interval) -> Interval:
        return Interval(self.lower - other.upper, self.upper - other.lower)

    def at_least(self, value: float) -> Interval:
        """Return the part of it that is not below a value that is known to be a lower bound."""
        return Interval(max(self.lower, value), max(self.upper, value))

    def __str__(self) -> str:
        return f"{self.lower:,.2f} .. {self.upper:,.2f}"


@dataclass(frozen=True, repr=False)
class InformationValue:
    """What `information_value` returns.

    Attributes
    ----------
    stochastic, expected_value, wait_and_see : Interval
        The objective of the best plan for all scenarios; of the best plan for their mean, in all
        scenarios; and of plans made once the scenario is known, USD. The plan for the mean is minus
        infinity where its starts have no schedule in some scenario.
    plan : ScenarioSchedule
        For all scenarios.
    plan_of_mean : ScenarioSchedule or None
        The starts of the best plan for the mean, in all scenarios.
    """

    stochastic: Interval
    expected_value: Interval
    wait_and_see: Interval
    plan: ScenarioSchedule
    plan_of_mean: ScenarioSchedule | None

    @property
    def vss(self) -> Interval:
        """Value of the stochastic solution, USD, which planning for all scenarios earns more."""
        return (self.stochastic - self.expected_value).at_least(0.0)

    @property
    def evpi(self) -> Interval:
        """Expected value of perfect information, USD, that knowing the scenario would earn more."""
        return (self.wait_and_see - self.stochastic).at_least(0.0)

    def __repr__(self) -> str:
        money = self.plan.currency
        return f"<InformationValue: VSS {self.vss} {money}, EVPI {self.evpi} {money}>"


@named_keywords
def recourse(
    scenarios: Scenarios,
    start: xr.DataArray | ScenarioSchedule,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    time_limit: float = 120.0,
    risk: float = 0.0,
    tail: float = 0.1,
    budget: str | float = "each",
) -> ScenarioSchedule:
    """Return the best that can be done in every scenario with starts that are decided already.

    So a plan is evaluated on scenarios that it was not made for.

    Parameters
    ----------
    scenarios : Scenarios
        Of the same jobs, sites and periods; others than the plan was made for, if need be.
    start : xarray.DataArray or ScenarioSchedule
        0 or 1 over (job, site, time), matched by label, or a plan, all of whose commitments are
        kept.
    method, formulation, families, time_limit, risk, tail, budget
        As of `carbonsched.solve`.

    Returns
    -------
    ScenarioSchedule
        Its bound is on what these starts can earn.

    Raises
    ------
    ValueError
        The starts are for other jobs, sites or periods.
    InfeasibleError
        A scenario has no schedule with these starts.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> plan = cs.solve(cs.scenarios(day, count=2), gap=0)
    >>> others = cs.recourse(cs.scenarios(day, count=3, seed=1), plan)
    >>> bool((others.start == plan.start).all()), len(others.schedules)
    (True, 3)
    """
    stated = require_families(families)
    given = replace(scenarios, instance=fitted(scenarios.instance, stated))
    first = start.first if isinstance(start, ScenarioSchedule) else {"start": start}
    committed = {str(name): _matched(given, str(name), of) for name, of in first.items()}
    settings = Settings(gap=0.0, time_limit=time_limit, progress=False)
    return extensive(
        given, method_of(method), formulation_of(formulation), stated, settings,
        Outlook(risk, tail, budget), committed,
    )  # fmt: skip


def _matched(scenarios: Scenarios, name: str, values: xr.DataArray) -> xr.DataArray:
    """Return committed values in the order of the instance's labels."""
    labels = scenarios.instance.data.indexes
    dims = JOB_SITE_TIME if name == "start" else tuple(map(str, values.dims))
    if set(values.dims) != set(dims):
        raise ValueError(f"{name}: dimensions {values.dims}, expected {dims}")
    for dim in [dim for dim in dims if dim in labels]:
        own = values.indexes.get(dim)
        if own is None or len(own) != len(labels[dim]) or not set(own) == set(labels[dim]):
            raise ValueError(f"{name}: other labels of {dim} than the scenarios have")
    return values.sel({dim: labels[dim] for dim in dims if dim in labels}).transpose(*dims)


@named_keywords
def information_value(
    scenarios: Scenarios,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    plan: ScenarioSchedule | None = None,
    gap: float = 1e-3,
    time_limit: float = 120.0,
    risk: float = 0.0,
    tail: float = 0.1,
) -> InformationValue:
    """Return what planning for all scenarios is worth, and what knowing the right one would be.

    Parameters
    ----------
    scenarios : Scenarios
    method, formulation, families, risk, tail
        As of `carbonsched.solve`. The budget holds in each scenario.
    plan : ScenarioSchedule, optional
        The plan for all of them, where it is known already, by the same method.
    gap, time_limit : float
        Of each plan: of all scenarios, of their mean, and of each.

    Returns
    -------
    InformationValue
        Both values as intervals: as wide as the gaps leave them.

    Raises
    ------
    ValueError
        The plan was made for something else.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> value = cs.information_value(cs.scenarios(day, count=2), gap=0)
    >>> 0 <= value.vss.lower <= value.vss.upper and 0 <= value.evpi.lower <= value.evpi.upper
    True
    """
    outlook = Outlook(risk, tail)
    stated, chosen = require_families(families), method_of(method)
    how = formulation_of(formulation)
    given = replace(scenarios, instance=fitted(scenarios.instance, stated))
    require_fitting(given, chosen)
    settings = Settings(gap=gap, time_limit=time_limit)
    if plan is None:
        plan = extensive(given, chosen, how, stated, settings, outlook)
    elif plan.method != chosen or plan.outlook != outlook or list(plan.schedules) != given.labels:
        raise ValueError("plan: made for other scenarios, by another method or at another risk")
    one: Any = (chosen, how, stated, settings)
    alone = {label: solve_milp(instance, *one) for label, instance in given.each()}
    of_mean = solve_milp(given.mean(), *one).data.start
    try:
        mean = recourse(
            scenarios, of_mean, chosen, how, families=stated, time_limit=time_limit, risk=risk,
            tail=tail,
        )  # fmt: skip
    except InfeasibleError:
        mean = None

    def valued(values: list[float]) -> float:
        each = xr.DataArray(values, {"scenario": given.data.scenario})
        return outlook.value(each, given.probability)

    least = Interval(-math.inf, -math.inf)
    return InformationValue(
        stochastic=Interval(plan.objective, plan.bound).at_least(plan.objective),
        expected_value=least if mean is None else Interval(mean.objective, mean.bound),
        wait_and_see=Interval(
            valued([s.objective for s in alone.values()]), valued([s.bound for s in alone.values()])
        ),
        plan=plan,
        plan_of_mean=mean,
    )
