"""Required jobs: instances by hand, and every set of declined jobs tried out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import carbonsched as cs
from carbonsched.diagnosis import conflict, elastic
from carbonsched.solver.highs import HighsModel


def solves(instance: cs.Instance, method: str = "joint") -> bool:
    try:
        cs.solve(instance, method)
    except cs.InfeasibleError:
        return False
    return True


def test_two_required_jobs_in_one_hour(make):
    """2 x 60 MW in 100: already fractions do not fit, and a proof by multipliers is there."""
    instance = make(1, 1, 3, 0, power=60, required=[True, False, True])
    found = cs.diagnose(instance)
    assert not found.feasible and not solves(instance)
    members = found.conflict.members
    assert set(zip(members.limit, members.label, strict=True)) == {
        ("required", "j0"), ("required", "j2"), ("it_capacity", "A"),
    }  # fmt: skip
    assert found.remedy("it_capacity").amount == pytest.approx(20, rel=1e-4)
    assert found.remedy("required").amount == 1
    assert "(8) required jobs: j0 and j2" in str(found)
    program = elastic.Elastic(instance.data, cs.Method())
    assert program.infeasible() and program.proved


def test_three_jobs_that_fit_only_by_fractions(make):
    """3 x 60 MW in two hours of 100 MW: 180 of 200 MWh, but one whole job an hour."""
    instance = make(1, 2, 3, 0, power=60, required=True)
    program = elastic.Elastic(instance.data, cs.Method())
    assert program.infeasible() and not program.proved  # the integers, and no multipliers
    found = cs.diagnose(instance)
    assert not solves(instance) and not found.findings
    members = found.conflict.members
    assert found.conflict.irreducible
    assert members.groupby("limit").size().to_dict() == {"it_capacity": 2, "required": 3}
    assert found.remedy("it_capacity").amount == pytest.approx(20, rel=1e-4)
    released = found.remedy("required")
    assert (released.amount, released.unit) == (1, "jobs")
    assert "let 1 of the required jobs be declined (j" in str(found)
    for name in ("it_capacity", "required"):
        changed = found.remedy(name).apply(instance)
        assert solves(changed) and cs.diagnose(changed).feasible
    assert changed.data.required.dtype == bool and changed.data.required.sum() == 2


def test_fractions_of_three_long_jobs(make):
    """Two hours of three each, three jobs, two of them at once: any two overlap in hour one."""
    instance = make(1, 3, 3, 0, power=45, duration=2, required=True)
    found = cs.diagnose(instance)
    assert not found.feasible and not solves(instance)
    assert found.remedy("it_capacity").amount == pytest.approx(35, rel=1e-4)
    members = found.conflict.members
    assert members[members.limit == "it_capacity"].time.tolist() == [1]


def test_a_required_job_and_a_budget(make):
    """A job of 10 MWh and inference of 10 at 0.5 t/MWh: 10 t; declined, 5."""
    instance = make(1, 1, 1, 1, demand=10, carbon_budget=6, required=True)
    found = cs.diagnose(instance)
    assert found.remedy("carbon_budget").amount == pytest.approx(4, rel=1e-4)
    assert found.remedy("required").amount == 1
    assert "inference and required jobs need at least 20 MWh with cooling" in str(found)
    assert cs.diagnose(instance.replace(required=False)).feasible


def test_energy_only_places_required_jobs_in_turn(make):
    """j0 takes the first hour, and j1 may only run there; the joint method puts j0 second."""
    instance = make(1, 2, 2, 0, power=60, deadline=[1, 0], required=[False, True])
    assert cs.diagnose(instance).feasible
    found = cs.diagnose(instance, "energy_only")
    assert not found.feasible and not solves(instance, "energy_only")
    assert "required job j1 finds no room in its window beside inference" in str(found)
    assert found.remedy("it_capacity").amount == pytest.approx(20, rel=1e-4)
    for name in ("it_capacity", "required"):
        assert solves(found.remedy(name).apply(instance), "energy_only")
    assert cs.diagnose(instance.replace(required=~instance.data.required), "energy_only").feasible


def test_two_needs_have_changes_that_are_enough_together(make):
    """No unit alone cures two jobs that overlap and a final charge out of reach."""
    instance = make(
        1, 1, 2, 1, power=60, required=True, demand=1, battery_energy=9, battery_final=4,
        charge_limit=1,
    )  # fmt: skip
    found = cs.diagnose(instance)
    assert not any(remedy.enough for remedy in found.remedies)
    changed = instance
    for remedy in found.together:
        changed = remedy.apply(changed)
    assert found.together and solves(changed) and not solves(instance)
    assert "without shedding demand" in found.summary()


def test_without_time_for_integers_little_is_said(make, monkeypatch):
    """Proves: what is undecided is an error, a remedy left out or a conflict not thinned."""
    instance = make(1, 2, 3, 0, power=60, required=True)
    enough, solve = [1], HighsModel.run

    def run(held: HighsModel, seconds: float = np.inf) -> bool:
        if np.isfinite(seconds):
            if not enough[0]:
                raise TimeoutError
            enough[0] -= 1
        return solve(held, seconds)

    monkeypatch.setattr(HighsModel, "run", run)
    found = cs.diagnose(instance)
    assert not found.feasible and not found.conflict.irreducible
    assert {remedy.parameter for remedy in found.remedies}.isdisjoint({"it_capacity", "required"})
    with pytest.raises(cs.SolverError, match="required jobs: no answer within 60 s"):
        cs.diagnose(instance)


def test_a_filter_without_time_for_integers_keeps_a_conflict(make):
    instance = make(1, 2, 3, 0, power=60, required=True)
    program = elastic.Elastic(instance.data, cs.Method())
    found = conflict.find_conflict(program, -1.0)
    assert not found.irreducible and {"required", "it_capacity"} <= set(found.members.limit)


def random_jobs(seed: int) -> cs.Instance:
    """Return two sites, four hours and five jobs, most of them required, feasible or not."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, 4, 5, 1, seed, utilisation=0.5)
    data = instance.data
    share, required = rng.uniform(0.4, 0.9, 5), rng.random(5) < 0.8
    return instance.replace(
        power=data.power.copy(data=share * float(data.it_capacity.max())),
        required=data.required.copy(data=required),
    )


def declined(instance: cs.Instance, jobs: tuple[str, ...]) -> cs.Instance:
    return instance.replace(required=instance.data.required & ~instance.data.job.isin(jobs))


KINDS = {0: True, 1: False, 3: False}  # seed -> whether there is a schedule, so that both are seen
LONG = [pytest.param(seed, marks=pytest.mark.long) for seed in (2, 4, 5, 6, 7)]


@pytest.mark.parametrize("seed", [*KINDS, *LONG])
def test_declining_fewer_jobs_is_not_enough(seed):
    """Every set of as many jobs, less one, is tried with the solver: an independent model."""
    instance = random_jobs(seed)
    found = cs.diagnose(instance)
    assert found.feasible == solves(instance) == KINDS.get(seed, found.feasible)
    if found.feasible:
        return
    for remedy in found.remedies:
        if remedy.enough:
            assert solves(remedy.apply(instance)), remedy
    jobs = instance.data.job.values[instance.data.required.values]
    fewest = next(
        n for n in range(len(jobs) + 1)
        if any(solves(declined(instance, some)) for some in combinations(jobs, n))
    )  # fmt: skip
    assert found.remedy("required").amount == fewest
    named = found.conflict.members.query("limit == 'required'").label
    spared = declined(instance, tuple(set(jobs) - set(named)))
    assert not solves(spared)  # these jobs conflict without the others
    assert pd.Series(named).is_unique
