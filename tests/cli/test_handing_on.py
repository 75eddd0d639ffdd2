"""What a person acts on, from the terminal: show, plot, export, report, compare."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from test_app import call
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched import plots
from carbonsched.cli.app import app
from carbonsched.cli.handing_on import Figure, Tidy
from carbonsched.output.tables import TABLES


@pytest.fixture
def here(fleet, tmp_path, monkeypatch):
    """The current folder: the fleet, its schedule, summary and certificate."""
    instance, schedule = fleet
    instance.save(tmp_path / "fleet")
    schedule.save(tmp_path / "day.nc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_choices_are_those_of_the_figures_and_tables():
    assert tuple(Figure) == plots.KINDS
    assert tuple(Tidy) == ("flows", *(name for name in TABLES if name != "flows"))


def test_solve_says_the_plan_then_energy_then_money(here, fleet):
    result = call("solve", "fleet", "--out", "new.nc", "--gap", 0)
    assert result.exit_code == 0, result.output
    told = result.output
    at = [told.index(part) for part in ("plan: 3 jobs", "1 job declined", "energy and carbon by")]
    at.append(told.index("benefit by term"))
    assert at == sorted(at)
    assert "USD" not in told and "[America/New_York]" in told
    assert re.search(r"2025-03-\d\d \d\d:\d\d", told) and "-04:00" not in told  # all are in it
    total = cs.energy(*fleet)["import"].sum()
    assert f"{total:,.2f}"[:4] in told.partition("all sites")[2].splitlines()[0]
    result = call("solve", "fleet", "--out", "utc.nc", "--zone", "UTC")
    assert "[UTC]" in result.output and "New_York" not in result.output
    result = call("solve", "fleet", "--out", "x.nc", "--zone", "Mars")
    assert result.exit_code == 2 and "no known time zone" in result.output
    assert not Path("x.nc").exists()


def test_json_is_the_document_and_nothing_else(here):
    command = [sys.executable, "-m", "carbonsched", "solve", "fleet", "--out", "new.nc"]
    told = subprocess.run([*command, "--json", "--verbose"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout == Path("new.json").read_text()
    said = json.loads(told.stdout)
    assert said["currency"] == "EUR" and said["units"]["objective"] == "EUR"
    assert said["sites"][0]["site"] == "site-1" and "-0.0" not in told.stdout
    planned = json.loads(call("plan", "fleet", "new.nc", "--json").output)
    assert planned["plan"] == said["plan"] and planned["verified"] is True
    assert planned["status_words"].endswith("by its file")


def test_show_tells_what_each_file_is(here):
    assert call("certify", "fleet", "day.nc").exit_code == 0
    assert call("solve", "fleet", "--out", "new.nc").exit_code == 0
    for path, said in {
        "fleet": ("EUR/MWh", "4 h: 8 periods of 30 min", "site-1 Europe/Berlin"),
        "day.nc": ("what it says of itself", "by its file", "EUR"),
        "new.json": ("the summary of a schedule", "2025-03-30T", "EUR"),
        "certificate.json": ("a certificate; what it states, unchecked", "root gap"),
    }.items():
        result = call("show", path)
        assert result.exit_code == 0, result.output
        assert all(part in result.output for part in said), result.output
        assert call("info", path).output == result.output
    assert "USD" not in call("show", "fleet").output


@pytest.mark.parametrize("content", ["[]", "{", '"plan": 1', '"plan": [1]', "[" * 100_000])
def test_a_damaged_summary_is_a_fault(here, content):
    Path("bad.json").write_text('{\n  "format": "carbonsched summary 1", ' + content + "}")
    result = call("show", "bad.json")
    assert result.exit_code == 2 and "internal error" not in result.output


def test_a_summary_gives_the_terminal_no_commands(here):
    said = {"format": "carbonsched summary 1", "horizon": "\x1b[2J", "benefit": {"\x07": "\x1b"}}
    said["plan"] = [{"job": "\x1b]0;x", "start": [1], "power": -0.0}]
    Path("bad.json").write_text(json.dumps(said, indent=2))
    result = call("show", "bad.json")
    assert result.exit_code == 0 and not re.search("[\x07\x1b]", result.output)
    assert not re.search(r"(?<!\w)-0", result.output)


@pytest.mark.parametrize("form", ["png", "svg"])
def test_plot(here, form):
    result = call("plot", "fleet", "day.nc", "--kind", "budget", "--out", f"x.{form}")
    assert result.exit_code == 0 and "Emissions so far" in result.output
    head = {"png": b"\x89PNG", "svg": b"<?xml"}[form]
    assert Path(f"x.{form}").read_bytes().startswith(head)


def test_what_is_given_wrongly_is_said_before_any_work(here):
    for words, said in (
        (("plot", "fleet", "--kind", "gantt", "--out", "x.png"), "one of a schedule: give it too"),
        (("plot", "fleet", "day.nc", "--out", "x.pdf"), "one of .png, .svg at the end"),
        (("export", "fleet", "day.nc", "--out", "x.doc"), "one of .csv, .xlsx"),
        (("report", "fleet", "day.nc", "--out", "x.pdf"), ".html at the end"),
        (("export", "fleet", "day.nc", "--out", "day.nc"), "name it with"),
        (("compare", "fleet", "day.nc", "day.nc", "--zone", "Mars"), "no known time zone"),
    ):
        result = call(*words)
        assert result.exit_code == 2 and said in result.output, result.output
    assert call("plot", "fleet", "--kind", "prices", "--out", "x.png").exit_code == 0


def test_export_and_report(here):
    for end in ("csv", "xlsx", "parquet", "ics", "json"):
        result = call("export", "fleet", "day.nc", "--out", f"x.{end}")
        assert result.exit_code == 0, result.output
    assert len(pd.read_csv("x.csv")) == 3 * 8
    assert call("export", "fleet", "day.nc", "--out", "j.csv", "--table", "jobs").exit_code == 0
    assert list(pd.read_csv("j.csv").job) == [f"job-{k}" for k in range(1, 5)]
    assert call("certify", "fleet", "day.nc").exit_code == 0
    proof = ("--certificate", "certificate.json")
    result = call("report", "fleet", "day.nc", *proof, "--out", "x.html")
    assert result.exit_code == 0 and "Holds." in Path("x.html").read_text()
    dearer = cs.load("fleet").replace(import_price=99.0)
    dearer.save("dearer")
    result = call("report", "dearer", "day.nc", *proof, "--out", "y.html")
    assert result.exit_code == 1 and "does not hold" in Path("y.html").read_text()


def test_compare(here, fleet):
    cs.solve(fleet[0], "no_battery", gap=0).save("other.nc")
    result = call("compare", "fleet", "day.nc", "other.nc", "--hours")
    assert result.exit_code == 0, result.output
    change = cs.Schedule.load("other.nc").objective - cs.Schedule.load("day.nc").objective
    line = next(row for row in result.output.splitlines() if "objective" in row)
    assert float(line.split()[-1].replace(",", "")) == pytest.approx(change, rel=1e-3)
    assert "USD" not in result.output
    same = call("compare", "fleet", "day.nc", "day.nc").output
    assert "all 4 as before" in same and "nothing changes" in same
    assert not re.search(r"(?<![\w-])-0(\.0+)?\b", same)
    changed = fleet[0].replace(reward=0.0)
    changed.save("later")
    cs.solve(changed, gap=0).save("later.nc")
    result = call("compare", "fleet", "day.nc", "later.nc", "--instance-after", "later")
    assert result.exit_code == 0 and "newly declined" in result.output


def test_generate_takes_a_start_and_a_step(tmp_path):
    made = ("generate", tmp_path / "f", "--periods", 4, "--step-hours", 0.25)
    assert call(*made, "--start", "2025-03-30T00:00+01:00").exit_code == 0
    data = cs.load(tmp_path / "f").data
    assert str(data.indexes["time"][0]) == "2025-03-29 23:00:00" and data.step_hours == 0.25
    result = call("generate", tmp_path / "g", "--start", "soon")
    assert result.exit_code != 0 and "start = 'soon', expected an instant" in result.output
    assert call("generate", tmp_path / "g", "--step-hours", 0).exit_code != 0
    assert not (tmp_path / "g").exists()


def test_verify_tells_a_bound_as_the_files_word(here):
    result = call("verify", "fleet", "day.nc")
    assert result.exit_code == 0 and "by its file; `carbonsched certify` proves" in result.output


def test_exit_codes_stand_in_the_help():
    told = " ".join(call("--help").output.split())
    for part in ("0, done", "1, no such schedule", "2, what was given is at fault", "3, a fault"):
        assert part in told


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_the_program_answers(shell, tmp_path):
    script = call("completion", shell).output
    assert "_CARBONSCHED_COMPLETE=complete_" + shell in script
    words = {
        "bash": {"COMP_WORDS": "carbonsched comp", "COMP_CWORD": "1"},
        "zsh": {"_TYPER_COMPLETE_ARGS": "carbonsched comp"},
        "fish": {
            "_TYPER_COMPLETE_ARGS": "carbonsched comp",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        },
    }[shell]
    environment = os.environ | words | {"_CARBONSCHED_COMPLETE": f"complete_{shell}"}
    start = "from carbonsched.cli import main; import sys; sys.argv = ['carbonsched']; main()"
    told = subprocess.run(
        [sys.executable, "-c", start], env=environment, capture_output=True, text=True
    )
    assert "compare" in told.stdout and "completion" in told.stdout and "solve" not in told.stdout


def test_one_period_has_no_length_by_its_schedule_alone(tmp_path):
    instance = cs.generate(1, 1, 0, 1, start="2025-03-30", step_hours=2.0)
    out = cs.solve(instance, gap=0).save(tmp_path / "day.nc")
    assert "of a length that is not stated" in call("show", out).output
    told = call("plan", instance.save(tmp_path / "f"), out).output
    assert "2 h: 1 period of 2 h, 2025-03-30 00:00 to 2025-03-30 02:00 UTC" in told


def test_a_range_is_no_minus_zero(make, tmp_path):
    instance = make(1, 1, 1, import_price=-0.0)
    assert not re.search(r"(?<!\w)-0\b", call("show", instance.save(tmp_path / "f")).output)


def test_compare_values_a_former_schedule_anew_and_says_so(here, fleet):
    dearer = fleet[0].replace(import_price=fleet[0].data.import_price + 30.0)
    dearer.save("next.nc")
    cs.solve(dearer, gap=0).save("held.nc")
    told = call("compare", "next.nc", "day.nc", "held.nc").output
    own = f"day.nc states {fleet[1].objective:,.2f} EUR of its own: it was solved for other numbers"
    assert f"{own}; here it is valued by next.nc" in told and "held.nc states" not in told
    assert "states" not in call("compare", "fleet", "day.nc", "day.nc").output


@pytest.fixture
def long_names():
    """Sites and jobs by names that are hard to fit, small powers, and prices that then turn."""
    names = ["frankfurt", "sankt-gallen", "a-city-of-long-name"]
    made = cs.generate(3, 8, 3, 1, seed=3, start="2025-10-21")
    home = [names[list(made.data.site.values).index(at)] for at in made.data.home.values]
    data = made.data.assign_coords(site=names).assign(home=("service", home))
    data["power"] = data.power * 1e-3
    turned = data.import_price.values[:, ::-1]
    return cs.Instance(data), cs.Instance(data.assign(import_price=(("site", "time"), turned)))


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_word_is_broken_in_a_terminal(tmp_path, long_names, monkeypatch, columns):
    monkeypatch.chdir(tmp_path)
    for name, instance in zip(("day", "next"), long_names, strict=True):
        instance.save(f"{name}-fleet.nc")
        cs.solve(instance, gap=0).save(f"{name}.nc")
    runner = CliRunner(env={"COLUMNS": str(columns), "NO_COLOR": "1"})
    for words in (("compare", "next-fleet.nc", "day.nc", "next.nc"), ("plan", "next-fleet.nc")):
        told = runner.invoke(app, [*words, *["next.nc"][: len(words) == 2]]).output
        tables = told.partition("by term" if words[0] == "compare" else "plan:")[2]
        tables = tables.partition("benefit by term")[0]
        rows = [row for row in tables.splitlines() if "states" not in row]
        assert max(len(row.rstrip()) for row in rows) <= columns
        for site in long_names[0].data.site.values:
            assert any(row.strip().startswith(site) for row in rows), site
        for row in rows:  # an instant is whole: a date, an hour
            assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d", row)) == row.count("2025")
        seen = {word for row in rows for word in row.split()}
        assert {"facility", "emissions", "generation"} <= seen
    power = float(long_names[1].data.power[0])
    assert f"{power:.{2 - math.floor(math.log10(power))}f}" in told and " 0.00 " not in told


def test_the_periods_of_a_comparison_are_told_as_what_they_are(here, numbered):
    instance, schedule = numbered
    instance.save("numbered")
    schedule.save("joint.nc")
    cs.solve(instance, "no_battery", gap=0).save("other.nc")
    told = call("compare", "numbered", "joint.nc", "other.nc").output
    head = told.partition("by hour")[2].splitlines()
    assert any(row.split()[:1] == ["period"] for row in head) and "UTC" not in told
    cs.solve(cs.load("fleet"), "compute_only", gap=0).save("dated.nc")
    assert "from [UTC]" in call("compare", "fleet", "day.nc", "dated.nc").output


def test_show_keeps_names_of_variables_whole(here, fleet):
    told = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["show", "fleet"]).output
    words = told.split()
    assert all(name in words for name in fleet[0].quantities), told
    assert "\u2026" not in told


def test_check_is_a_command(here, fleet):
    assert call("certify", "fleet", "day.nc").exit_code == 0
    held = call("check", "certificate.json", "fleet")
    assert held.exit_code == 0 and "no schedule earns more than" in held.output
    fleet[0].replace(import_price=99.0).save("dearer")
    refused = call("check", "certificate.json", "dearer")
    assert refused.exit_code == 1 and "made for another instance" in refused.output
    assert call("check", "certificate.json", "nowhere").exit_code == 2


def test_figures_are_in_the_zone_that_all_sites_have(here, fleet):
    instance, _ = fleet
    drawn = ("plot", "fleet", "day.nc", "--kind", "gantt", "--out", "x.svg", "--overwrite")
    assert "times in UTC" in call(*drawn).output
    assert "times in Asia/Tokyo" in call(*drawn, "--zone", "Asia/Tokyo").output
    zones = json.dumps(dict.fromkeys(instance.data.site.values.tolist(), "Europe/Berlin"))
    cs.Instance(instance.data.assign_attrs(site_zones=zones)).save("one")
    assert "times in Europe/Berlin" in call(drawn[0], "one", *drawn[2:]).output
    assert call("report", "one", "day.nc", "--out", "x.html").exit_code == 0
    assert "times in Europe/Berlin" in Path("x.html").read_text()
    cs.solve(instance, "compute_only", gap=0).save("other.nc")
    assert "from [Europe/Berlin]" in call("compare", "one", "day.nc", "other.nc").output


def test_a_report_that_does_not_hold_says_why(here, fleet):
    fleet[0].replace(demand=fleet[0].data.demand * 1.5).save("other")
    result = call("report", "other", "day.nc", "--out", "r.html")
    assert result.exit_code == 1 and "written to r.html" in result.stdout
    told = " ".join(result.stderr.split())
    assert told.startswith("day.nc is no schedule of other that holds, as the report says: ")
    assert "checks broken (11) " in told and "broken by" in told
    result = call("plan", "other", "day.nc", "--json")
    assert result.exit_code == 1 and json.loads(result.stdout)["verified"] is False
    assert "day.nc is no schedule of other that holds: " in result.stderr
