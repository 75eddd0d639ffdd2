"""The command line, as a person uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app
from carbonsched.cli.options import Engine, GapOf
from carbonsched.front import ENGINES
from carbonsched.solver.settings import GAPS

DEFAULT = str(Path(__file__).parents[2] / "data" / "default")


def call(*words: object):
    return CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"}).invoke(app, [str(w) for w in words])


HELPED = (
    "solve", "plan", "show", "info", "plot", "export", "report", "compare", "verify", "certify",
    "check", "table", "diagnose", "generate", "completion",
)  # fmt: skip


@pytest.mark.parametrize("command", ["", *HELPED])
def test_help_explains(command):
    result = call(*([command] if command else []), "--help")
    assert result.exit_code == 0 and "Usage" in result.output
    assert "INSTANCE" in result.output or command in ("generate", "completion")
    assert "data/default" not in result.output


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


def test_solve_near_a_former_plan(tmp_path):
    folder, old, new = tmp_path / "fleet", tmp_path / "day.nc", tmp_path / "next.nc"
    assert call("generate", folder, "--sites", 2, "--jobs", 2, "--seed", 4).exit_code == 0
    assert call("solve", folder, "--out", old, "--gap", 0).exit_code == 0
    tomorrow = cs.load(folder)
    tomorrow.replace(import_price=1.001 * tomorrow.data.import_price).save(folder)
    how = ("--near", old, "--change-cost", 1e4, "--gap", 0, "--out")
    result = call("solve", folder, *how, new)
    assert result.exit_code == 0, result.output
    assert "2 of 2 jobs as they were, 0.00 MWh of flows differ" in result.output
    assert call("verify", folder, new).exit_code == 0
    result = call("solve", folder, *how, old, "--overwrite")
    assert result.exit_code == 2 and "is what is read here" in result.output
    result = call("solve", folder, "--change-cost", 5, "--out", tmp_path / "other.nc")
    assert result.exit_code == 1 and "give near=SCHEDULE" in result.output


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
    assert result.exit_code == 2 and "name it with .nc" in result.output
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
    def broken(path: object, families: object) -> None:
        raise KeyError("\x1b[31mpower")

    monkeypatch.setattr(cs, "load", broken)
    result = call("info", DEFAULT)
    assert result.exit_code == 3 and isinstance(result.exception, SystemExit)
    assert "internal error, please report it: KeyError" in result.output
    assert "\x1b" not in result.output


def test_the_gap_of_the_paper_is_there_by_name(tmp_path):
    """On the default instance 1 % of (1) is more than 1 % of what can be decided."""
    out = tmp_path / "day.nc"
    result = call("solve", DEFAULT, "--out", out, "--gap-of", "objective", "--gap", 0.3)
    assert result.exit_code == 0, result.output
    assert cs.Schedule.load(out).gap_of_objective <= 0.3
    assert "Invalid value for '--gap-of'" in call("solve", DEFAULT, "--gap-of", "all").output


def test_the_choices_are_those_of_solve():
    assert tuple(Engine) == ENGINES
    assert tuple(GapOf) == GAPS


PEAK = """
import carbonsched as cs
import xarray as xr


class PeakCharge(cs.Family):
    name = "peak_charge"
    parameters = (cs.Quantity("peak_price", ("site",), "USD/MW", default=500.0),)
    decisions = (cs.Quantity("peak", ("site",), "MW"),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords=cs.over(data, "site"), name="peak")

    def constrain(self, model, data, formulation):
        model.add_constraints(model["grid_import"] <= model["peak"], name="peak_charge:peak")

    def worth(self, data):
        return {"peak_charge": {"peak": -data.peak_price}}

    def judge(self, data, decided):
        yield "highest import", "MW", decided.grid_import - decided.peak, decided.peak


family = other = PeakCharge()
kind = PeakCharge
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder: it holds a small instance, and a module with a family."""
    cs.generate(2, 4, 1, 1, seed=0).save(tmp_path / "fleet")
    (tmp_path / "peak_charges.py").write_text(PEAK)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("peak_charges", None)


@pytest.fixture
def offered(here):
    """A package that offers the family `highest` as an entry point."""
    about = here / "offers-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: offers\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[carbonsched.families]\nhighest = peak_charges:other\n"
    )


@pytest.mark.parametrize("name", ["peak_charges", "peak_charges:other", "highest"])
def test_a_family_of_the_users_own(here, offered, monkeypatch, name):
    monkeypatch.syspath_prepend(here)
    own = ("--family", name)
    result = call("solve", "fleet", "--gap", 0, *own)
    assert result.exit_code == 0, result.output
    schedule = cs.Schedule.load("schedule.nc")
    peaks = schedule.data.grid_import.max("time").sum().item()
    assert schedule.benefit["peak_charge"] == pytest.approx(-500 * peaks)
    assert "peak_charge" in result.output
    assert call("verify", "fleet", "schedule.nc", *own).exit_code == 0
    assert "peak_price" in call("info", "fleet", *own).output
    assert call("diagnose", "fleet", *own).exit_code == 0
    refused = call("certify", "fleet", "schedule.nc", *own)
    assert refused.exit_code == 1 and "peak_charge" in refused.output
    assert not Path("certificate.json").exists()
    assert call("table", "fleet", "--out", "table.csv", *own).exit_code == 0
    joint = pd.read_csv("table.csv", index_col="method")["objective [USD]"]["joint"]
    assert joint == pytest.approx(schedule.objective, rel=0.011)  # to the gap of 1 %


def test_a_family_that_is_not_given_is_not_judged(here):
    assert call("solve", "fleet", "--family", "peak_charges").exit_code == 0
    result = call("verify", "fleet", "schedule.nc")
    assert result.exit_code == 1
    assert "not judged: peak_charge" in result.output
    lowered = cs.Schedule.load("schedule.nc")
    lowered.data["peak"] = lowered.data.peak - 1
    lowered.save("lowered.nc")
    result = call("verify", "fleet", "lowered.nc", "--family", "peak_charges:family")
    assert result.exit_code == 1 and "highest import: broken by 1 MW" in result.output


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing_of_the_kind", "no package offers it in 'carbonsched.families', and there is no"),
        ("nothing:family", "there is no module nothing, installed or in this folder"),
        ("peak_charges:peak", "module 'peak_charges' has no attribute 'peak'"),
        ("peak_charges:kind", "kind of peak_charges is no family but a class: name an object"),
        ("peak_charges:PEAK", "has no attribute 'PEAK'"),
        (":family", "family ':family': write NAME or MODULE:NAME"),
        ("broken_module", "importing broken_module failed (ZeroDivisionError: division by zero)"),
        ("ending_module", "importing ending_module failed (SystemExit: 0)"),
        ("needy_module", "needy_module needs no_such_package, not installed"),
    ],
)
def test_a_wrong_family_is_one_sentence(here, name, said):
    Path("broken_module.py").write_text("1 / 0")
    Path("ending_module.py").write_text("raise SystemExit(0)")
    Path("needy_module.py").write_text("import no_such_package")
    for command in (("info", "fleet"), ("solve", "fleet")):
        result = call(*command, "--family", name)
        assert result.exit_code == 2
        assert said in result.output and result.output.count("\n") == 1


def test_two_families_of_one_name_are_refused(here):
    Path("peak_charges_again.py").write_text(PEAK)
    result = call("solve", "fleet", "--family", "peak_charges", "--family", "peak_charges_again")
    assert result.exit_code == 2 and "peak_charge" in result.output
    assert "internal error" not in result.output


def test_options_go_to_the_solver(here):
    result = call("solve", "fleet", "--option", "no_such_option=1")
    assert result.exit_code == 1 and "no_such_option" in result.output
    result = call("solve", "fleet", "--option", "presolve=off", "--option", "threads=1")
    assert result.exit_code == 0, result.output
    result = call("solve", "fleet", "--option", "presolve", "--overwrite")
    assert result.exit_code == 2 and "write KEY=VALUE" in result.output


def process(*words: object):
    """Run the command as a terminal does."""
    command = [sys.executable, "-m", "carbonsched.cli", *map(str, words)]
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_a_process_says_all_and_ends_with_the_code(here):
    told = process("solve", "fleet")
    assert told.returncode == 0 and "written" in told.stdout
    assert call("verify", "fleet", "schedule.nc").exit_code == 0  # the file is whole
    told = process("info", "nowhere")
    assert told.returncode == 2 and "neither a folder nor a file" in told.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_what_cannot_be_printed_is_a_failure(here):
    command = [sys.executable, "-m", "carbonsched.cli", "info", "fleet"]
    with open("/dev/full", "w") as full:
        assert subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL).returncode


def test_a_folder_never_makes_code_run(here):
    """What lies beside an instance runs only if it is named, and stands in for no package."""
    for module in ("linopy", "gurobipy", "highspy", "pyarrow", "family", "peak_charge"):
        Path(f"{module}.py").write_text("open('was_run', 'w')")
    script = "import sys; sys.path.pop(0); from carbonsched.cli import main; main()"
    for words in (
        ("solve", "fleet", "--family", "peak_charges"),
        ("verify", "fleet", "schedule.nc"),
        ("info", "fleet"),
    ):
        command = [sys.executable, "-c", script, *words]
        subprocess.run(command, check=False, capture_output=True)
    assert Path("schedule.nc").exists()
    assert not Path("was_run").exists()
