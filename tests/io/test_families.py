"""Parameters of families and limits that vary in time, in folders and in NetCDF."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from by_hand import ROOT

import carbonsched as cs
from carbonsched.core import instance as instances
from carbonsched.core.schema import PARAMETERS
from carbonsched.core.validate import Fault
from carbonsched.io import cells
from carbonsched.io.package import Table

TARGETS = ["folder", "file.nc"]
VARYING = [name for name, quantity in PARAMETERS.items() if quantity.varies]


class Water(cs.Family):
    """Parameters of every kind and over many dimensions, with and without a default."""

    name = "water"
    parameters = (
        cs.Quantity("water_rate", ("site",), "m3/MWh", meaning="use", lower=0, varies=True),
        cs.Quantity("water_budget", (), "m3", meaning="budget", unlimited=True, default=np.inf),
        cs.Quantity("water_quota", ("job", "time"), "m3", meaning="quota", default=2.0),
        cs.Quantity("water_days", ("job",), "d", meaning="days", kind="int", default=3),
        cs.Quantity("water_until", ("job",), "time label", meaning="end", kind="time"),
        cs.Quantity("water_from", ("service",), "site label", meaning="well", kind="site"),
        cs.Quantity("water_dry", ("service", "site"), "bool", meaning="dry", kind="bool"),
    )
    decisions = (cs.Quantity("water", ("site", "time"), "m3", lower=0),)

    def worth(self, data):
        return {"water": {"water": -data.water_rate}}


WATER = Water()


@pytest.fixture
def watered(default) -> cs.Instance:
    data, rng = default.data, np.random.default_rng(0)
    return default.with_families(
        [WATER],
        water_rate=xr.DataArray(rng.random(data.it_capacity.shape), data.it_capacity.coords),
        water_budget=10.5,
        water_days=data.duration.drop_attrs(),
        water_until=data.deadline.drop_attrs(),
        water_from=data.home.drop_attrs(),
        water_dry=(data.latency > 5).drop_attrs(),
    )


@pytest.mark.parametrize("target", TARGETS)
def test_parameters_of_a_family_come_back_as_they_were(target, watered, tmp_path):
    again = cs.load(watered.save(tmp_path / target), families=[WATER])
    xr.testing.assert_identical(again.data, watered.data)
    assert again.extra == watered.extra
    mixed = cs.load(tmp_path / target, families=[*cs.FAMILIES, WATER, WATER])
    xr.testing.assert_identical(mixed.data, watered.data)


@pytest.mark.parametrize("target", TARGETS)
def test_without_the_family_they_are_unknown(target, watered, tmp_path):
    with pytest.raises(cs.InstanceError, match=r"water_rate.*not a variable of the model"):
        cs.load(watered.save(tmp_path / target))


@pytest.mark.parametrize("target", TARGETS)
def test_a_family_is_missed_where_it_gives_no_default(target, default, tmp_path):
    with pytest.raises(cs.InstanceError) as caught:
        cs.load(default.save(tmp_path / target), families=[WATER])
    missing = {"water_rate", "water_until", "water_from", "water_dry"}
    assert {fault.partition(":")[0] for fault in caught.value.faults} == missing


def test_values_of_a_family_are_checked_and_named_by_cell(watered, tmp_path):
    watered.save(tmp_path)
    table = pd.read_csv(tmp_path / "site.csv", dtype=str)
    for value, words in (
        ("-1", r"water_rate\[site=plains\] = -1.0 m3/MWh: .*\(site.csv, row 3, column water_rate"),
        ("much", r"site.csv, row 3, column water_rate: 'much' is not a number \(m3/MWh\)"),
        ("INF", "site.csv, row 3, column water_rate: 'INF' is not a finite number"),
    ):
        table.loc[1, "water_rate"] = value
        table.to_csv(tmp_path / "site.csv", index=False)
        with pytest.raises(cs.InstanceError, match=words):
            cs.load(tmp_path, families=[WATER])


@pytest.mark.parametrize("name", ["power", "time"])
def test_a_family_takes_no_name_of_the_paper(name, default, tmp_path):
    class Thief(cs.Family):
        parameters = (cs.Quantity(name, ("site",), "MW", default=1.0),)

    with pytest.raises(cs.InstanceError, match=f"{name}: the name is taken"):
        cs.load(default.save(tmp_path), families=[Thief()])


@pytest.mark.parametrize("target", TARGETS)
def test_limits_over_time_come_back_over_time(target, default, tmp_path):
    times = default.data.time
    factor = xr.DataArray(np.linspace(0.9, 1, len(times)), {"time": times})
    given = default.replace(**{n: (default.data[n] * factor).drop_attrs() for n in VARYING})
    again = cs.load(given.save(tmp_path / target))
    assert len(VARYING) == 6
    assert all(again.data[name].dims == ("site", "time") for name in VARYING)
    xr.testing.assert_identical(again.data, given.data)
    default.save(tmp_path / target)
    xr.testing.assert_identical(cs.load(tmp_path / target).data, default.data)


def test_a_limit_over_time_stands_in_the_table_of_sites_and_times(default, tmp_path):
    flat = default.data.import_limit.expand_dims(time=default.data.time)
    default.replace(import_limit=flat).save(tmp_path)
    assert "import_limit" in pd.read_csv(tmp_path / "site_time.csv")
    assert "import_limit" not in pd.read_csv(tmp_path / "site.csv")


@pytest.mark.parametrize(
    ("name", "table", "words"),
    [
        ("charge_limit", "site_time.csv", "column 'charge_limit': its key is site"),
        ("export_limit", "job.csv", "column 'export_limit': its key is site or site x time"),
        (
            "carbon_budget",
            "site.csv",
            "column 'carbon_budget': its key is nothing: it is one value",
        ),
    ],
)
def test_a_table_with_another_key_says_the_right_one(name, table, words, default, tmp_path):
    package = json.loads((default.save(tmp_path) / "datapackage.json").read_text())
    (resource,) = (one for one in package["resources"] if one["path"] == table)
    resource["schema"]["fields"].append({"name": name, "type": "number"})
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    with pytest.raises(cs.InstanceError) as caught:
        cs.load(tmp_path)
    assert any(fault.endswith(words) for fault in caught.value.faults)


@pytest.mark.parametrize("target", TARGETS)
def test_what_has_a_default_is_written_where_it_differs(target, default, tmp_path):
    final = default.data.battery_initial.drop_attrs() * [1, 1, 0.5]
    late = default.replace(battery_final=final, required=xr.ones_like(default.data.required))
    xr.testing.assert_identical(cs.load(late.save(tmp_path / target)).data, late.data)
    xr.testing.assert_identical(cs.load(default.save(tmp_path / target)).data, default.data)
    if target == "folder":
        assert "battery_final" not in (tmp_path / target / "site.csv").read_text()


@pytest.mark.parametrize("name", ["default", "real-week"])
def test_the_committed_folders_are_written_as_they_are(name, tmp_path):
    committed = ROOT / "data" / name
    cs.load(committed).save(tmp_path)
    names = sorted(path.name for path in committed.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for file in names:
        assert (tmp_path / file).read_bytes() == (committed / file).read_bytes(), file


def test_a_faulty_folder_is_parsed_and_validated_once(default, tmp_path, monkeypatch):
    """Proves: a fault of the data is named by its cell without reading the folder again."""
    default.save(tmp_path)
    job = pd.read_csv(tmp_path / "job.csv", dtype=str)
    job.loc[0, "reward"] = "-5.0"
    job.to_csv(tmp_path / "job.csv", index=False)
    parsed, validated = [], []
    parse, find_faults = cells.parse, instances.find_faults

    def parse_once(text: str, table: Table) -> tuple[cells.Cells, list[str]]:
        parsed.append(table.path)
        return parse(text, table)

    def validate_once(*given: object) -> list[Fault]:
        validated.append(given)
        return find_faults(*given)

    monkeypatch.setattr(cells, "parse", parse_once)
    monkeypatch.setattr(instances, "find_faults", validate_once)
    with pytest.raises(cs.InstanceError, match=r"\(job.csv, row 2, column reward\)"):
        cs.load(tmp_path)
    assert len(parsed) == len(set(parsed)) == len(list(tmp_path.glob("*.csv")))
    assert len(validated) == 1


# ------------------------------------------------------------------------------- schedules


@pytest.fixture(scope="module")
def joint() -> cs.Schedule:
    return cs.Schedule.load(ROOT / "data" / "results" / "real-week" / "joint.nc")


@pytest.fixture
def drunk(joint) -> cs.Schedule:
    water = (joint.data.facility_power * 2).assign_attrs(units="m3")
    benefit = joint.benefit | {"water": -1.5}
    return replace(joint, data=joint.data.assign(water=water), benefit=benefit, families=(WATER,))


def test_a_schedule_keeps_what_its_families_decide_and_earn(drunk, tmp_path):
    again = cs.Schedule.load(drunk.save(tmp_path / "s.nc"), families=[*cs.FAMILIES, WATER])
    xr.testing.assert_identical(again.data, drunk.data)
    assert again.benefit == drunk.benefit and again.objective == drunk.objective
    assert again.families == (WATER,)
    assert again.summary() == drunk.summary()


def test_a_schedule_loaded_without_its_families_names_them(drunk, tmp_path):
    again = cs.Schedule.load(drunk.save(tmp_path / "s.nc"))
    xr.testing.assert_identical(again.data, drunk.data)
    (family,) = again.families
    assert (family.name, family.judged) == ("water", False)
    report = cs.verify(cs.example("real-week"), again)
    assert report.unjudged == ("water",) and not report.ok
    twice = cs.Schedule.load(again.save(tmp_path / "again.nc"), families=[WATER])
    assert twice.families == (WATER,)


def old_summary(schedule: cs.Schedule) -> dict:
    """Return what version 0.1 wrote: the method as a text, its slots among the formulation's."""
    new = schedule.summary()
    slots = {slot: value for slot, value in new["method"].items() if slot != "name"}
    old = new | {"method": new["method"]["name"], "formulation": new["formulation"] | slots}
    del old["families"]
    return old


@pytest.mark.parametrize("name", ["joint", "energy_only"])
def test_schedules_of_version_0_1_are_read(name):
    """Two of the files in which version 0.1 kept the real week."""
    path = Path(__file__).parent / "version_0_1" / f"{name}.nc"
    with xr.open_dataset(path, engine="h5netcdf") as file:
        said = json.loads(file.attrs["schedule"])
    assert said["method"] == name, "the file is one of version 0.1"
    schedule = cs.Schedule.load(path)
    assert schedule.method == cs.METHODS[name] and schedule.families == ()
    assert schedule.objective == pytest.approx(said["objective"], rel=1e-12)
    assert schedule.formulation == cs.FORMULATIONS["start"]


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
def test_summaries_of_version_0_1_with_all_thirteen_slots(formulation, joint, tmp_path):
    schedule = replace(joint, formulation=cs.FORMULATIONS[formulation])
    old = old_summary(schedule)
    assert len(old["formulation"]) == 13
    path = schedule.save(tmp_path / "s.nc")
    with xr.open_dataset(path, engine="h5netcdf") as file:
        data = file.load()
    data.assign_attrs(schedule=json.dumps(old)).to_netcdf(path, engine="h5netcdf")
    assert cs.Schedule.load(path).summary() == schedule.summary()


def test_one_price_is_no_proof_and_stays_where_it_is(joint, tmp_path):
    data = joint.data.assign(carbon_price=1.0)
    again = cs.Schedule.load(replace(joint, data=data, prices=None).save(tmp_path / "s.nc"))
    assert again.prices is None and float(again.data.carbon_price) == 1.0


def test_a_file_of_an_instance_is_no_schedule(default, tmp_path: Path):
    with pytest.raises(ValueError, match="holds no schedule"):
        cs.Schedule.load(default.save(tmp_path / "instance.nc"))
