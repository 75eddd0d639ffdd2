"""Nothing is replaced unasked; what is read, or is no output, is never replaced."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from test_app import call

import carbonsched as cs
from carbonsched.cli import outputs

EXPORTED = ("xlsx", "parquet", "csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with an instance as folder and file, and every output of a command."""
    at = tmp_path_factory.mktemp("outputs")
    instance = cs.generate(1, 2, 1, 1, seed=0)
    instance.save(at / "fleet")
    instance.save(at / "fleet.nc")
    assert call("solve", at / "fleet", "--out", at / "day.nc").exit_code == 0
    assert call("certify", at / "fleet", at / "day.nc", "--out", at / "proof.json").exit_code < 2
    assert call("table", at / "fleet", "--out", at / "table.csv").exit_code == 0
    for command, end in (("plot", "png"), ("report", "html"), *(("export", e) for e in EXPORTED)):
        out = at / f"day.{end}"
        assert call(command, at / "fleet", at / "day.nc", "--out", out).exit_code == 0
    return at


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """The current folder: a copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def idle(monkeypatch):
    """No command may start to work."""

    def worked(*given: object, **how: object) -> None:
        raise AssertionError("worked before it looked where to write")

    for name in ("load", "solve", "certify", "table", "generate"):
        monkeypatch.setattr(cs, name, worked)


COMMANDS = {
    "plot": (("plot", "fleet.nc", "day.nc", "--out"), "day.png"),
    "export .xlsx": (("export", "fleet.nc", "day.nc", "--out"), "day.xlsx"),
    "export .parquet": (("export", "fleet.nc", "day.nc", "--out"), "day.parquet"),
    "export .csv": (("export", "fleet.nc", "day.nc", "--out"), "day.csv"),
    "report": (("report", "fleet.nc", "day.nc", "--out"), "day.html"),
    "solve": (("solve", "fleet.nc", "--out"), "day.nc"),
    "certify": (("certify", "fleet.nc", "day.nc", "--out"), "proof.json"),
    "table": (("table", "fleet.nc", "--out"), "table.csv"),
    "generate": (("generate",), "fleet"),
    "generate .nc": (("generate",), "fleet.nc"),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_replaced_unasked(here, idle, name):
    words, out = COMMANDS[name]
    before = contents(here)
    result = call(*words, out)
    assert result.exit_code == 2, result.output
    assert "give another name, or --overwrite" in result.output and out in result.output
    assert contents(here) == before


@pytest.mark.parametrize("name", COMMANDS)
def test_an_output_of_its_kind_is_replaced_if_asked(here, name):
    words, out = COMMANDS[name]
    Path("old").symlink_to(out)
    result = call(*words, out, "--overwrite")
    assert result.exit_code < 2, result.output
    assert not list(here.glob(".*.part"))


def test_either_of_the_two_files_of_solve_counts(here, idle):
    Path("day.nc").unlink()
    result = call("solve", "fleet", "--out", "day.nc")
    assert result.exit_code == 2 and "day.json exists: give another name" in result.output
    Path("week.json").write_text('{"mine": 1}')
    result = call("solve", "fleet", "--out", "week.nc", "--overwrite")
    assert result.exit_code == 2 and "week.json holds no summary of a schedule" in result.output


def other_names(path: str) -> dict[str, str]:
    """Return names that lead to a file: as it is, the long way, by a link, by a second entry."""
    suffix = Path(path).suffix
    Path(f"link{suffix}").symlink_to(path)
    Path(f"far{suffix}").symlink_to(f"link{suffix}")
    os.link(path, f"twin{suffix}")
    Path("beside").mkdir()
    Path("beside/up").symlink_to("..")
    return {
        "itself": path,
        "absolute": str(Path(path).absolute()),
        "dots": f"beside/../{path}",
        "link": f"link{suffix}",
        "link to a link": f"far{suffix}",
        "through a linked folder": f"beside/up/{path}",
        "hard link": f"twin{suffix}",
    }


@pytest.mark.parametrize("overwrite", [(), ("--overwrite",)])
def test_what_is_read_is_never_replaced(here, idle, overwrite):
    before = contents(here)
    for name in other_names("fleet.nc").values():
        result = call("solve", "fleet.nc", "--out", name, *overwrite)
        assert result.exit_code == 2 and "is what is read here: never replaced" in result.output
    for read in ("fleet.nc", "day.nc"):
        result = call("certify", "fleet.nc", "day.nc", "--out", read, *overwrite)
        assert result.exit_code == 2 and "is what is read here" in result.output
    assert call("table", "fleet.nc", "--out", "fleet.nc", *overwrite).exit_code == 2
    for name, text in before.items():
        assert Path(name).read_bytes() == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (name, (*words, path, "--overwrite"))
        for name, (words, own) in COMMANDS.items()
        for path in ("day.nc", "day.json", "proof.json", "table.csv", "fleet/site.csv", "notes.txt",
                     "other.nc", "fleet/datapackage.json")
        if path != own and (name != "solve" or path.endswith(".nc"))
        and (not name.startswith(("plot", "report", "export")) or path.endswith(own[3:]))
        and (name != "generate .nc" or path.endswith(".nc"))
        and (name != "generate" or not path.endswith(".nc"))
    ],
)  # fmt: skip
def test_what_is_no_such_output_is_never_replaced(here, idle, name, words):
    Path("notes.txt").write_text("mine")
    Path("other.nc").write_bytes(b"not NetCDF at all")
    before = contents(here)
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert contents(here) == before
    assert "internal error" not in result.output


@pytest.mark.parametrize("content", ["notes.txt", "datapackage.json"])
def test_a_folder_that_is_no_instance_is_not_written_into(here, idle, content):
    Path("mine").mkdir()
    Path("mine", content).write_text('{"name": "of somebody else"}')
    for overwrite in ((), ("--overwrite",)):
        assert call("generate", "mine", *overwrite).exit_code == 2
    assert os.listdir("mine") == [content]


def test_what_holds_nothing_may_be_taken(here):
    Path("empty.nc").touch()
    Path("void").mkdir()
    Path("dangling.nc").symlink_to("new.nc")
    assert call("solve", "fleet", "--out", "empty.nc").exit_code == 0
    assert call("generate", "void").exit_code == 0
    assert call("solve", "fleet", "--out", "dangling.nc").exit_code == 0
    assert cs.Schedule.load("new.nc").objective == cs.Schedule.load("empty.nc").objective


@pytest.mark.parametrize("name", COMMANDS)
def test_where_nothing_can_be_written_is_said_at_once(here, idle, name):
    words, own = COMMANDS[name]
    suffix = Path(own).suffix
    Path(f"round{suffix}").symlink_to(f"about{suffix}")
    Path(f"about{suffix}").symlink_to(f"round{suffix}")
    os.mkfifo(f"pipe{suffix}")
    out = (f"round{suffix}", f"pipe{suffix}", f"fleet.nc/x{suffix}", f"{'x' * 300}{suffix}")
    for path in out:
        for overwrite in ((), ("--overwrite",)):
            result = call(*words, path, *overwrite)
            assert result.exit_code == 2 and "internal error" not in result.output, result.output
            assert result.output.startswith(("error: ", "Usage: "))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere")
def test_a_folder_that_may_not_be_written(here, idle):
    Path("shut").mkdir(mode=0o500)
    result = call("solve", "fleet", "--out", "shut/day.nc")
    assert result.exit_code == 2 and "nothing can be written in" in result.output


def test_schedule_and_summary_are_both_written_or_neither(here, monkeypatch):
    """The disk is full once the schedule is on it."""
    before = contents(here)
    write = Path.write_text

    def full(path: Path, text: str, **how: object) -> int:
        write(path, text[: len(text) // 2], **how)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    for words in (("day.nc", "--overwrite"), ("week.nc",)):
        result = call("solve", "fleet", "--out", *words, "--gap", 0.5)
        assert result.exit_code == 2 and "No space left" in result.output
        assert contents(here) == before


def test_what_appears_while_solving_is_not_replaced(here, monkeypatch):
    solve = cs.solve

    def meanwhile(*given: object, **how: object) -> cs.Schedule:
        Path("late.json").write_text("of another")
        return solve(*given, **how)

    monkeypatch.setattr(cs, "solve", meanwhile)
    result = call("solve", "fleet", "--out", "late.nc")
    assert result.exit_code == 2 and "late.json exists" in result.output
    assert Path("late.json").read_text() == "of another" and not Path("late.nc").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("day.nc", "a schedule, no instance: `carbonsched show {path}` shows its plan"),
        ("day.json", "a summary of a schedule, no instance: the schedule is in the file of"),
        ("proof.json", "a certificate, no instance: `python -m carbonsched.check {path} INSTANCE`"),
        ("table.csv", "a table of methods, no instance"),
    ],
)
def test_what_is_no_instance_is_called_by_its_name(here, name, said):
    for command in ("diagnose", "solve"):
        out = ("--out", "new.nc") if command == "solve" else ()
        result = call(command, name, *out)
        assert result.exit_code == 2 and said.format(path=name) in result.output


def test_outputs_are_told_apart(here):
    kinds = {
        "day.nc": outputs.SCHEDULE,
        "day.json": outputs.SUMMARY,
        "proof.json": outputs.CERTIFICATE,
        "table.csv": outputs.TABLE,
        "fleet.nc": None,
        "fleet": None,
        "fleet/site.csv": None,
        "nowhere": None,
    }
    assert {path: outputs.kind_of(Path(path)) for path in kinds} == kinds
    old = json.dumps(cs.Schedule.load("day.nc").summary(), indent=2)  # as versions before wrote it
    Path("old.json").write_text(old + "\n")
    assert outputs.kind_of(Path("old.json")) is outputs.SUMMARY
