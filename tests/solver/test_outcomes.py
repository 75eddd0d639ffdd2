"""What a solver's last word means, word by word, and what is made of a schedule that is no good."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.core.build import build
from carbonsched.judge.verify import verify
from carbonsched.solver import milp
from carbonsched.solver.settings import Settings


def result(condition: str, value: float | None = None, **report: float | None):
    """Return what linopy tells: of a solution if there is a value, of a report if anything."""
    solution = None if value is None else SimpleNamespace(primal=np.zeros(2), objective=value)
    told = {"mip_gap": None, "dual_bound": None} | report
    return SimpleNamespace(
        status=SimpleNamespace(termination_condition=condition, legacy_status="so it is"),
        solution=solution,
        report=SimpleNamespace(**told) if report else None,
    )


class Own(cs.Family):
    """Adds nothing but its name."""

    name = "own"


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (result("optimal", 5.0), "optimal"),
        (result("time_limit", 5.0, mip_gap=0.2), "time_limit"),
        (result("user_interrupt", 5.0), "time_limit"),
        (result("suboptimal", 5.0, mip_gap=None), "time_limit"),
    ],
)
def test_a_solution_is_optimal_or_what_there_was_in_time(ended, status):
    condition = str(ended.status.termination_condition)
    assert milp._status(ended, condition, "highs", ()) == status


@pytest.mark.parametrize(
    ("ended", "error", "told"),
    [
        (result("infeasible"), cs.InfeasibleError,
         "no schedule satisfies (1)-(16): demand, capacities, grid limits, battery and carbon "
         "budget cannot all be met"),
        (result("unbounded"), cs.UnboundedError,
         "the benefit (1) is unbounded: some price or limit is wrong"),
        (result("time_limit"), cs.NoIncumbentError,
         "the time limit passed before any schedule was found"),
        (result("time_limit", math.inf), cs.NoIncumbentError,
         "the time limit passed before any schedule was found"),
        (result("terminated_by_limit", 5.0, mip_gap=math.inf), cs.NoIncumbentError,
         "the time limit passed before any schedule was found"),
        (result("optimal"), cs.SolverError, "highs ended with 'optimal' (so it is)"),
        (result("internal_solver_error", 5.0), cs.SolverError,
         "highs ended with 'internal_solver_error' (so it is)"),
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_said_with_why(ended, error, told):
    with pytest.raises(error) as caught:
        milp._status(ended, str(ended.status.termination_condition), "highs", ())
    assert str(caught.value) == told


def test_a_family_of_ones_own_is_named_where_it_may_be_why():
    for condition, error, told in (
        ("infeasible", cs.InfeasibleError, "(1)-(16) and the family own: "),
        ("unbounded", cs.UnboundedError, ", or what the family own declares and is paid for"),
    ):
        with pytest.raises(error) as caught:
            milp._status(result(condition), condition, "highs", (Own(),))
        assert told in str(caught.value)


@pytest.mark.parametrize(
    ("report", "bound"),
    [({}, math.nan), ({"dual_bound": 7.0}, 7.0), ({"dual_bound": math.inf}, math.nan)],
)
def test_the_bound_of_a_search_that_found_nothing_is_finite_or_none(report, bound):
    found = milp.reported_bound(result("time_limit", **report))
    assert found == bound or (math.isnan(found) and math.isnan(bound))


@pytest.mark.parametrize(("limit", "told"), [(20.0, "unbounded"), (5.0, "infeasible")])
def test_which_of_two_it_is_is_found_by_solving_for_no_benefit(make, limit, told):
    """10 MW of inference from 20 or from 5 MW; a family of one's own may make it unbounded."""
    instance = make(1, 1, 0, 1, demand=10.0, import_limit=limit)
    families = (*cs.FAMILIES, Own())
    model = build(instance, families=families)
    whole = model.objective
    open_ended = result("infeasible_or_unbounded")
    assert milp._condition(model, open_ended, families, Settings()) == told
    assert model.objective is whole
    assert milp._condition(model, open_ended, cs.FAMILIES, Settings()) == "infeasible"
    assert milp._condition(model, result("time_limit"), families, Settings()) == "time_limit"


def test_a_package_that_is_none_has_no_version():
    assert milp.versions("no such solver")["no such solver"] == "not a Python package"


@pytest.fixture
def attempts(numbered, monkeypatch):
    """Let attempts give a broken schedule unless presolve is off; return what they were asked."""
    instance, good = numbered
    broken = replace(good, data=good.data.assign(route=0 * good.data.route), runtime=3.0)
    asked = []

    def attempt(given, method, formulation, families, settings, known, cautious=False, **_):
        asked.append((formulation.grid_states, settings.time_limit, cautious))
        found = replace(good, runtime=2.0) if cautious else broken
        return found, verify(instance, found)

    monkeypatch.setattr(milp, "_attempt", attempt)
    return asked


HOW = (cs.METHODS["joint"], cs.FORMULATIONS["start"], cs.FAMILIES)


def test_a_broken_schedule_is_solved_once_more_with_care(numbered, attempts):
    instance, good = numbered
    found = milp.solve_milp(instance, *HOW, Settings(time_limit=10.0))
    first = HOW[1].grid_states
    assert attempts == [(first, 10.0, False), ("everywhere", 7.0, True)]
    assert found.runtime == 5.0 and found.data.equals(good.data)


def test_a_broken_schedule_without_time_left_is_none(numbered, attempts):
    with pytest.raises(cs.VerificationError, match=r"\(11\)"):
        milp.solve_milp(numbered[0], *HOW, Settings(time_limit=3.0))
    assert len(attempts) == 1


def test_a_schedule_that_earns_more_than_its_bound_is_not_believed(numbered):
    instance, good = numbered
    report = verify(instance, good)
    assert milp.believed(good, report, Settings()) is good
    lie = replace(good, bound=good.objective - 1000.0)
    with pytest.raises(cs.SolverError, match="bound"):
        milp.believed(lie, report, Settings())
