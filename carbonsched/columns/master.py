"""The restricted master of column generation: the model without jobs, and placements as columns.

linopy builds the energy and routing side as a linear program in which the powers of (2) and (3)
are substituted. A placement, job by site by first period, then enters HiGHS in place as a column:
its power in the rows of IT capacity and of the balance, and one in the row of its job.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace

import highspy
import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.build import state
from carbonsched.core.formulation import Formulation
from carbonsched.core.schema import PRICES
from carbonsched.core.settings import Settings
from carbonsched.core.solver import hand_over, limit_from_now
from carbonsched.core.units import scale, units
from carbonsched.errors import SolverError

STATES = ("importing", "exporting", "charging")
_NONE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)


class Master:
    """The restricted master, its columns, and what its optimum says.

    Attributes
    ----------
    columns : pandas.DataFrame
        Positions `job`, `site`, `time` of every placement so far.
    value : float
        Optimum of the last solve, USD.
    weights : numpy.ndarray
        Of the columns at that optimum, 0 to 1.
    slowest : float
        Longest solve so far, s.
    """

    def __init__(self, data: xr.Dataset, formulation: Formulation, time_limit: float) -> None:
        self.data = data
        substituted = replace(formulation, power="substituted", jobs="start")
        self.model = state(data.isel(job=slice(0)), substituted)
        scale(self.model)  # while it is known which variables will be integers
        self.model.variables.relax()
        self.engine = hand_over(self.model, Settings(gap=0.0, time_limit=time_limit), rescale=False)
        self._row_units, self._column_units = units(self.model)
        self.highs: highspy.Highs = self.engine.solver_model
        self._balance = self._positions(self.model.constraints, "balance:power")
        self._capacity = self._positions(self.model.constraints, "power:capacity")
        bare = self._capacity < 0  # sites that no service reaches have no row of capacity yet
        limits = self.data.it_capacity.broadcast_like(self.data.cooling)
        limits = limits.transpose("site", "time").values[bare]
        self._capacity[bare] = self._add_rows(limits)
        self._states = np.concatenate(
            [np.zeros(0, np.int32)]
            + [
                self._positions(self.model.variables, name).ravel()
                for name in STATES
                if name in self.model.variables
            ]
        )
        self._states = self._states[self._states >= 0]
        self._base = self.highs.getNumCol()
        self._job = self._add_rows(np.ones(self.data.sizes["job"]))
        self.columns = pd.DataFrame({"job": [], "site": [], "time": []}, dtype=int)
        self.weights = np.array([])
        self.value = np.nan
        self.slowest = 0.0

    @property
    def has_states(self) -> bool:
        """Whether some site and period needs a state of grid or battery."""
        return len(self._states) > 0

    def _positions(self, container: object, name: str) -> np.ndarray:
        """Return the positions in HiGHS of variables or rows over (site, time)."""
        if name not in container:
            return np.full([self.data.sizes[d] for d in ("site", "time")], -1)
        labels = container[name].labels.transpose("site", "time").values
        return np.where(labels >= 0, container.label_index.label_to_pos[labels], -1)

    def _add_rows(self, upper: np.ndarray) -> np.ndarray:
        """Add rows without entries, below an upper limit, and return their positions."""
        first, count = self.highs.getNumRow(), len(upper)
        self._row_units = np.append(self._row_units, np.ones(count))
        none, lower = np.array([], dtype=np.int32), np.full(count, -np.inf)
        _succeed(self.highs.addRows(count, lower, upper, 0, np.zeros(count, np.int32), none, none))
        return np.arange(first, first + count)

    def add(self, placements: pd.DataFrame) -> int:
        """Add the placements that are not columns yet; return how many."""
        known = pd.MultiIndex.from_frame(self.columns)
        new = placements[~pd.MultiIndex.from_frame(placements).isin(known)]
        job, site, time = (new[name].to_numpy() for name in ("job", "site", "time"))
        length = self.data.duration.values[job]
        power = np.repeat(self.data.power.values[job], length)
        # every period of every placement, one after the other
        begin = np.cumsum(length) - length
        step = np.arange(length.sum()) - np.repeat(begin, length)
        at = np.repeat(site, length), np.repeat(time, length) + step
        cooling = self.data.cooling.transpose("site", "time").values[at]
        capacity, balance = self._capacity[at], self._balance[at]
        entries = pd.concat(
            pd.DataFrame({"column": column, "row": row, "value": value})
            for column, row, value in (
                (
                    np.repeat(np.arange(len(new)), length),
                    capacity,
                    self._row_units[capacity] * power,
                ),
                (
                    np.repeat(np.arange(len(new)), length),
                    balance,
                    -self._row_units[balance] * cooling * power,
                ),
                (np.arange(len(new)), self._job[job], np.ones(len(new))),
            )
        ).sort_values(["column", "row"])
        starts = np.searchsorted(entries.column.to_numpy(), np.arange(len(new)))
        net_reward = (self.data.reward - self.data.startup_cost).values[job]
        _succeed(
            self.highs.addCols(
                len(new),
                net_reward,
                np.zeros(len(new)),
                np.ones(len(new)),
                len(entries),
                starts.astype(np.int32),
                entries.row.to_numpy(np.int32),
                entries.value.to_numpy(),
            )
        )
        self.columns = pd.concat([self.columns, new], ignore_index=True)
        return len(new)

    def solve(self, seconds: float) -> bool:
        """Solve from where the last solve ended; return whether there is a solution.

        The dual simplex is the faster one here, after new columns as after new bounds.

        Raises
        ------
        TimeoutError
            The time is up.
        SolverError
            HiGHS ended neither with an optimum nor with a proof that there is none.
        """
        begun = time.monotonic()
        status = self._run(seconds)
        if status == highspy.HighsModelStatus.kUnknown:  # lost from an old basis: begin afresh
            self.highs.clearSolver()
            status = self._run(seconds - (time.monotonic() - begun))
        if status in _NONE:
            return False
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise TimeoutError
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"highs ended with {self.highs.modelStatusToString(status)!r}")
        self._read()
        self._duals = np.asarray(self.highs.getSolution().row_dual) * self._row_units
        return True

    def branch(self, seconds: float, gap: float, states_only: bool = False) -> bool:
        """Solve with integral states, and columns too unless told; return whether one is found.

        The columns' bounds stay as they are, and so do the duals of the last `solve`.
        """
        self.highs.setOptionValue("mip_rel_gap", gap)
        integral = [self._states, *([] if states_only else [self._column_index()])]
        index = np.concatenate(integral).astype(np.int32)
        self.highs.changeColsIntegrality(len(index), index, np.full(len(index), 1, np.uint8))
        self._run(seconds)
        known = math.isfinite(self.highs.getInfo().mip_gap)
        if known:
            self._read()
        self.highs.changeColsIntegrality(len(index), index, np.full(len(index), 0, np.uint8))
        return known

    def _run(self, seconds: float) -> highspy.HighsModelStatus:
        limit_from_now(self.highs, seconds)
        begun = time.monotonic()
        self.highs.run()
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return self.highs.getModelStatus()

    def _read(self) -> None:
        self._values = np.array(self.highs.getSolution().col_value)
        self._values[: self._base] /= self._column_units
        self.weights = self._values[self._base :]
        self.value = self.highs.getObjectiveValue()

    def _column_index(self) -> np.ndarray:
        return np.arange(self._base, self._base + len(self.columns), dtype=np.int32)

    def prices(self) -> xr.Dataset:
        """Return the duals of the last solve as `carbonsched.core.schema.PRICES`."""

        def dual(name: str) -> xr.DataArray:
            if name not in self.model.constraints:
                return xr.DataArray(0.0)
            labels = self.model.constraints[name].labels
            found = self._duals[self.model.constraints.label_index.label_to_pos[labels.values]]
            return xr.DataArray(found, labels.coords, labels.dims)

        return xr.Dataset(
            {
                "power_price": -dual("balance:power"),
                "capacity_price": (("site", "time"), self._duals[self._capacity]),
                "storage_price": dual("storage:state"),
                "final_price": -dual("storage:final"),
                "carbon_price": dual("carbon:budget"),
            }
        ).transpose(*PRICES["power_price"])

    def job_prices(self) -> np.ndarray:
        """Return what each job earns at the last solve, USD: the dual of its row."""
        return self._duals[self._job]

    def fix(self, lower: np.ndarray, upper: np.ndarray) -> None:
        """Bound the weights of the columns."""
        index = self._column_index()
        self.highs.changeColsBounds(len(index), index, lower.astype(float), upper.astype(float))

    def basis(self) -> highspy.HighsBasis:
        """Return the basis of the last solve."""
        return self.highs.getBasis()

    def restore(self, basis: highspy.HighsBasis) -> None:
        """Go back to a basis; columns added since are at zero in it."""
        fresh = self.highs.getNumCol() - len(basis.col_status)
        basis.col_status = [*basis.col_status, *[highspy.HighsBasisStatus.kLower] * fresh]
        self.highs.setBasis(basis)

    def free(self) -> None:
        """Let every weight be anything from 0 to 1 again."""
        self.fix(np.zeros(len(self.columns)), np.ones(len(self.columns)))

    def values(self) -> xr.Dataset:
        """Return the values of the last solve by name, all but those of jobs."""
        found = xr.Dataset()
        for name, variable in self.model.variables.items():
            labels = variable.labels
            at = self.model.variables.label_index.label_to_pos[labels.values]
            values = np.where(labels.values >= 0, self._values[at], np.nan)
            found[name] = xr.DataArray(values, labels.coords, labels.dims)
        return found

    def solution(self) -> xr.Dataset:
        """Return the values of the last solve by name, `start` from the columns of weight one."""
        found = self.values()
        placed = self.columns[self.weights > 0.5]
        start = np.zeros([self.data.sizes[d] for d in ("job", "site", "time")], np.int8)
        start[placed.job, placed.site, placed.time] = 1
        found["start"] = (("job", "site", "time"), start)
        return found.assign_coords(job=self.data.job)


def _succeed(status: highspy.HighsStatus) -> None:
    """Raise if HiGHS did not take what it was given: it only says so in its log."""
    if status == highspy.HighsStatus.kError:
        raise SolverError("highs refused a change of the restricted master")
