"""`paper` and `start` are two formulations of one problem."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs

GAP = 1e-6


def draw(seed: int) -> cs.Instance:
    """Return a small instance; prices are inverted, negative or neither, budgets tight or not."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers([1, 3, 0, 0], [4, 13, 5, 4])
    instance = cs.generate(*map(int, sizes), seed=seed, budget_share=float(rng.uniform(0.3, 1)))
    data = instance.data
    if seed % 3 == 1:  # sometimes export pays more than import costs
        inverted = rng.random(data.import_price.shape) < 0.2
        instance = instance.replace(
            export_price=data.export_price.where(~inverted, data.import_price + 10)
        )
    if seed % 4 == 2:  # sometimes import is paid for
        negative = rng.random(data.import_price.shape) < 0.2
        instance = instance.replace(
            import_price=data.import_price.where(~negative, -30.0),
            export_price=data.export_price.where(~negative, -40.0),
        )
    return instance


def relaxation(instance: cs.Instance, formulation: str) -> float:
    """Return the bound of the LP relaxation, USD."""
    model = cs.build(instance, formulation)
    model.variables.relax()
    model.solve("highs", io_api="lp", output_flag=False, log_to_console=False)
    assert model.termination_condition == "optimal"
    return model.objective.value


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
def test_substituted_powers_change_nothing(seed):
    instance = draw(seed)
    lean = cs.Formulation(power="substituted")
    try:
        stated = cs.solve(instance, gap=GAP)
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, formulation=lean, gap=GAP)
        return
    substituted = cs.solve(instance, formulation=lean, gap=GAP)
    assert substituted.objective == pytest.approx(stated.objective, rel=2 * GAP, abs=2 * GAP)


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
