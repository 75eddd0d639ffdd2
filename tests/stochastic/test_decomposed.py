"""Scenarios solved one by one, held against the extensive form."""

import numpy as np
import pytest
from distributed import Client
from drawn_futures import drawn

import carbonsched as cs
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS, Method
from carbonsched.solver.settings import Settings
from carbonsched.stochastic import decomposed as engine
from carbonsched.stochastic.futures import Futures

OUTLOOKS = [(0.0, 0.1), (0.5, 0.3), (1.0, 0.1), (0.3, 1.0)]
SAME = 1e-6  # of the turnover


def of(seed: int) -> cs.Scenarios:
    share = 0.35 if seed % 3 == 0 else 1.0
    return drawn(seed, 3, jobs=4, periods=8, negative=seed % 2 == 1, budget_share=share)


def compared(seed: int, futures: cs.Scenarios) -> None:
    """Compare both forms on one draw: plan, bound and judgement."""
    risk, tail = OUTLOOKS[seed % 4]
    how = {"gap": 1e-7, "risk": risk, "tail": tail}
    try:
        best = cs.solve(futures, **how)
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(futures, engine="decomposed", **how)
        return
    found = cs.solve(futures, engine="decomposed", time_limit=30, **how)
    assert found.objective == pytest.approx(best.objective, abs=SAME * best.turnover)
    assert found.bound >= best.objective - SAME * best.turnover
    assert found.verify(futures).ok
    assert found.status == ("optimal" if found.gap <= 1e-7 else "time_limit")


@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_the_optimum_of_the_extensive_form(seed):
    compared(seed, of(seed))


def test_states_that_rounded_lack_budget_are_looked_for():
    compared(146, drawn(146, 2, jobs=2, negative=True, budget_share=0.35))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4, 54))
def test_it_is_the_optimum_of_the_extensive_form_on_many(seed):
    compared(seed, of(seed))


@pytest.fixture
def searches(monkeypatch) -> list:
    """Return the searches of the solves to come."""
    seen, run = [], engine._run

    def watched(search):
        seen.append(search)
        run(search)

    monkeypatch.setattr(engine, "_run", watched)
    return seen


def test_every_round_has_the_optimum_within_its_interval(searches):
    """Proves: bound and plan of every round; neither ever gets worse."""
    futures = drawn(5, negative=True)
    best = cs.solve(futures, gap=1e-7, risk=0.4, tail=0.5).objective
    cs.solve(futures, gap=1e-6, risk=0.4, tail=0.5, engine="decomposed")
    plans, bounds = np.array(searches[0].intervals).T
    assert len(plans) > 3
    assert (plans <= best * (1 + 1e-7)).all() and (bounds >= best * (1 - 1e-7)).all()
    assert (np.diff(plans) >= 0).all() and (np.diff(bounds) <= 0).all()


def test_decomposed_one_scenario_is_the_deterministic_model():
    futures = drawn(7, 1, negative=True)
    alone = cs.solve(futures[futures.labels[0]], gap=1e-7)
    plan = cs.solve(futures, gap=1e-7, risk=1.0, engine="decomposed")
    assert plan.objective == pytest.approx(alone.objective, rel=1e-7)


def test_risk_at_its_limits():
    """Proves: a tail of one is the expectation; a small one the worst case."""
    futures = drawn(8)
    expected = cs.solve(futures, gap=1e-7, engine="decomposed")
    whole = cs.solve(futures, gap=1e-7, risk=1.0, tail=1.0, engine="decomposed")
    worst = cs.solve(futures, gap=1e-7, risk=1.0, tail=1e-6, engine="decomposed")
    assert whole.objective == pytest.approx(expected.objective, rel=1e-7)
    assert worst.objective == pytest.approx(float(worst.benefit.min()), rel=1e-9)
    assert worst.objective >= float(expected.benefit.min()) - 1e-6
    assert worst.objective <= expected.objective


def test_required_jobs_run_at_a_loss():
    futures = drawn(4)
    jobs = futures.instance.data
    futures = futures.replace(required=jobs.required | True, reward=0 * jobs.reward)
    best = cs.solve(futures, gap=1e-7)
    found = cs.solve(futures, gap=1e-7, engine="decomposed")
    assert found.start.sum() == jobs.sizes["job"]
    assert found.objective == pytest.approx(best.objective, rel=1e-7)
    assert found.bound >= best.objective * (1 - 1e-7)


def test_without_jobs_or_services():
    for sizes in ((2, 3, 0, 1), (2, 3, 2, 0)):
        day = cs.generate(*sizes, seed=3)
        futures = cs.Scenarios.of(
            day, {"usual": {}, "dear": {"import_price": 2 * day.data.import_price}}
        )
        best = cs.solve(futures, gap=1e-7)
        found = cs.solve(futures, gap=1e-7, engine="decomposed")
        assert found.objective == pytest.approx(best.objective, rel=1e-7)


def alone(futures: cs.Scenarios, **how: object) -> cs.ScenarioSchedule:
    return engine.decomposed(futures, Method(), Formulation(), Settings(gap=1e-5), **how)


def same(one: cs.ScenarioSchedule, other: cs.ScenarioSchedule) -> None:
    assert one.objective == other.objective and one.bound == other.bound
    assert (one.start == other.start).all()
    assert list(one.schedules) == list(other.schedules)


def test_a_cluster_finds_the_same_plan():
    futures = drawn(9, 3)
    with Client(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None) as two:
        same(alone(futures), alone(futures, workers=two))


@pytest.mark.long
def test_two_processes_find_the_same_plan():
    futures = drawn(9, 3)
    same(alone(futures), alone(futures, workers=2))


def test_a_killed_run_goes_on(monkeypatch, tmp_path):
    """Proves: what was answered before a kill is not asked again, and the plan is the same."""
    futures, honest, asked = drawn(10), Futures.answers, []
    whole = alone(futures)

    def answers(self, *given):
        if len(asked) == 4:
            raise KeyboardInterrupt
        asked.append(given[0])
        return honest(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Futures, "answers", answers)
        with pytest.raises(KeyboardInterrupt):
            alone(futures, folder=tmp_path)
    assert len(list(tmp_path.rglob("*.npz"))) == 4
    damaged = sorted(tmp_path.rglob("*.npz"))[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    again = []
    with monkeypatch.context() as patch:
        patch.setattr(
            Futures, "answers", lambda self, *given: again.append(given[0]) or honest(self, *given)
        )
        resumed = alone(futures, folder=tmp_path)
    known = [any(np.array_equal(load, old) for old in asked) for load in again]
    assert sum(known) == 1  # the damaged one
    assert resumed.objective == pytest.approx(whole.objective, rel=1e-9)


def test_what_is_known_when_the_time_is_up_is_returned(monkeypatch):
    futures, honest, count = drawn(10), Futures.answers, []

    def answers(self, *given):
        count.append(1)
        if len(count) > 3:
            raise TimeoutError
        return honest(self, *given)

    best = cs.solve(futures, gap=1e-7)
    monkeypatch.setattr(Futures, "answers", answers)
    found = alone(futures)
    assert found.objective <= best.objective <= found.bound * (1 + 1e-9)
    assert found.gap > 1e-5 and found.status != "optimal"


def test_no_time_at_all_is_no_plan():
    with pytest.raises(cs.NoIncumbentError):
        cs.solve(drawn(0), engine="decomposed", time_limit=0.0)


def test_an_infeasible_scenario_is_named():
    futures = drawn(0)
    budget = futures.instance.data.carbon_budget
    futures = futures.replace(carbon_budget=(budget * (futures.probability > 0)).where(
        futures.probability.scenario != "future 1", 1e-3
    ))  # fmt: skip
    with pytest.raises(cs.InfeasibleError, match="scenario future 1"):
        cs.solve(futures, engine="decomposed")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"budget": "expected"}, "budget = 'expected'"),
        ({"budget": 0.5}, "budget = 0.5"),
        ({"solver": "scip"}, "HiGHS"),
        ({"options": {"threads": 1}}, "HiGHS"),
        ({"method": METHODS["energy_only"]}, "energy_only"),
        ({"workers": 0}, "workers = 0"),
    ],
)
def test_what_it_does_not_take_is_refused_by_name(how, said):
    with pytest.raises(ValueError, match=said):
        cs.solve(drawn(0), engine="decomposed", **how)
