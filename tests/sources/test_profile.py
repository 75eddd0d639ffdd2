"""Profiles are data: those that come along are sound, and one's own is checked key by key."""

import pytest

from carbonsched.errors import InstanceError
from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.profile import find, shipped

OWN = """
title = "ours"
kind = "price"
source = "us"
licence = "CC0-1.0"
[time]
column = "when"
zone = "Europe/Berlin"
[values]
columns = "what"
unit = "EUR/MWh"
"""


def test_those_that_come_along_say_source_licence_and_how_to_read():
    known = shipped()
    assert {"entsoe", "smard", "caiso", "ercot", "nyiso", "aemo", "elexon", "electricitymaps",
            "watttime", "uk-carbon-intensity", "pvwatts", "pvgis", "renewables-ninja",
            "open-meteo", "eia"} <= set(known)  # fmt: skip
    for name, profile in known.items():
        assert profile.title and profile.source and profile.licence, name
        assert find(name) == profile


def test_one_of_ones_own_is_read_by_path(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OWN)
    assert find(path).time.column == ("when",)
    assert find(str(path)).values.unit == "EUR/MWh"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('kind = "price"', 'kind = "prise"', "kind: "),
        ('title = "ours"', "", "title: Field required"),
        ('unit = "EUR', 'units = "EUR', "values.units: "),
        ('column = "when"', 'colunm = "when"', "time.colunm: no such key"),
        ('column = "when"', "", "time: state one of column, date, and month"),
        ('column = "when"', 'column = "when"\nstep = "1 fortnight"', "time.step: "),
        ('column = "when"', 'column = "when"\nstep = "-1h"', "time.step: "),
        ('columns = "what"', "pattern = '(a'", "values.pattern: "),
        ('columns = "what"', "", "values: state columns or pattern"),
        ("[time]", '[text]\ndecimal = ","\nthousands = ","\n[time]', "text: "),
        ("[time]", '[text]\nseparator = ";;"\n[time]', "text.separator: "),
    ],
)
def test_a_fault_is_told_by_its_key(tmp_path, old, new, fault):
    path = tmp_path / "ours.toml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(InstanceError) as caught:
        find(path)
    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults
    assert str(path) in str(caught.value)


def test_every_fault_is_told_at_once(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OWN.replace('title = "ours"', "titel = 1").replace('"price"', '"prise"'))
    with pytest.raises(InstanceError) as caught:
        find(path)
    assert len(caught.value.faults) == 3


def test_no_such_profile_names_those_there_are(tmp_path):
    with pytest.raises(InstanceError, match=r"there are aemo, .*or name a file that ends in .toml"):
        find("zzz")
    with pytest.raises(InstanceError, match=r"'entso': did you mean entsoe\?"):
        find("entso")
    with pytest.raises(InstanceError, match=r"'slurm-sacct': did you mean slurm\?"):
        find("slurm-sacct", JobProfile)
    with pytest.raises(InstanceError, match=r"smard is a profile of a price: name it with a file"):
        find("smard", JobProfile)
    with pytest.raises(InstanceError, match="missing"):
        find(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("a = ")
    with pytest.raises(InstanceError, match=r"bad\.toml"):
        find(tmp_path / "bad.toml")
