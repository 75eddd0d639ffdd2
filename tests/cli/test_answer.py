"""What the command line says of a schedule: the answer, then the plan, in words that hold."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from test_app import PEAK, call

import carbonsched as cs
from carbonsched.cli.answer import MOST_ROWS, answer, document, show_plan
from carbonsched.io.horizon import horizon_of
from carbonsched.output.words import amount, standing, standing_of


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_an_amount_is_near_its_number_and_never_minus_zero(value, decimals):
    said, up = (float(amount(value, decimals, up=up).replace(",", "")) for up in (False, True))
    near = max(0.5 * 10.0**-decimals, 5.1e-4 * abs(value))
    assert abs(said - value) <= near * (1 + 1e-9)
    assert up >= value - 1e-6 * 10**-decimals - 1e-9 * abs(value)
    if said == 0:
        assert not amount(value, decimals).startswith("-")


@given(st.floats(0, 1e9), st.floats(1e-9, 1), st.sampled_from(["optimal", "time_limit", "stopped"]))
def test_what_is_said_of_a_bound_holds(distance, gap, status):
    said = standing(status, distance, gap)
    if distance < 0.01:
        assert said == "optimal: no schedule earns a cent more"
        return
    found = re.search(r"within ([\d.]+) %: at most ([\d.,]+) USD better exists$", said)
    percent, most = (float(number.replace(",", "")) for number in found.groups())
    assert gap <= percent / 100 * (1 + 1e-6) and percent / 100 <= gap + 1.001e-4
    assert distance <= most * (1 + 1e-9) + 1e-6 and most <= distance * 1.002 + 1
    assert "optimal" not in said
    assert said.startswith("within") == (status == "optimal")


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (
            ("optimal", math.nan, math.nan, "glpk"),
            "optimal by the word of glpk, which gave no bound",
        ),
        (("time_limit", math.nan, math.nan), "out of time: no bound is known"),
        (("rolled", math.nan, math.nan), "rolled: no bound is known"),
        (("rolled", math.inf, math.inf), "rolled: no bound is known"),
        (("stopped", 5.0, 2e9), "no further step known: at most 5.00 USD better exists"),
        (("optimal", 5.0, 2e9), "at most 5.00 USD better exists"),
        (("optimal", 411.2, 0.01), "within 1 %: at most 412 USD better exists"),
    ],
)
def test_what_is_said_without_one(given_, said):
    assert standing(*given_) == said


def test_a_bound_of_minus_infinity_proves_nothing(make):
    schedule = replace(cs.solve(make(1, 1, 1)), bound=-math.inf)
    assert "no bound" in standing_of(schedule)


def test_horizons():
    days = pd.date_range("2025-03-30", periods=2, freq="D")
    two = "48 h = 2 days: 2 periods of 24 h, 2025-03-30 00:00 to 2025-04-01 00:00 UTC"
    assert horizon_of(days, 24.0) == horizon_of(days) == two
    assert horizon_of(days[:1]) == (
        "1 period from 2025-03-30 00:00 UTC, of a length that is not stated"
    )
    assert horizon_of(pd.RangeIndex(24)) == "24 periods, numbered 0 to 23, without dates"


def test_emissions_stand_against_the_budget(make):
    plain = make(1, 1, 1)
    for budget, method, said in (
        (math.inf, "joint", "5.000 tCO2e, no budget"),
        (20.0, "joint", "5.000 of 20.00 tCO2e, 25.0%"),
        (0.0, "no_carbon", "5.000 tCO2e, not held to the budget of 0"),
        (0.0, "joint", "0 of 0 tCO2e"),
    ):
        instance = plain.replace(carbon_budget=budget)
        schedule = cs.solve(instance, method)
        told = answer(schedule, cs.plan(instance, schedule), instance)
        assert told["emissions"] == said
    assert answer(schedule, cs.plan(instance, schedule), None)["emissions"] == "0 tCO2e"


@pytest.fixture
def declining(make):
    """An instance of more jobs than a terminal lists, half of them not worth their power."""
    count = 2 * MOST_ROWS + 6
    reward = np.where(np.arange(count) % 2, 1000, 1)
    return make(1, 3, count, reward=reward, power=1, required=np.arange(count) == 0)


def lines(text: str) -> list[str]:
    return [" ".join(re.sub("[│┃]", " ", line).split()) for line in text.splitlines()]


def test_solve_says_the_answer_first_and_then_the_plan(declining, tmp_path):
    folder, out = declining.save(tmp_path / "fleet"), tmp_path / "day.nc"
    result = call("solve", folder, "--out", out, "--gap", 0)
    assert result.exit_code == 0, result.output
    told = lines(result.output)
    at = [
        next(k for k, line in enumerate(told) if line.startswith(start))
        for start in ("objective", "jobs", "emissions", "status", "plan:", "22 jobs declined")
    ]
    assert at == sorted(at)
    assert "objective 22,761 USD" in told
    assert "jobs 24 of 46 run, 22 declined" in told
    assert "emissions 12.00 tCO2e, no budget" in told
    assert "status optimal: no schedule earns a cent more" in told
    assert "plan: 24 jobs run" in told and "22 jobs declined: 22 cost" in told
    at = next(k for k, line in enumerate(told) if line.startswith("job site [begin of period]"))
    assert told[at - 1] == "start end power" and told[at].endswith("[end of period] [MW] reason")
    assert any(re.fullmatch(r"j1 A (\d) \1 1.00", line) for line in told)
    assert "j2 1.00 1.00 cost: 9.00 USD more than its reward at best, A from 0" in told
    cut = [line for line in told if line.startswith("... and")]
    where = f"all in {out.with_suffix('.json')}, and by `carbonsched plan {folder} {out}`"
    assert cut == [f"... and 4 more: {where}", f"... and 2 more: {where}"]
    assert "j44" not in result.output and "-0 USD" not in result.output
    whole = call("plan", folder, out)
    assert whole.exit_code == 0 and "j44" in whole.output and "... and" not in whole.output
    assert "verified every equation holds" in lines(whole.output)


def test_the_summary_has_the_plan_and_its_units(tmp_path):
    instance = cs.example("default")
    instance = instance.replace(reward=instance.data.reward.drop_attrs() * 0.2)
    schedule = cs.solve(instance, "compute_only")
    frame = cs.plan(instance, schedule)
    said = json.loads(json.dumps(document(instance, schedule, frame), allow_nan=False))
    assert (
        said["jobs"] == {"run": int(frame.accepted.sum()), "given": 6} and said["jobs"]["run"] < 6
    )
    assert said["status_words"] == standing_of(schedule)
    assert said["carbon_budget"] == float(instance.data.carbon_budget)
    assert [row["job"] for row in said["plan"]] == list(frame.index)
    assert said["units"] | frame.attrs["units"] == said["units"]
    numbers = {name for name, value in said.items() if isinstance(value, float)}
    assert numbers <= set(said["units"])
    for row in said["plan"]:
        planned = frame.loc[row["job"]]
        assert row["accepted"] == planned.accepted and row["reward"] == planned.reward
        if row["accepted"]:
            assert pd.Timestamp(row["start"]) == planned.start.tz_localize("UTC")
            assert row["margin"] is None and row["reason"] == ""
        else:
            assert row["start"] is row["site"] is None and row["margin"] < 0
            assert row["reason"] == planned.reason
    open_ended = instance.replace(carbon_budget=math.inf)
    assert document(open_ended, schedule, frame)["carbon_budget"] is None


def test_info_says_of_a_schedule_what_it_is(declining, tmp_path):
    out = cs.solve(declining, gap=0).save(tmp_path / "day.nc")
    result = call("info", out)
    assert result.exit_code == 0 and "Schedule.load" not in result.output
    told = lines(result.output)
    assert "what a schedule; what it says of itself:" in told
    assert "jobs 24 of 46 run, 22 declined" in told and "plan: 24 jobs run" in told
    assert "job site [begin of period] [end of period]" in told
    assert any(re.fullmatch(r"j1 A (\d) \1", line) for line in told)
    assert f"... and 2 more: all by `carbonsched plan INSTANCE {out}`" in told


def test_plan_says_that_a_schedule_is_broken(tmp_path, make):
    instance = make(1, 2, 1)
    schedule = cs.solve(instance)
    schedule.data["soc"] = schedule.data.soc + 1
    result = call("plan", instance.save(tmp_path / "fleet"), schedule.save(tmp_path / "day.nc"))
    assert result.exit_code == 1 and "NO: see `carbonsched verify`" in result.output
    other = make(1, 3, 1).save(tmp_path / "other")
    result = call("plan", other, tmp_path / "day.nc")
    assert result.exit_code == 1 and "labels of time differ" in result.output


def test_a_margin_does_not_count_what_added_families_ask(tmp_path, monkeypatch):
    instance = cs.generate(2, 4, 2, 1, seed=0)
    instance.save(tmp_path / "fleet")
    (tmp_path / "peaks_of_answer.py").write_text(PEAK.replace("default=500.0", "default=1e7"))
    monkeypatch.chdir(tmp_path)
    result = call("solve", "fleet", "--family", "peaks_of_answer")
    assert result.exit_code == 0, result.output
    assert "this plan is not the best" not in result.output


def test_labels_do_not_reach_the_terminal_as_commands(make, capsys):
    instance = make(1, 2, 2, reward=[1000, 0])
    frame = cs.plan(instance, cs.solve(instance)).replace("A", "\x07A")
    frame.index = pd.Index(["\x1b[31m", "[red]b[/red]"])  # as a schedule's file may have them
    show_plan(frame, "")
    told = capsys.readouterr().out
    assert "\x1b" not in told and "\x07" not in told and "[red]b[/red]" in told


def test_the_table_says_units_and_no_more_than_holds(tmp_path):
    instance = cs.generate(2, 6, 3, 1, seed=0)
    frame = cs.table(instance, gap=0.05, progress=False)
    assert set(frame.attrs["units"]) == set(frame.columns) - {"status"}
    alone = cs.solve(instance, "no_routing", gap=0.05)
    for name in ("gap", "distance"):
        said = frame.loc["no_routing", name]
        np.testing.assert_allclose(said, getattr(alone, name), rtol=1e-6, atol=1e-6)
    result = call("table", instance.save(tmp_path / "fleet"), "--gap", 0.05)
    told = lines(result.output)
    assert "method objective [USD] emissions [tCO2e] runtime [s] status" in told
    for method, row in frame.iterrows():
        (line,) = [line for line in told if line.startswith(f"{method} ")]
        assert f"{row.objective:,.0f}" in line
        assert ("optimal" in line) == (row.distance < 0.01)


def test_a_loss_of_less_than_a_cent_is_no_minus_zero(make, tmp_path):
    instance = make(1, 1, 0, 1, demand=1, import_price=0.002).save(tmp_path / "fleet")
    result = call("solve", instance, "--out", tmp_path / "day.nc")
    assert result.exit_code == 0 and not re.search(r"(?<!\w)-0(\.0+)?\b", result.output)
    assert repr(cs.Schedule.load(tmp_path / "day.nc")).count("-0 USD") == 0


def test_none_to_run(make, tmp_path):
    result = call(
        "solve", make(1, 2, 0, 1, demand=1).save(tmp_path / "f"), "--out", tmp_path / "d.nc"
    )
    assert result.exit_code == 0 and "jobs none to run" in lines(result.output)
    assert xr.open_dataset(tmp_path / "d.nc", engine="h5netcdf").sizes["time"] == 2
