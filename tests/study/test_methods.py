"""The methods side by side: one row each, by its name, whatever becomes of it."""

from __future__ import annotations

import pytest
from own_families import DemandCharge, with_own

import carbonsched as cs
from carbonsched.study.methods import run_methods


def test_each_method_has_a_row_of_its_own_schedule(make):
    instance = cs.generate(2, 6, 2, 1, seed=0)
    own = cs.Method(storage="idle", carbon="none")
    outcomes = run_methods(instance, [*cs.METHODS, own], gap=0)
    assert list(outcomes) == [*cs.METHODS, "storage=idle, carbon=none"]
    for name, schedule in outcomes.items():
        assert str(schedule.method) == name
    table = cs.table(instance, iter([own]), "paper", gap=0, progress=False)
    assert table.index.tolist() == ["storage=idle, carbon=none"]
    assert table.objective.tolist() == pytest.approx([outcomes[own.name].objective])


def test_what_has_no_schedule_has_only_a_status(make):
    table = cs.table(make(1, 1, 0, 1, demand=5, import_limit=4), ["joint", "no_carbon"])
    assert table.status.tolist() == ["infeasible"] * 2 and table.objective.isna().all()


def test_families_are_for_every_method():
    instance = cs.generate(2, 6, 2, 1, seed=0)
    families = with_own(DemandCharge())
    table = cs.table(instance, ["joint", "no_battery"], families=iter(families), gap=0)
    for name, row in table.iterrows():
        alone = cs.solve(instance, name, families=families, gap=0)
        assert row.objective == pytest.approx(alone.objective)


def test_a_misspelt_keyword_is_named(make):
    instance = make(1, 1, 0, 1, demand=5)
    with pytest.raises(TypeError, match=r"table\(\) has no keyword 'gpa', did you mean 'gap'"):
        cs.table(instance, gpa=0.1)
    with pytest.raises(TypeError, match="families"):
        cs.table(instance, famlies=cs.FAMILIES)
    with pytest.raises(ValueError, match="choose from"):
        cs.table(instance, ["joint", "both"])
