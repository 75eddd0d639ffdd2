r"""The part of the benefit that can be decided: what the solver maximises, and when it may stop.

By (11) all demand is served, so that the revenue of inference is a constant, and so is what
required jobs earn. A solver that stops at a gap relative to (1) stops the earlier the larger that
constant is, though no schedule can change it. Here it is taken out of the objective while a solver
has the model, and the gap is relative to the turnover :math:`T`, the absolute terms that are left,

.. math:: \frac{\text{bound} - \text{benefit}}{T}, \qquad
          T = \sum_n |c_n x_n| \ge \Bigl|\sum_n c_n x_n\Bigr| ,

which is zero only where nothing is bought, sold or run. A solver's own gap is relative to
:math:`|\sum_n c_n x_n|`, so that it stops no earlier. HiGHS is told what :math:`T`
allows at each new incumbent; with other solvers a schedule is at least as good as asked for.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy import LinearExpression
from linopy.objective import Objective

from carbonsched.core.families.expressions import Model, expression
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import money_unit


@contextmanager
def deciding(model: linopy.Model, settings: Settings) -> Generator[None]:
    """Let a model maximise what can be decided only, as long as a solver has it."""
    if settings.gap_of != "decided" or not isinstance(model, Model):
        yield
        return
    whole = model.objective
    model.objective = Objective(_decided(model), model, whole.sense)
    try:
        yield
    finally:
        solved = model.objective.value is not None and model.status == "ok"
        model.objective = whole
        if solved and all("solution" in v.data for _, v in model.variables.items()):
            whole.set_value(float(whole.expression.solution))


def _decided(model: Model) -> LinearExpression:
    """Return the objective of a model without its constant part, one term a variable."""
    terms = [model.objective.expression.data]
    with linopy.options as options:
        options["semantics"] = "v1"
        terms.append(expression(model, [(-unit, of) for unit, of in model.settled], ()).data)
    labels = np.concatenate([part["vars"].values.ravel() for part in terms])
    factors = np.concatenate([part["coeffs"].values.ravel() for part in terms])
    there = labels >= 0
    total = np.zeros(int(labels.max(initial=-1)) + 1)
    np.add.at(total, labels[there], factors[there])
    for name in set(model.fixed) & set(model.variables):
        at = model.variables[name].labels.values
        at = at[(at >= 0) & (at < len(total))]
        total[at] = 0.0
    kept = np.flatnonzero(total) if total.any() else labels[there][:1]  # linopy asks for a term
    block = xr.Dataset({"vars": ("_term", kept), "coeffs": ("_term", total[kept])})
    return LinearExpression(block, model)


@contextmanager
def watched(highs: Any, settings: Settings, stakes: np.ndarray | None = None) -> Generator[None]:
    """Let HiGHS stop as soon as the turnover of its incumbent allows it, and soon after Ctrl-C.

    The turnover is by what each column costs, or is at stake in it where that is something else.
    Python's own handling of Ctrl-C waits until HiGHS returns.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C was pressed.
    """
    if not hasattr(highs, "cbMipInterrupt"):
        yield
        return
    costs = np.array(highs.getLp().col_cost_) if stakes is None else stakes
    least, unit = highs.getOptionValue("mip_abs_gap")[1], money_unit(highs)
    pressed = False

    def improved(event: Any) -> None:
        if settings.gap_of == "decided":
            turnover = float(np.abs(costs * event.data_out.mip_solution).sum())
            highs.setOptionValue("mip_abs_gap", max(least, settings.gap * turnover * unit))

    def look(event: Any) -> None:
        if pressed:
            event.data_in.user_interrupt = True

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True

    highs.cbMipImprovingSolution += improved
    highs.cbMipInterrupt += look
    highs.cbSimplexInterrupt += look
    try:
        before = signal.signal(signal.SIGINT, press)
    except ValueError:  # only the main thread hears of Ctrl-C
        before = None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGINT, before)
        highs.cbMipImprovingSolution -= improved
        highs.cbMipInterrupt -= look
        highs.cbSimplexInterrupt -= look
        highs.setOptionValue("mip_abs_gap", least)
    if pressed:
        raise KeyboardInterrupt
