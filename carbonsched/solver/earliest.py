"""The earliest starts that cost nothing: each job alone, tried in a program that is held.

With all other integers as they are, a plan is a linear program. Job by job, in the order of their
starts, the earlier periods on its site are tried, the earliest first: HiGHS goes on from the
optimum before, and a try is taken if the benefit is the same. That is repeated until no job alone
can start earlier. To look for the earliest starts of all jobs together is a search as hard as the
one that found the plan, and is not made: a try costs some pivots, and there are no more of them
than a multiple of those of the first program.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from linopy.constants import Result

from carbonsched.core.build import fix
from carbonsched.core.families.expressions import Model, expression
from carbonsched.errors import SolverError
from carbonsched.solver.decided import deciding
from carbonsched.solver.highs import HighsModel
from carbonsched.solver.polish import (
    SAME,
    keeping,
    may_lose,
    moved,
    of_equals,
    open_start,
    to_the_end,
)
from carbonsched.solver.settings import Settings

PIVOTS = 1.0  # of all tries together, for each that the program without a try takes,
LEAST_PIVOTS = 1000  # and in any case


def earliest(
    model: Model,
    benefit: float,
    turnover: float,
    settings: Settings,
    rows: Mapping[str, Any] | None = None,
    still: xr.DataArray | None = None,
) -> Result | None:
    """Solve a model for a plan in which no job alone can start earlier on its site.

    The plan earns as much as the one that the model holds and moves no more energy through
    batteries and over the grid. Where `run` is stated, (8)-(10), no start has a price of its own
    and all stays as it is.

    Parameters
    ----------
    model : Model
        With the plan that it was solved for.
    benefit : float
        Of what can be decided, USD.
    turnover : float
        USD, to which the tolerance is relative.
    settings : Settings
    rows : mapping, optional
        What the plan must keep besides, by names of rows.
    still : DataArray, optional
        The jobs that stay where they are, bool over jobs.

    Returns
    -------
    linopy Result or None
        None if no job can start earlier, or none was found to within the pivots and the time.
    """
    start = open_start(model)
    if start is None or "run" in model.variables:
        return None
    if model.status != "ok":  # what was tried before has left no plan in it
        return None
    now = start.solution.fillna(0).round().clip(0, 1).transpose("job", "site", "time")
    free = _not_first(now.values, start.labels.transpose(*now.dims).values >= 0)
    if still is not None:
        free &= ~still.values
    if not free.any():
        return None
    amount = sum(float((weight * of.solution).sum()) for weight, of in moved(model))
    quiet = expression(model, moved(model), ()) <= amount + SAME * max(amount, 1.0)
    rows = {**(rows or {}), "polish:moved": quiet}
    apart = replace(to_the_end(settings), gap_of="decided")
    try:
        with deciding(model, apart), keeping(model, rows):
            tries = _Tries(model, now, apart)
            found = tries.earliest(benefit - may_lose(turnover), SAME * turnover, free)
    except SolverError:
        return None
    if not found:
        return None
    with _integers_kept(model, now.copy(data=tries.start)):
        return of_equals(model, benefit, turnover, None, settings, rows)


def _not_first(now: np.ndarray, may: np.ndarray) -> np.ndarray:
    """Return which jobs run and may start in an earlier period on their site; over jobs."""
    later = np.flip(np.flip(now, axis=-1).cumsum(axis=-1), axis=-1) - now > 0
    return np.asarray((later & may).any(axis=(1, 2)))


class _Tries:
    """A program of the dispatch of a workload, in which single jobs are moved.

    Attributes
    ----------
    start : numpy.ndarray
        The workload, over (job, site, time).
    """

    def __init__(self, model: Model, now: xr.DataArray, settings: Settings) -> None:
        self.start = now.values.copy()
        self._program = HighsModel(model, settings)
        self._until, self._pivots = time.monotonic() + settings.time_limit, LEAST_PIVOTS
        for name in (*model.variables.binaries, *model.variables.integers):
            at, variable = self._program.columns(name), model.variables[name]
            values = now if name == "start" else variable.solution.fillna(0).round()
            there = at.values >= 0
            fixed = values.transpose(*at.dims).values[there]
            self._program.bound_columns(at.values[there], fixed, fixed)
            self._program.integral(at.values[there], False)
        self._columns = self._program.columns("start").transpose(*now.dims).values

    def earliest(self, floor: float, tolerance: float, free: np.ndarray) -> bool:
        """Start free jobs as early as leaves the benefit at its floor; return whether any does."""
        before = self.start.copy()
        with suppress(TimeoutError):  # what has been found by then is what there is
            if not self._program.run(self._until - time.monotonic()):
                return False
            self._pivots = max(LEAST_PIVOTS, int(PIVOTS * self._program.pivots))
            self._hold()
            first = self.start.any(axis=1).argmax(axis=1)
            order = sorted(np.flatnonzero(free).tolist(), key=lambda job: first[job])
            while sum(self._sooner(job, floor, tolerance) for job in order):
                pass  # as long as a round moves any
        return bool((self.start != before).any())

    def _sooner(self, job: int, floor: float, tolerance: float) -> bool:
        """Start a job as early as may be, the others as they are; return whether that is earlier.

        With all integers fixed the benefit is concave in the right sides, so that a placement whose
        reduced cost is below that of the job's own earns less, whatever else is dispatched.
        """
        site, first = np.argwhere(self.start[job])[0]
        own, worth = self._columns[job, site, first], self._worth
        for at in np.flatnonzero(self._columns[job, site, :first] >= 0):
            other = self._columns[job, site, at]
            if worth[other] < worth[own] - tolerance:
                continue
            self._put(own, other)
            if self._run() and self._program.objective >= floor:
                self.start[job, site, [first, at]] = 0, 1
                self._hold()
                return True
            self._put(other, own)
            self._program.restore(self._basis)
        return False

    def _put(self, old: int, new: int) -> None:
        """Let a job start elsewhere."""
        there = np.array([0.0, 1.0])
        self._program.bound_columns(np.array([old, new]), there, there)

    def _run(self) -> bool:
        """Go on from the last optimum, for as many pivots as are left."""
        if self._pivots <= 0:
            raise TimeoutError
        there = self._program.run(self._until - time.monotonic(), self._pivots)
        self._pivots -= self._program.pivots
        return there

    def _hold(self) -> None:
        """Keep where the program stands, to go back there."""
        self._basis, self._worth = self._program.basis(), self._program.reduced()


@contextmanager
def _integers_kept(model: Model, start: xr.DataArray) -> Generator[None]:
    """Keep the integers of a model as they are in its plan, but for the starts."""
    names = {*model.variables.binaries, *model.variables.integers} - set(model.fixed)
    values = {name: model.variables[name].solution.fillna(0).round() for name in names}
    try:
        for name in names:
            variable = model.variables[name]
            value = start if name == "start" else values[name]
            fix(variable, value.transpose(*variable.labels.dims))
        yield
    finally:
        for name in names:
            model.variables[name].unfix()
