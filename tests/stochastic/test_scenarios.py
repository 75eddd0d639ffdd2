"""Scenarios: each is the instance that replacing its values makes, and faults say of which."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from fleets import counted
from hypothesis import given
from hypothesis import strategies as st
from own_families import DemandCharge

import carbonsched as cs

DAY = cs.generate(2, 6, 2, 2, seed=3, start="2023-02-06")
PRICE = DAY.data.import_price.drop_attrs()
FUTURES = {
    "usual": {},
    "dear": {"import_price": 2 * PRICE, "carbon_budget": 50.0},
    "busy": xr.Dataset({"demand": 1.1 * DAY.data.demand}),
}


def futures(probability=None) -> cs.Scenarios:
    return cs.Scenarios.of(DAY, FUTURES, probability)


def same(one: cs.Instance, other: cs.Instance) -> bool:
    """Return whether two instances are the same but for their titles."""
    return one.data.drop_attrs().identical(other.data.drop_attrs()) and one.extra == other.extra


def test_each_is_the_instance_with_its_values_replaced():
    made = futures()
    assert made.labels == list(FUTURES) and made.size == len(made) == 3
    for label, instance in made.each():
        assert same(instance, DAY.replace(**FUTURES[label]))
        assert same(instance, made[label])
        assert instance.data.attrs["title"] == f"{DAY.data.attrs['title']}, scenario {label}"
        assert instance.data.import_price.attrs["units"] == "USD/MWh"
        again = cs.Instance(instance.data)  # which is checked from the start
        assert again.data.identical(instance.data)
    assert list(made.data) == ["import_price", "carbon_budget", "demand"]
    assert made.data.demand.dims == ("scenario", "service", "time")
    usual = float(DAY.data.carbon_budget)
    assert made.data.carbon_budget.values.tolist() == [usual, 50, usual]


def test_one_there_is_not_is_told_with_those_there_are():
    with pytest.raises(KeyError, match="no scenario 'dry', there are usual, dear, busy"):
        futures()["dry"]


CHANCES = [
    [0.5, 0.25, 0.25],
    {"dear": 0.25, "usual": 0.5, "busy": 0.25},
    xr.DataArray([0.25, 0.5, 0.25], {"scenario": ["busy", "usual", "dear"]}),
]


@pytest.mark.parametrize("chances", CHANCES, ids=["in order", "by label", "labelled"])
def test_probabilities_are_matched_by_label(chances):
    assert futures(chances).probability.sel(scenario="usual") == 0.5
    assert futures(chances).probability.to_series().to_dict() == CHANCES[1]


def test_probabilities_are_alike_unless_given_and_rounding_is_made_good():
    assert futures().probability.values.tolist() == [1 / 3] * 3
    assert float(futures([0.3333333] * 3).probability.sum()) == pytest.approx(1, abs=1e-15)


FAULTS = {
    "too few": ([0.5, 0.5], "probability: 2 values, expected one for each of 3 scenarios"),
    "another label": (
        {"usual": 0.5, "dry": 0.5},
        "probability[scenario=dear] = nan: expected a number above 0",
    ),
    "none": ([0, 0.5, 0.5], "probability[scenario=usual] = 0.0: expected a number above 0"),
    "negative": ([-1, 1, 1], "probability[scenario=usual] = -1.0: expected a number above 0"),
    "two in all": ([1, 0.5, 0.5], "probability: adds up to 2, expected 1"),
    "words": (["a", "b", "c"], "probability[scenario=usual] = nan: expected a number above 0"),
}


@pytest.mark.parametrize(("chances", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_faulty_probabilities_are_told(chances, message):
    with pytest.raises(cs.InstanceError) as caught:
        futures(chances)
    assert message in caught.value.faults


def test_all_faults_of_all_scenarios_are_told_with_their_labels():
    with pytest.raises(cs.InstanceError) as caught:
        cs.Scenarios.of(
            DAY,
            {
                "cold": {"cooling": 0.5 + 0 * PRICE[:, :]},
                "usual": {},
                "odd": {"demand": -1.0, "import_prize": 1.0},
                "large": {"battery_min": 1e6},
            },
        )
    begun = {fault.split("[")[0].split(",")[0] for fault in caught.value.faults}
    assert {
        "scenario cold: cooling",
        "scenario odd: import_prize: no such variable",
        "scenario large: battery_min",
    } <= begun


def whole(**values) -> xr.Dataset:
    """Return what differs over two scenarios."""
    two = xr.DataArray([1.0, 1.0], {"scenario": ["a", "b"]})
    return xr.Dataset({"import_price": two * PRICE} | values).assign_coords(two.coords)


EACH = xr.DataArray([0.5, 0.5], {"scenario": ["a", "b"]})
STRUCTURE = {
    "no Dataset": (PRICE, "expected an xarray.Dataset, got DataArray"),
    "no scenario": (xr.Dataset({"import_price": PRICE}), "scenario: dimension without labels"),
    "no name of ours": (whole(pue=EACH), "pue: not a variable of the model"),
    "jobs": (
        whole(duration=EACH * DAY.data.duration),
        "duration: has to be the same in every scenario",
    ),
    "periods": (whole(step_hours=EACH), "step_hours: has to be the same in every scenario"),
    "shared": (whole(cooling=DAY.data.cooling), "cooling: not over scenario; what all share"),
    "dimensions": (whole(demand=EACH), "demand: dimensions ('scenario',), expected ('scenario', "),
    "labels": (
        whole().assign_coords(site=["site-1", "Z"]),
        "site: expected the instance's 2 labels; not so for site-2, Z",
    ),
    "a number": (whole().assign_coords(scenario=[1, 2]), "scenario: label 1 is not a plain"),
    "a control character": (
        whole().assign_coords(scenario=["a\x1b", "b"]),
        "scenario: label 'a\\x1b' is not a plain, non-empty string",
    ),
    "twice": (whole().assign_coords(scenario=["a", "a"]), "scenario: duplicate label a"),
    "not a number": (
        whole(cooling=EACH * DAY.data.cooling * 2).where(lambda d: d.scenario == "a"),
        "scenario b: cooling[site=site-1, time=2023-02-06 00:00:00] = nan MW/MW: not a finite",
    ),
    "too small in one": (
        whole(cooling=(EACH + np.array([0.5, -0.4])) * DAY.data.cooling),
        "scenario b: cooling[site=site-1, time=2023-02-06 00:00:00] = ",
    ),
    "too large in one": (
        whole(import_price=(EACH + np.array([1e16, 0.0])) * PRICE),
        "scenario a: import_price[site=site-1, time=2023-02-06 00:00:00] = ",
    ),
    "another unit": (
        whole(cooling=(2 * EACH * DAY.data.cooling).assign_attrs(units="%")),
        "scenario a: cooling: given in %, expected MW/MW",
    ),
    "what must agree": (
        whole(battery_energy=EACH * DAY.data.battery_energy * 0),
        "scenario a: battery_min[site=site-1]",
    ),
}


@pytest.mark.parametrize(("data", "message"), STRUCTURE.values(), ids=STRUCTURE.keys())
def test_faulty_data_are_told(data, message):
    with pytest.raises(cs.InstanceError) as caught:
        cs.Scenarios(DAY, data, EACH.values)
    assert any(fault.startswith(message) for fault in caught.value.faults), caught.value.faults


@given(data=st.data())
def test_labels_and_dimensions_come_in_any_order(data):
    made = futures([0.5, 0.3, 0.2])
    orders = {
        dim: data.draw(st.permutations(range(made.data.sizes[dim])))
        for dim in made.data.dims
        if dim != "scenario"
    }
    mixed = made.data.isel(orders).transpose(*data.draw(st.permutations(list(made.data.dims))))
    chances = made.probability.isel(scenario=data.draw(st.permutations(range(3))))
    again = cs.Scenarios(DAY, mixed, chances)
    assert again.data.identical(made.data) and again.probability.identical(made.probability)


def test_some_are_chosen_and_values_replaced_in_all_or_in_each():
    made = futures([0.5, 0.3, 0.2])
    some = made.chosen(["busy", "usual"])
    assert some.labels == ["busy", "usual"]
    assert some.probability.values == pytest.approx([2 / 7, 5 / 7])
    assert same(some["busy"], made["busy"])
    tight = made.replace(carbon_budget=40.0, cooling=xr.DataArray([1.1, 1.2, 1.3], made.data.scenario.coords) + 0 * DAY.data.cooling)  # fmt: skip  # noqa: E501
    assert "carbon_budget" not in tight.data and float(tight.instance.data.carbon_budget) == 40
    assert same(tight["dear"], made["dear"].replace(carbon_budget=40.0, cooling=1.2))
    assert futures().replace(probability=[0.2, 0.2, 0.6]).probability.values[2] == 0.6


def test_the_mean_is_the_expectation_of_every_value():
    mean = futures([0.5, 0.3, 0.2]).mean()
    expected = DAY.replace(
        import_price=(0.5 + 0.6 + 0.2) * PRICE,
        demand=(0.8 + 0.22) * DAY.data.demand.drop_attrs(),
        carbon_budget=0.7 * DAY.data.carbon_budget.drop_attrs() + 15,
    )
    xr.testing.assert_allclose(mean.data, expected.data)
    assert cs.Scenarios.of(DAY, {"only": {}}).mean() is DAY


def test_parameters_of_a_family_may_differ():
    given = DAY.with_families([DemandCharge()], demand_rate=3.0)
    made = cs.Scenarios.of(given, {"a": {}, "b": {"demand_rate": 6.0}})
    assert same(made["b"], given.replace(demand_rate=6.0))
    assert made["a"].extra == DemandCharge().parameters


def test_limits_may_vary_in_time_in_one_of_them():
    cut = xr.where(DAY.data.time < DAY.data.time[3], 0.0, DAY.data.import_limit).transpose(
        "site", "time"
    )
    made = cs.Scenarios.of(DAY, {"usual": {}, "cut": {"import_limit": cut}})
    assert made.data.import_limit.dims == ("scenario", "site", "time")
    assert same(made["cut"], DAY.replace(import_limit=cut))


def test_how_it_reads():
    assert repr(futures()) == (
        "<Scenarios 'synthetic 2 x 6 x 2 x 2, seed 3': 3 scenarios of import_price, "
        "carbon_budget, demand>"
    )
    only = cs.Scenarios.of(cs.Instance(plain(1, 1)), {"only": {}})
    assert repr(only) == "<Scenarios '': 1 scenario>"
    assert same(only["only"], cs.Instance(plain(1, 1)))


def test_it_stands_on_an_instance():
    with pytest.raises(TypeError, match=r"expected a carbonsched\.Instance, got Dataset"):
        cs.Scenarios.of(counted(3).data, {"a": {}})
