"""A bound from prices that any solver finds: it holds at any prices, and is close at good ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import highspy
import linopy
import numpy as np
import pytest
import xarray as xr
from linopy import solvers

import carbonsched as cs
from carbonsched.bounds.first_order import FIRST_ORDER
from carbonsched.bounds.relaxation import relaxation_prices
from carbonsched.core.schema import PRICES

PDLP = SimpleNamespace(
    OPTIMAL=1, PRIMAL_INFEASIBLE=2, DUAL_INFEASIBLE=3, ITERATION_LIMIT=4, TIME_LIMIT=5,
    UNSPECIFIED=-1, MAXIMIZE=-1,
)  # fmt: skip
GPU = [name for name, (known, *_) in FIRST_ORDER.items() if known != "highs"]


@pytest.fixture(scope="module")
def best(default: cs.Instance) -> float:
    return cs.solve(default, gap=0).objective


@pytest.mark.parametrize(("seed", "method"), [(0, "joint"), (3, "no_battery")])
def test_prices_of_a_first_order_method_bound_the_optimum_closely(seed, method):
    instance = cs.generate(2, 12, 4, 2, seed, utilisation=0.9, budget_share=0.6)
    best = cs.solve(instance, method, gap=0).objective
    exact = relaxation_prices(instance, method).bound.item()
    proved = cs.bound(instance, method, solver="pdlp", tolerance=1e-7)
    assert proved.bound >= best - 1e-6 * abs(best)
    assert proved.bound.item() == pytest.approx(exact, rel=1e-5)


def test_the_bound_is_tight_at_duals_of_the_simplex_method(default):
    """Proves: it is at most the optimum of the relaxation, and rounding prices only raises it."""
    proved = cs.bound(default)
    assert proved.bound <= relaxation_prices(default).bound * (1 + 1e-9)
    assert cs.bound(default, prices=proved).bound == proved.bound
    assert cs.bound(default, prices=proved.round()).bound >= proved.bound


@pytest.mark.parametrize("seed", range(4))
def test_garbage_bounds_the_optimum_too(seed, default, best):
    rng = np.random.default_rng(seed)
    at = {dim: default.data[dim] for dim in ("site", "time")}
    shapes = {name: [default.data.sizes[dim] for dim in dims] for name, dims in PRICES.items()}
    garbage = xr.Dataset(
        {name: (dims, rng.normal(0, 10.0**seed, shapes[name])) for name, dims in PRICES.items()}, at
    )
    garbage["power_price"][0, 0] = np.nan
    garbage["storage_price"][0, 1] = np.inf
    for prices in (garbage, garbage[["power_price"]], xr.Dataset()):
        assert np.inf > cs.bound(default, prices=prices).bound > best


def test_its_prices_make_a_certificate(default):
    proved = cs.bound(default, solver="pdlp")
    proof = cs.certify(default, cs.solve(default), proved)
    assert float(proof.bound) == pytest.approx(proved.bound.item(), rel=1e-6)


def test_no_schedule_is_said(make):
    with pytest.raises(cs.InfeasibleError, match="relaxation"):
        cs.bound(make(1, 1, 0, 1, demand=9, import_limit=1), solver="pdlp")


def test_a_method_that_fixes_the_workload_is_refused(default):
    with pytest.raises(ValueError, match="fixes the workload"):
        cs.bound(default, "energy_only")


@pytest.mark.parametrize("solver", GPU)
def test_a_solver_that_is_not_there_is_named(solver, default, best):
    if solver in linopy.available_solvers:
        assert best <= cs.bound(default, solver=solver).bound < 1.01 * best
    else:
        with pytest.raises(cs.SolverError, match=f"'{solver}' is not available here"):
            cs.bound(default, solver=solver)


class _Model:
    """What linopy asks of cuPDLPx, answered by the simplex method of HiGHS."""

    ModelSense, sign = 1, 1.0  # of the objective, and of the duals

    def __init__(self, objective_vector: np.ndarray, constraint_matrix: Any, **limits: Any):
        program, rows = highspy.HighsLp(), constraint_matrix
        program.num_row_, program.num_col_ = rows.shape
        program.col_cost_ = objective_vector
        program.row_lower_ = limits["constraint_lower_bound"]
        program.row_upper_ = limits["constraint_upper_bound"]
        program.col_lower_ = limits["variable_lower_bound"]
        program.col_upper_ = limits["variable_upper_bound"]
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_, matrix.index_, matrix.value_ = rows.indptr, rows.indices, rows.data
        self.program, self.given = program, {}

    def setParam(self, name: str, value: object) -> None:
        self.given[name] = value

    def clearWarmStart(self) -> None:
        pass

    def optimize(self) -> None:
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        if self.ModelSense == PDLP.MAXIMIZE:
            self.program.sense_ = highspy.ObjSense.kMaximize
        highs.passModel(self.program)
        highs.run()
        solution = highs.getSolution()
        self.X, self.ObjVal = np.array(solution.col_value), highs.getObjectiveValue()
        self.Pi = self.sign * np.array(solution.row_dual)
        self.StatusCode, self.Status, self.Runtime = PDLP.OPTIMAL, "OPTIMAL", 0.1


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_what_linopy_hands_to_a_gpu_comes_back_as_a_bound(sign, default, monkeypatch):
    """Proves: in memory, without files, with the tolerance by its names, whatever the sign."""
    made = []

    class Model(_Model):
        def optimize(self) -> None:
            super().optimize()
            made.append(self)

    Model.sign = sign
    package = SimpleNamespace(Model=Model, PDLP=PDLP)
    monkeypatch.setattr(solvers, "cupdlpx", package)
    monkeypatch.setattr(solvers.cuPDLPx, "is_available", lambda: True)
    monkeypatch.setattr(linopy, "available_solvers", ["cupdlpx"])
    proved = cs.bound(default, solver="cupdlpx", tolerance=1e-5, time_limit=7)
    assert made[0].given == {"TimeLimit": 7, "OptimalityTol": 1e-5, "FeasibilityTol": 1e-5}
    monkeypatch.undo()
    assert proved.bound.item() == pytest.approx(cs.bound(default).bound.item(), rel=1e-9)
