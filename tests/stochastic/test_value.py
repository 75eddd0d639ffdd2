"""What planning for many futures is worth, held against the enumeration of all starts."""

import numpy as np
import pytest
from futures import CHANCES, fleet, futures, starts, valued, worth_of_starts

import carbonsched as cs
from carbonsched.stochastic.value import Interval

CHANCE = np.array(list(CHANCES.values()))


@pytest.mark.parametrize(
    ("risk", "tail"), [(0.0, 0.1), pytest.param(1.0, 0.5, marks=pytest.mark.long)]
)
def test_both_values_are_those_of_the_enumeration(risk, tail):
    """Proves: wait and see >= stochastic >= plan for the mean, each by enumeration.

    Of the plans for the mean that are as good the solver takes one: it must be among them.
    """
    whole = futures(fleet(carbon_budget=30.0))
    table, mean = worth_of_starts(whole), whole.mean()
    of_mean = worth_of_starts(cs.Scenarios.of(mean, {"mean": {}}))[:, 0]
    value = cs.information_value(whole, gap=0, risk=risk, tail=tail)
    plans = [valued(row, CHANCE, risk, tail) for row in table]
    known = valued(table.max(axis=0), CHANCE, risk, tail)
    means = [plans[k] for k in np.flatnonzero(of_mean >= of_mean.max() - 1e-6)]
    assert value.stochastic.lower == pytest.approx(max(plans), rel=1e-6)
    assert value.wait_and_see.upper == pytest.approx(known, rel=1e-6)
    found = value.expected_value.lower
    assert min(abs(found - worth) for worth in means) <= 1e-6 * abs(known)
    assert value.vss.lower == pytest.approx(max(plans) - found, abs=1e-3)
    assert value.evpi.upper == pytest.approx(known - max(plans), abs=1e-3)
    assert value.wait_and_see.upper >= value.stochastic.lower >= found - 1e-6


def test_a_plan_for_the_mean_may_have_no_schedule_in_some_future():
    """Proves: where it breaks the budget of a dirtier future, planning for all is worth it all."""
    value = cs.information_value(futures(), gap=0)
    assert value.plan_of_mean is None
    assert value.expected_value.upper == -np.inf
    assert value.vss.lower == np.inf
    assert np.isfinite(value.evpi.upper)


def test_starts_are_evaluated_on_other_scenarios():
    whole = futures()
    table = worth_of_starts(whole)
    kept = np.flatnonzero(np.isfinite(table).all(axis=1))[2]
    start = list(starts(whole.instance))[kept]
    other = whole.chosen(["hot", "windy"])
    turned = start.transpose("time", "job", "site")[::-1]  # matched by label
    plan = cs.recourse(other, turned)
    expected = table[kept] @ np.where(np.isin(list(CHANCES), ["hot", "windy"]), CHANCE, 0) / 0.5
    assert plan.objective == pytest.approx(expected, rel=1e-6)
    assert bool((plan.start == start).all())
    assert plan.bound == pytest.approx(expected, rel=1e-6)


def test_starts_that_no_schedule_has_are_refused():
    start = next(iter(starts(fleet())))
    with pytest.raises(ValueError, match="other labels of time"):
        cs.recourse(futures(), start.isel(time=[0, 1]))
    both = start.copy(data=np.ones(start.shape))
    with pytest.raises(cs.InfeasibleError):
        cs.recourse(futures(), both)


def test_a_plan_of_something_else_is_refused():
    plan = cs.solve(futures(), gap=0.1)
    with pytest.raises(ValueError, match="made for other scenarios"):
        cs.information_value(futures(), plan=plan, risk=0.5)


def test_intervals_are_as_wide_as_both_are():
    apart = Interval(3.0, 5.0) - Interval(1.0, 4.0)
    assert (apart.lower, apart.upper) == (-1.0, 4.0)
    assert apart.at_least(0.0) == Interval(0.0, 4.0)
