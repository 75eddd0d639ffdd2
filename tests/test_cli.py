"""The command line, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app.app import app

DEFAULT = str(Path(__file__).parents[1] / "data" / "default")


def call(*words: object):
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, [str(w) for w in words])


@pytest.mark.parametrize(
    "command", ["", "solve", "diagnose", "verify", "certify", "table", "generate", "info"]
)
def test_help_explains(command):
    result = call(*([command] if command else []), "--help")
    assert result.exit_code == 0 and "Usage" in result.output
    assert "INSTANCE" in result.output or command == "generate"


def test_generate_solve_verify(tmp_path):
    folder, out = tmp_path / "fleet", tmp_path / "day.nc"
    assert call("generate", folder, "--sites", 2, "--jobs", 3, "--seed", 4).exit_code == 0
    assert cs.load(folder).data.sizes["site"] == 2
    result = call("solve", folder, "--out", out, "--gap", 0)
    assert result.exit_code == 0, result.output
    assert "objective" in result.output and "tCO2e" in result.output
    summary = json.loads(out.with_suffix(".json").read_text())
    schedule = cs.Schedule.load(out)
    assert summary["objective"] == pytest.approx(schedule.objective)
    assert summary["formulation"]["jobs"] == "start"
    assert f"{schedule.objective:,.0f} USD" in result.output
    result = call("verify", folder, out)
    assert result.exit_code == 0 and "none broken" in result.output


def test_generate_replaces_nothing_unless_told(tmp_path):
    folder = tmp_path / "fleet"
    folder.mkdir()
    assert call("generate", folder).exit_code == 0  # an empty folder is as good as none
    edited = cs.load(folder).replace(import_price=7.0)
    edited.save(folder)
    result = call("generate", folder, "--sites", 5)
    assert result.exit_code == 2 and "exists: give another name, or --overwrite" in result.output
    assert (cs.load(folder).data.import_price == 7).all()
    assert call("generate", folder, "--sites", 5, "--overwrite").exit_code == 0
    assert cs.load(folder).data.sizes["site"] == 5


def test_verify_names_what_is_broken_and_fails(tmp_path):
    schedule = cs.solve(cs.load(DEFAULT))
    schedule.data["soc"] = schedule.data.soc + 1
    schedule.save(tmp_path / "bad.nc")
    result = call("verify", DEFAULT, tmp_path / "bad.nc")
    assert result.exit_code == 1 and "(13) state of charge: broken by" in result.output


def test_table_shows_six_methods(tmp_path):
    result = call("table", DEFAULT, "--out", tmp_path / "table.csv")
    assert result.exit_code == 0
    assert all(method in result.output for method in cs.METHODS)
    assert list(pd.read_csv(tmp_path / "table.csv").method) == list(cs.METHODS)


def test_info_describes():
    result = call("info", DEFAULT)
    assert result.exit_code == 0
    assert "harbour" in result.output and "carbon_intensity" in result.output
    assert "tCO2e/MWh" in result.output and "CC0-1.0" in result.output


def test_a_bad_folder_fails_with_every_fault(tmp_path):
    cs.load(DEFAULT).save(tmp_path)
    table = pd.read_csv(tmp_path / "site.csv")
    table.loc[0, "it_capacity"], table.loc[1, "charge_efficiency"] = -5, 1.5
    table.to_csv(tmp_path / "site.csv", index=False)
    for command in (("solve", "--out", tmp_path / "s.nc"), ("info",), ("table",)):
        result = call(command[0], tmp_path, *command[1:])
        assert result.exit_code == 2
        assert "2 faults" in result.output
        assert "it_capacity[site=harbour] = -5.0 MW" in result.output
        assert "charge_efficiency[site=plains] = 1.5: must be at most 1" in result.output
    assert not (tmp_path / "s.nc").exists()


def test_nothing_there_and_no_such_solver(tmp_path):
    result = call("solve", tmp_path / "nowhere")
    assert result.exit_code == 2 and "neither a folder nor a file" in result.output
    result = call("solve", DEFAULT, "--solver", "abacus", "--out", tmp_path / "s.nc")
    assert result.exit_code == 1 and "not available here" in result.output


def test_infeasible_fails_without_a_file(tmp_path):
    instance = cs.load(DEFAULT).replace(carbon_budget=1.0)
    instance.save(tmp_path / "tight")
    result = call("solve", tmp_path / "tight", "--out", tmp_path / "s.nc")
    assert result.exit_code == 1 and "no schedule satisfies" in result.output
    assert "raise the carbon budget by" in result.output
    told = call("diagnose", tmp_path / "tight")
    assert told.exit_code == 1 and "least change, any one of" in told.output
    assert not (tmp_path / "s.nc").exists()


def test_the_schedule_is_a_netcdf_file(tmp_path):
    result = call("solve", DEFAULT, "--out", tmp_path / "day.json")
    assert result.exit_code == 1 and "name it with .nc" in result.output
    assert not list(tmp_path.iterdir())
    assert call("table", DEFAULT, "--out", tmp_path).exit_code == 2


def test_no_carbon_is_not_held_to_the_budget(tmp_path):
    budget = 0.9 * cs.solve(cs.load(DEFAULT), "no_carbon").emissions
    cs.load(DEFAULT).replace(carbon_budget=budget).save(tmp_path / "tight")
    out = tmp_path / "s.nc"
    assert call("solve", tmp_path / "tight", "--method", "no_carbon", "--out", out).exit_code == 0
    assert call("verify", tmp_path / "tight", out).exit_code == 0


def test_version():
    assert call("--version").output.strip() == f"carbonsched {cs.__version__}"


def test_the_table_needs_no_file(tmp_path):
    cs.generate(1, 2, 1, 1, seed=0).save(tmp_path)
    result = call("table", tmp_path)
    assert result.exit_code == 0 and "joint" in result.output
    assert not list(tmp_path.glob("*.csv.*"))


def test_what_nobody_thought_of_is_a_sentence_with_a_code_of_its_own(monkeypatch):
    def broken(path: object) -> None:
        raise KeyError("\x1b[31mpower")

    monkeypatch.setattr(cs, "load", broken)
    result = call("info", DEFAULT)
    assert result.exit_code == 3 and isinstance(result.exception, SystemExit)
    assert "internal error, please report it: KeyError" in result.output
    assert "\x1b" not in result.output
