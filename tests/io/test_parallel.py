"""One folder, several processes: no version is mixed with another, and who fails says why."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import xarray as xr
from test_app import call

import carbonsched as cs
from carbonsched.io import folder as folders

SAVER = """
import sys
import carbonsched as cs
from carbonsched.io import files
files.os.fsync = lambda handle: None  # to save more often
version = cs.generate(2, 3, 1, 1, int(sys.argv[2]))
print("ready", flush=True)
while True:
    version.save(sys.argv[1])
"""


def versions(count: int) -> list[cs.Instance]:
    return [cs.generate(2, 3, 1, 1, seed) for seed in range(count)]


def test_what_is_read_while_two_processes_save_is_one_version(tmp_path):
    """Proves: every read is one of the two versions, though nearly all meet a save under way."""
    path, known = tmp_path / "folder", versions(2)
    known[0].save(path)
    savers = [
        subprocess.Popen([sys.executable, "-c", SAVER, path, str(k)], stdout=subprocess.PIPE)
        for k in range(2)
    ]
    try:
        for saver in savers:
            saver.stdout.readline()
        read, end = [], time.monotonic() + 1.5
        while time.monotonic() < end:
            data = cs.load(path).data
            read.append([data.identical(version.data) for version in known].index(True))
        assert [saver.poll() for saver in savers] == [None, None], "a saver has failed"
    finally:
        for saver in savers:
            saver.kill()
            saver.wait()
            saver.stdout.close()
    assert set(read) == {0, 1}
    xr.testing.assert_identical(cs.load(known[1].save(path)).data, known[1].data)
    assert not [name for name in os.listdir(path) if name.startswith(".saved")]


def test_several_threads_that_save_leave_one_version(tmp_path):
    known = versions(6)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda version: version.save(tmp_path / "new" / "folder"), known))
    data = cs.load(tmp_path / "new" / "folder").data
    assert any(data.identical(version.data) for version in known)
    assert not [n for n in os.listdir(tmp_path / "new" / "folder") if n.startswith(".")]


def test_a_save_between_two_tables_is_noticed_and_all_read_again(tmp_path, monkeypatch):
    """The same by hand: another version is saved after the second file was read."""
    old, new = versions(2)
    old.save(tmp_path)
    read, names = folders.read_text, []

    def and_then_saved(path: Path, most: int) -> str:
        text = read(path, most)
        names.append(path.name)
        if len(names) == 2:
            with monkeypatch.context() as patch:
                patch.setattr(folders, "read_text", read)
                new.save(tmp_path)
        return text

    monkeypatch.setattr(folders, "read_text", and_then_saved)
    xr.testing.assert_identical(cs.load(tmp_path).data, new.data)
    assert names[0] == names[len(names) // 2] == "datapackage.json"


def test_a_table_edited_in_place_is_read_again_too(tmp_path, monkeypatch):
    instance = versions(1)[0]
    instance.save(tmp_path)
    read, edited = folders.read_text, []

    def and_then_edited(path: Path, most: int) -> str:
        text = read(path, most)
        if path.name == "instance.csv" and not edited:
            edited.append(path)
            path.write_text("step_hours,carbon_budget\n1.0,77.0\n")
        return text

    monkeypatch.setattr(folders, "read_text", and_then_edited)
    assert float(cs.load(tmp_path).data.carbon_budget) == 77


def test_a_folder_that_never_rests_is_a_clear_error(tmp_path, monkeypatch):
    instance, moments = versions(1)[0], iter(range(10**9, 2 * 10**9))
    instance.save(tmp_path)
    monkeypatch.setattr(folders, "PATIENCE", 0.05)
    monkeypatch.setattr(folders, "_mark", lambda *_: (next(moments),))
    with pytest.raises(cs.InstanceError, match="changed again and again while it was read"):
        cs.load(tmp_path)


def test_a_save_that_another_overtook_without_locks_says_so(tmp_path, monkeypatch):
    """As on a file system without locks: another save is under way when this one would count."""
    old, new = versions(2)
    old.save(tmp_path)
    settle, calls = folders._settle, []

    def overtaken(folder: Path) -> None:
        settle(folder)
        if not calls:
            (folder / folders._SAVED).mkdir()
            (folder / folders._SAVED / "site.csv").write_text("of another")
        calls.append(folder)

    monkeypatch.setattr(folders, "_settle", overtaken)
    with pytest.raises(FileExistsError, match="another process is saving there"):
        new.save(tmp_path)
    assert not [n for n in os.listdir(tmp_path) if n.startswith(".saving")]


def test_what_is_left_of_a_save_costs_no_table_when_the_next_one_fails(tmp_path, monkeypatch):
    """The former version outlives a kill at the end of its own save and then a full disk."""
    old, new = versions(2)
    (old.save(tmp_path) / folders._SAVED).mkdir()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "to_disk", full)
    with pytest.raises(OSError, match="No space"):
        new.save(tmp_path)
    xr.testing.assert_identical(cs.load(tmp_path).data, old.data)


def test_generating_into_one_folder_at_once_succeeds_and_leaves_one(tmp_path):
    """Each replaces the other whole, as each was told to."""
    out = tmp_path / "fleet"

    def generate(seed: int) -> tuple[int, str]:
        words = [sys.executable, "-m", "carbonsched.cli", "generate", out, "--overwrite"]
        words += ["--sites", "2", "--periods", "3", "--jobs", "1", "--services", "1"]
        done = subprocess.run(
            [*map(str, words), "--seed", str(seed)], capture_output=True, text=True
        )
        return done.returncode, done.stderr

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(generate, range(3))) == [(0, "")] * 3
    data = cs.load(out).data
    assert any(data.identical(version.data) for version in versions(3))


@pytest.mark.parametrize("name", ["loop.nc", "loop"])
def test_the_command_line_says_what_is_wrong_with_a_circle(name, tmp_path):
    (tmp_path / name).symlink_to(tmp_path / name)
    result = call("generate", tmp_path / name, "--overwrite")
    assert result.exit_code == 2
    assert "links lead in a circle" in result.output and "internal error" not in result.output
