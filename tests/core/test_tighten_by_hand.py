"""Limits lowered to what an optimum can use, by hand; that they lose nothing, `agreement` shows."""

import numpy as np
import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.core.method import METHODS
from carbonsched.core.tighten import most_facility_power, tightened

# Half-hours of 12, 24 and 0 MW of load with cooling; a battery of 8 MWh between 2 and 10.
SITE = {
    "step_hours": 0.5, "cooling": 1.2, "demand": [[10, 20, 0]], "export_limit": 5,
    "generation_available": [[90, 3, 50]], "battery_energy": 10, "battery_min": 2,
    "battery_initial": 4, "charge_limit": 30, "discharge_limit": 30,
    "charge_efficiency": 0.8, "discharge_efficiency": 0.5,
}  # fmt: skip


def limits(**values: object):
    return tightened(plain(1, 3, 0, 1, **SITE | values), METHODS["joint"], cs.Formulation())


def rounded(array) -> list[float]:
    return array.transpose("site", "time").values.ravel().round(9).tolist()


def test_power_is_limited_by_the_room_in_the_battery():
    """8 MWh in half an hour: 16 MW at the store, so 20 MW charged or 8 MW delivered."""
    data = limits()
    assert rounded(data.charge_limit) == [20, 20, 20]
    assert rounded(data.discharge_limit) == [8, 8, 5]  # no more than 0 MW of load and 5 exported


def test_what_the_battery_holds_is_counted_from_its_lowest_reserve():
    """From 2 MWh, the least of any half-hour, to 10: the limits are those of a reserve of 2."""
    data = limits(battery_min=[[2, 6, 2]], battery_initial=6, battery_final=2)
    assert rounded(data.charge_limit) == [20, 20, 20]
    assert rounded(data.discharge_limit) == [8, 8, 5]


def test_each_site_has_a_reserve_of_its_own():
    """8 and 4 MWh of room in half an hour, so 20 and 10 MW charged."""
    own = {"battery_min": [2, 6], "battery_initial": 6, "generation_available": 90}
    data = tightened(plain(2, 3, 0, 1, **SITE | own), METHODS["joint"], cs.Formulation())
    assert rounded(data.charge_limit) == [20, 20, 20, 10, 10, 10]


def test_charging_is_limited_by_what_a_site_can_draw():
    data = limits(import_limit=7, generation_available=[[1, 2, 30]])
    assert rounded(data.charge_limit) == [8, 9, 20]


def test_grid_and_generation_are_limited_by_load_and_battery():
    data = limits()
    assert rounded(data.import_limit) == [12 + 20, 24 + 20, 20]
    assert rounded(data.generation_available) == [12 + 5 + 20, 3, 5 + 20]
    assert rounded(data.export_limit) == [5, 5, 5]
    assert rounded(limits(export_limit=60).export_limit) == [60, 3 + 8, 50 + 8]


def test_a_limit_is_never_raised():
    data = limits(import_limit=9, charge_limit=3, discharge_limit=2)
    assert rounded(data.import_limit) == [9, 9, 3]
    assert rounded(data.charge_limit) == [3, 3, 3]
    assert rounded(data.discharge_limit) == [2, 2, 2]


def test_the_store_moves_no_faster_than_its_powers_let_it():
    """5 MW charge 2 MWh, 0.5 MW takes 1 MWh; 4 MWh at the start, and again at the end."""
    data = limits(charge_limit=5, discharge_limit=0.5, discharge_efficiency=0.25)
    assert rounded(data.battery_energy) == [6, 8, 10]
    assert rounded(data.battery_min) == [3, 2, 4]
    assert rounded(limits(charge_limit=0).battery_energy) == [4, 4, 4]


def test_the_most_power_counts_jobs_in_their_windows_and_services_within_reach():
    data = plain(
        2, 3, 2, 2, cooling=[[1, 1, 2], [1, 1, 1]], it_capacity=[60, 1000], power=[10, 20],
        release=[0, 1], deadline=[1, 2], allowed=[[True, True], [False, True]],
        demand=[[1, 2, 3], [100, 0, 50]], power_per_unit=[2, 1],
        latency=[[5, 50], [5, 10]], latency_limit=10,
    )  # fmt: skip
    most = most_facility_power(data).transpose("site", "time")
    assert most.values.tolist() == [[60, 10 + 4, 2 * (6 + 50)], [10 + 100, 10 + 20, 20 + 50]]


def test_limits_as_given_stay_as_given():
    given = plain(1, 3, 0, 1, **SITE)
    kept = tightened(given, METHODS["joint"], cs.Formulation(bounds="given"))
    for name in given.data_vars:
        assert kept[name].equals(given[name]), name


@pytest.mark.parametrize(
    ("method", "zero"),
    [
        ("compute_only", {"generation_available", "export_limit", "charge_limit",
                          "discharge_limit"}),
        ("no_battery", {"charge_limit", "discharge_limit"}),
        ("joint", set()),
    ],
)  # fmt: skip
def test_what_a_method_does_without_is_zero(method, zero):
    for bounds in ("given", "tight"):
        kept = tightened(plain(1, 3, 0, 1, **SITE), METHODS[method], cs.Formulation(bounds=bounds))
        idle = {name for name in kept.data_vars if name.endswith(("_limit", "_available"))}
        idle = {name for name in idle if not kept[name].any()}
        assert idle == zero


def test_a_method_keeps_or_lifts_the_budget_and_the_routes():
    data = plain(2, 1, 0, 2, home=["A", "B"], carbon_budget=3)
    assert tightened(data, METHODS["joint"], cs.Formulation()).carbon_budget == 3
    assert np.isinf(tightened(data, METHODS["no_carbon"], cs.Formulation()).carbon_budget)
    assert tightened(data, METHODS["joint"], cs.Formulation()).latency.values.tolist() == [
        [1, 1],
        [1, 1],
    ]
    routes = tightened(data, METHODS["no_routing"], cs.Formulation()).latency
    assert routes.values.tolist() == [[1, np.inf], [np.inf, 1]]
