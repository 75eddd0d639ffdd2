"""A program held by HiGHS in place: closed forms, whatever units the solver is given."""

from __future__ import annotations

from types import SimpleNamespace

import highspy
import linopy
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.solver.highs import HighsModel, labelled
from carbonsched.solver.program import Entries
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import scale, units

SITES = pd.Index(["A", "B", "C"], name="site")
HERE = xr.DataArray([True, False, True], {"site": SITES})
WORTH = xr.DataArray([3.0, 0.0, 2.0], {"site": SITES})


def two_sites(size: float) -> linopy.Model:
    """Return: most of 3 a + 2 c with a + c <= 4, a <= 3, c <= 10, counted in units of `size`.

    a = 3, c = 1, worth 11; one more in the row is worth 2. Site B has no variable.
    """
    model = linopy.Model()
    made = model.add_variables(0, [3, 0, 10], coords=[SITES], mask=HERE, name="made")
    with linopy.options as options:
        options["semantics"] = "v1"
        model.add_constraints(size * made.sum() <= 4 * size, name="total")
        model.add_constraints(made / size <= 99 / size, name="each", mask=HERE)
        model.add_objective((WORTH * made).sum(), sense="max")
    return model


def held(size: float = 1.0) -> HighsModel:
    model = two_sites(size)
    scale(model)
    return HighsModel(model, Settings(gap=0.0))


SIZES = pytest.mark.parametrize("size", [1.0, 1e-5, 1e5])


@SIZES
def test_values_and_duals_are_in_the_units_of_the_model(size):
    program = held(size)
    assert any((factors != 1).any() for factors in units(program.model)) == (size != 1)
    assert program.run() and program.objective == pytest.approx(11)
    made = labelled(program.columns("made"), program.values())
    assert made.sel(site=["A", "C"]).values == pytest.approx([3, 1])
    assert np.isnan(made.sel(site="B")) and program.columns("made").sel(site="B") == -1
    assert labelled(program.rows("total"), program.duals()).item() == pytest.approx(2 / size)
    assert program.slowest > 0


@SIZES
def test_what_moves_is_in_the_units_of_the_model(size):
    program = held(size)
    total, made = program.rows("total").values.ravel(), program.columns("made").values
    a, c = made[[0]], made[[2]]
    program.bound_rows(total, -np.inf, 5 * size)
    assert program.run() and program.objective == pytest.approx(13)
    program.bound_columns(a, 0.0, 4.0)
    assert program.run() and program.objective == pytest.approx(14)
    program.price(c, 4.0)
    assert program.run() and program.objective == pytest.approx(20)
    assert program.row_bounds()[1][total] == pytest.approx(5 * size)
    assert program.column_bounds()[1][a] == pytest.approx(4)


@SIZES
def test_rows_and_columns_are_added(size):
    """A third thing, worth 7, takes two of the total each, and three of a new row of three."""
    program = held(size)
    (row,) = program.add_rows(-np.inf, 3.0, 1)
    total = int(program.rows("total"))
    entries = Entries(np.array([0, 0]), np.array([row, total]), np.array([3.0, 2 * size]))
    (column,) = program.add_columns(np.array([7.0]), 9.0, entries)
    assert program.run() and program.objective == pytest.approx(13)  # a = 2, one new: 6 + 7
    assert program.values()[column] == pytest.approx(0.5) or program.objective == 13
    assert (program.row_count, program.column_count) == (
        len(program.duals()),
        len(program.values()),
    )


def test_integers_come_and_go():
    program = held()
    total, made = program.rows("total").values.ravel(), program.columns("made").values[[0, 2]]
    program.bound_rows(total, -np.inf, 3.5)
    assert program.run() and program.objective == pytest.approx(10)
    program.integral(made, True)
    assert program.search(9.0, 0.0) and program.objective == pytest.approx(9)
    program.integral(made, False)
    assert program.run() and program.objective == pytest.approx(10)


def test_what_has_no_solution_says_why():
    """a + c >= 20 with a <= 3, c <= 10: the row and only the row has a multiplier."""
    program = held()
    program.bound_rows(program.rows("total").values.ravel(), 20.0, np.inf)
    assert not program.run()
    ray = program.farkas()
    assert np.flatnonzero(ray).tolist() == [int(program.rows("total"))]


def test_a_basis_is_gone_back_to_with_new_columns_at_zero():
    program = held()
    assert program.run()
    basis = program.basis()
    total = int(program.rows("total"))
    program.add_columns(np.array([9.0]), 1.0, Entries(*(np.array([k]) for k in (0, total, 1.0))))
    program.restore(basis)
    assert program.run() and program.objective == pytest.approx(9 + 9)


def test_what_highs_refuses_is_an_error():
    program = held()
    nowhere = Entries(np.array([0]), np.array([0]), np.array([1e300]))
    with pytest.raises(cs.SolverError, match="refused new columns"):
        program.add_columns(np.array([1.0]), 1.0, nowhere)


def test_no_time_is_told_apart():
    model = cs.build(cs.generate(seed=0))
    with pytest.raises(TimeoutError):
        HighsModel(model, Settings(gap=0.0)).run(0.0)


def test_what_is_lost_twice_is_an_error(monkeypatch):
    program, runs = held(), []
    lost = SimpleNamespace(
        run=lambda: runs.append("run"),
        getRunTime=lambda: 0.0,
        setOptionValue=lambda *option: None,
        getModelStatus=lambda: highspy.HighsModelStatus.kUnknown,
        clearSolver=lambda: runs.append("clear"),
        modelStatusToString=lambda status: "Unknown",
    )
    monkeypatch.setattr(program, "_highs", lost)
    with pytest.raises(cs.SolverError, match="ended with 'Unknown'"):
        program.run()
    assert runs == ["run", "clear", "run"]
