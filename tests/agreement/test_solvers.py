"""Presolve on and off, and every other solver that is installed, reach the same optimum."""

from __future__ import annotations

import linopy
import pytest

import carbonsched as cs

OTHERS = [s for s in ("gurobi", "scip", "cbc", "glpk") if s in linopy.available_solvers]


@pytest.mark.parametrize("seed", range(5))
def test_presolve_does_not_change_the_optimum(seed):
    instance = cs.generate(2, 12, 4, 2, seed)
    plain = cs.solve(instance, gap=0).objective
    without = cs.solve(instance, gap=0, options={"presolve": "off"})
    assert without.objective == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("solver", OTHERS or [pytest.param("none", marks=pytest.mark.skip)])
def test_other_solvers_agree(solver, capfd):
    instance = cs.generate(2, 12, 4, 2, seed=1)
    expected = cs.solve(instance, gap=0).objective
    schedule = cs.solve(instance, gap=0, solver=solver)
    assert schedule.objective == pytest.approx(expected, rel=1e-6)
    assert schedule.solver == solver
    assert capfd.readouterr().out == ""
