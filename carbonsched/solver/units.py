r"""Units for the solver: powers of two that keep the coefficients of the matrix close together.

A solver works with absolute tolerances of about :math:`10^{-6}`, so coefficients further apart
than that are noise to it: a request of 1 nW, a battery of 1 kWh in the same rows as a site of
500 MW. Such an instance is meant as it is given, and so is its model; only the solver sees other
units. Rows are multiplied by :math:`r`, continuous variables counted in units of :math:`1/c`:

.. math:: a_{mn} \to r_m a_{mn} / c_n, \qquad b_m \to r_m b_m, \qquad x_n \to c_n x_n .

linopy keeps such factors beside a model, applies them on the way to any solver and undoes them on
values and duals. What is chosen here is their size. One pass sets every :math:`r` and then every
:math:`c` to the middle of its row or column, the geometric mean of its smallest and its largest
coefficient (Fourer, 1982); some passes later they hardly move. They are powers of two, so that no
digit of a coefficient changes. A binary stays one: the ratio of two jobs' power in one row is what
no unit can mend.

A model whose coefficients span less than `LIMIT` is left as it is, as every instance of the book.

Money is told in any unit, too, and HiGHS's tolerances on reduced costs and gaps are as absolute: in
a currency worth a billion dollars every schedule would be as good as any other. Where the largest
cost is far from usual, HiGHS is asked to count money otherwise; it does so run by run, so that
prices may move in place, and tells values and duals, though not its bound, in the model's unit.
"""

from __future__ import annotations

import math
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr

LIMIT = 1e6
USUAL_COSTS = (1.0, 1e8)  # the largest of a model: outside, money is counted in another unit
_COUNTED = 2.0**16  # to about this: a job's reward of some 60,000 USD
_PASSES = 12
MONEY_OPTION = "user_objective_scale"  # HiGHS's name: by which power of two money is multiplied


def coefficients(model: linopy.Model) -> pd.DataFrame:
    """Return the size of the coefficients by rows `family:row`, in the units of the model.

    Returns
    -------
    pandas.DataFrame
        `smallest` and `largest` nonzero coefficient in absolute value, and their ratio `span`.
        Rows without coefficients are left out.
    """
    found = {}
    for name, rows in model.constraints.items():
        sizes = np.abs(rows.coeffs.values[rows.vars.values >= 0])
        sizes = sizes[sizes > 0]
        if sizes.size:
            found[name] = (sizes.min(), sizes.max())
    table = pd.DataFrame.from_dict(found, orient="index", columns=["smallest", "largest"])
    return table.assign(span=table.largest / table.smallest)


def span(model: linopy.Model) -> float:
    """Return the largest coefficient of the rows over the smallest, in the units of the model."""
    table = coefficients(model)
    return float(table.largest.max() / table.smallest.min()) if len(table) else 1.0


def solver_span(model: linopy.Model) -> float:
    """Return the span of the coefficients in the units of the solver."""
    matrix = model.matrices.A
    sizes = np.abs(matrix.data) if matrix is not None and matrix.nnz else np.ones(1)
    return float(sizes.max() / sizes.min())


def scale(model: linopy.Model) -> bool:
    """Choose the solver's units, if the coefficients span more than `LIMIT`; return whether.

    Values and duals come back in the units of the model.
    """
    if span(model) <= LIMIT:
        return False
    rows, columns = _middles(model)
    for container, factors in ((model.constraints, rows), (model.variables, columns)):
        at = container.label_index.label_to_pos
        for _, part in container.items():
            labels = part.labels
            factor = np.where(labels.values >= 0, factors[at[labels.values]], 1.0)
            part.scaling = xr.DataArray(factor, labels.coords, labels.dims)  # type: ignore[misc]
    return True


def units(model: linopy.Model) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of rows and of variables, in the order in which a solver has them.

    For what talks to a solver past linopy: duals are multiplied by the first, values divided by
    the second.
    """
    by_label = np.ones(model.constraints.label_index.label_to_pos.size)
    for _, rows in model.constraints.items():
        labels = rows.labels.values
        by_label[labels[labels >= 0]] = rows.scaling.values[labels >= 0]
    return by_label[model.constraints.label_index.clabels], model.matrices.var_scaling


def count_money(highs: Any) -> None:
    """Let HiGHS multiply money, so that its absolute tolerances are small beside the prices."""
    highs.setOptionValue(MONEY_OPTION, money_exponent(np.array(highs.getLp().col_cost_)))


def money_exponent(costs: np.ndarray) -> int:
    """Return by which power of two to multiply money where these are its coefficients."""
    largest = float(np.abs(costs).max(initial=0.0))
    usual = not largest or USUAL_COSTS[0] <= largest <= USUAL_COSTS[1]
    return 0 if usual else round(math.log2(_COUNTED / largest))


def money_unit(highs: Any) -> float:
    """Return what HiGHS multiplies money by: its gaps, and the bound it reports, are in that."""
    return 2.0 ** highs.getOptionValue(MONEY_OPTION)[1]


def _middles(model: linopy.Model) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of rows and of variables, powers of two."""
    matrices = model.matrices
    matrix, kinds = matrices.A, np.asarray(matrices.vtypes, dtype=str)
    if matrix is None:
        raise ValueError("a model without rows has no units to choose")
    entries = matrix.tocoo()
    row, column = np.asarray(entries.row), np.asarray(entries.col)
    size = np.log2(np.abs(entries.data))
    fixed = np.not_equal(kinds, "C")
    rows, columns = np.zeros(len(np.asarray(matrices.b))), np.zeros(len(kinds))
    for _ in range(_PASSES):
        rows -= _middle(size + rows[row] - columns[column], row, len(rows))
        columns += _middle(size + rows[row] - columns[column], column, len(columns))
        columns[fixed] = 0.0
    return np.exp2(np.round(rows)), np.exp2(np.round(columns))


def _middle(values: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    """Return half of smallest plus largest value of each group, 0 where it has none."""
    smallest, largest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(smallest, group, values)
    np.maximum.at(largest, group, values)
    known = np.isfinite(smallest)
    return np.where(known, (np.where(known, smallest, 0) + np.where(known, largest, 0)) / 2, 0.0)
