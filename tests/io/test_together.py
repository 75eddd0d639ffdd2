"""A folder of NetCDF files that together are an instance, as where one has its own licence."""

from __future__ import annotations

import pytest

import carbonsched as cs
from carbonsched.io import write_netcdf


@pytest.fixture
def whole() -> cs.Instance:
    made = cs.generate(sites=2, periods=4, jobs=1, services=1)
    data = made.data.assign_attrs(licence="MIT", title="in two files")
    data["carbon_intensity"].attrs |= {"licence": "ODbL-1.0", "source": "somebody"}
    return cs.Instance(data)


def split(whole, folder, *, more=(), shift=0):
    """Write carbon intensity to one file, the rest, and what more is asked for, to another."""
    alone = whole.data[["carbon_intensity", *more]].drop_attrs(deep=False)
    if shift:
        alone = alone.assign_coords(time=alone.time + shift)
    write_netcdf(alone.assign_attrs(licence="ODbL-1.0"), folder / "carbon.nc")
    write_netcdf(whole.data.drop_vars("carbon_intensity"), folder / "rest.nc")


def test_two_files_are_the_instance_with_both_licences(whole, tmp_path):
    split(whole, tmp_path)
    read = cs.load(tmp_path)
    assert read.data.equals(whole.data)
    assert read.data.attrs["title"] == "in two files"
    assert sorted(read.data.attrs["licence"].split(" AND ")) == ["MIT", "ODbL-1.0"]
    assert read.data.carbon_intensity.attrs == whole.data.carbon_intensity.attrs


def test_saved_as_a_folder_each_licence_has_its_table(whole, tmp_path):
    split(whole, tmp_path)
    folder = cs.load(tmp_path).save(tmp_path / "tables")
    header = (folder / "carbon_intensity.csv").read_text().splitlines()[0]
    assert header == "site,time,carbon_intensity"


def test_a_variable_of_two_files_and_other_labels_are_faults_told_together(whole, tmp_path):
    split(whole, tmp_path, more=["cooling"], shift=1)
    with pytest.raises(cs.InstanceError) as refused:
        cs.load(tmp_path)
    assert refused.value.faults == (
        "cooling: in 2 of the files",
        "carbon.nc: labels of time are not those of the other files",
    )


def test_what_is_in_no_file_is_missing(whole, tmp_path):
    split(whole, tmp_path)
    (tmp_path / "carbon.nc").unlink()
    with pytest.raises(cs.InstanceError, match="carbon_intensity: missing"):
        cs.load(tmp_path)


def test_a_schedule_among_them_is_named(whole, tmp_path):
    split(whole, tmp_path)
    cs.solve(whole, progress=False).save(tmp_path / "schedule.nc")
    with pytest.raises(cs.InstanceError, match=r"schedule\.nc: this is a schedule"):
        cs.load(tmp_path)


def test_tables_come_before_files(whole, tmp_path):
    other = cs.generate(sites=1, periods=2, jobs=1, services=1)
    other.save(tmp_path)
    split(whole, tmp_path)
    assert cs.load(tmp_path).data.sizes["site"] == 1
