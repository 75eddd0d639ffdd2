"""NetCDF files that are wrong, and files changed at random: never a crash, a hang, a traceback."""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from corruptions import base
from spoilt_netcdf import REGISTRY
from test_folders import call

import carbonsched as cs
from carbonsched.core.schema import PRICES
from carbonsched.io import look, netcdf, probe, store
from carbonsched.schedule import ARRAYS

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="no copies of a process")


@pytest.fixture(params=[pytest.param(True, marks=LINUX), False], ids=["a copy", "a new Python"])
def copied(request, monkeypatch) -> bool:
    """Look at files in a copy of this process, or in a new Python, whatever threads there are."""
    monkeypatch.setattr(look, "_may_copy", lambda: request.param)
    return request.param


@pytest.fixture
def file(tmp_path) -> Path:
    return base().save(tmp_path / "instance.nc")


ON_DEMAND = [
    name if k % 3 == 0 else pytest.param(name, marks=pytest.mark.long)
    for k, name in enumerate(REGISTRY)
]


@pytest.mark.parametrize("name", ON_DEMAND)
def test_each_is_refused_by_name(name, file, copied):
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
    monkeypatch.setattr(look, "look", lambda path, most: [])
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
def test_a_library_that_crashes_or_hangs_is_an_error(
    script, words, file, copied, tmp_path, monkeypatch
):
    """A double of the first look that does what HDF5 does on a bad day."""
    double = tmp_path / "double.py"
    double.write_text(script)
    monkeypatch.setattr(look, "_PROBE", double)
    monkeypatch.setattr(probe, "find_faults", lambda path, most: exec(script))
    monkeypatch.setattr(look, "PATIENCE", 0.5 if "sleep" in script else 30.0)
    before = children()
    with pytest.raises(cs.InstanceError, match=words):
        cs.load(file)
    assert children() <= before


def children() -> set[int]:
    """Return the processes that this one has started and not yet seen end; of Linux only."""
    lists = Path("/proc/self/task").glob("*/children")
    return {int(process) for those in lists for process in those.read_text().split()}


@pytest.fixture
def in_a_copy(monkeypatch) -> None:
    if sys.platform != "linux":
        pytest.skip("no copies of a process")
    monkeypatch.setattr(look, "_may_copy", lambda: True)


def test_what_the_copy_says_is_heard_to_its_end(in_a_copy, file, monkeypatch):
    """More faults than a pipe holds at once."""
    faults = [f"{k}: {'x' * 100}" for k in range(10_000)]
    monkeypatch.setattr(probe, "find_faults", lambda path, most: faults)
    assert look.look(file, netcdf.MOST_BYTES) == faults


class Closing:
    """What leaves a trace when it is collected."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.itself = folder, self

    def __del__(self) -> None:
        (self.folder / f"closed by {os.getpid()}").touch()


def test_the_copy_does_nothing_but_look(in_a_copy, file, tmp_path, monkeypatch, capfd):
    """Proves: nothing that this process has still to do, or to say, is done or said twice."""

    def noisy(path: str, most: int) -> Iterator[str]:
        os.write(1, b"heard")
        os.write(2, b"heard")
        print("said", flush=True)
        for _ in range(10_000):  # enough for a collection
            [[]].append([])
        yield "looked"

    (tmp_path / "own").mkdir()
    Closing(tmp_path / "own")
    at_the_end = tmp_path / "at the end"
    atexit.register(at_the_end.touch)
    try:
        monkeypatch.setattr(probe, "find_faults", noisy)
        sys.stdout.write("waiting")
        before = os.listdir("/proc/self/fd")
        assert look.look(file, netcdf.MOST_BYTES) == ["looked"]
        assert len(os.listdir("/proc/self/fd")) == len(before)
        assert gc.isenabled() and not at_the_end.exists()
    finally:
        atexit.unregister(at_the_end.touch)
    closed = [path.name for path in (tmp_path / "own").iterdir()]
    assert set(closed) <= {f"closed by {os.getpid()}"}
    sys.stdout.flush()
    assert capfd.readouterr() == ("waiting", "")


def test_an_interrupt_leaves_no_copy_behind(in_a_copy, file, monkeypatch):
    def interrupted(reader: int) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(look, "_read_to_end", interrupted)
    monkeypatch.setattr(probe, "find_faults", lambda path, most: signal.pause())
    before = children()
    with pytest.raises(KeyboardInterrupt):
        cs.load(file)
    assert children() <= before


def test_no_copy_where_another_thread_may_hold_a_lock_or_takes_our_children(monkeypatch):
    alone = [threading.current_thread()]
    monkeypatch.setattr(threading, "enumerate", lambda: alone)
    assert look._may_copy() == (sys.platform == "linux")
    monkeypatch.setattr(threading, "enumerate", lambda: [*alone, threading.Thread()])
    assert not look._may_copy()
    monkeypatch.setattr(threading, "enumerate", lambda: alone)
    usual = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert not look._may_copy()
    finally:
        signal.signal(signal.SIGCHLD, usual)


def test_a_file_is_opened_once_beside_the_first_look(copied, file, monkeypatch):
    opened, honest = [], xr.open_dataset

    def counted(path: Path, **options: object) -> xr.Dataset:
        opened.append(path)
        return honest(path, **options)

    monkeypatch.setattr(xr, "open_dataset", counted)
    xr.testing.assert_identical(cs.load(file).data, base().data)
    assert opened == [file]


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
def test_bytes_changed_at_random(file, copied):
    assert changed_at_random(file, range(4)) < 4


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_bytes_changed_at_random_many_times(file, copied):
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


@pytest.fixture(scope="module")
def schedule() -> cs.Schedule:
    return cs.solve(base())


NASTY = (
    None, True, -1, 1e999, -1e999, 10**400, "", "joint", "\0", [], [[]], [1], {}, {"": None},
    {"joint": []}, ["carbon", "carbon"], [""], [None], ["a\nb"], {"jobs": "start"},
)  # fmt: skip
SLOTS = sorted({"method", "families", *cs.Schedule.__dataclass_fields__} - {*ARRAYS})


@pytest.mark.parametrize("slot", SLOTS)
def test_whatever_a_summary_says_is_refused_or_can_be_used(slot, schedule, monkeypatch):
    """Proves: a summary that lies ends in a ValueError that says so, or in plain values."""
    refused = 0
    for value in (*NASTY, "missing"):
        summary = schedule.summary() | {slot: value}
        if value == "missing":
            del summary[slot]
        held = schedule.data.assign_attrs(schedule=json.dumps(summary))
        monkeypatch.setattr(store, "read_netcdf", lambda path, held=held: held)
        try:
            loaded = cs.Schedule.load("s.nc")
        except ValueError as error:
            assert "summary is damaged" in str(error)
            refused += 1
            continue
        assert str(loaded) and json.dumps(loaded.summary())
        assert all(isinstance(family, cs.Family) for family in loaded.families)
        if slot in ("method", "families"):
            cs.verify(base(), loaded)
    assert refused


def test_a_schedule_of_texts(schedule, tmp_path):
    data = schedule.data.assign(soc=schedule.data.soc.astype(str))
    replace(schedule, data=data).save(tmp_path / "s.nc")
    with pytest.raises(ValueError, match="soc has values of type"):
        cs.Schedule.load(tmp_path / "s.nc")


def test_prices_over_other_dimensions(schedule, tmp_path):
    prices = xr.Dataset(dict.fromkeys(PRICES, 0.0))
    replace(schedule, prices=prices).save(tmp_path / "s.nc")
    with pytest.raises(ValueError, match=r"power_price has dimensions \(\), expected"):
        cs.Schedule.load(tmp_path / "s.nc")


def test_a_family_named_in_a_file_is_a_name_and_nothing_is_imported(
    schedule, tmp_path, monkeypatch
):
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    names = ["trap", "trap:family", "os.system", "__import__('trap')"]
    summary = schedule.summary() | {"families": names}
    data = schedule.data.assign_attrs(schedule=json.dumps(summary))
    netcdf.write_netcdf(data, tmp_path / "s.nc")
    loaded = cs.Schedule.load(tmp_path / "s.nc")
    assert "trap" not in sys.modules
    assert [family.name for family in loaded.families] == names
    assert cs.verify(base(), loaded).unjudged == tuple(names)


def test_the_first_look_needs_no_more_than_hdf5(file):
    """Proves: it starts fast, and nothing of this package is imported where a file may crash it."""
    import subprocess

    code = (
        f"import runpy, sys; sys.argv = ['probe', {str(file)!r}, '1000000']; "
        f"runpy.run_path({str(look._PROBE)!r}, run_name='__main__'); "
        "print({'carbonsched', 'xarray', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]set()", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="a copy is made on Linux only")
def test_a_bar_of_progress_hinders_no_copy():
    """What linopy leaves behind after its first model is tqdm's thread, which waits."""
    program = """
import threading, warnings
warnings.simplefilter("error")
import tqdm
for _ in tqdm.tqdm(range(1)): pass
from carbonsched.io import look
assert threading.active_count() == 2 and look._may_copy()
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
