"""The six methods of Table I."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.core.first_fit import first_fit
from carbonsched.core.method import METHODS, method_of
from carbonsched.study.methods import run_methods, summarise


@pytest.fixture(scope="module")
def outcomes(default) -> dict[str, cs.Schedule]:
    return run_methods(default, gap=1e-5)


def test_the_papers_order_holds_on_the_default_instance(outcomes):
    table = summarise(outcomes)
    by_objective = table.objective.sort_values(ascending=False).round(-1)
    assert by_objective.iloc[0] == by_objective.iloc[1]
    assert set(by_objective.index[:2]) == {"joint", "no_carbon"}
    assert list(by_objective.index[2:]) == [
        "no_battery", "energy_only", "compute_only", "no_routing",
    ]  # fmt: skip
    assert by_objective.iloc[1:].is_monotonic_decreasing and by_objective.iloc[1:].is_unique
    by_emissions = table.emissions.sort_values()
    assert set(by_emissions.index[:2]) == {"joint", "no_carbon"}
    assert np.isclose(*by_emissions.iloc[:2], rtol=0.01)
    assert list(by_emissions.index[2:]) == [
        "no_battery", "energy_only", "compute_only", "no_routing",
    ]  # fmt: skip


def test_every_method_gives_a_feasible_schedule_of_the_same_problem(default, outcomes):
    for schedule in outcomes.values():
        assert cs.verify(default, schedule).ok


def test_no_restriction_beats_joint(outcomes):
    joint = outcomes["joint"]
    for method in ("compute_only", "energy_only", "no_battery", "no_routing"):
        assert outcomes[method].objective <= joint.bound + 1e-6
    assert outcomes["no_carbon"].bound >= joint.objective - 1e-6


def test_compute_only_is_a_passive_consumer(outcomes):
    data = outcomes["compute_only"].data
    for name in ("generate", "grid_export", "charge", "discharge"):
        assert not data[name].any()
    np.testing.assert_allclose(data.grid_import, data.facility_power, atol=1e-6)


def test_no_battery_leaves_it_idle(default, outcomes):
    data = outcomes["no_battery"].data
    assert not data.charge.any() and not data.discharge.any()
    assert (data.soc == default.data.battery_initial).all()


def test_no_routing_keeps_services_home(default, outcomes):
    routed = outcomes["no_routing"].data.route.sum("time")
    assert float(routed.where(default.data.site != default.data.home).max()) == 0


def test_energy_only_fixes_the_workload_first(default, outcomes):
    plan = first_fit(default)
    data = outcomes["energy_only"].data
    np.testing.assert_allclose(data.start, plan.start)
    np.testing.assert_allclose(data.route, plan.route, atol=1e-6)


def test_first_fit_splits_by_capacity_over_sites_in_reach(make):
    instance = make(3, 1, 0, 1, it_capacity=[20, 60, 500], demand=8, latency=[[1, 1, 99]])
    assert first_fit(instance).route.squeeze().values.tolist() == [2, 6, 0]


def test_first_fit_is_first_come_first_served(make):
    """Jobs of 10 MW, 12 MW free: the one released first takes the first site, the next waits
    for the earliest period with room anywhere, the third finds none."""
    instance = make(
        2, 4, 3, it_capacity=12, allowed=[[True, False], [True, True], [True, False]],
        duration=[2, 2, 4], release=[1, 0, 0], deadline=[3, 3, 3],
    )  # fmt: skip
    start = first_fit(instance).start
    placed = [tuple(map(int, where)) for where in np.argwhere(start.values)]
    assert placed == [(0, 0, 2), (1, 0, 0)]


def test_first_fit_keeps_to_what_the_connection_can_feed(make):
    instance = make(2, 1, 1, import_limit=[10, 20], cooling=1.25, it_capacity=100)
    assert first_fit(instance).start.squeeze().values.tolist() == [0, 1]


def test_first_fit_counts_on_site_generation_and_fills_to_the_brim(make):
    """A site without a connection is fed by its own 30 MW; three jobs of 0.1 fill 0.3."""
    instance = make(1, 1, 1, import_limit=0, generation_available=30)
    assert first_fit(instance).start.sum() == 1
    assert first_fit(make(1, 1, 3, it_capacity=0.3, power=0.1)).start.sum() == 3


def test_first_fit_says_what_is_lacking(make):
    instance = make(2, 1, 0, 2, it_capacity=[10, 10], demand=[[9], [6]], latency=[[1, 1], [1, 50]])
    with pytest.raises(cs.InfeasibleError, match="period 0"):
        first_fit(instance)
    table = cs.table(instance, ["joint", "energy_only"])
    assert table.status.tolist() == ["optimal", "infeasible"]
    assert np.isnan(table.objective["energy_only"])


def test_a_method_is_a_value_with_a_name():
    assert method_of("no_routing") == cs.Method(routing="home")
    assert [method.name for method in METHODS.values()] == list(METHODS)
    assert cs.Method(storage="idle", export="none").name == "export=none, storage=idle"
    with pytest.raises(ValueError, match=r"Method\.storage = 'off', choose from 'operated'"):
        cs.Method(storage="off")
    assert set(cs.METHODS) == {
        "joint", "compute_only", "energy_only", "no_battery", "no_routing", "no_carbon",
    }  # fmt: skip


@pytest.mark.parametrize("method", cs.METHODS)
def test_both_formulations_agree_on_every_method(default, method):
    one, other = (cs.solve(default, method, f, gap=1e-6) for f in cs.FORMULATIONS)
    assert one.objective == pytest.approx(other.objective, abs=1.1e-6 * one.turnover)
