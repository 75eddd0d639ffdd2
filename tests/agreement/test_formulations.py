"""`paper` and `start` are two formulations of one problem."""

from __future__ import annotations

import pytest
from conftest import draw, relaxation

import carbonsched as cs

GAP = 1e-6


@pytest.mark.parametrize("seed", range(200))
def test_same_optimum_and_never_a_worse_bound(seed):
    instance = draw(seed)
    try:
        start = cs.solve(instance, formulation="start", gap=GAP)
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, formulation="paper", gap=GAP)
        return
    paper = cs.solve(instance, formulation="paper", gap=GAP)
    scale = max(abs(start.objective), 1.0)
    assert abs(start.objective - paper.objective) <= 2 * GAP * scale
    tight, loose = relaxation(instance, "start"), relaxation(instance, "paper")
    assert tight <= loose + 1e-6 * scale
    assert tight >= start.objective - GAP * scale


@pytest.mark.parametrize("seed", range(0, 200, 5))
def test_stated_powers_change_nothing(seed):
    instance = draw(seed)
    wide = cs.Formulation(power="stated")
    try:
        substituted = cs.solve(instance, gap=GAP)
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, formulation=wide, gap=GAP)
        return
    stated = cs.solve(instance, formulation=wide, gap=GAP)
    assert stated.objective == pytest.approx(substituted.objective, rel=2 * GAP, abs=2 * GAP)


@pytest.mark.parametrize("seed", range(1, 200, 4))
def test_column_generation_encloses_the_optimum(seed):
    instance = draw(seed)
    try:
        best = cs.solve(instance, gap=GAP)
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, engine="column-generation")
        return
    found = cs.solve(instance, engine="column-generation", gap=1e-3)
    scale = max(abs(best.objective), 1.0)
    assert found.objective <= best.bound + GAP * scale
    assert found.bound >= best.objective - GAP * scale
