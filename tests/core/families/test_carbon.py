"""(16) The carbon budget."""

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.families import carbon


def test_the_budget_moves_work_to_the_clean_site(make, solved):
    """Proves: (16) counts imports. Sensitivity: without it the dirty site would cost 50 less."""
    instance = make(
        2, 1, 1, import_price=[[10], [15]], carbon_intensity=[[0.9], [0.1]], carbon_budget=5
    )
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(1000 - 150)
    assert schedule.emissions == pytest.approx(1.0)
    assert solved(instance, method="no_carbon").objective == pytest.approx(900)


def test_generation_emits_too(make, solved):
    """Proves: gamma_g enters (16). Sensitivity: else the generator would run all 10 MW."""
    instance = make(
        1, 1, 1, generation_available=10, generation_carbon=1.0, carbon_intensity=0.2,
        carbon_budget=6,
    )  # fmt: skip
    schedule = solved(instance)
    assert schedule.data.generate.item() == pytest.approx(5)
    assert schedule.objective == pytest.approx(1000 - 50)


def test_generation_emits_by_the_hour(make, solved):
    """Proves: Delta for generation too. Half an hour emits half as much, so half the budget does.

    Sensitivity: counted as an hour, no more than 1 of 10 MW could be generated.
    """
    instance = make(
        1, 1, 1, step_hours=0.5, generation_available=10, generation_carbon=1.0,
        carbon_intensity=0.2, carbon_budget=3,
    )  # fmt: skip
    schedule = solved(instance)
    assert schedule.data.generate.item() == pytest.approx(5)
    assert schedule.objective == pytest.approx(1000 - 25)


def test_the_budget_is_over_the_whole_horizon(make, solved):
    """Proves: one row for all periods and the step length in it.

    Half-hours of 10 MW at 0.5 t/MWh emit 2.5 t each; a budget of 5 t lets two of three jobs run.
    """
    instance = make(1, 3, 3, step_hours=0.5, it_capacity=10, carbon_budget=5, import_price=0)
    assert solved(instance).objective == pytest.approx(2000)


def test_export_earns_no_credit(make, solved):
    """Proves: exports do not offset. Sensitivity: credited, the job's 5 t would be covered."""
    instance = make(
        2, 1, 1, allowed=[[True, False]], generation_available=[[0], [50]], export_limit=50,
        carbon_budget=4,
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(0)


def test_an_infinite_budget_states_no_row(make):
    assert "carbon:budget" not in cs.build(make(1, 1)).constraints
    assert "carbon:budget" in cs.build(make(1, 1, carbon_budget=1)).constraints


def test_a_budget_too_tight_for_inference_is_infeasible(make):
    with pytest.raises(cs.InfeasibleError):
        cs.solve(make(1, 1, 0, 1, demand=10, carbon_budget=4.9))
    assert np.isclose(cs.solve(make(1, 1, 0, 1, demand=10, carbon_budget=5)).emissions, 5)


def test_moving_a_model_without_a_budget_changes_nothing(make):
    instance = make(1, 1)
    model = cs.build(instance)
    carbon.family.update(model, instance.data, cs.Formulation())
    assert "carbon:budget" not in model.constraints


def test_a_budget_in_one_scenario_is_a_budget():
    data = xr.Dataset({"carbon_budget": ("scenario", [np.inf, 5.0])})
    assert carbon.has_budget(data, cs.Formulation())
    assert not carbon.has_budget(data.isel(scenario=[0]), cs.Formulation())
