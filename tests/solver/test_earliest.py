"""Jobs start as early as costs nothing, and looking for that takes only so many pivots."""

from __future__ import annotations

import pytest

import carbonsched as cs
from carbonsched.solver import earliest
from carbonsched.solver.highs import HighsModel


def flat(make, count: int) -> cs.Instance:
    """Room for one job at a time, at one price: any order pays the same."""
    return make(1, 4 * count, count, 1, reward=1e5, power=50.0, duration=2, it_capacity=90.0)


def firsts(schedule: cs.Schedule) -> list[int]:
    """Return when the accepted jobs start, in order."""
    start = schedule.data.start.any("site").transpose("job", "time").values
    return sorted(int(row.argmax()) for row in start if row.any())


def test_one_after_the_other_they_leave_no_period_free(make):
    instance = flat(make, 4).replace(power_per_unit=0.0)
    assert firsts(cs.solve(instance, gap=0)) == [0, 2, 4, 6]


@pytest.mark.parametrize("pivots", [0, 25])
def test_a_round_ends_with_its_pivots_and_a_plan_stays_a_plan(make, monkeypatch, pivots):
    """Without pivots to spend all stays; with some it is no worse, and the same every time."""
    instance = flat(make, 6).replace(power_per_unit=0.0)
    rough = cs.solve(instance, gap=0, polish=False)
    monkeypatch.setattr(earliest, "PIVOTS", 0.0)
    monkeypatch.setattr(earliest, "LEAST_PIVOTS", pivots)
    polished = [cs.solve(instance, gap=0) for _ in range(2)]
    assert polished[0].objective == pytest.approx(rough.objective)
    assert firsts(polished[0]) == firsts(polished[1])
    assert sum(firsts(polished[0])) <= sum(firsts(rough))
    if not pivots:
        assert firsts(polished[0]) == firsts(rough)


def test_tries_take_no_more_pivots_than_a_program_without_any(monkeypatch):
    """Counted past what counts itself: every run of the program that is held."""
    taken = []
    run = HighsModel.run

    def counted(program, *limits):
        try:
            return run(program, *limits)
        finally:
            taken.append(program.pivots)

    monkeypatch.setattr(HighsModel, "run", counted)
    instance = cs.generate(2, 24, 12, 2, seed=3, utilisation=0.7)
    assert cs.solve(instance, gap=0.02, engine="milp").gap <= 0.02
    first, *tries = taken
    assert tries and sum(tries) <= max(earliest.LEAST_PIVOTS, earliest.PIVOTS * first)
