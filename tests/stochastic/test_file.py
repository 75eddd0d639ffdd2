"""Scenarios come back from disk as they were, and are not taken for what they are not."""

from __future__ import annotations

import pytest
import xarray as xr
from own_families import DemandCharge
from test_given_scenarios import DAY, futures, same

import carbonsched as cs
from carbonsched.io import read_netcdf
from carbonsched.stochastic import file


def test_they_come_back_as_they_were(tmp_path):
    for made in (futures([0.5, 0.3, 0.2]), cs.scenarios(DAY, 1, "perfect")):
        path = made.save(tmp_path / "futures.nc")
        again = cs.Scenarios.load(path)
        assert again.data.identical(made.data)
        assert again.probability.identical(made.probability)
        assert again.instance.data.identical(made.instance.data)
        assert [path.name for path in tmp_path.iterdir()] == ["futures.nc"]


def test_the_families_of_an_instance_have_to_be_given(tmp_path):
    given = DAY.with_families([DemandCharge()], demand_rate=3.0)
    made = cs.Scenarios.of(given, {"a": {}, "b": {"carbon_budget": 7.0}})
    path = made.save(tmp_path / "futures.nc")
    assert same(cs.Scenarios.load(path, [DemandCharge()])["b"], made["b"])
    with pytest.raises(cs.InstanceError, match="not a variable of the model"):
        cs.Scenarios.load(path)


def test_each_kind_of_file_is_read_by_its_own_reader(tmp_path):
    made = futures()
    path = made.save(tmp_path / "futures.nc")
    with pytest.raises(cs.InstanceError, match=r"these are scenarios; read them with Scenarios\.l"):
        cs.load(path)
    with pytest.raises(ValueError, match="holds no schedule"):
        cs.Schedule.load(path)
    with pytest.raises(cs.InstanceError, match="a folder holds no scenarios"):
        cs.Scenarios.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        cs.Scenarios.load(tmp_path / "nothing.nc")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> xr.Dataset:
    """What a file of scenarios holds."""
    return read_netcdf(futures().save(tmp_path_factory.mktemp("whole") / "futures.nc"))


DAMAGES = {
    "an instance": (lambda d: DAY.data, r"this is an instance; read it with carbonsched\.load"),
    "a schedule": (
        lambda d: xr.Dataset({"start": 1.0}, attrs={"schedule": "{}"}),
        r"this is a schedule; read it with Schedule\.load",
    ),
    "something else": (lambda d: xr.Dataset({"x": 1.0}), "expected scenarios: it holds none"),
    "no probability": (lambda d: d.drop_vars("probability"), "no probability over labels of"),
    "no labels": (lambda d: d.drop_vars("scenario"), "no probability over labels of scenario"),
    "too likely": (lambda d: d.assign(probability=2 * d.probability), "adds up to 2, expected 1"),
    "a value": (lambda d: d.assign(by_scenario_demand=-d.by_scenario_demand), "scenario busy: dem"),
    "the instance": (lambda d: d.drop_vars("it_capacity"), "it_capacity: missing"),
    "an unknown name": (
        lambda d: d.rename(by_scenario_demand="by_scenario_demon"),
        "demon: not a variable of the model",
    ),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_files_are_told_with_their_name(whole, monkeypatch, damage, message):
    monkeypatch.setattr(file, "read_netcdf", lambda path: damage(whole.copy()))
    with pytest.raises(cs.InstanceError, match=message) as caught:
        cs.Scenarios.load("futures.nc")
    assert str(caught.value).startswith("futures.nc: ")
