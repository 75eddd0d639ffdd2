"""The model as an object: to read, export and extend."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

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
    families = {family.name for family in FAMILIES}
    for name in model.constraints:
        family, row = name.split(":")
        assert family in families and row
    assert model.objective.sense == "max"


def test_every_equation_stands_in_the_code_by_its_number():
    folder = Path(cs.__file__).parent / "core" / "families"
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
    numbers = [int(re.search(r"\((\d+)\)", type(family).__doc__)[1]) for family in FAMILIES]
    assert numbers == sorted(numbers)


def test_the_formulation_decides_what_is_declared(default):
    start, paper = cs.build(default), cs.build(default, "paper")
    assert "run" not in start.variables
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


class DemandCharge(cs.Family):
    """500 USD per MW of each site's highest import."""

    name = "demand_charge"
    parameters = (cs.Quantity("demand_rate", ("site",), "USD/MW", lower=0, default=500.0),)
    decisions = (cs.Quantity("peak", ("site",), "MW", lower=0),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords=cs.over(data, "site"), name="peak")

    def constrain(self, model, data, formulation):
        model.add_constraints(model["grid_import"] <= model["peak"], name="demand_charge:peak")

    def worth(self, data):
        return {"demand_charge": {"peak": -data.demand_rate}}

    def judge(self, data, decided):
        yield "import within the peak", "MW", decided.grid_import - decided.peak, decided.peak


def test_a_reader_adds_a_family(default):
    """One more family, with variables, terms and rows of its own, and no edit of the core."""
    families = [*FAMILIES, DemandCharge()]
    plain, model = cs.build(default), cs.build(default, families=families)
    assert "demand_charge:peak" in model.constraints
    for built in (plain, model):
        built.solve("highs", output_flag=False, mip_rel_gap=0.0, io_api="lp")
    highest = plain.solution.grid_import.max("time").sum()
    assert model.solution.peak.sum() < highest
    assert plain.objective.value - 500 * highest < model.objective.value < plain.objective.value

    for engine in ("milp", "auto"):
        schedule = cs.solve(default, families=families, gap=0, engine=engine)
        assert schedule.objective == pytest.approx(model.objective.value, rel=1e-6)
        peaks = schedule.data.grid_import.max("time")
        np.testing.assert_allclose(schedule.data.peak, peaks, atol=1e-6)
        assert schedule.benefit["demand_charge"] == pytest.approx(-500 * float(peaks.sum()))
    assert schedule.data.peak.attrs["units"] == "MW"
    assert cs.verify(default, schedule).ok


def test_a_peak_lowered_by_hand_is_found(default):
    families = [*FAMILIES, DemandCharge()]
    schedule = cs.solve(default, families=families)
    lowered = schedule.data.assign(peak=schedule.data.peak.copy())
    site = str(lowered.peak.idxmax("site").item())
    lowered.peak.loc[{"site": site}] -= 3
    report = cs.verify(default, replace(schedule, data=lowered))
    worst = {(check.equation, check.row): check for check in report.broken}
    check = worst["demand_charge", "import within the peak"]
    assert check.worst == pytest.approx(3, abs=1e-6) and check.unit == "MW"
    assert f"site={site}" in check.label


def test_every_formulation_has_the_same_optimum_with_a_family():
    charge = DemandCharge()
    for seed in range(3):
        instance = cs.generate(2, 8, 3, 2, seed).with_families([charge], demand_rate=900.0)
        how = {"families": [*FAMILIES, charge], "gap": 1e-7}
        first, *others = (cs.solve(instance, formulation=f, **how) for f in cs.FORMULATIONS)
        assert [s.objective for s in others] == pytest.approx([first.objective], rel=1e-6)


def test_column_generation_refuses_a_family_by_name(default, monkeypatch):
    with pytest.raises(ValueError, match="does not take the family demand_charge"):
        cs.solve(default, families=[*FAMILIES, DemandCharge()], engine="column-generation")


def test_what_is_no_family_or_not_the_papers_is_refused(default):
    with pytest.raises(TypeError, match="without objective, power"):
        cs.solve(default, families=())
    with pytest.raises(TypeError, match=r"is no carbonsched\.Family"):
        cs.build(default, families=[*FAMILIES, lambda: None])
    with pytest.raises(TypeError, match="a name is given twice"):
        cs.build(default, families=[*FAMILIES, DemandCharge(), DemandCharge()])


def test_a_familys_term_must_go_to_a_shared_expression(default):
    model = cs.build(default)
    with pytest.raises(KeyError):
        contribute(model, "heat", model["generate"])


@pytest.mark.parametrize("name", ["benefit", "emissions"])
def test_what_families_say_is_not_added_by_hand(default, name):
    """The judge and a moved model know what `worth` and `emitted` say, and nothing else."""

    class ByHand(cs.Family):
        name = "by hand"

        def declare(self, model, data, formulation):
            contribute(model, given, (-data.step_hours, model["generate"]))

    given = name
    with pytest.raises(cs.FamilyError, match=rf"by hand.*declare.*{name}.*`worth`, `emitted`"):
        cs.build(default, families=[*FAMILIES, ByHand()])


def test_nothing_is_added_to_what_rows_are_made_of(default):
    """A supply that the balance has not seen would be lost in silence."""

    class Late(cs.Family):
        name = "late"

        def constrain(self, model, data, formulation):
            contribute(model, "net_supply", model["generate"])

    with pytest.raises(cs.FamilyError, match=r"late.*constrain.*net_supply.*in `declare`"):
        cs.build(default, families=[*FAMILIES, Late()])
    model = cs.build(default, families=[Late(), *FAMILIES])
    supplied = model.constraints["balance:power"].vars
    assert ((supplied == model["generate"].labels).sum("_term") == 2).all()  # its own, and this
    with pytest.raises(ValueError, match="net_supply is used by a family before this one"):
        cs.build(default, families=reversed(FAMILIES))


@pytest.mark.parametrize("formulation", ["start", "paper"])
def test_the_first_variable_of_a_model_counts_like_any_other(formulation):
    """With the jobs ahead of all, the first start of the first job has linopy's label 0."""
    given = cs.generate(sites=2, periods=6, jobs=2, services=1, utilisation=0.5)
    first = given.data.job == given.data.job[0]
    data = given.data
    given = given.replace(
        required=first | data.required,
        release=data.release.where(~first, 0),
        deadline=data.deadline.where(~first, data.duration - 1),
    )
    ahead = sorted(FAMILIES, key=lambda family: family.name != "jobs")
    model = cs.build(given, formulation, families=ahead)
    assert model["start"].labels[0, 0, 0] == 0
    assert model.ncons == cs.build(given, formulation).ncons  # (10) of that start is among them
    plan = cs.solve(given, formulation=formulation, families=ahead)
    assert plan.data.start.isel(job=0, time=0).sum() == 1
    assert plan.objective == pytest.approx(cs.solve(given, formulation=formulation).objective)


def test_a_family_need_not_have_rows(default):
    """Only a term: 1 USD for every MWh generated, and no more."""

    class Tax(cs.Family):
        name = "tax"

        def worth(self, data):
            return {"tax": {"generate": -data.step_hours}}

    given = cs.Formulation(bounds="given", grid_states="everywhere", storage_states="everywhere")
    plain = cs.build(default, given)
    taxed = cs.build(default, given, families=[*FAMILIES, Tax()])
    assert set(taxed.constraints) == set(plain.constraints)
    generate = plain["generate"].labels.values.ravel()
    costs = {}
    for name, model in (("plain", plain), ("taxed", taxed)):
        objective = model.objective.expression.data
        costs[name] = np.zeros(model._xCounter)
        np.add.at(costs[name], objective.vars.values, objective.coeffs.values)
    moved = costs["plain"] - costs["taxed"]
    assert np.flatnonzero(np.abs(moved) > 1e-9).tolist() == sorted(generate.tolist())
    np.testing.assert_allclose(moved[generate], float(default.data.step_hours))
