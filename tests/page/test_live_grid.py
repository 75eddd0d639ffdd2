"""The page's optimum is Python's, to a millionth, wherever the sliders stand."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from live_grid import BUILT, TABLE, apart, grid, page, page_answer, python_optimum

SAME = 1e-6


@pytest.fixture(scope="module")
def opened(browser):
    if not (BUILT / "live.js").exists() or not (BUILT / "packages.sha256").exists():
        pytest.skip("nothing built to try: make web")
    with page(browser) as opened:
        yield opened


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(TABLE)


def test_what_is_built_is_of_this_code():
    if not (BUILT / "packages.sha256").exists():
        pytest.skip("nothing built to try: make web")
    import packages

    stamp = (BUILT / "packages.sha256").read_text(encoding="utf-8")
    assert stamp == packages.state(), "the packages of the pages are of other code: make web"


def test_the_kept_table_has_every_setting_and_no_difference(table):
    assert [(m, json.loads(s)) for m, s in zip(table.method, table.setting, strict=True)] == grid()
    assert len(table) >= 200
    assert (table.python.isna() == table.page.isna()).all()
    assert (table.apart <= SAME).all()
    recomputed = [apart(a, b) for a, b in zip(table.python, table.page, strict=True)]
    assert np.allclose(recomputed, table.apart, atol=1e-9)
    assert table.seconds.median() <= 0.25


def test_the_page_finds_the_kept_optima_from_a_file_with_no_request(opened, table):
    quick = table[table.seconds < 0.5]  # the others are for the long run
    for row in quick.iloc[:: len(quick) // 12].itertuples():
        answer = page_answer(opened, row.method, json.loads(row.setting))
        found = answer["objective"] if answer["status"] == "optimal" else math.nan
        assert apart(found, row.python) <= SAME, (row.setting, answer)
    assert {url.split(":")[0] for url in opened.asked} <= {"file", "blob"}


def test_python_finds_a_kept_optimum_again(table):
    row = table[table.method == "no_battery"].iloc[0]
    assert apart(python_optimum(row.method, json.loads(row.setting)), row.python) <= SAME


def test_the_price_of_carbon_is_what_a_ton_of_budget_is_worth(opened):
    setting = {"generation": 0.5, "carbon_budget": 970.0}
    here, more = (
        page_answer(opened, "joint", {**setting, "carbon_budget": budget})
        for budget in (970.0, 970.01)
    )
    assert here["carbonPrice"] > 0
    gained = (more["objective"] - here["objective"]) / 0.01
    assert gained == pytest.approx(here["carbonPrice"], rel=1e-3)


def test_a_newer_question_takes_the_place_of_an_older_and_a_search_can_be_cancelled(opened):
    ends = opened.evaluate(
        """async () => {
            const older = engine.solve({ carbon_budget: { dims: [], data: [900] } });
            const newer = engine.solve({}, { gap: 1e-7 });
            const ends = [(await older).status, (await newer).status];
            const left = engine.solve({}, { gap: 1e-9 });
            engine.cancel();
            return [...ends, (await left).status, (await engine.solve({}, { gap: 1e-7 })).status];
        }"""
    )
    assert ends == ["cancelled", "optimal", "cancelled", "optimal"]


def test_a_planned_workload_is_not_moved_in_silence(opened):
    answer = page_answer(opened, "energy_only", {"demand": 0.9})
    assert answer["status"] == "error"
    assert "demand" in answer["words"]


@pytest.mark.long
def test_the_day_of_the_real_week_is_answered_within_its_gap_in_seconds(opened):
    answer, reference, gap = opened.evaluate(
        """async base => {
            const day = await carbonsched.openEngine("real-day", base, () => {});
            const { values, ...answer } = await day.solve({});
            day.close();
            return [answer, day.package.methods.joint.reference.objective, day.package.gap];
        }""",
        f"{BUILT.as_uri()}/",
    )
    assert answer["status"] in ("optimal", "within gap")
    assert answer["objective"] <= answer["bound"] * (1 + SAME)
    assert apart(answer["objective"], reference) <= gap
    assert answer["seconds"] < 30


@pytest.mark.parametrize(("method", "setting"), grid(), ids=str)
def test_page_and_python_agree(opened, method, setting):
    answer = page_answer(opened, method, setting)
    found = answer["objective"] if answer["status"] == "optimal" else math.nan
    assert apart(found, python_optimum(method, setting)) <= SAME
