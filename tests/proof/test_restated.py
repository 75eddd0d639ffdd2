"""What a proof takes for the limits is what the model takes for them, and comes from elsewhere."""

from __future__ import annotations

import ast
import inspect
from dataclasses import asdict

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from draws import draw_any_step, draw_varied

import carbonsched as cs
from carbonsched.core import tighten
from carbonsched.core.reach import may_start
from carbonsched.proof import exact_bound, exact_schedule, restated
from carbonsched.proof.rational import exact_data
from carbonsched.proof.restated import TIGHT, left_by, most_power, possible_starts, tightest

OF_THE_MODEL = ("families", "model", "solve", "solvers", "tightening", "windows", "columns")


@pytest.mark.parametrize("method", cs.METHODS)
def test_a_method_leaves_the_same(method):
    for seed in range(3):
        data, chosen = draw_any_step(seed).data, cs.METHODS[method]
        xr.testing.assert_equal(left_by(data, asdict(chosen)), tighten.restricted(data, chosen))


@pytest.mark.parametrize("drawn", [draw_any_step, draw_varied])
@pytest.mark.parametrize("seed", range(12))
def test_windows_and_tightened_limits_are_the_same(drawn, seed):
    data = drawn(seed).data
    np.testing.assert_array_equal(possible_starts(data), may_start(data).values)
    used = tighten.most_facility_power(data)
    exactly = exact_data(data)
    np.testing.assert_allclose(
        most_power(exactly).astype(float), used.transpose("site", "time"), rtol=1e-12
    )
    mine, theirs = tightest(exactly), tighten.tighter_limits(data, used)
    assert set(mine) == set(theirs) == set(TIGHT)
    for name in TIGHT:
        np.testing.assert_allclose(
            mine[name].astype(float), theirs[name], rtol=1e-9, atol=1e-9, err_msg=name
        )


def test_a_varying_reserve_and_a_final_charge_by_hand():
    """A battery of 10 MWh that begins with 5, ends with 8 and moves 3 MW each way.

    Its reserve falls to 2 MWh, so that no power over 8 MW is of use. After each hour it holds at
    most 8, 10 and 10 MWh, and at least: the reserve of 2; that of 6; the 8 of the end.
    """
    values = {
        "battery_energy": 10.0,
        "battery_initial": 5.0,
        "battery_final": 8.0,
        "export_limit": 9.0,
    }
    data = plain(
        1, 3, 0, 0, battery_min=[[2.0, 6.0, 4.0]], charge_limit=3.0, discharge_limit=3.0, **values
    )
    limits = tightest(exact_data(data))
    assert limits["battery_min"].values.tolist() == [[2, 6, 8]]
    assert limits["battery_energy"].values.tolist() == [[8, 10, 10]]
    assert limits["charge_limit"].values.tolist() == [[3, 3, 3]]
    strong = tightest(exact_data(data.assign(charge_limit=("site", [20.0]))))
    assert strong["charge_limit"].values.tolist() == [[8, 8, 8]]


@pytest.mark.parametrize("module", [exact_bound, exact_schedule, restated])
def test_a_proof_shares_no_code_with_the_model(module):
    tree = ast.parse(inspect.getsource(module))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {f"carbonsched.{name}" for name in OF_THE_MODEL} & imported


def test_a_model_that_is_too_tight_proves_nothing(default, monkeypatch):
    """A mistake in the tightening costs benefit, keeps every row, and no certificate vouches."""
    best = cs.solve(default, gap=1e-4)
    honest = tighten.tighter_limits

    def mistaken(data: xr.Dataset, used: xr.DataArray) -> dict[str, xr.DataArray]:
        found = honest(data, used)
        return found | {"import_limit": np.minimum(found["import_limit"], 0.5 * used)}

    monkeypatch.setattr(tighten, "tighter_limits", mistaken)
    worse = cs.solve(default, gap=1e-4)
    assert worse.bound < best.objective and cs.verify(default, worse).ok
    proof = cs.certify(default, worse)
    assert float(proof.bound) >= best.objective and proof.gap > 0.01
