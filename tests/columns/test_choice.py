"""What "auto" returns where the whole model stalls: the better of both engines, certified."""

from __future__ import annotations

from dataclasses import replace

import pytest

import carbonsched as cs
from carbonsched.columns import choice
from carbonsched.errors import NoIncumbentError
from carbonsched.solver.settings import Settings

FAMILIES = cs.FAMILIES
METHOD, FORMULATION = cs.METHODS["joint"], cs.FORMULATIONS["start"]


class Stalled:
    """A whole model whose search ends with a poor bound, a poor schedule, or none, when asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, shown: cs.Schedule | None) -> None:
        self.shown, self.limits, self.known = shown, [], []
        monkeypatch.setattr(choice, "solve_milp", self.solved)

    def solved(self, instance, method, formulation, families, settings, known=None):
        self.limits.append(settings.time_limit)
        self.known.append(known)
        if self.shown is None:
            raise NoIncumbentError("nothing yet")
        return replace(self.shown, status="time_limit")


@pytest.fixture(scope="module")
def case() -> tuple[cs.Instance, cs.Schedule]:
    instance = cs.generate(2, 12, 4, 2, seed=1)
    return instance, cs.solve(instance, gap=0, engine="milp")


def either(instance: cs.Instance, **asked: float) -> cs.Schedule:
    settings = Settings(progress=False, **asked)
    task = choice.Task(instance, METHOD, FORMULATION, FAMILIES, settings)
    return choice.by_whole_model_or_columns(task)


def test_columns_take_over_from_a_search_that_stalls(case, monkeypatch):
    """Proves: after a tenth of the time; their bound and schedule hold beside the optimum."""
    instance, best = case
    poor = replace(best, bound=2 * abs(best.objective))
    stalled = Stalled(monkeypatch, poor)
    schedule = either(instance, gap=0.01)
    assert stalled.limits == [pytest.approx(12)]
    assert schedule.status == "optimal" and schedule.gap <= 0.01
    assert schedule.objective <= best.objective + 1e-6 * abs(best.objective) <= schedule.bound + 1
    assert cs.verify(instance, schedule).ok


def test_without_an_incumbent_columns_find_one(case, monkeypatch):
    instance, best = case
    Stalled(monkeypatch, None)
    schedule = either(instance, gap=0.01)
    assert schedule.gap <= 0.01 and schedule.objective <= best.objective + 1e-3


def test_the_bounds_of_both_are_kept_and_the_whole_model_goes_on(case, monkeypatch):
    """Proves: where columns fail it has the time that is left, and begins with what is known."""
    instance, best = case
    stalled = Stalled(monkeypatch, replace(best, bound=2 * abs(best.objective)))

    def failed(*_: object) -> cs.Schedule:
        raise NoIncumbentError("no columns")

    monkeypatch.setattr(choice, "_columns", failed)
    schedule = either(instance, gap=0.01)
    assert schedule.status == "time_limit" and schedule.objective == best.objective
    assert stalled.limits[0] == pytest.approx(12) and 60 < stalled.limits[1] <= 120
    assert stalled.known[1] is best.data


def test_a_short_time_is_all_for_the_whole_model(case, monkeypatch):
    instance, best = case
    stalled = Stalled(monkeypatch, best)
    assert either(instance, time_limit=4.0).objective == best.objective
    assert stalled.limits == [4.0]


def test_a_search_that_reaches_the_gap_is_returned_as_it_is(case):
    """Proves: the choice changes nothing where nothing stalls."""
    instance, _ = case
    alone, chosen = cs.solve(instance, engine="milp"), cs.solve(instance)
    assert alone.data.equals(chosen.data) and alone.bound == chosen.bound


def test_many_states_of_the_grid_are_for_the_whole_model_alone(monkeypatch):
    """Proves: of many placements too, and it has all of the time."""
    fleet = cs.generate(4, 48, 40, 4, seed=3)
    dear = fleet.replace(export_price=1.2 * fleet.data.import_price)
    fits = [choice.fitting_engine(case, METHOD, FORMULATION, Settings()) for case in (fleet, dear)]
    assert fits == ["column-generation", "milp"]
    monkeypatch.setattr(choice, "_first_schedule", lambda task: (None, task.settings.time_limit))
    stalled = Stalled(monkeypatch, None)
    with pytest.raises(NoIncumbentError):
        either(dear)
    assert stalled.limits == [120.0]
