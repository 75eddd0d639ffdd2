"""Limits lowered before the model is built: what they are, and that no optimum is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from by_hand import plain
from draws import draw

import carbonsched as cs
from carbonsched.core.families import grid, storage
from carbonsched.core.method import METHODS
from carbonsched.core.tighten import most_facility_power, restricted, tightened
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

GAP = 1e-7
START = cs.FORMULATIONS["start"]
LOOSE = {  # each step taken back by itself
    "windows": replace(START, windows="rows"),
    "latency": replace(START, latency="rows"),
    "bounds": replace(START, bounds="given"),
    "grid states": replace(START, grid_states="everywhere"),
    "storage states": replace(START, storage_states="everywhere"),
}
NONE = cs.Formulation(
    windows="rows",
    latency="rows",
    bounds="given",
    grid_states="everywhere",
    storage_states="everywhere",
)


def optimum_and_bound(instance: cs.Instance, formulation: cs.Formulation) -> tuple[float, float]:
    """Return the optimum and the bound of the LP relaxation, USD, from one model."""
    model, found = cs.build(instance, formulation), []
    for relax in (False, True):
        if relax:
            model.variables.relax()
        run_solver(model, Settings(gap=GAP, time_limit=60))
        found.append(model.objective.value)
    return found[0], found[1]


def cases() -> Iterator[object]:
    """Yield seeds and steps: two of each step, the rest on demand."""
    for seed in range(100):
        for number, step in enumerate(LOOSE):
            short = seed < 10 and seed % len(LOOSE) == number
            yield pytest.param(seed, step, marks=() if short else pytest.mark.long)


@pytest.mark.parametrize(("seed", "step"), list(cases()))
def test_no_step_moves_the_optimum_or_weakens_the_relaxation(seed, step):
    """Proves: without the step, and without any, on prices of every kind."""
    instance = draw(seed)
    try:
        schedule = cs.solve(instance, gap=GAP, engine="milp")
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, formulation=NONE, gap=GAP)
        return
    best, bound = optimum_and_bound(instance, START)
    scale = max(abs(best), 1.0)
    assert best == pytest.approx(schedule.objective, abs=GAP * scale)
    for formulation in (LOOSE[step], NONE):
        without, looser = optimum_and_bound(instance, formulation)
        assert without == pytest.approx(best, abs=3 * GAP * scale)
        assert bound <= looser + 1e-7 * scale


@pytest.mark.parametrize("seed", range(12))
def test_limits_are_only_lowered(seed):
    data = draw(seed).data
    tight = tightened(data, METHODS["joint"], START)
    for name in ("import_limit", "export_limit", "generation_available", "charge_limit"):
        assert (tight[name] <= data[name]).all()
    assert (tight.discharge_limit <= data.discharge_limit).all()
    assert (tight.battery_energy <= data.battery_energy).all()
    assert (tight.battery_min >= data.battery_min).all()
    assert (tight.battery_min <= data.battery_initial).all()
    assert (tight.battery_energy >= data.battery_initial).all()


def test_the_most_power_counts_windows_sites_reach_and_capacity():
    """Proves: 3 MW of job in hours 1-2 at B only, 2 x 4 MW of service near A, 9 MW of room at A."""
    data = plain(
        2, 3, 1, 2,
        it_capacity=[9, 20], cooling=[[1.5, 1.5, 1.5], [1, 1, 1]],
        power=3, release=1, deadline=2, allowed=[[False, True]],
        demand=[[2, 2, 5], [0, 2, 5]], power_per_unit=[2, 2],
        latency=[[1, 99], [1, 99]], latency_limit=10,
    )  # fmt: skip
    used = most_facility_power(data)
    assert used.sel(site="A").values.tolist() == [1.5 * 4, 1.5 * 8, 1.5 * 9]
    assert used.sel(site="B").values.tolist() == [0, 3, 3]


def test_limits_of_grid_and_battery_by_hand():
    """Proves: each formula of the docstring, on numbers that make it the one that binds."""
    data = plain(
        1, 3, services=1,
        demand=[[4, 4, 4]], import_limit=100, export_limit=2, generation_available=50,
        battery_energy=20, battery_min=2, battery_initial=8,
        charge_limit=3, discharge_limit=40, charge_efficiency=0.5, discharge_efficiency=0.5,
    )  # fmt: skip
    tight = tightened(data, METHODS["joint"], START).isel(site=0)
    assert tight.charge_limit.values.tolist() == [3, 3, 3]
    assert tight.discharge_limit.values.tolist() == [6, 6, 6]  # 4 used, 2 exported; 9 are held
    assert tight.import_limit.values.tolist() == [7, 7, 7]  # 4 used, 3 charged
    assert tight.export_limit.values.tolist() == [2, 2, 2]
    assert tight.generation_available.values.tolist() == [9, 9, 9]  # 4 used, 3 charged, 2 exported
    # from 8 MWh it gains 1.5 an hour and loses 12; from any hour it must be back at 8
    assert tight.battery_energy.values.tolist() == [9.5, 11, 12.5]
    assert tight.battery_min.values.tolist() == [5, 6.5, 8]


def test_a_method_is_the_instance_without_what_it_lacks():
    data = draw(3).data
    blind = restricted(data, METHODS["compute_only"])
    for name in ("generation_available", "export_limit", "charge_limit", "discharge_limit"):
        assert (blind[name] == 0).all()
    assert np.isinf(restricted(data, METHODS["no_carbon"]).carbon_budget)
    home = restricted(data, METHODS["no_routing"]).latency
    assert (np.isfinite(home) == (data.site == data.home).broadcast_like(home)).all()


def test_states_stand_only_where_two_powers_can_meet():
    """Proves: inverted prices ask for states, but not where nothing can be exported."""
    data = plain(2, 1, export_price=[[20], [20]], export_limit=[0, 5], generation_available=5)
    assert grid.needs_states(data, START).values.tolist() == [[False], [True]]
    given = plain(2, 1, import_price=-1, battery_energy=9, charge_limit=1, discharge_limit=[0, 1])
    assert storage.needs_state(given, START).values.tolist() == [[False], [True]]
