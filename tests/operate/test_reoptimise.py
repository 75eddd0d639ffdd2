"""Solving again in place gives what building anew gives."""

import numpy as np
import pytest
import xarray as xr
from own_families import CarbonTax, DemandCharge, MovedDemandCharge, Surcharge, with_own

import carbonsched as cs
from carbonsched.core.schema import PARAMETERS
from carbonsched.operate import reoptimise
from carbonsched.operate.reoptimise import RebuildReason, Reoptimiser


@pytest.fixture(autouse=True)
def in_place(monkeypatch):
    """Let no test pass by way of the fresh solve that a broken schedule is followed by."""
    monkeypatch.setattr(reoptimise, "solve", None)


# What moves only where a row holds it.
BESIDE_ROWS = {"cooling", "latency", "latency_limit", "release", "deadline", "allowed", "required"}
# What moves in every formulation.
NUMBERS = set().union(*(family.moves for family in cs.FAMILIES)) - BESIDE_ROWS


def changed(instance: cs.Instance, name: str, factor: float) -> cs.Instance:
    return instance.replace(**{name: factor * instance.data[name]})


def factor(name: str) -> float:
    """Return a change of a parameter that keeps an instance valid."""
    down = {"battery_min", "battery_initial", "battery_final", "demand"}
    down |= {"export_price", "export_limit"}
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
    ("name", "times", "reason"),
    [
        ("power", 1.1, RebuildReason.COEFFICIENTS),
        ("discharge_efficiency", 0.99, RebuildReason.COEFFICIENTS),
        ("carbon_budget", np.inf, RebuildReason.VARIABLES),
        ("export_price", 2.5, RebuildReason.VARIABLES),  # above import's: states are needed
    ],
)
def test_a_change_of_structure_builds_anew_and_says_why(default, name, times, reason):
    again = Reoptimiser(gap=1e-3)
    again.solve(default)
    assert again.reason is RebuildReason.FIRST
    instance = changed(default, name, times)
    moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-3)
    assert max(moved.objective, fresh.objective) <= min(moved.bound, fresh.bound) + 1e-3
    assert (again.rebuilds, again.updates, again.reason) == (2, 0, reason)


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
    assert again.rebuilds == 2 and again.reason is RebuildReason.LABELS


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


def over_time(instance: cs.Instance, name: str) -> xr.DataArray:
    """Return a parameter over (site, time), raised by some percent that differ by the hour."""
    rise = xr.DataArray(1 + 0.01 * np.arange(instance.data.sizes["time"]), dims="time")
    return instance.data[name] * rise.assign_coords(time=instance.data.time)


def test_what_begins_to_vary_in_time_moves_in_place(default):
    again = Reoptimiser(gap=1e-7)
    instance = default.replace(carbon_budget=700.0)
    again.solve(instance)
    for quantity in PARAMETERS.values():
        if quantity.varies:
            instance = instance.replace(**{quantity.name: over_time(instance, quantity.name)})
            moved, fresh = again.solve(instance), cs.solve(instance, gap=1e-7)
            assert moved.objective == pytest.approx(fresh.objective, rel=1e-6), quantity.name
    assert (again.rebuilds, again.updates) == (1, 6)


def test_a_value_of_stored_energy_and_a_recovery_move_in_place(make):
    """Proves: 5 MWh at 10 are bought once they are worth 20; 4 at 30 where they must be at once."""
    instance = make(
        1, 2, 0, 0, battery_energy=10, charge_limit=5, discharge_limit=5, battery_initial=2,
        import_price=[[30.0, 10.0]],
    )  # fmt: skip
    again = Reoptimiser(gap=0)
    assert again.solve(instance).objective == pytest.approx(0)
    valued = again.solve(instance.replace(battery_value=20.0))
    assert valued.objective == pytest.approx(50) and valued.benefit["stored"] == pytest.approx(100)
    assert "stored" not in again.solve(instance).benefit
    for recovery, objective in ((2, -40), (1, -120), (3, 0)):
        low = instance.replace(battery_min=6.0, battery_recovery=recovery)
        assert again.solve(low).objective == pytest.approx(objective)
    assert again.rebuilds == 1


def test_a_job_becomes_required_and_is_free_again(make):
    """Proves: at 900 for 10 MW against a reward of 1,000 or 100, the row moves in place."""
    instance = make(1, 2, 2, 0, import_price=90.0, reward=[1000.0, 100.0], required=[True, False])
    again = Reoptimiser(gap=0)
    assert again.solve(instance).objective == pytest.approx(100)
    job = instance.data.job
    for required, objective in (([True, True], -700), ([False, True], -700), ([False] * 2, 100)):
        moved = again.solve(instance.replace(required=xr.DataArray(required, {"job": job})))
        assert moved.objective == pytest.approx(objective)
    assert (again.rebuilds, again.updates) == (1, 3)


def test_an_end_out_of_reach_is_said_and_the_next_one_solved(make):
    """Proves: 1 MW charges 2 MWh to 6 in four hours; 9 is a bound below another."""
    instance = make(
        1, 4, 0, 1, demand=10, battery_energy=10, battery_initial=2, charge_limit=1,
        discharge_limit=1,
    )  # fmt: skip
    again = Reoptimiser(gap=0)
    assert again.solve(instance).objective == pytest.approx(-400)
    with pytest.raises(cs.InfeasibleError):
        again.solve(instance.replace(battery_final=9.0))
    assert again.reason is RebuildReason.BOUNDS
    assert again.solve(instance.replace(battery_final=6.0)).objective == pytest.approx(-440)


def test_a_misspelt_keyword_is_named():
    with pytest.raises(TypeError, match=r"Reoptimiser\(\) has no keyword 'gpa'.*'gap'"):
        Reoptimiser(gpa=0.1)
    with pytest.raises(TypeError, match="without objective"):
        Reoptimiser(families=[])


@pytest.mark.parametrize("family", [DemandCharge(), MovedDemandCharge()])
def test_an_added_family_follows_with_its_own_numbers(family):
    """Proves: in place if it moves, built anew if not, and each time as built whole."""
    families = with_own(family)
    instance = cs.generate(2, 6, 2, 1, seed=1).with_families([family])
    again = Reoptimiser(families=families, gap=1e-7)
    changes = [
        {},
        {"demand_rate": 900.0},
        {"peak_so_far": 200.0},
        {"import_price": 1.2 * instance.data.import_price, "demand_rate": 100.0},
    ]
    for change in changes:
        instance = instance.replace(**change)
        moved, fresh = again.solve(instance), cs.solve(instance, families=families, gap=1e-7)
        assert moved.objective == pytest.approx(fresh.objective, rel=1e-6)
        assert moved.benefit["demand_charge"] == pytest.approx(
            -float((instance.data.demand_rate * moved.data.peak).sum())
        )
    built = (again.rebuilds, again.updates, again.reason)
    assert built == ((1, 3, None) if family.moves else (4, 0, RebuildReason.FAMILY))


def test_the_same_numbers_need_no_building_whatever_the_family():
    again = Reoptimiser(families=with_own(Surcharge()), gap=1e-7)
    instance = cs.generate(2, 6, 2, 1, seed=1)
    assert again.solve(instance).objective == pytest.approx(again.solve(instance).objective)
    assert (again.rebuilds, again.updates) == (1, 1)


def test_what_an_added_family_is_worth_moves_with_the_papers_parameters(make):
    """Proves: 10 MWh at 10 USD and 0.5 t of 50 USD, then 0.8 t: -100 - 250, -100 - 400."""
    instance = make(1, 1, 0, 1, demand=10)
    again = Reoptimiser(families=with_own(CarbonTax()), gap=0)
    for intensity, objective in ((0.5, -350), (0.8, -500)):
        moved = again.solve(instance.replace(carbon_intensity=intensity))
        assert moved.objective == pytest.approx(objective) == moved.bound
    assert (again.rebuilds, again.updates) == (1, 1)


def test_a_model_that_was_run_knows_its_objective(default):
    """What the solver had is without constants; what the model says afterwards is (1)."""
    again = Reoptimiser(gap=1e-7)
    schedule = again.solve(default)
    again.update(default)
    assert again.run().status.is_ok
    assert again.model.objective.value == pytest.approx(schedule.objective, rel=1e-6)


def test_what_polishes_a_plan_leaves_the_units_of_a_held_model(default):
    """The benefit as a row beside the others would have a solver count in units of its own."""
    instance = default.replace(battery_cost=0 * default.data.battery_cost)
    again = Reoptimiser(gap=1e-6)
    schedule = again.solve(instance)
    assert schedule.objective == pytest.approx(cs.solve(instance, gap=1e-6).objective, rel=1e-5)
    parts = [*again.model.variables.items(), *again.model.constraints.items()]
    assert all((part.scaling == 1).all() for _, part in parts)
    assert not [name for name in again.model.constraints if name.startswith("polish")]
