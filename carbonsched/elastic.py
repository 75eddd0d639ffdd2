"""The program of `carbonsched.feasibility` held by HiGHS: limits move in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import highspy
import numpy as np
import xarray as xr

from carbonsched.errors import SolverError
from carbonsched.families.inference import open_routes
from carbonsched.feasibility import BOUNDS, Plan, state_elastic
from carbonsched.formulation import Formulation
from carbonsched.solvers import hand_over
from carbonsched.tightening import restricted

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
    formulation : Formulation
    plan : Plan, optional
        The fixed workload, for the method that has one.

    Attributes
    ----------
    data : xarray.Dataset
        What the method leaves of the instance.
    model : linopy.Model
    """

    def __init__(
        self, data: xr.Dataset, formulation: Formulation, plan: Plan | None = None
    ) -> None:
        self.data = restricted(data, formulation)
        self.model = state_elastic(self.data, formulation, plan)
        self._highs: highspy.Highs = hand_over(
            self.model, "highs", gap=0.0, time_limit=np.inf, presolve="off"
        ).solver_model
        program = self._highs.getLp()
        self._lower, self._upper = np.array(program.row_lower_), np.array(program.row_upper_)
        self.slacks = [n.removeprefix("more_") for n in self.model.variables if "more_" in n]
        self._release({})

    def rows(self, name: str) -> xr.DataArray:
        """Return the positions of a constraint's rows in HiGHS, -1 where there is none."""
        return self._positions(self.model.constraints, name)

    def _columns(self, name: str) -> xr.DataArray:
        return self._positions(self.model.variables, name)

    @staticmethod
    def _positions(container: object, name: str) -> xr.DataArray:
        labels = container[name].labels
        known = container.label_index.label_to_pos
        at = known[np.maximum(labels.values, 0)] if len(known) else labels.values
        return labels.copy(data=np.where(labels.values >= 0, at, -1)).drop_attrs()

    def drop(self, rows: np.ndarray, services: Iterable[str] = ()) -> None:
        """Leave out rows, and the latency limits of some services; state all the others."""
        lower, upper = self._lower.copy(), self._upper.copy()
        rows = rows[rows >= 0]
        lower[rows], upper[rows] = -highspy.kHighsInf, highspy.kHighsInf
        self._bound_rows(lower, upper)
        if "opened" in self.model.variables:
            for name, most in (("opened", 1.0), ("more_latency_limit", highspy.kHighsInf)):
                columns = self._columns(name)
                free = columns.service.isin(list(services)).broadcast_like(columns)
                self._bound(columns, np.where(free.transpose(*columns.dims), most, 0.0))

    def holds(self, data: xr.Dataset) -> bool:
        """Return whether the program has a solution with the limits of another instance's data.

        The labels are the same, and so is all but the limits: no slack takes part.
        """
        lower, upper = self._lower.copy(), self._upper.copy()
        for name, (parameter, sides) in _SIDES.items():
            if name in self.model.constraints:
                rows = self.rows(name)
                limit = data[parameter].broadcast_like(rows).transpose(*rows.dims)
                stated = rows.values >= 0
                for side, bounds in (("lower", lower), ("upper", upper)):
                    if side in sides:
                        bounds[rows.values[stated]] = limit.values[stated]
        self._bound_rows(lower, upper)
        if "opened" in self.model.variables:
            self._open(open_routes(data))
        found = self._run()
        self._bound_rows(self._lower, self._upper)
        self._release({})
        return found

    def _open(self, routes: xr.DataArray) -> None:
        """Open the given routes and no other that a latency limit closes."""
        self._bound(self._columns("opened"), routes.transpose("service", "site").values)
        longer = self._columns("more_latency_limit")
        self._bound(longer, np.full(longer.shape, highspy.kHighsInf))

    def _bound_rows(self, lower: np.ndarray, upper: np.ndarray) -> None:
        index = np.arange(len(lower), dtype=np.int32)
        self._highs.changeRowsBounds(len(index), index, lower, upper)

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
        self._release(weights)
        if latency:
            self._integral(True)
        if "workload:split" in self.model.constraints and _SPLITTING & set(weights):
            self.drop(self.rows("workload:split").values.ravel())
        found = None
        if self._run():
            values = np.asarray(self._highs.getSolution().col_value)
            found = {
                name: xr.where((at := self._columns(f"more_{name}")) >= 0, values[at], 0.0)
                for name in weights
            }
        if latency:
            self._integral(False)
        self._bound_rows(self._lower, self._upper)
        self._release({})
        return found

    def _release(self, weights: Mapping[str, xr.DataArray]) -> None:
        """Free the slacks of some parameters at a cost, and close all others."""
        for name in self.slacks:
            columns = self._columns(f"more_{name}")
            wanted = name in weights
            most = self.model.variables[f"more_{name}"].upper.transpose(*columns.dims)
            self._bound(columns, np.where(wanted, most.values, 0.0))
            cost = weights[name].broadcast_like(columns).transpose(*columns.dims) if wanted else 0.0
            flat, given = columns.values.ravel(), np.broadcast_to(cost, columns.shape).ravel()
            index = flat[flat >= 0].astype(np.int32)
            self._highs.changeColsCost(len(index), index, given[flat >= 0].astype(float))
        if "opened" in self.model.variables:
            columns = self._columns("opened")
            self._bound(columns, np.full(columns.shape, float("latency_limit" in weights)))

    def _integral(self, yes: bool) -> None:
        flat = self._columns("opened").values.ravel()
        index = flat[flat >= 0].astype(np.int32)
        kind = np.full(len(index), int(yes), np.uint8)
        self._highs.changeColsIntegrality(len(index), index, kind)

    def _bound(self, columns: xr.DataArray, upper: np.ndarray) -> None:
        flat, most = columns.values.ravel(), np.asarray(upper, float).ravel()
        index = flat[flat >= 0].astype(np.int32)
        self._highs.changeColsBounds(len(index), index, np.zeros(len(index)), most[flat >= 0])

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
