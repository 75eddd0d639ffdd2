"""The model as an object: to read, export and extend."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import linopy
import numpy as np
import pytest

import carbonsched as cs
from carbonsched.core.families import FAMILIES
from carbonsched.core.families.expressions import SHARED, contribute
from carbonsched.core.schema import DECISIONS


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
def test_names_are_those_of_the_schema(default, formulation):
    model = cs.build(default, formulation)
    beyond = {"charging"}
    assert set(model.variables) <= set(DECISIONS) | beyond
    whole = {name for name, decision in DECISIONS.items() if decision.kind == "bool"} | beyond
    assert set(model.binaries) == whole & set(model.variables)
    assert set(SHARED) <= set(model.expressions)
    families = {family.__name__.rsplit(".", 1)[-1] for family in FAMILIES}
    for name in model.constraints:
        family, row = name.split(":")
        assert family in families and row
    assert model.objective.sense == "max"


def test_every_equation_stands_in_the_code_by_its_number():
    folder = Path(cs.__file__).parent / "families"
    code = {path.stem: path.read_text() for path in folder.glob("*.py")}
    expected = {
        "objective": [1], "power": [2, 3], "balance": [4], "grid": [5, 6, 7], "jobs": [8, 9, 10],
        "inference": [11, 12], "storage": [13, 14, 15], "carbon": [16],
    }  # fmt: skip
    for family, equations in expected.items():
        comments = set(re.findall(r"# \((\d+)\)", code[family]))
        assert comments >= {str(k) for k in equations}, family
        for k in equations:
            assert f"\\tag{{{k}}}" in code[family]


def test_the_families_stand_in_the_papers_order():
    numbers = [int(re.search(r"\((\d+)\)", family.__doc__)[1]) for family in FAMILIES]
    assert numbers == sorted(numbers)


def test_the_formulation_decides_what_is_declared(default):
    start, paper = cs.build(default), cs.build(default, "paper")
    assert "run" not in start.variables and "run" in start.expressions
    assert {"run", "start", "stop", "importing", "exporting"} <= set(paper.variables)
    assert start.nvars < paper.nvars and start.ncons < paper.ncons


def test_the_model_exports_and_the_export_has_the_same_optimum(default, tmp_path):
    """HiGHS reads the LP and the MPS file on its own and agrees with the schedule."""
    import highspy

    optimum = cs.solve(default, gap=0).objective
    model = cs.build(default)
    for name in ("model.lp", "model.mps"):
        model.to_file(tmp_path / name, progress=False)
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        solver.readModel(str(tmp_path / name))
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.run()
        assert abs(solver.getObjectiveValue()) == pytest.approx(optimum, rel=1e-6)


def test_building_leaves_the_users_semantics_alone(default):
    before = linopy.options["semantics"]
    cs.build(default)
    assert linopy.options["semantics"] == before


def test_a_reader_adds_a_family(default):
    """One more family, with variables, terms and rows of its own, and no edit of the core: a
    demand charge of 500 USD per MW of each site's highest import."""

    def declare(model, data, formulation):
        peak = model.add_variables(lower=0, coords={"site": data.indexes["site"]}, name="peak")
        contribute(model, "benefit", -(500.0 * peak).sum())

    def constrain(model, data, formulation):
        model.add_constraints(model["grid_import"] <= model["peak"], name="peak:import")

    charge = SimpleNamespace(declare=declare, constrain=constrain)
    plain = cs.build(default)
    model = cs.build(default, families=[*FAMILIES, charge])
    assert "peak:import" in model.constraints
    for built in (plain, model):
        built.solve("highs", output_flag=False, mip_rel_gap=0.0, io_api="lp")
    highest = plain.solution.grid_import.max("time").sum()
    assert model.solution.peak.sum() < highest
    assert plain.objective.value - 500 * highest < model.objective.value < plain.objective.value


def test_a_families_term_must_go_to_a_shared_expression(default):
    model = cs.build(default)
    with pytest.raises(KeyError):
        contribute(model, "heat", 1 * model["generate"])


def test_a_family_need_not_have_rows(default):
    """Only a term: 1 USD for every MWh generated, declared and no more."""

    def declare(model, data, formulation):
        contribute(model, "benefit", -(data.step_hours * model["generate"]).sum())

    tax = SimpleNamespace(declare=declare)
    plain, taxed = cs.build(default), cs.build(default, families=[*FAMILIES, tax])
    assert set(taxed.constraints) == set(plain.constraints)
    moved = np.abs(plain.matrices.c - taxed.matrices.c)
    step = float(default.data.step_hours)
    assert sorted(set(np.round(moved, 9))) == [0.0, step]
    assert np.count_nonzero(np.round(moved, 9)) == plain["generate"].size
