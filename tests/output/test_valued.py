"""A schedule beside an instance whose numbers have changed since: every amount is by those."""

from __future__ import annotations

import json

import pytest
from test_report import page_of
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app
from carbonsched.output.tables import money
from carbonsched.output.valued import valued


@pytest.fixture
def changed(make):
    """10 MW for an hour at 50 USD/MWh and 0.5 t/MWh; since then 80 USD/MWh and 0.2 t/MWh."""
    given = {"power": 10.0, "reward": 5000.0, "required": True}
    then = make(1, 2, 1, import_price=50.0, **given)
    return then, then.replace(import_price=80.0, carbon_intensity=0.2), cs.solve(then, gap=0)


def test_terms_and_emissions_are_those_of_the_instance(changed):
    then, now, schedule = changed
    here = valued(now, schedule)
    assert here.changed and here.schedule.benefit["import"] == pytest.approx(-800)
    assert here.schedule.objective == pytest.approx(5000 - 800)
    assert here.schedule.emissions == pytest.approx(2)
    assert here.schedule.bound != here.schedule.bound  # none is known
    assert "states 4,500 USD and 5.000 tCO2e" in here.note and "unknown" in here.standing
    assert valued(then, schedule).schedule is schedule
    assert "other numbers" not in valued(then, schedule).note
    table = money(now, schedule).set_index("term")["benefit [USD]"]
    assert table["import"] == pytest.approx(-800)


def test_carbon_alone_may_have_changed(changed):
    then, _, schedule = changed
    here = valued(then.replace(carbon_intensity=0.7), schedule)
    assert here.changed and here.schedule.emissions == pytest.approx(7)
    assert here.schedule.objective == pytest.approx(schedule.objective)


def test_plan_and_report_say_one_number_everywhere(changed, tmp_path):
    _, now, schedule = changed
    folder, file = now.save(tmp_path / "now"), schedule.save(tmp_path / "day.nc")
    run = CliRunner().invoke(app, ["plan", str(folder), str(file)])
    assert "4,200 USD" in run.output and "-800.0 USD" in run.output
    assert "-500" not in run.output and "as of the instance given" in run.output
    run = CliRunner().invoke(app, ["plan", str(folder), str(file), "--json"])
    said = json.loads(run.stdout)
    assert said["objective"] == pytest.approx(4200) and said["bound"] is None
    assert said["benefit"]["import"] == pytest.approx(-said["sites"][0]["cost"])
    assert said["stated"] == {"objective": 4500, "emissions": pytest.approx(5)}
    page = page_of(now, schedule, tmp_path)
    assert "4,200 USD" in page.text and "-800.0 USD" in page.text and "-500" not in page.text
    assert "as of the instance given: it was solved for other numbers" in page.text
