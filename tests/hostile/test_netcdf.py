"""NetCDF files that are wrong, and files changed at random: never a crash, a hang, a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from corruptions import base
from spoilt_netcdf import REGISTRY
from test_folders import call

import carbonsched as cs
from carbonsched.io import netcdf, probe


@pytest.fixture
def file(tmp_path) -> Path:
    return base().save(tmp_path / "instance.nc")


ON_DEMAND = [
    name if k % 3 == 0 else pytest.param(name, marks=pytest.mark.long)
    for k, name in enumerate(REGISTRY)
]


@pytest.mark.parametrize("name", ON_DEMAND)
def test_each_is_refused_by_name(name, file):
    damage, words = REGISTRY[name]
    damage(file)
    with pytest.raises(cs.InstanceError) as caught:
        cs.load(file)
    assert words in str(caught.value)


LOOKS = ["many objects", "link to another file", "values in a raw file", "groups"]


@pytest.mark.parametrize("name", [*LOOKS, "a terabyte of declared values"])
def test_the_first_look_names_what_it_finds(name, file):
    damage, words = REGISTRY[name]
    damage(file)
    assert any(words in fault for fault in probe.find_faults(str(file), netcdf.MOST_BYTES))


def test_what_the_first_look_misses_is_a_fault_of_the_file(file, monkeypatch):
    REGISTRY["times nobody can read"][0](file)
    monkeypatch.setattr(netcdf, "_looked_at", lambda path: [])
    with pytest.raises(cs.InstanceError, match="not a readable NetCDF-4 file"):
        cs.load(file)


@pytest.mark.parametrize("name", ["text", "a pipe", "records"])
def test_the_command_line_says_it_in_a_sentence(name, file):
    REGISTRY[name][0](file)
    result = call("info", file)
    assert result.exit_code == 2 and result.output.startswith("error: ")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os; os.kill(os.getpid(), 11)", "ended with signal 11"),
        ("import time; time.sleep(60)", "did not end within 0.5 s"),
        ("raise SystemExit(3)", "ended with an error"),
    ],
)
def test_a_library_that_crashes_or_hangs_is_an_error(script, words, file, tmp_path, monkeypatch):
    """A double of the first look that does what HDF5 does on a bad day."""
    double = tmp_path / "double.py"
    double.write_text(script)
    monkeypatch.setattr(netcdf, "_PROBE", double)
    monkeypatch.setattr(netcdf, "PATIENCE", 0.5 if "sleep" in script else 30.0)
    with pytest.raises(cs.InstanceError, match=words):
        cs.load(file)


def changed_at_random(file: Path, seeds: range) -> int:
    """Overwrite bytes at random; return how many of the files were still read."""
    whole, clean, read = file.read_bytes(), base().data, 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        spoilt = bytearray(whole)
        for at in rng.integers(0, len(whole), rng.integers(1, 60)):
            spoilt[at] = rng.integers(256)
        file.write_bytes(spoilt)
        try:
            loaded = cs.load(file).data
        except cs.InstanceError:
            continue
        read += 1
        assert set(loaded.data_vars) == set(clean.data_vars)
    return read


@pytest.mark.filterwarnings("ignore")
def test_bytes_changed_at_random(file):
    assert changed_at_random(file, range(4)) < 4


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_bytes_changed_at_random_many_times(file):
    assert changed_at_random(file, range(4, 500)) < 496


DAMAGED = {
    "not JSON": ("{", "summary is damaged"),
    "a list": ("[]", "summary is damaged"),
    "nothing in it": ("{}", "summary is damaged"),
    "deep": ("[" * 100_000, "summary is damaged"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_schedule_with_a_damaged_summary(name, file, tmp_path):
    text, words = DAMAGED[name]
    data = xr.Dataset(attrs={"schedule": text})
    netcdf.write_netcdf(data, tmp_path / "s.nc")
    with pytest.raises(ValueError, match=words):
        cs.Schedule.load(tmp_path / "s.nc")
    result = call("verify", file, tmp_path / "s.nc")
    assert result.exit_code == 1 and "damaged" in result.output


def test_a_schedule_of_texts(file, tmp_path):
    schedule = cs.solve(base())
    schedule.data["soc"] = schedule.data.soc.astype(str)
    schedule.save(tmp_path / "s.nc")
    with pytest.raises(ValueError, match="soc has values of type"):
        cs.Schedule.load(tmp_path / "s.nc")


def test_the_first_look_needs_no_more_than_hdf5(file):
    """Proves: it starts fast, and nothing of this package is imported where a file may crash it."""
    import subprocess

    code = (
        f"import runpy, sys; sys.argv = ['probe', {str(file)!r}, '1000000']; "
        f"runpy.run_path({str(netcdf._PROBE)!r}, run_name='__main__'); "
        "print({'carbonsched', 'xarray', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]set()", done.stderr
