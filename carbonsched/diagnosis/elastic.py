"""The program of `carbonsched.diagnosis.feasibility` held by HiGHS: limits move in place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from carbonsched.core.method import Method
from carbonsched.core.reach import open_routes
from carbonsched.core.schema import LIMITS
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis.feasibility import ROWS, Plan, state_elastic
from carbonsched.solver.highs import HighsModel
from carbonsched.solver.program import INFINITY
from carbonsched.solver.settings import Settings

if TYPE_CHECKING:
    import highspy

_SPLITTING = {"it_capacity", "latency_limit"}  # what the split of `energy_only` follows


class Elastic:
    """The program held by HiGHS: limits are dropped and slacks freed in place.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    method : Method
    plan : Plan, optional
        The fixed workload, for the method that has one.
    seconds : float
        Of each run with integers, those of required jobs. A run that needs more raises
        TimeoutError.

    Attributes
    ----------
    data : xarray.Dataset
        What the method leaves of the instance.
    model : linopy.Model
    rows : dict of str to DataArray
        The positions in HiGHS of every constraint's rows, -1 where there is none.
    """

    def __init__(
        self,
        data: xr.Dataset,
        method: Method,
        plan: Plan | None = None,
        seconds: float = math.inf,
    ) -> None:
        self.data, self._method, self._seconds = restricted(data, method), method, seconds
        self.model = state_elastic(self.data, plan)
        settings = Settings(gap=0.0, time_limit=math.inf, options={"presolve": "off"})
        self._held = HighsModel(self.model, settings)
        self._lower, self._upper = self._held.row_bounds()
        self._most = self._held.column_bounds()[1]
        self.rows = {name: self._held.rows(name) for name in self.model.constraints}
        columns = {name: self._held.columns(name) for name in self.model.variables}
        self._opened = columns.get("opened")
        self._basis: highspy.HighsBasis | None = None
        self._starts = _declared(columns["start"]) if "start" in columns else np.zeros(0, int)
        self._more = {n.removeprefix("more_"): at for n, at in columns.items() if "more_" in n}
        movable = [*self._more.values(), *([] if self._opened is None else [self._opened])]
        self._movable = np.concatenate([_declared(at) for at in movable])
        self._close()

    @property
    def slacks(self) -> set[str]:
        """The parameters that have a slack."""
        return set(self._more)

    def drop(self, rows: np.ndarray, services: Iterable[str] = ()) -> None:
        """Leave out rows, and the latency limits of some services; state all the others."""
        self._bound_rows(*self._without(rows))
        if self._opened is not None:
            free = self._opened.service.isin(list(services))
            self._open(free.broadcast_like(self._opened))

    def holds(self, data: xr.Dataset) -> bool:
        """Return whether the program has a solution with the limits of another instance's data.

        The labels are the same, and so is all but the limits: no slack takes part, and there is
        no plan, which would follow the limits.
        """
        given = restricted(data, self._method)
        lower, upper = self._lower.copy(), self._upper.copy()
        for name, row in ROWS.items():
            if row not in self.rows or name == "latency_limit":
                continue
            rows, side = self.rows[row], LIMITS[name].side
            limit = given[name].reindex({dim: rows[dim] for dim in given[name].dims})
            limit = limit.broadcast_like(rows).transpose(*rows.dims).values[rows.values >= 0]
            if side in ("lower", "both"):
                lower[_declared(rows)] = limit
            if side in ("upper", "both"):
                upper[_declared(rows)] = limit
        self._bound_rows(lower, upper)
        if self._opened is not None:
            self._open(open_routes(given))
        try:
            return self._solve()
        finally:
            self._close()

    def infeasible(self, seconds: float | None = None, relaxed: bool = True) -> bool:
        """Return whether the rows that are stated contradict each other.

        The linear relaxation is asked first: if already it has no solution, `certificate` knows
        why. Not so if it is known to have one, and `relaxed` is false.
        """
        if len(self._starts) and not relaxed:
            return not self._solve(seconds)
        self._placed(False)
        if self._basis is not None:  # a search for integers has left none to go on from
            self._held.restore(self._basis)
        there = self._held.run()
        if not len(self._starts):
            return not there
        self._basis = self._held.basis()
        return not there or not self._solve(seconds)

    @property
    def proved(self) -> bool:
        """Whether the last run was of a linear program, so that multipliers prove its outcome."""
        return not self._integers

    def certificate(self) -> np.ndarray:
        """Return HiGHS's Farkas multipliers of the rows, whose sum contradicts itself."""
        return self._held.farkas()

    def least(self, weights: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray] | None:
        """Return the least change of some parameters that makes the program feasible.

        Parameters
        ----------
        weights : mapping of str to DataArray
            Parameters that may move, and what a unit of change counts, over its dimensions.

        Returns
        -------
        dict of str to DataArray, or None
            The change of each; none if no change of these parameters is enough. Of what the split
            of a fixed workload follows, a least change as if inference were free to choose: if the
            split can live with it, it is the least.
        """
        latency = "latency_limit" in weights and self._opened is not None
        if "workload:split" in self.rows and _SPLITTING & set(weights):
            self._bound_rows(*self._without(self.rows["workload:split"].values.ravel()))
        upper, cost = np.zeros(len(self._most)), np.zeros(len(self._most))
        for name, weight in weights.items():
            at = self._more[name]
            columns = at.values.ravel()
            upper[columns] = self._most[columns]
            weight = weight.reindex({dim: at[dim] for dim in weight.dims}).broadcast_like(at)
            cost[columns] = weight.transpose(*at.dims).values.ravel()
        if latency:
            upper[_declared(self._opened)] = 1.0
            self._held.integral(_declared(self._opened), True)
        self._bound_columns(upper)
        self._held.price(self._movable, cost[self._movable])
        try:
            if not self._solve():
                return None
            values = self._held.values()
            return {name: self._more[name].copy(data=values[self._more[name]]) for name in weights}
        finally:
            if latency:
                self._held.integral(_declared(self._opened), False)
            self._close()

    def _solve(self, seconds: float | None = None) -> bool:
        """Run with placements of required jobs, if there are any, as integers."""
        self._placed(True)
        limit = self._seconds if seconds is None else min(seconds, self._seconds)
        return self._held.run(limit if len(self._starts) else math.inf)

    def _placed(self, wholly: bool) -> None:
        """Let required jobs be placed wholly, or by fractions."""
        self._integers = wholly and bool(len(self._starts))
        if len(self._starts):
            self._held.integral(self._starts, wholly)

    def _close(self) -> None:
        """State every limit, and close every slack."""
        self._bound_rows(self._lower, self._upper)
        nothing = np.zeros(len(self._most))
        self._bound_columns(nothing)
        self._held.price(self._movable, nothing[self._movable])

    def _open(self, routes: xr.DataArray) -> None:
        """Open the given routes, and no others, of those that a latency limit closes."""
        upper = np.zeros(len(self._most))
        if self._opened is None:
            return
        declared = self._opened.values >= 0
        upper[_declared(self._opened)] = routes.transpose("service", "site").values[declared]
        upper[self._more["latency_limit"].values] = INFINITY
        self._bound_columns(upper)

    def _without(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lower, upper, rows = self._lower.copy(), self._upper.copy(), rows[rows >= 0]
        lower[rows], upper[rows] = -INFINITY, INFINITY
        return lower, upper

    def _bound_rows(self, lower: np.ndarray, upper: np.ndarray) -> None:
        self._held.bound_rows(np.arange(len(lower)), lower, upper)

    def _bound_columns(self, upper: np.ndarray) -> None:
        """Bound slacks and routes beyond a limit from above, given a value for every column."""
        self._held.bound_columns(self._movable, np.zeros(len(self._movable)), upper[self._movable])


def _declared(positions: xr.DataArray | None) -> np.ndarray:
    """Return the positions of what is declared, if anything is."""
    return np.zeros(0, int) if positions is None else positions.values[positions.values >= 0]
