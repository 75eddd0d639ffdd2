"""`carbonsched roll`: at once, and one step a call."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app


def call(*given: object) -> object:
    return CliRunner().invoke(app, ["roll", *map(str, given)])


@pytest.fixture
def fleet(tmp_path):
    return cs.generate(1, 4, 0, 1, seed=0).save(tmp_path / "fleet")


def test_it_rolls_at_once_and_says_how_it_came(fleet, tmp_path):
    out = tmp_path / "rolled.nc"
    how = ("--window", 3, "--step", 2, "--forecast", "noisy", "--seed", 1)
    done = call(fleet, *how, "--on-breach", "report", "--out", out)
    assert done.exit_code == 0, done.output
    assert "2 plans for 4 periods" in done.output and "as it came" in done.output
    rolled = cs.Schedule.load(out)
    assert rolled.steps.sizes["step"] == 2 and out.with_suffix(".json").exists()
    assert call(fleet, "--out", out).exit_code != 0  # nothing is replaced unasked
    shown = CliRunner().invoke(app, ["show", str(out)])
    assert "2 plans for 4 periods" in shown.output


def test_one_step_a_call(fleet, tmp_path):
    folder = tmp_path / "state"
    how = (fleet, "--window", 3, "--step", 2, "--folder", folder, "--next")
    assert "planned from 0, next due at 2" in call(*how, "--now", 0).output
    assert (folder / "plan.csv").exists()
    again = call(*how, "--now", 1)
    assert again.exit_code == 0 and "nothing new" in again.output
    assert "2 periods settled" in call(*how, "--now", 2).output
    assert "all periods are settled" in call(*how, "--now", 4).output
    assert cs.Schedule.load(folder / "rolled.nc").status == "rolled"
    for wrong, said in ((("--next",), "--folder"), (("--now", 1), "--next")):
        refused = call(fleet, *wrong)
        assert refused.exit_code != 0 and said in refused.output
    assert "numbers, and no clock" in call(*how).output
