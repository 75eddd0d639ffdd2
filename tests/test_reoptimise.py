"""Solving again in place gives what building anew gives."""

import numpy as np
import pytest

import carbonsched as cs
from carbonsched import reoptimise
from carbonsched.core.families import inference, jobs
from carbonsched.operate.reoptimise import IN_PLACE, Reoptimiser


@pytest.fixture(autouse=True)
def in_place(monkeypatch):
    """Let no test pass by way of the fresh solve that a broken schedule is followed by."""
    monkeypatch.setattr(reoptimise, "solve", None)


OTHERS = {"cooling", "battery_final"}  # a coefficient, and what only windows have
NUMBERS = IN_PLACE - OTHERS - jobs.MOVES - inference.LATENCY  # what moves in every formulation


def changed(instance: cs.Instance, name: str, factor: float) -> cs.Instance:
    return instance.replace(**{name: factor * instance.data[name]})


def factor(name: str) -> float:
    """Return a change of a parameter that keeps an instance valid."""
    down = {"battery_min", "battery_initial", "demand", "export_price", "export_limit"}
    return 0.97 if name in down else 1.04


def test_every_parameter_moved_in_place_gives_the_schedule_of_a_fresh_build(default):
    again = Reoptimiser(gap=1e-7)
    instance = default.replace(carbon_budget=700.0)  # it binds
    again.solve(instance)
    for name in sorted(NUMBERS):
        instance = changed(instance, name, factor(name))
        moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-7)
        assert moved.objective == pytest.approx(fresh.objective, rel=1e-6), name
        assert moved.bound == pytest.approx(fresh.bound, rel=1e-6), name
    assert (again.rebuilds, again.updates) == (1, len(NUMBERS))


@pytest.mark.parametrize("method", cs.METHODS)
def test_all_parameters_moved_at_once(default, method):
    again = Reoptimiser(method, gap=1e-7)
    again.solve(default)
    instance = default
    for name in sorted(NUMBERS):
        instance = changed(instance, name, factor(name))
    moved, fresh = again.solve(instance), cs.solve(instance, method, gap=1e-7)
    assert moved.objective == pytest.approx(fresh.objective, rel=1e-6)
    assert moved.emissions == pytest.approx(fresh.emissions, rel=1e-3)
    assert (again.rebuilds, again.updates) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"power": 1.1},
        {"discharge_efficiency": 0.99},
        {"carbon_budget": np.inf},
        {"export_price": 2.5},  # above the import price: the states of the grid are needed
    ],
)
def test_a_change_of_structure_builds_anew(default, change):
    again = Reoptimiser(gap=1e-3)
    again.solve(default)
    instance = changed(default, *next(iter(change.items())))
    moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-3)
    assert max(moved.objective, fresh.objective) <= min(moved.bound, fresh.bound) + 1e-3
    assert (again.rebuilds, again.updates) == (2, 0)


def test_a_first_negative_price_builds_anew(default):
    again = Reoptimiser(gap=1e-3)
    again.solve(default)
    price = default.data.import_price
    instance = default.replace(import_price=price.where(price.time != price.time[0], -5.0))
    moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-3)
    assert max(moved.objective, fresh.objective) <= min(moved.bound, fresh.bound) + 1e-3
    assert again.rebuilds == 2


def test_limits_that_stand_beside_a_state_build_anew(default):
    morning = cs.Instance(default.data.isel(time=slice(8), job=slice(0)))
    inverted = morning.replace(export_price=1.5 * morning.data.import_price)
    again = Reoptimiser(gap=1e-7)
    again.solve(inverted)
    larger = changed(inverted, "export_limit", 1.2)
    assert again.solve(larger).objective == pytest.approx(
        cs.solve(larger, gap=1e-7).objective, rel=1e-6
    )
    assert again.rebuilds == 2


def test_other_labels_build_anew(default):
    again = Reoptimiser(gap=1e-7)
    again.solve(default)
    fewer = cs.Instance(default.data.isel(job=slice(3)))
    assert again.solve(fewer).objective == pytest.approx(cs.solve(fewer, gap=1e-7).objective)
    assert again.rebuilds == 2


def test_coefficients_of_cooling_and_carbon_move_in_place(default):
    """Sensitivity: 10 % more carbon under a budget that binds, 1 % more cooling, in two hours."""
    again = Reoptimiser(formulation=cs.Formulation(power="stated"), gap=1e-7, warm=False)
    instance = default.replace(carbon_budget=700.0)
    again.solve(instance)
    for name, factor in {
        "carbon_intensity": 1.1,
        "generation_carbon": 1.2,
        "cooling": 1.01,
    }.items():
        given = instance.data[name]
        early = given.coords.get("time", instance.data.time[0]) < instance.data.time[2]
        instance = instance.replace(**{name: given.where(~early, factor * given)})
        moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-7)
        assert moved.objective == pytest.approx(fresh.objective, rel=1e-6), name
        assert moved.bound == pytest.approx(fresh.bound, rel=1e-6), name
    assert (again.rebuilds, again.updates) == (1, 3)


def test_cooling_builds_anew_where_powers_are_substituted(default):
    again = Reoptimiser(formulation=cs.Formulation(power="substituted"), gap=1e-3)
    again.solve(default)
    instance = changed(default, "cooling", 1.01)
    moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-3)
    assert max(moved.objective, fresh.objective) <= min(moved.bound, fresh.bound) + 1e-3
    assert again.rebuilds == 2


def test_an_infeasible_change_is_said_and_the_next_one_solved(default):
    again = Reoptimiser(gap=1e-7)
    again.solve(default)
    with pytest.raises(cs.InfeasibleError):
        again.solve(default.replace(carbon_budget=1.0))
    assert again.solve(default).objective == pytest.approx(cs.solve(default, gap=1e-7).objective)


def test_windows_that_are_rows_move_in_place(make):
    """Free in the first hour, 90 USD in the last: where the job may start decides."""
    again = Reoptimiser(formulation="paper", gap=1e-7)
    instance = make(1, 3, 1, import_price=[[0, 5, 9]])
    for release, objective in ((0, 1000), (2, 910), (1, 950)):
        assert again.solve(instance.replace(release=release)).objective == pytest.approx(objective)
    assert again.rebuilds == 1


def test_a_latency_limit_out_of_reach_is_said_without_a_solver(make):
    again = Reoptimiser(formulation="paper", gap=1e-7)
    instance = make(1, 2, 0, 1, demand=5)
    again.solve(instance)
    with pytest.raises(cs.InfeasibleError, match=r"\(11\) and \(12\)"):
        again.solve(instance.replace(latency_limit=0.5))
    assert again.solve(instance).objective == pytest.approx(-100)


def test_the_time_limit_is_for_each_solve(default):
    again = Reoptimiser(gap=1e-7, time_limit=1.0)
    for share in np.linspace(1, 0.5, 40):  # together well above a second
        again.solve(default.replace(carbon_budget=float(3000 * share)))
    assert again.updates == 39


def test_a_solver_that_cannot_be_updated_is_refused():
    with pytest.raises(cs.SolverError, match="in place"):
        Reoptimiser(solver="glpk")


def test_a_tie_that_breaks_the_schedule_is_solved_again_with_care(monkeypatch):
    monkeypatch.setattr(reoptimise, "solve", cs.solve)
    free = cs.generate(seed=0)
    names = ("generation_cost", "battery_cost", "reward", "import_price", "export_price")
    free = free.replace(**{name: 0 * free.data[name] for name in names})
    again = Reoptimiser("no_routing", gap=1e-6)
    assert again.solve(free).objective == pytest.approx(
        cs.solve(free, "no_routing", gap=1e-6).objective
    )


def test_nothing_to_hold_moves_capacity_too():
    idle = cs.generate(jobs=0, services=0, seed=1)
    again = Reoptimiser(gap=1e-7)
    again.solve(idle)
    more = changed(idle, "it_capacity", 1.1)
    assert again.solve(more).objective == pytest.approx(cs.solve(more, gap=1e-7).objective)
    assert again.updates == 1


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
def test_demand_that_grows_is_served_where_it_was(make, formulation):
    """Proves: bound and latency row of a route move with (11): 5 MW, then 9 at the same site."""
    instance = make(1, 2, 0, 1, demand=5)
    again = Reoptimiser(formulation=formulation, gap=1e-7)
    assert again.solve(instance).objective == pytest.approx(-100)
    assert again.solve(instance.replace(demand=9.0)).objective == pytest.approx(-180)
    assert again.rebuilds == 1
