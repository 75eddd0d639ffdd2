"""Other solvers, formulations and engines have the same opinion of an optimum.

HiGHS on `start` is asked first. Then SCIP and CBC solve the very same model; HiGHS solves `paper`
and one formulation with a single slot changed, a different one for each seed; and column generation
gives an interval that must contain the optimum. An infeasible instance must be so to all. The
relaxation of `start` bounds the optimum, and never worse than that of `paper`.

Each test leaves its differences with pytest: `--agreement FILE` writes the largest of each kind,
over all tests of the run, to a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import linopy
import pytest
from draws import draw

import carbonsched as cs
from carbonsched.core.build import build
from carbonsched.core.families import FAMILIES
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.method import METHODS
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.milp import read_schedule
from carbonsched.solver.settings import Settings

SHORT, LONG = 12, 540
GAP, TOLERANCE = 1e-7, 1e-5
INFEASIBLE = -float("inf")
SOLVERS = [name for name in ("scip", "cbc") if name in linopy.available_solvers]
TOGGLES = {
    "jobs": "run",
    "power": "stated",
    "grid_states": "everywhere",
    "storage_states": "everywhere",
    "windows": "rows",
    "latency": "rows",
    "bounds": "given",
}


def optimum(instance: cs.Instance, model: linopy.Model, form: cs.Formulation, solver: str) -> float:
    """Return the benefit of the verified schedule that a solver makes of a model, USD."""
    settings = Settings(gap=GAP, gap_of="objective", solver=solver)
    result = run_solver(model, settings)
    try:
        schedule = read_schedule(
            instance, METHODS["joint"], form, FAMILIES, settings, model, result
        )
    except cs.InfeasibleError:
        return INFEASIBLE
    cs.verify(instance, schedule).raise_if_broken()
    assert schedule.status == "optimal"
    return schedule.objective


def relaxation(model: linopy.Model) -> float:
    """Return the optimum of a model without its integers, USD."""
    model.variables.relax()
    run_solver(model, Settings(gap=0.0))
    assert model.termination_condition == "optimal"
    return model.objective.value


def difference(one: float, other: float) -> float:
    """Return the relative difference of two optima, 0 where both say there is none."""
    return 0.0 if one == other else abs(one - other) / max(abs(one), abs(other), 1.0)


@pytest.mark.parametrize(
    "seed", [pytest.param(k, marks=[pytest.mark.long] * (k >= SHORT)) for k in range(LONG)]
)
def test_every_opinion_of_the_optimum_is_the_same(seed: int, opinion: Callable[..., None]):
    """Proves: an optimum is none of one solver, formulation or engine alone.

    Sensitivity: a cost, bound or row that one of them reads differently moves its optimum.
    """
    instance, form = draw(seed), FORMULATIONS["start"]
    model = build(instance, form)
    best = optimum(instance, model, form, "highs")

    def compare(kind: str, name: str, value: float) -> None:
        apart = difference(best, value)
        opinion(kind, name, apart, best == INFEASIBLE)
        assert apart <= TOLERANCE, f"{name}: {value!r}, but HiGHS on start: {best!r}"

    for solver in SOLVERS:
        compare("solver", solver, optimum(instance, model, form, solver))
    slot = list(TOGGLES)[seed % len(TOGGLES)]
    toggled = replace(form, **{slot: TOGGLES[slot]})
    compare(
        "formulation",
        f"{slot} = {TOGGLES[slot]}",
        optimum(instance, build(instance, toggled), toggled, "highs"),
    )
    paper = FORMULATIONS["paper"]
    printed = build(instance, paper)
    compare("formulation", "paper", optimum(instance, printed, paper, "highs"))
    if best > INFEASIBLE:
        slack = TOLERANCE * max(abs(best), 1.0)
        assert best - slack <= relaxation(model) <= relaxation(printed) + slack
    try:
        found = cs.solve(instance, engine="column-generation", gap=1e-3)
    except cs.InfeasibleError:
        compare("engine", "column-generation", INFEASIBLE)
    else:  # how far the optimum lies outside the interval, if it does
        compare("engine", "column-generation", min(max(best, found.objective), found.bound))
