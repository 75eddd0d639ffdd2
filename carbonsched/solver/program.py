"""A linear or mixed-integer program held by HiGHS in place: changed and run again, never rebuilt.

Limits, prices, integers, new rows and new columns go straight to HiGHS, which starts again from
where it ended. Rows and columns are named by their positions.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from carbonsched.errors import SolverError
from carbonsched.solver.hand_over import limit_from_now
from carbonsched.solver.units import money_unit

INFINITY = highspy.kHighsInf
_STATUS = highspy.HighsModelStatus
_NO_SOLUTION = (_STATUS.kInfeasible, _STATUS.kUnboundedOrInfeasible)
_ANY = highspy.kHighsIInf
_LOST = (_STATUS.kUnknown, _STATUS.kSolveError)
Numbers = np.ndarray | float


@dataclass(frozen=True)
class Entries:
    """Coefficients of new columns: `value[n]` in row `row[n]` of the new column `column[n]`."""

    column: np.ndarray
    row: np.ndarray
    value: np.ndarray


class HighsProgram:
    """A program in HiGHS.

    Parameters
    ----------
    highs : highspy.Highs
        Which holds it.
    row_units, column_units : numpy.ndarray
        What it counts rows and columns in; every number given or returned here is in the units of
        the program's author.

    Attributes
    ----------
    slowest : float
        The longest run so far, s.
    """

    def __init__(self, highs: Any, row_units: np.ndarray, column_units: np.ndarray) -> None:
        self.slowest = 0.0
        self._highs = highs
        self._row_units, self._column_units = row_units, column_units

    @property
    def row_count(self) -> int:
        """How many rows HiGHS holds, those added later included."""
        return len(self._row_units)

    @property
    def column_count(self) -> int:
        """How many columns HiGHS holds, those added later included."""
        return len(self._column_units)

    def row_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper bound of every row."""
        program = self._highs.getLp()
        lower, upper = np.array(program.row_lower_), np.array(program.row_upper_)
        return lower / self._row_units, upper / self._row_units

    def column_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lower and the upper bound of every column."""
        program = self._highs.getLp()
        lower, upper = np.array(program.col_lower_), np.array(program.col_upper_)
        return lower / self._column_units, upper / self._column_units

    # -- changes ---------------------------------------------------------------------------------

    def bound_rows(self, at: np.ndarray, lower: Numbers, upper: Numbers) -> None:
        """Bound rows by position."""
        index = _index(at)
        unit = self._row_units[index]
        self._require(
            self._highs.changeRowsBounds(len(index), index, lower * unit, upper * unit), "bounds"
        )

    def bound_columns(self, at: np.ndarray, lower: Numbers, upper: Numbers) -> None:
        """Bound columns by position."""
        index = _index(at)
        unit = self._column_units[index]
        self._require(
            self._highs.changeColsBounds(len(index), index, lower * unit, upper * unit), "bounds"
        )

    def price(self, at: np.ndarray, cost: Numbers) -> None:
        """Set the coefficients of columns in the objective."""
        index = _index(at)
        cost = cost / self._column_units[index]
        self._require(self._highs.changeColsCost(len(index), index, cost), "costs")

    def integral(self, at: np.ndarray, yes: bool) -> None:
        """Let columns be integers only, or again any number."""
        index = _index(at)
        kind = np.full(len(index), int(yes), np.uint8)
        self._require(self._highs.changeColsIntegrality(len(index), index, kind), "integrality")

    def add_rows(
        self, lower: Numbers, upper: Numbers, count: int, entries: Entries | None = None
    ) -> np.ndarray:
        """Add rows, with entries in the columns that there are, and return their positions.

        `entries.row` counts the new rows from zero, `entries.column` is a column's position.
        """
        first, none = self.row_count, np.zeros(0, np.int32)
        lower, upper = np.broadcast_to(lower, count) + 0.0, np.broadcast_to(upper, count) + 0.0
        given = Entries(none, none, none + 0.0) if entries is None else entries
        order = np.lexsort((given.column, given.row))
        column, row = given.column[order], given.row[order]
        value = given.value[order] / self._column_units[column]
        starts = np.searchsorted(row, np.arange(count)).astype(np.int32)
        self._require(
            self._highs.addRows(count, lower, upper, len(row), starts, _index(column), value),
            "new rows",
        )
        self._row_units = np.append(self._row_units, np.ones(count))
        return np.arange(first, first + count)

    def add_columns(self, cost: np.ndarray, upper: Numbers, entries: Entries) -> np.ndarray:
        """Add columns of at least zero, with their entries, and return their positions."""
        first, count = self.column_count, len(cost)
        order = np.lexsort((entries.row, entries.column))
        column, row = entries.column[order], entries.row[order]
        value = entries.value[order] * self._row_units[row]
        starts = np.searchsorted(column, np.arange(count)).astype(np.int32)
        upper = np.broadcast_to(upper, count) + 0.0
        self._require(
            self._highs.addCols(
                count, cost, np.zeros(count), upper, len(row), starts, _index(row), value
            ),
            "new columns",
        )
        self._column_units = np.append(self._column_units, np.ones(count))
        return np.arange(first, first + count)

    # -- runs ------------------------------------------------------------------------------------

    def run(self, seconds: float = math.inf, pivots: int = _ANY) -> bool:
        """Solve from where the last run ended; return whether there is a solution.

        Raises
        ------
        TimeoutError
            The time is up, or so many pivots of the simplex are made.
        SolverError
            HiGHS ended neither with an optimum nor with a proof that there is none.
        """
        begun = time.monotonic()
        self._highs.setOptionValue("simplex_iteration_limit", pivots)
        status = self._run(seconds)
        if status in _LOST:  # from an old basis: begin afresh
            self.forget()
            status = self._run(seconds - (time.monotonic() - begun))
        if status in (_STATUS.kTimeLimit, _STATUS.kIterationLimit):
            raise TimeoutError
        if status not in (_STATUS.kOptimal, *_NO_SOLUTION):
            raise SolverError(f"highs ended with {self._highs.modelStatusToString(status)!r}")
        return status == _STATUS.kOptimal

    def search(self, seconds: float, distance: float) -> bool:
        """Look for integers until a distance from the bound or the time is reached.

        Return whether any are found.

        Other than `run`, it takes what there is when the time is up.
        """
        unit = money_unit(self._highs)
        self._highs.setOptionValue("mip_rel_gap", 0.0)
        self._highs.setOptionValue("mip_abs_gap", max(distance * unit, 1e-6))  # HiGHS's own least
        self._run(seconds)
        return math.isfinite(self._highs.getInfo().mip_gap)

    def _run(self, seconds: float) -> highspy.HighsModelStatus:
        limit_from_now(self._highs, seconds)
        begun = time.monotonic()
        self._highs.run()
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return self._highs.getModelStatus()

    # -- answers ---------------------------------------------------------------------------------

    @property
    def objective(self) -> float:
        """The objective of the last solution."""
        return float(self._highs.getObjectiveValue())

    @property
    def proven(self) -> float:
        """What the last `search` proved: no integers do better; minus infinity if there are none.

        For a program that is maximised.
        """
        if self._highs.getModelStatus() in _NO_SOLUTION:
            return -math.inf
        return float(self._highs.getInfo().mip_dual_bound)

    def values(self) -> np.ndarray:
        """Return the value of every column in the last solution."""
        return np.array(self._highs.getSolution().col_value) / self._column_units

    def duals(self) -> np.ndarray:
        """Return the dual of every row in the last solution of a program without integers."""
        return np.array(self._highs.getSolution().row_dual) * self._row_units

    def reduced(self) -> np.ndarray:
        """Return the reduced cost of every column in the last solution, as `duals`."""
        return np.array(self._highs.getSolution().col_dual) * self._column_units

    @property
    def pivots(self) -> int:
        """How many pivots of the simplex the last run took."""
        return int(self._highs.getInfo().simplex_iteration_count)

    def farkas(self) -> np.ndarray:
        """Return the multipliers of the rows whose sum contradicts itself, zeros if unknown."""
        ray = self._highs.getDualRay()[2]
        return np.zeros(self.row_count) if ray is None else np.array(ray) * self._row_units

    def basis(self) -> highspy.HighsBasis:
        """Return the basis of the last run."""
        return self._highs.getBasis()

    def restore(self, basis: highspy.HighsBasis) -> None:
        """Go back to a basis; columns added since are at zero in it."""
        fresh = self.column_count - len(basis.col_status)
        basis.col_status = [*basis.col_status, *[highspy.HighsBasisStatus.kLower] * fresh]
        self._highs.setBasis(basis)

    def forget(self) -> None:
        """Let the next run begin afresh."""
        self._highs.clearSolver()

    def _require(self, status: highspy.HighsStatus, what: str) -> None:
        """Raise if HiGHS did not take what it was given: it only says so in its log."""
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"highs refused {what} of a model that it holds")


def _index(at: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(at, np.int32)
