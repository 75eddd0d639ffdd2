"""What not knowing costs, as counted: against a bound that nothing passes, by cases with names."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from by_hand import ROOT

sys.path.insert(0, str(ROOT / "data" / "scripts"))
from run_regret import FORECASTS, LOOK_AHEAD, POLICIES, STEPS, WHOLE, Case, cases, with_regret

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
