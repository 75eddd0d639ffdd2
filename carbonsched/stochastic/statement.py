"""A linear program stated in arrays: columns and rows of any shape, found again by position.

linopy states a model by labels, at milliseconds an operation. Where a program is needed hundreds of
times with other numbers, as one of each scenario, that is too long.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np

from carbonsched.solver.program import HighsProgram, Numbers


@dataclass
class Statement:
    """A program that is to be maximised, while it is stated.

    Examples
    --------
    >>> said = Statement()
    >>> x = said.variables(cost=np.array([1.0, 2.0]), upper=3.0)
    >>> room = said.constraints(-np.inf, 4.0, (1,), (1.0, x))
    >>> held = said.held()
    >>> held.run(), held.objective
    (True, 7.0)
    """

    cost: list[np.ndarray] = field(default_factory=list)
    lower: list[np.ndarray] = field(default_factory=list)
    upper: list[np.ndarray] = field(default_factory=list)
    least: list[np.ndarray] = field(default_factory=list)
    most: list[np.ndarray] = field(default_factory=list)
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def variables(self, cost: Numbers, upper: Numbers, lower: Numbers = 0.0) -> np.ndarray:
        """Declare columns of one shape; return their positions in that shape."""
        cost, lower, upper = np.broadcast_arrays(cost, lower, upper)
        at = np.arange(self.columns, self.columns + cost.size).reshape(cost.shape)
        for kept, given in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            kept.append(given.ravel().astype(float))
        self.columns += cost.size
        return at

    def constraints(
        self, least: Numbers, most: Numbers, shape: tuple[int, ...], *pairs: tuple[Numbers, Numbers]
    ) -> np.ndarray:
        """State rows of one shape, each the sum of coefficient times column; return positions."""
        at = np.arange(self.rows, self.rows + int(np.prod(shape))).reshape(shape)
        for kept, given in ((self.least, least), (self.most, most)):
            kept.append(np.broadcast_to(given, shape).ravel().astype(float))
        self.rows += at.size
        for factor, column in pairs:
            self.enter(at, column, factor)
        return at

    def enter(self, row: Numbers, column: Numbers, factor: Numbers) -> None:
        """Put coefficients into rows; zeros are left out."""
        row, column, factor = np.broadcast_arrays(row, column, factor)
        there = factor != 0
        self.entries.append((row[there], column[there], factor[there].astype(float)))

    def held(self) -> HighsProgram:
        """Return it in HiGHS."""
        none = (np.zeros(0, int), np.zeros(0, int), np.zeros(0))
        entries = zip(none, *self.entries, strict=True)
        row, column, value = (np.concatenate(part) for part in entries)
        order = np.lexsort((row, column))
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.columns, self.rows
        program.sense_ = highspy.ObjSense.kMaximize
        program.col_cost_ = np.concatenate(self.cost)
        program.col_lower_, program.col_upper_ = map(np.concatenate, (self.lower, self.upper))
        program.row_lower_, program.row_upper_ = map(np.concatenate, (self.least, self.most))
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = np.searchsorted(column[order], np.arange(self.columns + 1))
        program.a_matrix_.index_, program.a_matrix_.value_ = row[order], value[order]
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.passModel(program)
        return HighsProgram(highs, np.ones(self.rows), np.ones(self.columns))
