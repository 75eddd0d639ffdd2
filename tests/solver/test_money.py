"""The unit of money: the same plan, prices and bound in a currency worth a billion, or its part."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.bounds.relaxation import relaxation_prices
from carbonsched.core.build import build
from carbonsched.core.schema import PARAMETERS
from carbonsched.solver.hand_over import hand_over, run_solver
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import MONEY_OPTION, USUAL_COSTS, money_unit

MONEY = [name for name, quantity in PARAMETERS.items() if "USD" in quantity.unit]
UNITS = (1e-9, 1e9)
pytestmark = pytest.mark.filterwarnings("ignore::carbonsched.SuspiciousValueWarning")


def counted_in(instance: cs.Instance, unit: float) -> cs.Instance:
    """Return the same problem with its money in another unit."""
    return instance.replace(**{name: instance.data[name] * unit for name in MONEY})


def ordinary() -> cs.Instance:
    return cs.generate(2, 12, 5, 2, seed=1, utilisation=0.8, budget_share=0.9)


@pytest.fixture(scope="module")
def usual() -> cs.Schedule:
    return cs.solve(ordinary(), gap=0.0)


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_of_money_changes_the_plan(usual: cs.Schedule, engine: str, unit: float) -> None:
    other = cs.solve(counted_in(ordinary(), unit), engine=engine, gap=0.0)
    assert other.status == "optimal"
    assert other.data.start.equals(usual.data.start)
    assert other.objective == pytest.approx(usual.objective * unit, rel=1e-9)
    assert other.bound == pytest.approx(usual.bound * unit, rel=1e-9)
    assert other.gap <= 1e-9


def test_it_may_change_between_two_solves_of_one_model(usual: cs.Schedule) -> None:
    again = cs.Reoptimiser(gap=0.0)
    for unit in (1.0, *UNITS, 1.0):
        schedule = again.solve(counted_in(ordinary(), unit))
        assert schedule.data.start.equals(usual.data.start)
        assert schedule.objective == pytest.approx(usual.objective * unit, rel=1e-9)
        assert schedule.bound == pytest.approx(usual.bound * unit, rel=1e-9)
    assert (again.rebuilds, again.updates) == (1, 3)


@pytest.mark.parametrize("unit", UNITS)
def test_a_gap_is_reached_in_every_unit(unit: float) -> None:
    instance = counted_in(cs.generate(3, 24, 12, 2, seed=2, utilisation=0.9), unit)
    best = cs.solve(instance, gap=0.0, polish=False)
    near = cs.solve(instance, gap=0.02, polish=False)
    assert near.gap <= 0.02
    assert near.bound >= best.objective * (1 - 1e-9)
    assert near.objective >= best.objective - 0.02 * best.turnover


@pytest.mark.parametrize("unit", UNITS)
def test_prices_of_rows_are_told_in_the_unit_of_the_instance(unit: float) -> None:
    usual = relaxation_prices(ordinary())
    other = relaxation_prices(counted_in(ordinary(), unit))
    for name in usual:
        size = float(np.abs(usual[name]).max())
        assert np.abs(other[name] / unit - usual[name]).max() <= 1e-6 * max(size, 1.0)


@pytest.mark.parametrize("unit", UNITS)
def test_the_bound_of_a_search_is_told_in_the_unit_of_the_instance(unit: float) -> None:
    model = build(counted_in(ordinary(), unit))
    result = run_solver(model, Settings(gap=0.0))
    assert result.report.dual_bound == pytest.approx(result.solution.objective, rel=1e-6)


def test_usual_money_is_counted_as_it_is_and_an_option_decides() -> None:
    assert money_unit(hand_over(build(ordinary()), Settings()).solver_model) == 1.0
    far = build(counted_in(ordinary(), 1e-9))
    highs = hand_over(far, Settings()).solver_model
    counted = np.abs(highs.getLp().col_cost_).max() * money_unit(highs)
    assert USUAL_COSTS[0] <= counted <= USUAL_COSTS[1]
    chosen = hand_over(far, Settings(options={MONEY_OPTION: 3})).solver_model
    assert money_unit(chosen) == 8.0
