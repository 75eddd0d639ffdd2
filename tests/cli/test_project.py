"""`init` and `build`: from nothing to a verified schedule by commands alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from test_app import call

import carbonsched as cs


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_new_fleet_is_built_solved_and_verified_as_it_is_written(tmp_path):
    folder, out, day = tmp_path / "fleet", tmp_path / "fleet.nc", tmp_path / "day.nc"
    result = call("init", folder)
    assert result.exit_code == 0 and f"carbonsched build {folder / 'fleet.yaml'}" in result.output
    result = call("build", folder / "fleet.yaml", "--out", out)
    assert result.exit_code == 0, result.output
    for told in (
        "sites",
        "north 5 MW, middle 4 MW, south 3 MW",
        "72 h = 3 days: 72 periods of 1 h, 2025-06-01 22:00 to 2025-06-04 22:00 UTC",
        "EUR",
        "prices.csv (sites.north.price, sites.middle.price)",
        "requests.csv (services.chat.demand, services.batch-embedding.demand)",
        "jobs.weekly-evaluation: 1.5 periods become 2",
        "battery none: middle, south",
        "CC0-1.0",
    ):
        assert told in result.output, told
    assert cs.load(out).data.attrs["currency"] == "EUR"
    result = call("solve", out, "--out", day)
    assert result.exit_code == 0, result.output
    assert call("verify", folder / "fleet.yaml", day).exit_code == 0  # built on the fly, the same


def test_a_project_file_is_taken_as_an_instance(tmp_path):
    (tmp_path / "fleet.yaml").write_text(
        "title: T\nhorizon: {start: 2025-06-02, periods: 2, zone: UTC}\n"
        "sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0.3}}\n"
        "jobs: {j: {power: 1, duration: 1, reward: 100}}\n"
    )
    result = call("solve", tmp_path / "fleet.yaml", "--out", tmp_path / "day.nc")
    assert result.exit_code == 0, result.output
    assert cs.Schedule.load(tmp_path / "day.nc").objective == pytest.approx(100 - 60)


def test_init_never_replaces(tmp_path):
    assert call("init", tmp_path).exit_code == 0
    (tmp_path / "prices.csv").write_text("mine")
    before = contents(tmp_path)
    result = call("init", tmp_path)
    assert result.exit_code == 2 and "never replaced" in result.output
    (tmp_path / "fleet.yaml").unlink()
    result = call("init", tmp_path)
    assert result.exit_code == 2 and "prices.csv" in result.output
    assert contents(tmp_path) == {k: v for k, v in before.items() if k != "fleet.yaml"}


def test_init_writes_beside_what_is_there(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    assert call("init", tmp_path).exit_code == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_init_prints_or_writes_the_schema(tmp_path):
    printed = json.loads(call("init", "--schema").output)
    assert printed["properties"]["horizon"] == {"$ref": "#/$defs/Horizon"}
    assert call("init", tmp_path / "s", "--schema").exit_code == 0
    assert contents(tmp_path / "s").keys() == {"fleet.schema.json"}
    assert json.loads((tmp_path / "s" / "fleet.schema.json").read_text()) == printed


def test_init_needs_a_folder_that_is_one(tmp_path):
    assert "name a folder" in call("init").output
    (tmp_path / "file").write_text("")
    assert call("init", tmp_path / "file").exit_code == 2


def test_init_asks_for_names_if_told_to(tmp_path):
    from typer.testing import CliRunner

    from carbonsched.cli.app import app

    words = ["init", str(tmp_path / "f"), "--ask"]
    result = CliRunner().invoke(app, words, input="Zürich, no, 1\n")
    assert result.exit_code == 0, result.output
    assert list(cs.project.read(tmp_path / "f" / "fleet.yaml").given.sites) == ["Zürich", "no", "1"]
    result = CliRunner().invoke(app, ["init", str(tmp_path / "g"), "--ask"], input="a, a\n")
    assert result.exit_code == 1 and not (tmp_path / "g").exists()


def test_faults_are_told_and_nothing_is_written(tmp_path):
    (tmp_path / "fleet.yaml").write_text(
        "title: T\nhorizon: {start: 2025-06-02, periods: 2, zone: UTC}\n"
        "sites:\n  a:\n    it_capacity: 5\n    prize: 60\n    carbon_intensity: 0.3\n"
        'description: "\\x1b[31m"\nlatncy: 3\n'
    )
    result = call("build", tmp_path / "fleet.yaml", "--out", tmp_path / "out")
    assert result.exit_code == 2 and not (tmp_path / "out").exists()
    for told in (
        "fleet.yaml, line 6: sites.a: unknown key prize: did you mean price?",
        "fleet.yaml, line 9: unknown key latncy: did you mean latency?",
    ):
        assert told in result.output
    assert "\x1b" not in result.output


def test_build_replaces_nothing_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("fleet.yaml").write_text(
        "title: T\nhorizon: {start: 2025-06-02, periods: 2, zone: UTC}\n"
        "sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0.3}}\n"
    )
    assert call("build", "fleet.yaml").exit_code == 0 and os.listdir() == ["fleet.yaml"]
    for out in ("fleet.nc", "folder"):
        assert call("build", "fleet.yaml", "--out", out).exit_code == 0
        result = call("build", "fleet.yaml", "--out", out)
        assert result.exit_code == 2 and "--overwrite" in result.output
        assert call("build", "fleet.yaml", "--out", out, "--overwrite").exit_code == 0
        assert cs.load(out).data.sizes["site"] == 1
    result = call("build", "fleet.yaml", "--out", "fleet.yaml", "--overwrite")
    assert result.exit_code == 2 and "what is read here" in result.output


@pytest.mark.parametrize("command", ["init", "build"])
def test_help_explains(command):
    result = call(command, "--help")
    assert result.exit_code == 0 and "Example: carbonsched" in result.output
    assert command in call("--help").output


def test_a_file_of_many_entries_is_told_once(tmp_path):
    (tmp_path / "fleet.yaml").write_text(
        "title: T\nhorizon: {start: 2025-06-02, periods: 2, zone: UTC}\n"
        "sites:\n"
        "  a: {it_capacity: 5, carbon_intensity: 0, price: {file: p.csv, column: x, zone: UTC}}\n"
        "  b:\n    it_capacity: 5\n    carbon_intensity: 0\n"
        "    price: {file: p.csv, column: z, zone: UTC, times: 2}\n"
    )
    rows = "".join(f"2025-06-02 0{k}:{m},1,2\n" for k in range(2) for m in ("00", "30"))
    (tmp_path / "p.csv").write_text("time,x [USD/MWh],z [USD/MWh]\n" + rows)
    result = call("build", tmp_path / "fleet.yaml")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    at = lines.index("p.csv (sites.a.price, sites.b.price): licence not stated")
    assert lines[at + 1 : at + 3] == [
        "  - From steps of 30 min to 1 h: the mean of each period.",
        "  - sites.b.price: Multiplied by 2.",
    ]
    assert sum("p.csv" in line for line in lines) == 1
