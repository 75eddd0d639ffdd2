"""Jobs start as early as costs nothing, and looking for that takes only so many pivots."""

from __future__ import annotations

import numpy as np
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


def test_where_no_job_can_start_earlier_no_program_is_made(make, monkeypatch):
    monkeypatch.setattr(earliest, "_Tries", lambda *given: pytest.fail("nothing is to be tried"))
    instance = flat(make, 2).replace(power_per_unit=0.0, it_capacity=190.0, deadline=1)
    assert firsts(cs.solve(instance, gap=0)) == [0, 0]
    idle = instance.replace(reward=0.0)
    assert firsts(cs.solve(idle, gap=0)) == []


def test_a_job_can_start_earlier_where_a_former_period_of_its_site_is_open():
    """Against a loop over all jobs, sites and periods."""
    rng = np.random.default_rng(7)
    for _ in range(50):
        now, may = np.zeros((4, 2, 5)), rng.random((4, 2, 5)) < 0.4
        for job in range(3):  # the last one does not run
            now[job, rng.integers(2), rng.integers(5)] = 1
        open_before = [
            any(may[job, site, :period].any() for site, period in np.argwhere(now[job] == 1))
            for job in range(4)
        ]
        assert earliest._not_first(now, may).tolist() == open_before


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
