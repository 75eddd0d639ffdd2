"""Files that take their places together, links in a circle, one process at a time."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import carbonsched as cs
from carbonsched import io
from carbonsched.io import files

FULL = OSError(errno.ENOSPC, "No space left on device")


def failing(step: Callable, at: int, error: BaseException) -> Callable:
    """Return a step that raises when it is taken for the `at`-th time."""
    taken = []

    def counted(*given: object) -> object:
        taken.append(given)
        if len(taken) == at:
            raise error
        return step(*given)

    return counted


def pair(folder: Path) -> tuple[Path, Path]:
    return folder / "day.nc", folder / "day.json"


def write(folder: Path, text: str) -> None:
    with io.replacing_all(*pair(folder)) as (arrays, summary):
        arrays.write_text(f"{text} arrays")
        summary.write_text(f"{text} summary")


def held(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("former", [True, False])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize(
    ("step", "at"), [("to_disk", 1), ("to_disk", 2), ("replace", 1), ("replace", 2)]
)
def test_of_two_files_both_are_written_or_none(
    step, at, linked, error, former, tmp_path, monkeypatch
):
    """Proves: a full disk or an interrupt between them leaves what was there, no more."""
    if former:
        write(tmp_path, "old")
    before = held(tmp_path)
    if not linked:  # as on a file system without second names

        def refused(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refused)
    owner = os if step == "replace" else files
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, failing(getattr(owner, step), at, error))
        with pytest.raises(type(error)):
            write(tmp_path, "new")
    assert held(tmp_path) == before
    write(tmp_path, "new")
    assert held(tmp_path) == {"day.nc": "new arrays", "day.json": "new summary"}


def test_a_block_that_fails_changes_neither(tmp_path):
    write(tmp_path, "old")
    with (
        pytest.raises(OSError, match="No space"),
        io.replacing_all(*pair(tmp_path)) as (arrays, _),
    ):
        arrays.write_text("half")
        raise FULL
    assert held(tmp_path) == {"day.nc": "old arrays", "day.json": "old summary"}


def test_a_schedule_and_its_summary_are_written_together(tmp_path):
    schedule = cs.solve(cs.generate(2, 3, 1, 1))
    with io.replacing_all(*pair(tmp_path)) as (arrays, summary):
        schedule.save(arrays)
        summary.write_text("{}")
    assert sorted(held_names(tmp_path)) == ["day.json", "day.nc"]
    assert cs.Schedule.load(tmp_path / "day.nc").objective == pytest.approx(schedule.objective)


def held_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_one_file_under_two_names_is_refused(tmp_path):
    (tmp_path / "link.nc").symlink_to(tmp_path / "day.nc")
    with (
        pytest.raises(FileExistsError, match="two of these are one file"),
        io.replacing_all(tmp_path / "day.nc", tmp_path / "link.nc"),
    ):
        raise AssertionError("nothing is to be written")
    assert held_names(tmp_path) == ["link.nc"]


@pytest.mark.parametrize("name", ["loop.nc", "loop", "loop/deeper.nc", "loop/deeper"])
def test_a_link_in_a_circle_is_a_clear_error(name, tmp_path):
    (tmp_path / Path(name).parts[0]).symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / Path(name).parts[0])
    with pytest.raises(OSError, match="links lead in a circle") as caught:
        cs.generate(2, 3, 1, 1).save(tmp_path / name)
    assert name in str(caught.value)
    assert len(held_names(tmp_path)) == 2
    with pytest.raises(FileNotFoundError, match="nothing at"):
        cs.load(tmp_path / name)


@pytest.mark.parametrize("name", ["link.nc", "link"])
def test_a_link_that_leads_to_nothing_yet_is_followed(name, tmp_path):
    (tmp_path / name).symlink_to(tmp_path / "there" / name)
    instance = cs.generate(2, 3, 1, 1)
    instance.save(tmp_path / name)
    assert (tmp_path / name).is_symlink() and (tmp_path / "there" / name).exists()
    assert cs.load(tmp_path / name).data.identical(instance.data)


def test_one_at_a_time_and_the_lock_is_gone_afterwards(tmp_path):
    inside, seen = [], []

    def enter() -> None:
        for _ in range(5):
            with files.alone(tmp_path / "lock"):
                inside.append(1)
                seen.append(len(inside))
                time.sleep(1e-4)
                inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 20
    assert not held_names(tmp_path)


def test_who_waits_too_long_says_for_whom(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    with files.alone(tmp_path / ".saving.lock"):
        with pytest.raises(TimeoutError, match=r"another process has been saving there for 0.05 s"):
            cs.generate(2, 3, 1, 1).save(tmp_path)
        assert held_names(tmp_path) == [".saving.lock"]
    assert cs.load(cs.generate(2, 3, 1, 1).save(tmp_path))


@pytest.mark.parametrize("without", ["module", "file system"])
def test_where_there_are_no_locks_nobody_waits(without, tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if without == "module":
        monkeypatch.setattr(files, "fcntl", None)
    else:
        monkeypatch.setattr(files.fcntl, "flock", refused)
    with files.alone(tmp_path / "lock"), files.alone(tmp_path / "lock"):
        pass
