"""Units for the solver: coefficients close together, and the same optimum and prices."""

from __future__ import annotations

import linopy
import numpy as np
import pandas as pd
import pytest
from by_hand import ROOT

import carbonsched as cs
from carbonsched.bounds.relaxation import relaxation_prices
from carbonsched.operate.reoptimise import Reoptimiser
from carbonsched.solver.hand_over import hand_over
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import LIMIT, coefficients, scale, solver_span, span, units

PRICED_PER_UNIT = ("power_per_unit", "value")
BATTERY = (
    "battery_energy", "battery_min", "battery_initial", "charge_limit", "discharge_limit"
)  # fmt: skip
CARBON = ("carbon_intensity", "generation_carbon", "carbon_budget")


def in_units_of(instance: cs.Instance, unit: object) -> cs.Instance:
    """Count the workload in other units: the same problem in other numbers."""
    data = instance.data
    unit = data.value * 0 + unit
    moved = {name: data[name] * unit for name in PRICED_PER_UNIT}
    return instance.replace(demand=data.demand / unit, **moved)


def times(instance: cs.Instance, names: tuple[str, ...], factor: object) -> cs.Instance:
    return instance.replace(**{name: instance.data[name] * factor for name in names})


def tiny_battery(instance: cs.Instance) -> cs.Instance:
    """Put a battery of a few Wh beside the first site's hundreds of MW, negative prices too."""
    first = instance.data.site == instance.data.site[0]
    prices = instance.data.import_price - 60
    return times(instance, BATTERY, np.where(first, 1e-6, 1.0)).replace(
        import_price=prices, export_price=prices - 5
    )


# From an instance to one with wild numbers; all but the last are the same problem in other units.
WILD = {
    "single requests": lambda i: in_units_of(i, 1e-9),
    "requests of a year": lambda i: in_units_of(i, 1e9),
    "a unit per service": lambda i: in_units_of(i, [1e-9, 1e8]),
    "micrograms": lambda i: times(i, CARBON, 1e12),
    "gigatonnes": lambda i: times(i, CARBON, 1e-9),
    "a tiny battery": tiny_battery,
}


def ordinary() -> cs.Instance:
    return cs.generate(2, 5, 3, 2, seed=4, budget_share=0.9)


@pytest.mark.parametrize("name", ["default", "generated", "real week"])
def test_ordinary_instances_need_no_scaling(default, name):
    made = {"default": lambda: default, "generated": cs.generate}
    instance = made.get(name, lambda: cs.load(ROOT / "data" / "real-week"))()
    model = cs.build(instance, "paper")  # its rows hold all coefficients of the other formulation
    assert span(model) <= LIMIT
    assert not scale(model)
    assert solver_span(model) == span(model)
    assert (coefficients(model).span >= 1).all()


@pytest.mark.parametrize("name", WILD)
def test_wild_instances_are_scaled_to_the_limit(name):
    """Proves: at most 1e6 to the solver, by powers of two, with integers left integers."""
    model = cs.build(WILD[name](ordinary()), "paper")
    before = span(model)
    assert before > LIMIT
    assert scale(model)
    assert solver_span(model) <= LIMIT
    assert span(model) == before, "the model itself keeps its units"
    for factors in units(model):
        mantissas, _ = np.frexp(factors)
        assert (mantissas == 0.5).all()
    integers = model.matrices.vtypes != "C"
    assert (units(model)[1][integers] == 1).all()


@pytest.mark.parametrize("name", ["a unit per service", "gigatonnes"])
def test_the_optimum_does_not_depend_on_the_units(name):
    """Sensitivity: HiGHS drops coefficients below 1e-9, and unscaled serves requests for free."""
    plain = ordinary()
    optimum = cs.solve(plain, gap=0).objective
    assert cs.solve(WILD[name](plain), gap=0).objective == pytest.approx(optimum, rel=1e-6)


def test_a_tiny_battery_changes_next_to_nothing():
    """Proves: in the solver's units a few Wh are still a few Wh."""
    plain = tiny_battery(ordinary())
    first = plain.data.site == plain.data.site[0]
    without = times(plain, BATTERY, np.where(first, 0.0, 1.0))
    with_it = cs.solve(plain, formulation="paper", gap=0).objective
    assert with_it == pytest.approx(cs.solve(without, gap=0).objective, rel=1e-5)


def test_prices_come_back_in_the_units_of_the_instance(make):
    """Proves: duals are scaled back. One MW and hour more is met at the dear and clean site.

    8 MW are served at 10 USD/MWh with 0.5 t/MWh or at 30 with 0.1, under 2 t: a tonne more would
    save 20 / 0.4 = 50 USD, and power costs 10 + 25 or 30 + 5, the same.
    """
    plain = make(
        2, 1, 0, 1, demand=8, import_price=[[10], [30]], carbon_intensity=[[0.5], [0.1]],
        carbon_budget=2, value=100,
    )  # fmt: skip
    prices = relaxation_prices(times(in_units_of(plain, 1e-9), CARBON, 1e12))
    assert float(prices.carbon_price) * 1e12 == pytest.approx(50)
    assert prices.power_price.values.ravel().tolist() == pytest.approx([35, 35])


def test_column_generation_encloses_the_optimum_of_wild_instances():
    plain = ordinary()
    optimum = cs.solve(plain, gap=0).objective
    wild = times(in_units_of(plain, 1e-9), CARBON, 1e-9)
    found = cs.solve(wild, engine="column-generation", gap=1e-3)
    assert found.objective <= optimum * (1 + 1e-6)
    assert found.bound >= optimum * (1 - 1e-6)


def test_solving_again_builds_a_wild_model_anew():
    """linopy's update in place passes numbers on unscaled: no wild model is updated so."""
    again, plain = Reoptimiser(gap=0), ordinary()
    for factor in (1.0, 1.3):
        dearer = times(plain, ("import_price",), factor)
        moved = again.solve(in_units_of(dearer, 1e-9))
        assert moved.objective == pytest.approx(cs.solve(dearer, gap=0).objective, rel=1e-6)
    assert (again.rebuilds, again.updates) == (2, 0)


def test_handing_over_can_leave_the_units_alone():
    model = cs.build(in_units_of(ordinary(), 1e-9))
    hand_over(model, Settings(gap=0, time_limit=10), rescale=False)
    assert (units(model)[0] == 1).all() and (units(model)[1] == 1).all()


def test_rows_without_coefficients_are_left_out():
    model = linopy.Model()
    x = model.add_variables(coords=[pd.RangeIndex(2, name="time")], name="x")
    model.add_constraints(3.0 * x >= 0, name="some")
    model.add_constraints(0.0 * x >= 0, name="none")
    table = coefficients(model)
    assert list(table.index) == ["some"] and table.span.item() == 1.0
