"""Where a model's numbers stand, whatever an instance's parameters are.

A model is held by a solver in a fixed pattern: which columns, rows and entries there are. `WIDE`
states all that any parameters could ask for, every start, route and state; what an instance does
without is then a number too, a coefficient of zero or a row without a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.build import state
from carbonsched.core.formulation import Formulation
from carbonsched.core.schema import DIMENSIONS

WIDE = Formulation(
    power="stated",  # no entry is then a product of two tables over time
    grid_states="everywhere",
    storage_states="everywhere",
    windows="rows",
    latency="rows",
    bounds="given",
)
NEEDED = replace(WIDE, grid_states="needed", storage_states="needed")  # what is asked of WIDE


@dataclass(frozen=True)
class Block:
    """The columns of a variable, or the rows of a constraint: one for each label."""

    name: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    first: int

    @property
    def size(self) -> int:
        """How many there are."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def positions(self) -> dict[str, np.ndarray]:
        """The position of each along each of its dimensions."""
        return dict(zip(self.dims, np.indices(self.shape).reshape(len(self.dims), self.size), strict=True))


@dataclass(frozen=True)
class Pattern:
    """The columns, rows and entries of a model, and the places of its numbers in one list.

    The list holds the entries of the matrix, then of each column its cost and its lower and upper
    bound, then of each row its lower and upper bound.

    Attributes
    ----------
    columns, rows : tuple of Block
    integers : frozenset of str
        The variables that are 0 or 1.
    row, column : numpy.ndarray
        Of each entry.
    """

    columns: tuple[Block, ...]
    rows: tuple[Block, ...]
    integers: frozenset[str]
    row: np.ndarray
    column: np.ndarray

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many entries, columns and rows there are."""
        return len(self.row), _end(self.columns), _end(self.rows)

    @cached_property
    def parts(self) -> dict[str, int]:
        """Where each part of the list begins."""
        entries, columns, rows = self.counts
        sizes = {
            "entry": entries, "cost": columns, "column_lower": columns, "column_upper": columns,
            "row_lower": rows, "row_upper": rows,
        }  # fmt: skip
        starts = np.cumsum([0, *sizes.values()]).tolist()
        return dict(zip([*sizes, "end"], starts, strict=True))

    def places(self, part: str, name: str) -> np.ndarray:
        """Return the places of a part of a variable's columns or of a constraint's rows."""
        blocks = self.rows if part.startswith("row") else self.columns
        (block,) = (block for block in blocks if block.name == name)
        return self.parts[part] + block.first + np.arange(block.size)

    @cached_property
    def labels(self) -> dict[str, np.ndarray]:
        """By dimension, the position of what each number of the list is of.

        An entry is at the labels of its column, and at those of its row where the column has none.
        -1 is no label.
        """
        of_columns, of_rows = _labels(self.columns), _labels(self.rows)
        entry = {}
        for dim in DIMENSIONS:
            own = of_columns[dim][self.column]
            entry[dim] = np.where(own >= 0, own, of_rows[dim][self.row])
        parts = [entry, *[of_columns] * 3, *[of_rows] * 2]
        return {dim: np.concatenate([part[dim] for part in parts]) for dim in DIMENSIONS}

    def numbers(self, data: xr.Dataset, formulation: Formulation) -> np.ndarray:
        """Return the list of numbers of a model that is built of data.

        What the model leaves out is zero, a row that it leaves out has no limit.

        Raises
        ------
        ValueError
            The model has an entry that the pattern lacks.
        """
        model: Any = state(data, formulation)
        matrices = model.matrices
        at_column = _found(model.variables, self.columns)[matrices.vlabels]
        at_row = _found(model.constraints, self.rows)[matrices.clabels]
        numbers = np.zeros(self.parts["end"])
        part = {name: numbers[begin:] for name, begin in self.parts.items()}
        part["cost"][at_column] = matrices.c
        part["column_lower"][at_column] = matrices.lb
        part["column_upper"][at_column] = matrices.ub
        numbers[self.parts["row_lower"] : self.parts["row_upper"]] = -np.inf
        numbers[self.parts["row_upper"] :] = np.inf
        part["row_lower"][at_row] = np.where(matrices.sense == "<", -np.inf, matrices.b)
        part["row_upper"][at_row] = np.where(matrices.sense == ">", np.inf, matrices.b)
        found = matrices.A.tocoo()
        stated = found.data != 0
        wanted = self._key(at_row[found.row], at_column[found.col])[stated]
        own = self._key(self.row, self.column)
        at = np.searchsorted(own, wanted).clip(max=len(own) - 1)
        if (own[at] != wanted).any():
            raise ValueError("the model has an entry that its pattern lacks")
        part["entry"][at] = found.data[stated]
        return numbers

    def _key(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return what orders entries by row, then by column."""
        return row.astype(np.int64) * _end(self.columns) + column


def pattern_of(data: xr.Dataset) -> Pattern:
    """Return the pattern of a model that is built of data with everything in reach."""
    model: Any = state(data, WIDE)
    columns, rows = _blocks(model.variables), _blocks(model.constraints)
    entries = model.matrices.A.tocoo()
    row = _found(model.constraints, rows)[model.matrices.clabels][entries.row]
    column = _found(model.variables, columns)[model.matrices.vlabels][entries.col]
    order = np.lexsort((column, row))
    return Pattern(columns, rows, frozenset(model.binaries), row[order], column[order])


def _blocks(container: Any) -> tuple[Block, ...]:
    """Return the blocks of all variables, or of all constraints, one behind the other."""
    blocks: list[Block] = []
    for name, stated in container.items():
        labels = stated.labels
        blocks.append(Block(name, tuple(map(str, labels.dims)), labels.shape, _end(blocks)))
    return tuple(blocks)


def _end(blocks: Sequence[Block]) -> int:
    return blocks[-1].first + blocks[-1].size if blocks else 0


def _found(container: Any, blocks: Sequence[Block]) -> np.ndarray:
    """Return the position in the blocks of each label that linopy counts by."""
    stated = {name: one.labels for name, one in container.items()}
    most = max(int(labels.max()) for labels in stated.values())
    position = np.full(most + 1, -1)
    for block in blocks:
        if block.name in stated:
            labels = stated[block.name].values.ravel()
            there = labels >= 0
            position[labels[there]] = block.first + np.flatnonzero(there)
    return position


def _labels(blocks: Sequence[Block]) -> dict[str, np.ndarray]:
    """Return by dimension the position of each column, or row; -1 where it is over no such."""
    labels = {dim: np.full(_end(blocks), -1) for dim in DIMENSIONS}
    for block in blocks:
        for dim, position in block.positions.items():
            labels[dim][block.first : block.first + block.size] = position
    return labels
