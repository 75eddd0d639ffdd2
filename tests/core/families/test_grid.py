"""(5)-(7) Import, export, and never both at once."""

import numpy as np
import pytest

import carbonsched as cs


def test_surplus_is_sold_up_to_the_limit(make, solved):
    """Proves: (6). Sensitivity: without the limit 20 MW would be sold for 80."""
    instance = make(1, 1, generation_available=20, export_limit=5, export_price=4)
    assert solved(instance).objective == pytest.approx(20)


def test_inverted_prices_cannot_be_arbitraged(make, solved):
    """Proves: (7) where export pays more than import costs.

    Sensitivity: importing and exporting at once would earn 50 * (30 - 10) = 1000 for nothing.
    """
    instance = make(1, 1, export_limit=50, export_price=30, import_price=10)
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(0)


def test_inverted_prices_choose_the_better_side(make, solved):
    """Proves: at inverted prices a site with load and generation picks import or export.

    10 MW of load, 30 MW of free generation, export at 30, import at 10 USD/MWh: exporting the
    surplus of 20 earns 600; importing the load and exporting all, which (7) forbids, 800.
    """
    instance = make(
        1, 1, 0, 1, demand=10, generation_available=30, export_limit=50, export_price=30
    )
    assert solved(instance).objective == pytest.approx(600)


def test_negative_prices_pay_for_import_within_the_need(make, solved):
    """Proves: import is bounded by use, not only by its limit, when the price is negative."""
    schedule = solved(make(1, 1, 0, 1, demand=10, import_price=-5))
    assert schedule.objective == pytest.approx(50)


def test_states_stand_only_where_prices_are_inverted(make):
    instance = make(1, 3, export_price=[[0, 20, 10]], export_limit=1)  # import costs 10
    model = cs.build(instance, cs.Formulation(bounds="given"))
    for state in ("importing", "exporting"):
        assert model.variables[state].mask.values.tolist() == [[False, True, False]]
    everywhere = cs.build(instance, "paper").variables["importing"]
    assert everywhere.mask.values.all()
    assert "importing" not in cs.build(make(1, 3)).variables


def test_states_stand_only_where_a_site_both_imports_and_exports(make):
    limits = {"import_limit": [0.5, 0, 9], "export_limit": [0.5, 9, 0]}
    model = cs.build(make(3, 1, **limits, export_price=20), cs.Formulation(bounds="given"))
    mask = model.variables["importing"].mask.values
    assert mask.ravel().tolist() == [True, False, False]


def test_a_tie_in_prices_is_netted(make, solved):
    """Proves: where import and export cost the same, the schedule shows only the net flow."""
    schedule = solved(make(1, 4, 0, 1, demand=5, export_limit=50, export_price=10))
    assert np.minimum(schedule.data.grid_import, schedule.data.grid_export).max() == 0
