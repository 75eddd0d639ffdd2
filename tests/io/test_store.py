"""Folders and NetCDF: exact round trips, clear faults, nothing half-written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched import io
from carbonsched.io import files
from carbonsched.io import folder as folders

INSTANCES = {
    "generated": lambda: cs.generate(seed=1),
    "no jobs": lambda: cs.generate(jobs=0),
    "no services": lambda: cs.generate(services=0),
    "one of each": lambda: cs.generate(1, 1, 1, 1),
    "no budget": lambda: cs.generate(budget_share=np.inf),
    "timestamps": lambda: cs.load(Path(__file__).parents[2] / "data" / "default"),
    "awkward labels": lambda: cs.Instance(
        plain(2, 1, 1, 1).assign_coords(site=["A", "007"], job=['say "hi", twice'], service=["é"])
    ),
    "sources": lambda: with_sources(),
}


FIRST = {
    table: pd.read_csv(Path(__file__).parents[2] / "data" / "default" / table, dtype=str).iloc[0]
    for table in ("site.csv", "job.csv")
}  # cells of the default instance as they are written


def with_sources() -> cs.Instance:
    data = plain(2, 2, 1, 1)
    data.attrs = {"title": "t", "description": "d", "licence": "MIT", "source": "s"}
    data["carbon_intensity"].attrs = {"source": "Electricity Maps", "licence": "ODbL-1.0"}
    return cs.Instance(data)


@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize("target", ["folder", "file.nc"])
def test_round_trips_are_exact(name, target, tmp_path):
    instance = INSTANCES[name]()
    again = cs.load(instance.save(tmp_path / target))
    xr.testing.assert_identical(again.data, instance.data)


@pytest.mark.filterwarnings("ignore::carbonsched.SuspiciousValueWarning")
def test_awkward_floats_survive(tmp_path):
    rng = np.random.default_rng(0)
    prices = rng.normal(size=(2, 50)) * 10.0 ** rng.integers(-12, 12, (2, 50))
    instance = cs.Instance(plain(2, 50, 0, 0, import_price=prices, export_price=prices - 1e-3))
    for target in ("folder", "file.nc"):
        again = cs.load(instance.save(tmp_path / target))
        assert (again.data.import_price.values == prices).all()


def test_a_table_with_a_licence_of_its_own_is_a_file_of_its_own(tmp_path):
    with_sources().save(tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text())
    tables = {resource["path"]: resource for resource in package["resources"]}
    assert tables["carbon_intensity.csv"]["licenses"] == [{"name": "ODbL-1.0"}]
    assert tables["carbon_intensity.csv"]["sources"] == [{"title": "Electricity Maps"}]
    assert "carbon_intensity" in pd.read_csv(tmp_path / "carbon_intensity.csv")
    assert "site.csv" in tables and "licenses" not in tables["site.csv"]


def test_tables_no_longer_used_are_removed_and_other_files_kept(tmp_path):
    (tmp_path / "notes.md").write_text("mine")
    with_sources().save(tmp_path)
    cs.generate(seed=1).save(tmp_path)
    assert not (tmp_path / "carbon_intensity.csv").exists()
    assert (tmp_path / "notes.md").exists()
    cs.load(tmp_path)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def package_edit(folder: Path, change) -> None:
    package = json.loads((folder / "datapackage.json").read_text())
    change(package)
    (folder / "datapackage.json").write_text(json.dumps(package))


def drop_unit(package: dict) -> None:
    next(
        field
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
        if field["name"] == "power"
    )["unit"] = "kW"


def give_twice(package: dict) -> None:
    package["resources"].append(dict(package["resources"][1], name="again"))


EDITS = {
    "text for a number": (
        lambda d: edit(d / "site.csv", FIRST["site.csv"].it_capacity, "two hundred"),
        ["site.csv, row 2, column it_capacity: 'two hundred' is not a number (MW)"],
    ),
    "empty cell": (
        lambda d: edit(d / "job.csv", FIRST["job.csv"].reward, ""),
        ["job.csv, row 2, column reward: an empty cell"],
    ),
    "missing cell": (
        lambda d: edit(d / "job.csv", f",{FIRST['job.csv'].startup_cost}", ""),
        ["job.csv, row 2, column startup_cost: 6 cells, expected 7"],
    ),
    "duplicate row": (
        lambda d: edit(d / "job_site.csv", "pretrain-a,plains", "pretrain-a,harbour"),
        ["job_site.csv, row 3, column job and site: the same job and site as in row 2"],
    ),
    "missing row": (
        lambda d: edit(d / "job_site.csv", "pretrain-a,plains,True\n", ""),
        ["job_site.csv", "no row for job=pretrain-a, site=plains"],
    ),
    "unknown label": (
        lambda d: edit(d / "service_site.csv", "chat,plains", "chat,planes"),
        ["service_site.csv, row 3, column site: label planes is not in site.csv"],
    ),
    "not a time": (
        lambda d: edit(d / "site_time.csv", "2025-01-01T03:00:00Z", "3 o'clock"),
        ['site_time.csv, row 5, column time: "3 o\'clock" is not a timestamp'],
    ),
    "missing file": (lambda d: (d / "job.csv").unlink(), ["job.csv: missing"]),
    "no package": (lambda d: (d / "datapackage.json").unlink(), ["datapackage.json: missing"]),
    "not JSON": (
        lambda d: (d / "datapackage.json").write_text("{"),
        ["datapackage.json: not JSON"],
    ),
    "other unit": (lambda d: package_edit(d, drop_unit), ["power: given in kW, expected MW"]),
    "given twice": (lambda d: package_edit(d, give_twice), ["given by 2 tables"]),
    "semicolons": (
        lambda d: (d / "site.csv").write_text((d / "site.csv").read_text().replace(",", ";")),
        ["site.csv, row 1: columns are separated by ';', expected commas"],
    ),
    "not a number": (
        lambda d: edit(d / "job.csv", FIRST["job.csv"].reward, "NaN"),
        ["job.csv, row 2, column reward: 'NaN' is not a finite number (USD)"],
    ),
    "two instances": (
        lambda d: (d / "instance.csv").write_text("step_hours,carbon_budget\n1.0,5.0\n1.0,6.0\n"),
        ["instance.csv: 2 rows, expected one"],
    ),
    "no row for a job": (
        lambda d: edit(d / "job.csv", (d / "job.csv").read_text().splitlines()[1] + "\n", ""),
        ["job_site.csv", "label pretrain-a is not in job.csv"],
    ),
    "faulty value": (
        lambda d: edit(d / "instance.csv", "3000.0", "-3000.0"),
        ["carbon_budget = -3000.0 tCO2e"],
    ),
    "wrong encoding": (
        lambda d: (d / "job.csv").write_bytes("job,power\nañejo,1\n".encode("utf-16")),
        ["job.csv, row 1: a zero byte, so not UTF-8 text"],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_faulty_folders_name_file_and_place(name, default, tmp_path):
    default.save(tmp_path)
    damage, expected = EDITS[name]
    damage(tmp_path)
    with pytest.raises(cs.InstanceError) as caught:
        cs.load(tmp_path)
    for word in expected:
        assert word in str(caught.value)


def test_rows_may_come_in_any_order(default, tmp_path):
    default.save(tmp_path)
    frame = pd.read_csv(tmp_path / "site_time.csv", dtype=str)
    frame.sample(frac=1, random_state=0).to_csv(tmp_path / "site_time.csv", index=False)
    xr.testing.assert_identical(cs.load(tmp_path).data, default.data)


def test_no_file_and_no_netcdf(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a folder nor a file"):
        cs.load(tmp_path / "nothing.nc")
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(cs.InstanceError, match="not a readable NetCDF-4 file"):
        cs.load(tmp_path / "text.nc")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "file.nc"
    cs.generate(seed=1).save(target)
    before = target.read_bytes()

    def fail(path, content):
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="disk full"):
        cs.generate(seed=2).save(target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_replacing_makes_the_folder_it_needs(tmp_path):
    with io.replacing(tmp_path / "new" / "file.txt") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "new" / "file.txt").read_text() == "whole"


def test_other_peoples_files_are_left_alone(tmp_path):
    (tmp_path / "precious.csv").write_text("a,b\n1,2\n")
    package = {"name": "theirs", "resources": [{"name": "p", "path": "precious.csv"}]}
    for theirs in (package, {}, [], {"name": "carbonsched-instance", "resources": [{"data": []}]}):
        (tmp_path / "datapackage.json").write_text(json.dumps(theirs))
        with pytest.raises(FileExistsError, match="not touched"):
            cs.generate(seed=1).save(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "datapackage.json", "precious.csv",
        ]  # fmt: skip


def test_a_schedule_is_not_an_instance(default, tmp_path):
    cs.solve(default).save(tmp_path / "schedule.nc")
    with pytest.raises(cs.InstanceError, match="this is a schedule"):
        cs.load(tmp_path / "schedule.nc")


def test_attributes_of_ones_own_survive(tmp_path):
    data = plain(2, 2).assign_attrs(title="t", doi="10.1/2", year=2025, name="mine")
    for target in ("folder", "file.nc"):
        attrs = cs.load(cs.Instance(data).save(tmp_path / target)).data.attrs
        assert attrs["doi"] == "10.1/2" and attrs["year"] == 2025
    cs.Instance(data).save(tmp_path / "folder")  # still known as an instance's, whatever its name


@pytest.mark.parametrize("folder", ["default", "real-week"])
def test_the_folders_are_data_packages_by_another_reader_too(folder):
    from frictionless import Package

    report = Package(
        str(Path(__file__).parents[2] / "data" / folder / "datapackage.json")
    ).validate()
    assert report.valid, report.flatten(["message"])


def test_only_texts_and_finite_numbers_are_kept_of_attributes(tmp_path):
    given = {"note": "mine", "version": 2, "list": [1, 2], "sure": True, "much": np.inf}
    instance = cs.Instance(cs.generate(seed=1).data.assign_attrs(given))
    for target in ("folder", "file.nc"):
        attrs = cs.load(instance.save(tmp_path / target)).data.attrs
        assert (attrs["note"], attrs["version"]) == ("mine", 2)
        assert not {"list", "sure", "much"} & set(attrs)


def test_a_file_that_cannot_be_opened_or_read_is_named(tmp_path):
    """A link to itself; memory that is not there; a file that says it is empty and is not."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, words in (
        (loop, "cannot be opened"),
        (Path("/proc/self/mem"), "cannot be read"),
        (Path("/proc/self/maps"), "larger than 10 bytes"),
    ):
        with pytest.raises(files.UnreadableError, match=words):
            files.read_text(path, most=10)


def test_what_cannot_be_cleaned_away_is_left(tmp_path):
    old, new = tmp_path / ".a.tmp", tmp_path / ".b.tmp"
    (old / "deeper").mkdir(parents=True)
    new.touch()
    for path in (old, new):
        os.utime(path, (0, 0))
    files.remove_leftovers(tmp_path, ".*.tmp")
    assert old.is_dir() and not new.exists()


def test_a_save_cut_short_after_the_package_is_finished_by_the_next(tmp_path):
    """The state after a kill between the last rename and the removal of the saved folder."""
    old, new = cs.generate(seed=1), cs.generate(seed=2)
    (old.save(tmp_path) / folders._SAVED).mkdir()
    xr.testing.assert_identical(cs.load(tmp_path).data, old.data)
    xr.testing.assert_identical(cs.load(new.save(tmp_path)).data, new.data)
    assert not (tmp_path / folders._SAVED).exists()


def test_a_save_into_new_folders_that_fails_leaves_none_of_them(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "to_disk", full)
    with pytest.raises(OSError, match="No space"):
        cs.generate(seed=1).save(tmp_path / "new" / "deeper")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", ["folder", "file.nc"])
@pytest.mark.parametrize("table", ["site.csv", "site_time.csv", "service.csv", "job_site.csv"])
def test_names_are_one_however_their_letters_are_composed(table, target, tmp_path):
    """One of the tables was written on a machine that takes "ü" apart, for instance."""
    composed, apart = "D\u00fcsseldorf", "Du\u0308sseldorf"
    data = plain(1, 2, 1, 1, home="A").assign_coords(site=[composed])
    data["home"] = ("service", np.array([composed], object))
    instance = cs.Instance(data)
    folder = instance.save(tmp_path / "folder")
    edit_all = (folder / table).read_text()
    assert composed in edit_all
    (folder / table).write_text(edit_all.replace(composed, apart))
    xr.testing.assert_identical(cs.load(folder).data, instance.data)
    xr.testing.assert_identical(
        cs.load(cs.load(folder).save(tmp_path / target)).data, instance.data
    )


def test_only_what_is_long_is_packed(tmp_path):
    """A piece that is packed has an index of its own, larger than a day of a few sites."""
    made = cs.generate(sites=2, periods=400, jobs=1, services=1).save(tmp_path / "long.nc")
    with h5py.File(made) as file:
        assert file["import_price"].compression == "gzip"
        assert file["it_capacity"].chunks is None
