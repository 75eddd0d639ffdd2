"""Rounds of the decomposition with scenarios and cuts that answer as they are told to."""

from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from futures import fleet, futures

import carbonsched as cs
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS
from carbonsched.solver.settings import Settings
from carbonsched.stochastic import decomposed, extensive
from carbonsched.stochastic.extensive import believed, extensive_model
from carbonsched.stochastic.families import most_emitted
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.recourse import Recourse
from carbonsched.stochastic.rounding import branch
from carbonsched.stochastic.search import Search

HOW = (METHODS["joint"], Formulation(), tuple(cs.FAMILIES))


class Cuts:
    """A cut model whose best whole placements are given in turn, each worth 100 USD less."""

    def __init__(self, *plans: list[float]) -> None:
        self.plans, self.weights, self.value = list(plans), np.zeros(0), 1000.0
        self.added, self.asked, self.excluded = [], [], []
        self.fleet = SimpleNamespace(near=lambda price, distance, most: (distance, most), count=1)
        self.add = self.added.append

    @property
    def proven(self) -> float:
        return self.value + 10.0 if self.plans or self.excluded else 0.0

    def solve(self, seconds: float) -> None:
        assert seconds > 0

    def search(self, seconds: float, near: float) -> bool:
        self.asked.append((seconds, near))
        if not self.plans:
            return False
        self.weights, self.value = np.array(self.plans.pop(0)), self.value - 100.0
        return True

    def exclude(self, weights: np.ndarray) -> None:
        self.excluded.append(weights.tolist())


def rounds(cuts: Cuts, short: int = 0, **more: object) -> SimpleNamespace:
    """Return a search that knows a plan of 500 USD and is short so many times."""
    search = SimpleNamespace(
        cuts=cuts, value=500.0, bound=1000.0, allowed=50.0, left=60.0, least=1e-6, done=False,
        proof=SimpleNamespace(price="prices"), told=lambda: None, penalised=0, seen=[],
    )  # fmt: skip

    def ask(weights: np.ndarray, whole: bool) -> SimpleNamespace:
        assert whole
        search.seen.append(weights.tolist())
        return SimpleNamespace(short=search.penalised < short)

    def penalise() -> bool:
        search.penalised += 1
        return search.penalised <= 2

    search.ask, search.penalise, search.reachable = ask, penalise, lambda weights: -np.inf
    vars(search).update(more)
    return search


def test_plans_are_asked_about_until_there_are_no_more():
    cuts = Cuts([1, 0.0], [0, 0.9999])
    search = rounds(cuts)
    branch(search, 0.1)
    assert search.seen == [[1.0, 0.0], [0.0, 1.0]]
    assert cuts.asked == [(30.0, 5.0)] * 3  # half of the time, a tenth of what the gap allows
    assert cuts.added == [(500.0, 50)]  # all within the distance of bound and plan


def test_only_so_many_plans_are_asked_about_for_a_start():
    cuts = Cuts([1, 0.0], [0, 1.0], [1, 1.0])
    search = rounds(cuts)
    branch(search, 0.1, times=2)
    assert len(search.seen) == 2 and cuts.added == [(50.0, 10)]


def test_a_plan_that_is_no_better_or_known_ends_it():
    cuts = Cuts([1, 0.0], [1, 0.0], [0, 1.0])
    search = rounds(cuts, proof=None)
    branch(search, 0.1, times=9)
    assert search.seen == [[1.0, 0.0]] and cuts.added == []
    search = rounds(Cuts([1, 0.0]), value=900.0)
    branch(search, 0.1)
    assert search.seen == []


def test_a_known_plan_is_left_out_where_all_are_looked_at_and_what_is_left_is_a_bound():
    cuts = Cuts([1, 0.0], [1, 0.0], [0, 1.0], [1, 1.0])
    search = rounds(cuts, value=650.0)
    branch(search, 0.1)
    assert cuts.excluded == [[1.0, 0.0]] and search.seen == [[1.0, 0.0], [0.0, 1.0]]
    assert search.bound == 650.0  # the last whole placements are worth 610 at most
    better = rounds(Cuts([1, 0.0], [1, 0.0], [0, 1.0], [1, 1.0]), value=650.0)
    better.reachable = lambda weights: 670.0  # its states were settled to within 20 USD
    branch(better, 0.1)
    assert better.bound == 670.0
    some = rounds(Cuts([1, 0.0]), value=900.0)
    some.cuts.fleet.count = 0  # there were more than became columns
    branch(some, 0.1)
    assert some.bound == 1000.0


def test_a_plan_is_worth_what_better_states_may_add_and_no_more_than_fractions_of_them():
    answers = SimpleNamespace(
        value=np.array([100.0, 80.0]),
        settled=np.array([90.0, 79.5]),
        turnover=np.array([50.0, 40.0]),
    )
    search = SimpleNamespace(
        asked=[answers], within=0.1, worth=np.sum, cuts=SimpleNamespace(earned=lambda weights: 7.0)
    )
    assert Search.reachable(search, np.array([1.0])) == 95.0 + 80.0 + 7.0
    assert Search.reachable(search, np.array([0.0])) == 187.0  # states as they come


def test_what_is_short_is_asked_again_at_a_higher_penalty_as_long_as_may_be():
    for short, asked in ((1, 2), (9, 3)):
        search = rounds(Cuts([1, 0.0]), short=short)
        branch(search, 0.1)
        assert len(search.seen) == asked


def test_what_is_near_enough_ends_it():
    search = rounds(Cuts([1, 0.0], [0, 1.0]))
    search.told = lambda: vars(search).update(done=True)
    branch(search, 0.1)
    assert search.seen == [[1.0, 0.0]]
    search = rounds(Cuts([1, 0.0]), left=0.0)
    branch(search, 0.1)
    assert search.seen == []


def test_without_a_plan_it_is_said_whether_time_or_plans_were_lacking():
    assert decomposed._known(SimpleNamespace(placed="plan", left=0.0)) == "plan"
    for left, told in ((0.0, "the time limit passed before any plan"), (5.0, "every required job")):
        with pytest.raises(cs.NoIncumbentError, match=told):
            decomposed._known(SimpleNamespace(placed=None, left=left))


def test_what_is_short_without_any_job_at_any_penalty_has_no_schedule():
    search = rounds(Cuts(), short=9)
    with pytest.raises(cs.InfeasibleError, match="not even one without any job"):
        decomposed._run(search)
    assert search.seen == [[]] * 3


def test_late_rounds_ask_nothing():
    search = rounds(Cuts())
    decomposed._relax(search, SimpleNamespace(weights=np.zeros(0)), 1.0, time.monotonic() - 1)
    assert search.seen == []


def test_a_budget_without_a_limit_has_no_row_and_no_price():
    """By hand: 10 MW of inference at 10 USD/MWh, which earn 40 USD each."""
    data = plain(1, 1, 0, 1, demand=10.0, value=40.0)
    answer = Recourse(data, 1e4).answer(np.zeros((1, 1)), within=0.0)
    assert (answer.value, answer.settled, answer.short) == pytest.approx((300.0, 300.0, 0.0))
    assert float(answer.prices["carbon_price"]) == 0.0
    assert answer.prices["power_price"].tolist() == [[pytest.approx(10.0)]]


def test_a_battery_that_cannot_end_as_it_must_is_no_dispatch():
    data = plain(1, 1, battery_energy=4.0, battery_final=4.0)
    recourse = Recourse(data, 1e4)
    assert recourse.answer(np.zeros((1, 1))) is None
    with pytest.raises(ValueError, match="no dispatch for this load"):
        recourse.solution(np.zeros((1, 1)))


def test_states_that_no_time_was_left_to_settle_are_told(monkeypatch):
    data = plain(1, 1, export_limit=10.0, export_price=30.0, import_limit=10.0)
    recourse = Recourse(data, 1e4)
    answer = recourse.answer(np.zeros((1, 1)))  # buys and sells by fractions of a state
    assert answer.value > 0
    values = recourse.held.values()
    monkeypatch.setattr(recourse.held, "run", lambda seconds: False)
    monkeypatch.setattr(recourse.held, "search", lambda seconds, near: False)
    with pytest.raises(TimeoutError):
        recourse._settled(answer.value, values, 0.0, 1.0)


@pytest.mark.parametrize("budget", ["expected", 0.5])
def test_budgets_without_a_limit_are_no_rows(budget):
    free = futures(fleet(carbon_budget=np.inf))
    model = extensive_model(free, *HOW, Outlook(budget=budget))
    assert not [name for name in model.constraints if name.startswith("carbon:")]
    assert "over_budget" not in model.variables and model.shared["emissions"]


def test_what_emits_without_a_limit_cannot_be_let_off_its_budget():
    coords = {"site": ["A"]}
    model = cs.build(cs.Instance(plain(1, 1)))
    endless = model.add_variables(lower=0, coords=coords, name="burnt")
    with pytest.raises(ValueError, match="burnt emits, and has no limit"):
        most_emitted([(1.0, endless)])
    with pytest.raises(ValueError, match="an expression emits, and has no limit"):
        most_emitted([(1.0, 2 * endless)])
    some = model.add_variables(lower=-1, upper=5, coords=coords, name="some")
    assert most_emitted([(2.0, some), (-3.0, some)]).item() == 2 * 5 + 3 * 1


@pytest.fixture(scope="module")
def plan() -> cs.ScenarioSchedule:
    return cs.solve(futures(), gap=0, gap_of="objective", polish=False)


def test_a_plan_as_it_was_solved_is_as_good(plan):
    """Proves: without the best dispatch anew, and by the paper's gap, it keeps every row."""
    assert plan.verify(futures()).ok and plan.status == "optimal"
    assert plan.objective == pytest.approx(plan.bound, rel=1e-6)


def test_a_plan_that_breaks_a_row_is_solved_once_more_with_care(plan, monkeypatch):
    one = next(iter(plan.schedules.values()))
    spoilt = {
        label: cs.Schedule(**{**vars(of), "data": of.data.assign(route=0 * of.data.route)})
        for label, of in plan.schedules.items()
    }
    asked = []

    def attempt(scenarios, method, formulation, *given, cautious=False):
        asked.append((formulation.grid_states, cautious))
        return plan if cautious else extensive.replace(plan, schedules=spoilt, runtime=3.0)

    monkeypatch.setattr(extensive, "_attempt", attempt)
    monkeypatch.setattr(extensive, "_of_the_mean", lambda *given: None)
    found = extensive.extensive(futures(), *HOW, Settings(), Outlook())
    assert asked == [(Formulation().grid_states, False), ("everywhere", True)]
    assert found.runtime == plan.runtime + 3.0
    assert next(iter(found.schedules.values())).data.equals(one.data)


def test_a_plan_beyond_its_bound_is_not_believed(plan):
    report = plan.verify(futures())
    assert believed(plan, report) is plan
    with pytest.raises(cs.SolverError, match="gives an upper bound of"):
        believed(extensive.replace(plan, bound=plan.objective - 100.0), report)


def test_without_a_plan_for_the_mean_the_search_begins_with_none(monkeypatch):
    def none(*given: object) -> None:
        raise cs.NoIncumbentError("nothing in time")

    monkeypatch.setattr(extensive, "solve_milp", none)
    assert extensive._of_the_mean(futures(), *HOW, Settings()) is None
    assert extensive._of_the_mean(futures(), *HOW, Settings(solver="scip")) is None


def test_a_dispatch_that_fails_leaves_the_plan_as_it_was(monkeypatch):
    """By hand, as where the budget is spent in expectation: the best dispatch is the one found."""
    site = cs.Instance(
        plain(1, 1, 0, 1, demand=10, generation_available=10, generation_cost=50,
              carbon_intensity=1, carbon_budget=2.5)
    )  # fmt: skip
    clean = {"carbon_intensity": xr.full_like(site.data.carbon_intensity, 0.1)}
    both = cs.Scenarios.of(site, {"dirty": {}, "clean": clean})

    def failed(*given: object, **how: object) -> None:
        raise cs.SolverError("highs failed")

    monkeypatch.setattr(extensive, "second_stage", failed)
    found = cs.solve(both, gap=0, budget="expected")
    assert found.expected == pytest.approx(-0.5 * (4 * 10 + 6 * 50) - 0.5 * 100)
    monkeypatch.setattr(extensive, "run", failed)
    model = extensive_model(both, *HOW, Outlook())
    assert not extensive._dispatch(model, both, xr.Dataset(), Settings())
