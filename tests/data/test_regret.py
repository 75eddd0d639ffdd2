"""What not knowing costs, as counted: against a bound that nothing passes, by cases with names."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from by_hand import ROOT

sys.path.insert(0, str(ROOT / "data" / "scripts"))
from run_regret import (
    FORECASTS,
    LOOK_AHEAD,
    POLICIES,
    STEPS,
    WHOLE,
    Case,
    add,
    cases,
    of_span,
    with_regret,
)  # fmt: skip

TABLE = ROOT / "data" / "results" / "regret.csv"


def test_every_case_stands_once_the_usual_ones_first():
    names = [case.name for case in cases()]
    assert len(set(names)) == len(names)
    assert cases()[0] == Case(48, 6, "perfect")
    for forecast in FORECASTS:
        for hours in (48, *LOOK_AHEAD):
            assert Case(hours, forecast=forecast) in cases()
        for step in STEPS:
            assert Case(step=step, forecast=forecast) in cases()
    for policy in POLICIES:
        assert Case(policy=policy, forecast="persistence") in cases()


def test_a_month_has_every_sight_and_every_forecast_and_the_week_has_all():
    month = of_span("month")
    assert set(month) < set(of_span("week")) == set(cases())
    assert {case.look_ahead for case in month} == {48, *LOOK_AHEAD}
    usual = {case.forecast for case in month if (case.look_ahead, case.step) == (48, 6)}
    assert usual == set(FORECASTS)
    assert {case.policy for case in month} == {"optimised", *POLICIES}


def test_a_row_is_added_to_what_another_process_wrote(tmp_path):
    out = tmp_path / "table.csv"
    for case, objective in ((WHOLE, 9.0), ("x", 8.0), ("x", 7.0)):
        row = {"span": "a", "case": case, "objective": objective, "bound": 10.0, "turnover": 5.0}
        add(row, out, tmp_path)
    table = pd.read_csv(out)
    assert table.case.tolist() == [WHOLE, "x"] and table.regret.tolist() == [1, 2]


def test_regret_is_the_distance_to_the_bound_of_its_span():
    table = pd.DataFrame(
        [
            {"span": "a", "case": WHOLE, "objective": 90.0, "bound": 100.0, "turnover": 50.0},
            {"span": "a", "case": "x", "objective": 80.0, "turnover": 70.0},
            {"span": "b", "case": "x", "objective": 7.0, "turnover": 9.0},
            {"span": "b", "case": WHOLE, "objective": 8.0, "bound": 8.0, "turnover": 4.0},
        ]
    )
    told = with_regret(table)
    assert told.regret.tolist() == [10, 20, 1, 0]
    assert told.regret_share.tolist() == [0.2, 0.4, 0.25, 0]


def test_nothing_kept_passes_the_bound():
    table = pd.read_csv(TABLE)
    again = with_regret(table)
    assert table.regret.tolist() == pytest.approx(again.regret.tolist())
    assert (table.regret >= -1e-6 * table.turnover).all()
    assert not table.duplicated(["span", "case"]).any()
    known = {case.name for case in cases()}
    assert set(table.case) - known == {WHOLE}
    assert (table.jobs_run <= table.jobs).all()
