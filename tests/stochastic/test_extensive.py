"""The plan for many futures, held against the enumeration of all starts and against one future."""

from functools import cache

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from futures import CHANCES, best_with_exceptions, fleet, futures, valued, worth_of_starts

import carbonsched as cs
from carbonsched.core.family import over
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.method import METHODS
from carbonsched.stochastic import extensive
from carbonsched.stochastic.extensive import extensive_model
from carbonsched.stochastic.outlook import Outlook

CHANCE = np.array(list(CHANCES.values()))


@pytest.fixture(scope="module")
def kept() -> np.ndarray:
    """Return what all starts earn in each scenario within its budget, USD."""
    return worth_of_starts(futures())


@pytest.fixture(scope="module")
def free() -> np.ndarray:
    """Return the same without budgets."""
    return worth_of_starts(futures(), "no_carbon")


@cache
def planned(risk: float, tail: float) -> cs.ScenarioSchedule:
    """Return the plan for the scenarios at some risk, solved once."""
    return cs.solve(futures(), gap=0, risk=risk, tail=tail)


@pytest.mark.parametrize(
    ("risk", "tail"), [(0.0, 0.5), (0.5, 0.5), (1.0, 0.5), (1.0, 1.0), (1.0, 0.01)]
)
def test_it_is_the_best_of_all_starts(kept, risk, tail):
    """Proves: the objective, for all weights of risk; a tail of 1 is the expectation.

    Sensitivity: the best starts for the expectation are others than for the worst half.
    """
    plan = planned(risk, tail)
    best = max(valued(row, CHANCE, risk, tail) for row in kept)
    assert plan.objective == pytest.approx(best, rel=1e-7)
    assert plan.bound == pytest.approx(best, rel=1e-6)
    assert plan.status == "optimal"
    assert plan.verify(futures()).ok
    if tail == 1:
        assert plan.objective == pytest.approx(plan.expected)
    if tail == 0.01:
        assert plan.cvar == pytest.approx(float(plan.benefit.min()))


def test_the_risks_in_these_tests_are_different_plans(kept):
    plans = {
        int(np.argmax([valued(row, CHANCE, *of) for row in kept])) for of in ((0, 0.1), (1, 0.5))
    }
    assert len(plans) == 2


@pytest.mark.parametrize(("share", "risk", "tail"), [(0.4, 0.0, 0.1), (0.5, 0.5, 0.3)])
def test_a_budget_may_be_broken_in_scenarios_of_some_probability(kept, free, share, risk, tail):
    plan = cs.solve(futures(), gap=0, risk=risk, tail=tail, budget=share)
    best = best_with_exceptions(kept, free, CHANCE, share, risk, tail)
    assert plan.objective == pytest.approx(best, rel=1e-6)
    assert plan.within_budget >= share - 1e-9
    assert plan.verify(futures()).ok


def test_a_budget_in_expectation_is_spent_where_it_is_worth_most():
    """Proves: (16) in expectation, by hand.

    10 MW of load by generation at 50 or import at 10 USD/MWh, which emits 1 or 0.1 t/MWh. The
    clean future imports it all: 0.5 x 1 t. Of 2.5 t that leaves 2 t, so 4 MW in the other, which
    earns 0.5 x 4 x 40 = 80 more than the -0.5 x 500 of generation alone.
    """
    site = cs.Instance(
        plain(
            1, 1, 0, 1, demand=10, generation_available=10, generation_cost=50, carbon_intensity=1,
            carbon_budget=2.5,
        )
    )  # fmt: skip
    clean = {"carbon_intensity": xr.full_like(site.data.carbon_intensity, 0.1)}
    both = cs.Scenarios.of(site, {"dirty": {}, "clean": clean})
    plan = cs.solve(both, gap=0, budget="expected")
    assert plan.expected == pytest.approx(-0.5 * (4 * 10 + 6 * 50) - 0.5 * 100)
    assert plan.emissions == pytest.approx(2.5)
    assert plan.within_budget == 0.5
    each = cs.solve(both, gap=0)
    assert each.expected == pytest.approx(-0.5 * (2.5 * 10 + 7.5 * 50) - 0.5 * 100)


@pytest.mark.parametrize("formulation", ["start", "paper"])
def test_one_scenario_is_the_deterministic_model(formulation):
    instance = fleet()
    alone = cs.solve(instance, formulation=formulation, gap=0)
    for chances in ([1.0], [0.2, 0.5, 0.3]):
        alike = cs.Scenarios.of(instance, {f"s{k}": {} for k in range(len(chances))}, chances)
        plan = cs.solve(alike, formulation=formulation, gap=0, risk=0.3)
        assert plan.objective == pytest.approx(alone.objective, rel=1e-6)
        assert plan.bound == pytest.approx(alone.bound, rel=1e-6)
        assert plan.turnover == pytest.approx(alone.turnover, rel=1e-6)


def test_one_scenario_has_the_matrices_of_the_deterministic_model():
    """Proves: the dimension adds nothing: same coefficients, bounds, right sides and objective."""
    instance = cs.generate(sites=2, periods=5, jobs=3, services=2, seed=4)
    one = cs.Scenarios.of(instance, {"only": {}})
    for formulation in FORMULATIONS:
        alone = cs.build(instance, formulation).matrices
        how = FORMULATIONS[formulation]
        model = extensive_model(one, METHODS["joint"], how, tuple(cs.FAMILIES), Outlook())
        other = model.matrices
        assert (alone.A != other.A).nnz == 0
        for name in ("b", "c", "lb", "ub"):
            np.testing.assert_allclose(getattr(alone, name), getattr(other, name), rtol=1e-12)
        assert np.array_equal(alone.sense, other.sense)
        assert np.array_equal(alone.vtypes, other.vtypes)


def test_the_order_of_scenarios_does_not_matter():
    one = planned(0.5, 0.5)
    two = cs.solve(futures().chosen(["hot", "dry", "windy"]), gap=0, risk=0.5, tail=0.5)
    assert one.objective == pytest.approx(two.objective, rel=1e-7)
    assert list(two.schedules) == ["hot", "dry", "windy"]


def test_more_weight_on_risk_costs_expectation_and_lifts_the_tail():
    plans = [planned(risk, 0.5) for risk in (0.0, 0.5, 1.0)]
    expected, tails = ([getattr(p, name) for p in plans] for name in ("expected", "cvar"))
    assert expected == sorted(expected, reverse=True)
    assert tails == sorted(tails)
    assert tails[0] < tails[-1]


@pytest.mark.parametrize(
    "method", ["no_routing", pytest.param("compute_only", marks=pytest.mark.long)]
)
def test_a_method_holds_in_every_scenario(method):
    whole = futures(fleet(carbon_budget=30.0))
    plan = cs.solve(whole, method, gap=0)
    best = max(row @ CHANCE for row in worth_of_starts(whole, method))
    assert plan.objective == pytest.approx(best, rel=1e-6)


class Contract(cs.Family):
    """Power is contracted at each site before any scenario is known, and is all that is bought."""

    name = "contract"
    decisions = (cs.Quantity("contracted", ("site",), "MW"),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords={"site": data.indexes["site"]}, name="contracted")

    def constrain(self, model, data, formulation):
        excess = model["grid_import"] - model["contracted"]
        model.add_constraints(excess <= 0, name="contract:most")

    def worth(self, data):
        return {"contract": {"contracted": -9.0 + 0 * data.battery_energy}}

    def judge(self, data, decided):
        excess = (decided.grid_import - decided.contracted).max("time")
        yield "import within contract", "MW", excess, decided.contracted


def test_a_family_of_ones_own_commits_without_scenarios_and_decides_with_them():
    """Proves: what is declared without scenarios is the same in all, and kept in the recourse."""
    families = [*cs.FAMILIES, Contract()]
    plan = cs.solve(futures(), gap=0, families=families)
    assert set(plan.first) == {"start", "contracted"}
    assert plan.verify(futures()).ok
    again = cs.recourse(futures(), plan, families=families)
    assert again.objective == pytest.approx(plan.objective, rel=1e-6)
    most = max(float(s.data.grid_import.max()) for s in plan.schedules.values())
    assert float(plan.first.contracted.max()) == pytest.approx(most)


def test_variables_take_scenarios_where_they_concern_no_job():
    data = futures().instance.data.expand_dims(scenario=["a", "b"])
    assert list(over(data, "site", "time")) == ["scenario", "site", "time"]
    assert list(over(data, "job", "site")) == ["job", "site"]


def test_a_future_without_a_schedule_is_named():
    short = futures().replace(demand=futures().data.demand * xr.DataArray(
        [1.0, 9.0, 1.0], {"scenario": list(CHANCES)}))  # fmt: skip
    with pytest.raises(cs.InfeasibleError, match=r"^scenario windy: ") as caught:
        cs.solve(short)
    assert caught.value.diagnosis is not None


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"risk": 2.0}, "risk = 2.0: a number from 0 to 1"),
        ({"tail": 0.0}, "tail = 0.0: a number above 0"),
        ({"budget": 1.5}, "budget = 1.5: 'each' or 'expected'"),
        ({"budget": "some"}, "budget = 'some'"),
        ({"engine": "column-generation"}, "one future"),
        ({"method": "energy_only"}, "method energy_only: "),
        ({"workers": 2}, "for engine='decomposed' only"),
        ({"change_cost": 5.0}, "near, change_cost"),
    ],
)
def test_what_has_no_meaning_over_scenarios_is_refused(how, told):
    with pytest.raises(ValueError, match=told):
        cs.solve(futures(), **how)


def test_keywords_of_scenarios_without_scenarios_are_one_error():
    with pytest.raises(ValueError, match=r"risk = 0.5, budget = 'expected': for scenarios only"):
        cs.solve(fleet(), risk=0.5, budget="expected")


def test_jobs_are_the_same_in_every_scenario():
    reward = futures().instance.data.reward
    richer = cs.Scenarios.of(fleet(), {"a": {}, "b": {"reward": 2 * reward}})
    with pytest.raises(ValueError, match="reward: differs between scenarios"):
        cs.solve(richer)


def test_out_of_time_the_plan_for_the_mean_is_what_there_is(monkeypatch):
    """Proves: without an incumbent the starts for the mean are taken, and the gap is not hidden."""

    def out_of_time(*_: object) -> None:
        raise cs.NoIncumbentError("no schedule in time")

    monkeypatch.setattr(extensive, "ended", out_of_time)
    whole = futures(fleet(carbon_budget=30.0))
    plan = cs.solve(whole, gap=0)
    of_mean = cs.solve(whole.mean(), gap=0)
    assert bool((plan.start == of_mean.data.start).all())
    assert plan.bound >= plan.objective - 1e-6
    assert plan.status == ("optimal" if plan.gap < 1e-6 else "time_limit")
    assert plan.verify(whole).ok
