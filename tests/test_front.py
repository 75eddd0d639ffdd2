"""Solving: statuses, limits, silence, and solvers that lie."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import linopy
import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.solver import milp as module
from carbonsched.solver.settings import Settings

# Tight capacity and many like jobs: small to build, far from solved in the root node.
HARD = dict(sites=4, periods=72, jobs=40, services=3, seed=2, utilisation=0.97)


@pytest.fixture(scope="module")
def hard() -> cs.Instance:
    instance = cs.generate(**HARD)
    return instance.replace(power=instance.data.power * 0 + np.linspace(20, 40, 40).round(1))


def test_a_schedule_tells_all(default):
    schedule = cs.solve(default, gap=1e-6)
    assert schedule.status == "optimal" and schedule.gap <= 1e-6
    assert schedule.objective == pytest.approx(sum(schedule.benefit.values()))
    assert schedule.bound >= schedule.objective * (1 - 1e-9)
    assert schedule.runtime > 0 and schedule.build_time > 0
    assert schedule.method == cs.METHODS["joint"] and schedule.solver == "highs"
    assert set(schedule.versions) == {"carbonsched", "linopy", "highspy"}
    assert schedule.versions["linopy"] == linopy.__version__
    assert f"{schedule.objective:,.0f} USD" in repr(schedule)
    assert cs.verify(default, schedule).ok


def test_a_schedule_survives_the_disk(default, tmp_path):
    schedule = cs.solve(default)
    again = cs.Schedule.load(schedule.save(tmp_path / "schedule.nc"))
    xr.testing.assert_identical(again.data, schedule.data)
    assert again.summary() == schedule.summary()
    assert cs.verify(default, again).ok
    default.save(tmp_path / "instance.nc")
    with pytest.raises(ValueError, match="holds no schedule"):
        cs.Schedule.load(tmp_path / "instance.nc")


def test_a_time_limit_keeps_the_incumbent_and_its_gap(hard):
    schedule = cs.solve(hard, gap=0, time_limit=3)
    assert schedule.status == "time_limit"
    assert 0 < schedule.gap < 1 and math.isfinite(schedule.bound)
    assert cs.verify(hard, schedule).ok


def test_no_time_no_schedule(hard):
    with pytest.raises(cs.NoIncumbentError, match="time limit"):
        cs.solve(hard, formulation="paper", gap=0, time_limit=0.0)


def test_infeasible_is_an_error_of_its_own(make):
    with pytest.raises(cs.InfeasibleError, match="no schedule satisfies"):
        cs.solve(make(1, 1, 0, 1, demand=10, import_limit=9))


def test_unbounded_is_an_error_of_its_own(make, monkeypatch):
    """No instance is unbounded, so a family that pays for nothing makes one."""

    def generous(instance, *args, **kwargs):
        model = cs.build(instance, *args, **kwargs)
        gift = model.add_variables(lower=0, name="gift")
        with linopy.options as options:
            options["semantics"] = "v1"
            model.objective = model.objective.expression + gift
        model.objective.sense = "max"
        return model

    monkeypatch.setattr(module, "build", generous)
    with pytest.raises((cs.UnboundedError, cs.InfeasibleError)) as caught:
        cs.solve(make(1, 1))
    assert caught.type is cs.UnboundedError


def test_only_an_instance_can_be_solved(default):
    with pytest.raises(TypeError, match=r"expected a carbonsched\.Instance, got Dataset"):
        cs.solve(default.data)


def test_a_solver_without_a_bound_says_so(default, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_bound", lambda *args: math.nan)
    monkeypatch.setattr("carbonsched.solver.claims.BOUNDED", ())  # as for CBC; HiGHS always has one
    schedule = cs.solve(default)
    assert math.isnan(schedule.gap) and schedule.summary()["gap"] is None
    again = cs.Schedule.load(schedule.save(tmp_path / "s.nc"))
    assert math.isnan(again.bound) and again.objective == schedule.objective


def test_infeasible_is_told_once(make, capfd):
    with pytest.raises(cs.InfeasibleError):
        cs.solve(make(1, 1, 0, 1, demand=10, import_limit=9))
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def test_unknown_names_are_explained(default):
    with pytest.raises(cs.SolverError, match=r"not available here; available: .*highs"):
        cs.solve(default, solver="abacus")
    with pytest.raises(ValueError, match="choose from joint, compute_only"):
        cs.solve(default, "everything")
    with pytest.raises(ValueError, match="choose from start, paper"):
        cs.solve(default, formulation="stop")
    with pytest.raises(ValueError, match=r"Formulation\.jobs = 'x', choose from 'start', 'run'"):
        cs.Formulation(jobs="x")


@pytest.mark.parametrize("option", [{"mip_rel_gap": "wide"}, {"mip_rel_hap": 0.1}])
def test_an_option_the_solver_does_not_take_is_refused(default, option):
    with pytest.raises(cs.SolverError, match="no such option, or no such value: mip_rel_"):
        cs.solve(default, options=option)


def test_solving_is_silent(default, capfd):
    cs.solve(default)
    out, err = capfd.readouterr()
    assert out == "" and err == ""


def test_verbose_shows_the_log(default, capfd):
    cs.solve(default, verbose=True)
    assert "HiGHS" in capfd.readouterr().out


def test_a_long_solve_shows_progress(hard, capfd):
    cs.solve(hard, gap=0, time_limit=4, progress=True, engine="milp")
    err = capfd.readouterr().err
    assert "solving" in err and "bound" in err and "gap" in err


def lie(monkeypatch, spoil, times=math.inf):
    """Let the solver return a spoiled answer `times` times and call it optimal."""
    honest, calls = module.run_solver, []

    def dishonest(model, settings, **options):
        result = honest(model, settings, **options)
        calls.append(options.get("cautious", False))
        if len(calls) <= times:
            spoil(model)
        return result

    monkeypatch.setattr(module, "run_solver", dishonest)
    return calls


def starve(model):
    model.variables["route"].solution = model.variables["route"].solution * 0.9


def test_a_lying_solver_is_asked_again_without_presolve(default, monkeypatch):
    calls = lie(monkeypatch, starve, times=1)
    assert cs.verify(default, cs.solve(default, polish=False)).ok
    assert calls == [False, True]


def test_a_solver_that_keeps_lying_is_refused(default, monkeypatch):
    lie(monkeypatch, starve)
    with pytest.raises(cs.VerificationError, match="demand served"):
        cs.solve(default, polish=False)


def test_a_lie_at_the_end_of_the_time_is_refused_without_a_second_run(default, monkeypatch):
    calls, attempt = lie(monkeypatch, starve, times=1), module._attempt

    def slow(*given, **how):
        schedule, report = attempt(*given, **how)
        return replace(schedule, runtime=given[4].time_limit), report

    monkeypatch.setattr(module, "_attempt", slow)
    with pytest.raises(cs.VerificationError, match="demand served"):
        cs.solve(default, polish=False)
    assert calls == [False]


def test_a_solver_that_cannot_tell_infeasible_from_unbounded_is_understood(default):
    """Every power and every workload is bounded, so there is one reading."""
    status = SimpleNamespace(termination_condition="infeasible_or_unbounded")
    result = SimpleNamespace(status=status)
    assert module._condition(cs.build(default), result, cs.FAMILIES, Settings()) == "infeasible"
    with pytest.raises(cs.InfeasibleError):
        module._status(result, "infeasible", "gurobi", ())


def test_a_solver_without_callbacks_shows_no_more_than_the_time(make, capfd):
    cs.solve(make(2, 6, 2, 1), solver="scip", progress=True)
    assert "incumbent" not in capfd.readouterr().err


def test_a_solver_that_crashes_is_reported(default, monkeypatch):
    from carbonsched.solver import hand_over as solvers

    def crash(self, *args, **options):
        raise RuntimeError("segfault, almost")

    monkeypatch.setattr(solvers.Solver, "solve", crash)
    with pytest.raises(cs.SolverError, match="highs failed: segfault, almost"):
        cs.solve(default)


def test_a_solver_without_an_answer_is_reported(default, monkeypatch):
    status = SimpleNamespace(termination_condition="unknown", legacy_status="?")
    answer = SimpleNamespace(status=status, solution=None, report=None)
    monkeypatch.setattr(module, "run_solver", lambda *args, **kwargs: answer)
    with pytest.raises(cs.SolverError, match="ended with 'unknown'"):
        cs.solve(default)


def test_solver_options_reach_the_solver(default, monkeypatch):
    seen = []
    honest = module.run_solver

    def watched(model, settings, **how):
        seen.append(settings)
        return honest(model, settings, **how)

    monkeypatch.setattr(module, "run_solver", watched)
    cs.solve(default, gap=0.02, time_limit=9, options={"threads": 1})
    (given,) = seen
    assert (given.gap, given.time_limit, given.options) == (0.02, 9, {"threads": 1})


@pytest.mark.parametrize(
    ("keyword", "near"), [("gpa", "gap"), ("time_limits", "time_limit"), ("famlies", "families")]
)
def test_a_misspelt_keyword_is_named_with_the_nearest(default, keyword, near):
    with pytest.raises(TypeError, match=rf"no keyword '{keyword}', did you mean '{near}'\?"):
        cs.solve(default, **{keyword: 0.1})


def test_a_solvers_own_option_has_a_place_of_its_own(default):
    with pytest.raises(TypeError, match=r"options=\{\.\.\.\}"):
        cs.solve(default, threads=1)


def test_a_schedule_is_judged_by_its_method(default):
    """A joint schedule that charges, and generates, relabelled as one that may not."""
    schedule = cs.solve(default)
    assert cs.verify(default, schedule).ok
    for name, rows in (
        ("no_battery", {"battery does not charge", "battery does not discharge"}),
        ("compute_only", {"battery does not charge", "no on-site generation"}),
        ("no_routing", {"served at home"}),
        ("energy_only", {"jobs first come, first served", "inference split by capacity"}),
    ):
        report = cs.verify(default, replace(schedule, method=cs.METHODS[name]))
        assert rows <= {check.row for check in report.broken}, name


def test_only_a_method_without_a_budget_may_pass_it(default):
    free = cs.solve(default.replace(carbon_budget=np.inf), gap=0)
    tight = default.replace(carbon_budget=free.emissions / 2)
    schedule = cs.solve(tight, "no_carbon", gap=0)
    assert schedule.emissions > free.emissions / 2 and cs.verify(tight, schedule).ok
    report = cs.verify(tight, replace(schedule, method=cs.METHODS["joint"]))
    assert [check.row for check in report.broken] == ["carbon budget"]
