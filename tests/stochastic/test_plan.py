"""A plan over scenarios: what it says of itself, what the judge says of it, on disk."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from futures import CHANCES, futures
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli import uncertain
from carbonsched.cli.app import app
from carbonsched.io import read_netcdf, write_netcdf
from carbonsched.stochastic.draw import MODELS


@pytest.fixture(scope="module")
def plan() -> cs.ScenarioSchedule:
    """Return a plan over three scenarios."""
    return cs.solve(futures(), gap=0, risk=0.4, tail=0.3)


def test_what_it_says_follows_from_its_schedules(plan):
    chance = np.array(list(CHANCES.values()))
    benefit = np.array([one.objective for one in plan.schedules.values()])
    emitted = np.array([one.emissions for one in plan.schedules.values()])
    assert plan.expected == pytest.approx(benefit @ chance)
    assert plan.emissions == pytest.approx(emitted @ chance)
    assert plan.objective == pytest.approx(0.6 * plan.expected + 0.4 * plan.cvar)
    assert plan.emissions_cvar >= plan.emissions
    assert plan.within_budget == 1
    assert plan.gap == pytest.approx(0, abs=1e-6)
    assert {name: plan.data[name].sizes.get("scenario") for name in ("start", "soc")} == {
        "start": None, "soc": 3,
    }  # fmt: skip
    assert json.loads(json.dumps(plan.summary()))["cvar"] == plan.cvar
    assert "3 scenarios" in repr(plan)


def test_each_schedule_is_judged_by_its_own_instance(plan):
    """Sensitivity: the schedule of another scenario breaks the rows of this one."""
    report = plan.verify(futures())
    assert report.ok
    assert len(report.checks) > 3 * 10
    others = dict(zip(plan.schedules, reversed(plan.schedules.values()), strict=True))
    broken = replace(plan, schedules=others).verify(futures())
    assert not broken.ok
    assert any(check.label.startswith("scenario dry") for check in broken.broken)


def test_other_starts_in_one_scenario_are_seen(plan):
    one = plan.schedules["windy"]
    other = replace(one, data=one.data.assign(start=one.data.start.roll(time=1)))
    report = replace(plan, schedules=plan.schedules | {"windy": other}).verify(futures())
    (shared,) = [check for check in report.checks if check.row == "committed in every scenario"]
    assert not shared.ok
    assert "windy" in shared.label


def test_it_is_for_its_own_scenarios_only(plan):
    with pytest.raises(ValueError, match="other scenarios"):
        plan.verify(futures().chosen(["dry", "hot"]))


def test_it_is_the_same_from_disk(plan, tmp_path):
    again = cs.ScenarioSchedule.load(plan.save(tmp_path / "plan.nc"))
    xr.testing.assert_identical(again.data, plan.data)
    assert again.summary() == plan.summary()
    assert again.verify(futures()).ok
    assert again.outlook == plan.outlook


def test_other_files_say_what_they_are(plan, tmp_path):
    path = plan.save(tmp_path / "plan.nc")
    with pytest.raises(ValueError, match=r"read it with ScenarioSchedule\.load"):
        cs.Schedule.load(path)
    with pytest.raises(cs.InstanceError, match=r"read it with ScenarioSchedule\.load"):
        cs.load(path)
    one = next(iter(plan.schedules.values())).save(tmp_path / "one.nc")
    with pytest.raises(ValueError, match=r"a schedule; read it with Schedule\.load"):
        cs.ScenarioSchedule.load(one)


@pytest.mark.parametrize(
    "damage",
    [
        lambda said: said.pop("schedules"),
        lambda said: said.update(risk=7),
        lambda said: said["schedules"].pop("hot"),
        lambda said: said.update(first=["nothing"]),
    ],
)
def test_a_damaged_file_is_one_error(plan, tmp_path, damage):
    path = plan.save(tmp_path / "plan.nc")
    data = read_netcdf(path)
    said = json.loads(data.attrs["scenario_schedule"])
    damage(said)
    write_netcdf(data.assign_attrs(scenario_schedule=json.dumps(said)), path)
    with pytest.raises(ValueError, match="the plan is damaged"):
        cs.ScenarioSchedule.load(path)


def test_nothing_is_replaced_by_half_a_file(plan, tmp_path, monkeypatch):
    path = plan.save(tmp_path / "plan.nc")
    before = path.read_bytes()
    monkeypatch.setattr(xr.Dataset, "to_netcdf", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plan.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_plans_shows_and_refuses(tmp_path):
    fleet = cs.generate(sites=2, periods=4, jobs=2, services=1, seed=1).save(tmp_path / "fleet")
    out, run = tmp_path / "plan.nc", CliRunner().invoke
    asked = [
        "stochastic", str(fleet), "--count", "2", "--risk", "0.5", "--tail", "0.2", "--out",
        str(out),
    ]  # fmt: skip
    done = run(app, asked)
    assert done.exit_code == 0, done.output
    first = done.output.splitlines()[2]
    assert "expected benefit" in first
    assert "mean of the worst 20%" in done.output
    plan = cs.ScenarioSchedule.load(out)
    assert plan.verify(cs.scenarios(cs.load(fleet), 2)).ok
    shown = run(app, ["show", str(out)])
    assert shown.exit_code == 0
    assert "a plan over scenarios" in shown.output
    assert run(app, asked).exit_code == 2  # it is there already
    assert run(app, [*asked, "--overwrite", "--budget", "many"]).exit_code == 2
    assert plan.objective == cs.ScenarioSchedule.load(out).objective
    given = run(app, ["solve", str(out), "--out", str(tmp_path / "x.nc")])
    assert given.exit_code == 2
    assert "plan over scenarios, no instance" in given.output


def test_the_command_takes_scenarios_from_a_file(tmp_path):
    path = futures().save(tmp_path / "futures.nc")
    out = tmp_path / "plan.nc"
    done = CliRunner().invoke(app, ["stochastic", str(path), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["scenarios"].keys() == CHANCES.keys()
    assert "import_price" in CliRunner().invoke(app, ["show", str(path)]).output


def test_the_command_knows_every_way_to_draw():
    assert [str(model) for model in uncertain.Model] == list(MODELS)
