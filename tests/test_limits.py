"""What a proof takes for the limits is what the model takes for them, and comes from elsewhere."""

from __future__ import annotations

import ast
import inspect
from dataclasses import asdict

import numpy as np
import pytest
import xarray as xr
from draws import draw_any_step

import carbonsched as cs
from carbonsched import duality, incumbent, limits, tightening
from carbonsched.proof.rational import exact_data
from carbonsched.core.formulation import choose
from carbonsched.proof.restated import TIGHT, left_by, most_power, possible_starts, tightest
from carbonsched.core.reach import may_start

OF_THE_MODEL = ("families", "model", "solve", "solvers", "tightening", "windows", "columns")


@pytest.mark.parametrize("method", cs.METHODS)
def test_a_method_leaves_the_same(method):
    for seed in range(3):
        data, chosen = draw_any_step(seed).data, choose(method)
        xr.testing.assert_equal(left_by(data, asdict(chosen)), tightening.restricted(data, chosen))


@pytest.mark.parametrize("seed", range(12))
def test_windows_and_tightened_limits_are_the_same(seed):
    data = draw_any_step(seed).data
    np.testing.assert_array_equal(possible_starts(data), may_start(data).values)
    used = tightening.most_facility_power(data)
    exactly = exact_data(data)
    np.testing.assert_allclose(
        most_power(exactly).astype(float), used.transpose("site", "time"), rtol=1e-12
    )
    mine, theirs = tightest(exactly), tightening.tighter_limits(data, used)
    assert set(mine) == set(theirs) == set(TIGHT)
    for name in TIGHT:
        np.testing.assert_allclose(
            mine[name].astype(float), theirs[name], rtol=1e-9, atol=1e-9, err_msg=name
        )


@pytest.mark.parametrize("module", [duality, incumbent, limits])
def test_a_proof_shares_no_code_with_the_model(module):
    tree = ast.parse(inspect.getsource(module))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {f"carbonsched.{name}" for name in OF_THE_MODEL} & imported


def test_a_model_that_is_too_tight_proves_nothing(default, monkeypatch):
    """A mistake in the tightening costs benefit, keeps every row, and no certificate vouches."""
    best = cs.solve(default, gap=1e-4)
    honest = tightening.tighter_limits

    def mistaken(data: xr.Dataset, used: xr.DataArray) -> dict[str, xr.DataArray]:
        found = honest(data, used)
        return found | {"import_limit": np.minimum(found["import_limit"], 0.5 * used)}

    monkeypatch.setattr(tightening, "tighter_limits", mistaken)
    worse = cs.solve(default, gap=1e-4)
    assert worse.bound < best.objective and cs.verify(default, worse).ok
    proof = cs.certify(default, worse)
    assert float(proof.bound) >= best.objective and proof.gap > 0.01
