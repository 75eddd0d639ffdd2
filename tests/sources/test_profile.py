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
        (
            "[time]",
            '[text]\nseparator = ";"\ndecimal = ","\nthousands = ","\n[time]',
            "text: separator, decimal and thousands are different marks",
        ),
        (
            "[time]",
            '[text]\nseparator = ","\nthousands = "."\n[time]',
            "text: '.' is both the decimal mark and between thousands",
        ),
        ('column = "when"', 'date = "day"', "time: date needs hour or period"),
        (
            'column = "when"',
            'date = "day"\nperiod = "number"',
            "time: period and part need step",
        ),
        ('column = "when"', 'month = "month"\nday = "day"', "time: month needs day and hour"),
        (
            'column = "when"',
            'column = "when"\nflag = "summer"',
            "time: flag and again go together",
        ),
    ],
)
def test_a_fault_is_told_by_its_key(tmp_path, old, new, fault):
    path = tmp_path / "ours.toml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(InstanceError) as caught:
        find(path)
    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults
    assert str(path) in str(caught.value)


JOBS = """
title = "ours"
kind = "jobs"
source = "us"
licence = "CC0-1.0"
[jobs]
id = "id"
start = "begun"
duration = "took"
gpus = "gpus"
"""
OF_LOGS = [
    ('start = "begun"', "", "jobs: state arrival or start"),
    ('duration = "took"', 'end = ["ended"]\nstart_ = 1', "jobs.start_: no such key"),
    ('duration = "took"', "", "jobs: state duration, or start and end"),
    ('gpus = "gpus"', "", "jobs: state gpus or power"),
    (
        'gpus = "gpus"',
        "gpus = 'gpus'\ngpus_pattern = ['gpu=(\\d+)', 'gpu']",
        "jobs: gpus_pattern has one group, the number",
    ),
    (
        'kind = "jobs"',
        'kind = "jobs"\nstates = ["done"]',
        "the whole: states need the column jobs.state",
    ),
    (
        'kind = "jobs"',
        'kind = "jobs"\nrecords = "tries"\nmachines = "on"\ngpu_list = "gpus"',
        'the whole: records need machines, gpu_list, and rows = "attempts"',
    ),
    (
        "[jobs]",
        '[time]\ncount = "s"\nzone = "UTC"\n[jobs]',
        "time: counts of time have no zone and no",
    ),
    (
        "[jobs]",
        '[time]\nsince = "unknown"\n[jobs]',
        "time: since is for counts of time: state count",
    ),
]


@pytest.mark.parametrize(("old", "new", "fault"), OF_LOGS)
def test_a_fault_of_a_log_is_told_by_its_key(tmp_path, old, new, fault):
    path = tmp_path / "jobs.toml"
    path.write_text(JOBS)
    assert find(path, JobProfile).jobs.duration == ("took",)
    path.write_text(JOBS.replace(old, new))
    with pytest.raises(InstanceError) as caught:
        find(path, JobProfile)
    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults


@pytest.mark.parametrize("text", ["title = ", "\udcff"])
def test_what_is_no_toml_is_told_by_its_file(tmp_path, text):
    path = tmp_path / "ours.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InstanceError, match=r"ours.toml: 1 fault"):
        find(path)


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
