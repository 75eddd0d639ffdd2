"""The program of `carbonsched.diagnosis.feasibility` held by HiGHS: limits move in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import highspy
import numpy as np
import xarray as xr

from carbonsched.core.method import Method
from carbonsched.core.reach import open_routes
from carbonsched.core.settings import Settings
from carbonsched.core.solver import hand_over
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis.feasibility import BOUNDS, Plan, state_elastic
from carbonsched.errors import SolverError

_NONE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)
# The rows that set a limit: the parameter on their right side, and on which side it bounds.
_SIDES = {
    f"limit:{n}": (n, "lower" if sense == ">=" else "upper") for n, (_, sense) in BOUNDS.items()
}
_SIDES |= {
    "carbon:budget": ("carbon_budget", "upper"),
    "power:capacity": ("it_capacity", "upper"),
    "inference:demand": ("demand", "lower, upper"),
}
_SPLITTING = {"it_capacity", "latency_limit"}  # what the split of `energy_only` follows


class Elastic:
    """The linear program held by HiGHS: limits are dropped and slacks freed in place.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    method : Method
    plan : Plan, optional
        The fixed workload, for the method that has one.

    Attributes
    ----------
    data : xarray.Dataset
        What the method leaves of the instance.
    model : linopy.Model
    """

    def __init__(self, data: xr.Dataset, method: Method, plan: Plan | None = None) -> None:
        self.data, self._method = restricted(data, method), method
        self.model = state_elastic(self.data, plan)
        self._highs: highspy.Highs = hand_over(
            self.model,
            Settings(gap=0.0, time_limit=np.inf, options={"presolve": "off"}),
            rescale=False,
        ).solver_model
        program = self._highs.getLp()
        self._lower, self._upper = np.array(program.row_lower_), np.array(program.row_upper_)
        self._rows = {n: self._positions(self.model.constraints, n) for n in self.model.constraints}
        columns = {n: self._positions(self.model.variables, n) for n in self.model.variables}
        self._opened = columns.get("opened")
        self._more = {n.removeprefix("more_"): at for n, at in columns.items() if "more_" in n}
        movable = [*self._more.values(), *([] if self._opened is None else [self._opened])]
        flat = np.concatenate([at.values.ravel() for at in movable])
        self._movable = flat[flat >= 0].astype(np.int32)
        self._most = np.array(program.col_upper_)
        self._close()

    @property
    def rows(self) -> dict[str, xr.DataArray]:
        """The positions in HiGHS of every constraint's rows, -1 where there is none."""
        return self._rows

    @property
    def slacks(self) -> set[str]:
        """The parameters that have a slack."""
        return set(self._more)

    @staticmethod
    def _positions(container: object, name: str) -> xr.DataArray:
        labels = container[name].labels
        known = container.label_index.label_to_pos
        at = known[np.maximum(labels.values, 0)] if len(known) else labels.values
        return labels.copy(data=np.where(labels.values >= 0, at, -1)).drop_attrs()

    def drop(self, rows: np.ndarray, services: Iterable[str] = ()) -> None:
        """Leave out rows, and the latency limits of some services; state all the others."""
        self._bound_rows(*self._without(rows))
        if self._opened is not None:
            free = self._opened.service.isin(list(services))
            self._open(free.broadcast_like(self._opened))

    def holds(self, data: xr.Dataset) -> bool:
        """Return whether the program has a solution with the limits of another instance's data.

        The labels are the same, and so is all but the limits: no slack takes part.
        """
        given = restricted(data, self._method)
        lower, upper = self._lower.copy(), self._upper.copy()
        for name in _SIDES.keys() & self.rows.keys():
            (parameter, sides), rows = _SIDES[name], self.rows[name]
            limit = given[parameter].broadcast_like(rows).transpose(*rows.dims)
            stated = rows.values >= 0
            for side, bounds in (("lower", lower), ("upper", upper)):
                if side in sides:
                    bounds[rows.values[stated]] = limit.values[stated]
        self._bound_rows(lower, upper)
        if self._opened is not None:
            self._open(open_routes(given))
        found = self._run()
        self._close()
        return found

    def infeasible(self) -> bool:
        """Return whether the rows that are stated contradict each other."""
        return not self._run()

    def certificate(self) -> np.ndarray:
        """Return HiGHS's Farkas multipliers of the rows, whose sum contradicts itself."""
        _, _, ray = self._highs.getDualRay()
        return np.zeros(len(self._lower)) if ray is None else np.asarray(ray)

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
        latency = "latency_limit" in weights
        if "workload:split" in self.rows and _SPLITTING & set(weights):
            self._bound_rows(*self._without(self.rows["workload:split"].values.ravel()))
        upper, cost = np.zeros(len(self._most)), np.zeros(len(self._most))
        for name, weight in weights.items():
            at = self._more[name]
            columns = at.values.ravel()
            upper[columns] = self._most[columns]
            cost[columns] = weight.broadcast_like(at).transpose(*at.dims).values.ravel()
        if latency and self._opened is not None:
            upper[self._opened.values[self._opened.values >= 0]] = 1.0
            self._integral(True)
        self._bound_columns(upper)
        self._highs.changeColsCost(len(self._movable), self._movable, cost[self._movable])
        found = None
        if self._run():
            values = np.asarray(self._highs.getSolution().col_value)
            found = {name: self._more[name].copy(data=values[self._more[name]]) for name in weights}
        if latency and self._opened is not None:
            self._integral(False)
        self._close()
        return found

    def _close(self) -> None:
        """State every limit, and close every slack."""
        self._bound_rows(self._lower, self._upper)
        nothing = np.zeros(len(self._most))
        self._bound_columns(nothing)
        self._highs.changeColsCost(len(self._movable), self._movable, nothing[self._movable])

    def _open(self, routes: xr.DataArray) -> None:
        """Open the given routes, and no others, of those that a latency limit closes."""
        upper = np.zeros(len(self._most))
        columns = self._opened.values
        declared = columns >= 0
        upper[columns[declared]] = routes.transpose("service", "site").values[declared]
        upper[self._more["latency_limit"].values] = highspy.kHighsInf
        self._bound_columns(upper)

    def _integral(self, yes: bool) -> None:
        index = self._opened.values[self._opened.values >= 0].astype(np.int32)
        kind = np.full(len(index), int(yes), np.uint8)
        self._highs.changeColsIntegrality(len(index), index, kind)

    def _without(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lower, upper, rows = self._lower.copy(), self._upper.copy(), rows[rows >= 0]
        lower[rows], upper[rows] = -highspy.kHighsInf, highspy.kHighsInf
        return lower, upper

    def _bound_rows(self, lower: np.ndarray, upper: np.ndarray) -> None:
        index = np.arange(len(lower), dtype=np.int32)
        self._highs.changeRowsBounds(len(index), index, lower, upper)

    def _bound_columns(self, upper: np.ndarray) -> None:
        """Bound slacks and routes beyond a limit from above, given a value for every column."""
        index = self._movable
        self._highs.changeColsBounds(len(index), index, np.zeros(len(index)), upper[index])

    def _run(self) -> bool:
        """Run HiGHS and return whether there is a solution; a lost simplex starts afresh."""
        for _ in range(2):
            self._highs.run()
            status = self._highs.getModelStatus()
            if status == highspy.HighsModelStatus.kOptimal:
                return True
            if status in _NONE:
                return False
            self._highs.clearSolver()
        raise SolverError(f"highs ended with {self._highs.modelStatusToString(status)!r}")
