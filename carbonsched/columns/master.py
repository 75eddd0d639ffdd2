"""The restricted master of column generation: the model without jobs, and placements as columns.

linopy builds the energy and routing side as a linear program in which the powers of (2) and (3)
are substituted. A placement, job by site by first period, then enters HiGHS in place as a column:
its power in the rows of IT capacity and of the balance, and one in the row of its job. A required
job has a row that must be met: until a placement meets it an artificial column does, at a penalty.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import highspy
import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.build import state
from carbonsched.core.formulation import Formulation
from carbonsched.core.schema import PRICES
from carbonsched.solver.highs import HighsModel, labelled
from carbonsched.solver.program import Entries
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import scale

# Each state, the flow that it allows, and the one that it forbids.
STATES = {
    "importing": ("grid_import", "grid_export"),
    "exporting": ("grid_export", "grid_import"),
    "charging": ("charge", "discharge"),
}
_SAME = 1e-9  # of the benefit; what costs less than that costs nothing
_MET = 1e-6  # of a required job's row; less that an artificial column meets is none


class Master:
    """The restricted master, its columns, and what its optimum says.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, tightened or not.
    formulation : Formulation
    time_limit : float
        Seconds.
    penalty : float
        USD for each required job that has no placement.

    Attributes
    ----------
    columns : pandas.DataFrame
        Positions `job`, `site`, `time` of every placement so far.
    value : float
        Optimum of the last solve, USD, less the penalty for what `lacking` counts.
    weights : numpy.ndarray
        Of the columns at that optimum, 0 to 1.
    lacking : float
        How many required jobs, in fractions too, have no placement at that optimum.
    """

    def __init__(
        self, data: xr.Dataset, formulation: Formulation, time_limit: float, penalty: float
    ) -> None:
        self.data = data
        substituted = replace(formulation, power="substituted", jobs="start")
        model = state(data.isel(job=slice(0)), substituted)
        scale(model)  # while it is known which variables will be integers
        model.variables.relax()
        self.held = HighsModel(model, Settings(gap=0.0, time_limit=time_limit))
        self._balance = self.held.rows("balance:power").transpose("site", "time").values
        self._capacity = self._capacity_rows()
        there = [name for name in STATES if name in model.variables]
        states = [self.held.columns(name).values for name in there]
        self._states = np.concatenate([np.zeros(0, np.int32), *(at[at >= 0] for at in states)])
        required = data.required.values.astype(bool)
        self._job = self.held.add_rows(np.where(required, 1.0, -np.inf), 1.0, len(required))
        self._artificial = self._add_artificial(self._job[required], penalty)
        self._base = self.held.column_count
        self.columns = pd.DataFrame({"job": [], "site": [], "time": []}, dtype=int)
        self.weights = np.array([])
        self.value, self.lacking = np.nan, 0.0

    def _capacity_rows(self) -> np.ndarray:
        """Return the rows of IT capacity over (site, time), new ones where no service asks any."""
        rows = np.full(self._balance.shape, -1)
        if "power:capacity" in self.held.model.constraints:
            rows = self.held.rows("power:capacity").transpose("site", "time").values.copy()
        bare = rows < 0
        limits = self.data.it_capacity.broadcast_like(self.data.cooling)
        limits = limits.transpose("site", "time").values[bare]
        rows[bare] = self.held.add_rows(-np.inf, limits, len(limits))
        return rows

    def _add_artificial(self, rows: np.ndarray, penalty: float) -> np.ndarray:
        each = np.arange(len(rows))
        entries = Entries(each, rows, np.ones(len(rows)))
        return self.held.add_columns(np.full(len(rows), -penalty), 1.0, entries)

    @property
    def has_states(self) -> bool:
        """Whether some site and period needs a state of grid or battery."""
        return len(self._states) > 0

    @property
    def slowest(self) -> float:
        """Longest solve so far, s."""
        return self.held.slowest

    def add(self, placements: pd.DataFrame) -> int:
        """Add the placements that are not columns yet; return how many."""
        known = pd.MultiIndex.from_frame(pd.DataFrame(self.columns))
        new = pd.DataFrame(placements[~pd.MultiIndex.from_frame(placements).isin(known)])
        job, site, time = (new[name].to_numpy() for name in ("job", "site", "time"))
        length = self.data.duration.values[job]
        power = np.repeat(self.data.power.values[job], length)
        # every period of every placement, one after the other
        begin = np.cumsum(length) - length
        step = np.arange(length.sum()) - np.repeat(begin, length)
        at = np.repeat(site, length), np.repeat(time, length) + step
        cooling = self.data.cooling.transpose("site", "time").values[at]
        column = np.repeat(np.arange(len(new)), length)
        entries = Entries(
            np.concatenate([column, column, np.arange(len(new))]),
            np.concatenate([self._capacity[at], self._balance[at], self._job[job]]),
            np.concatenate([power, -cooling * power, np.ones(len(new))]),
        )
        net_reward = (self.data.reward - self.data.startup_cost).values[job]
        self.held.add_columns(net_reward, 1.0, entries)
        self.columns = pd.concat([self.columns, new], ignore_index=True)
        return len(new)

    def sell_carbon(self, price: float) -> None:
        """Let what is emitted beyond the budget be bought, USD/tCO2e; before any placement, once.

        There must be a row of the budget.
        """
        row = self.held.rows("carbon:budget").values.reshape(1)
        self.held.add_columns(
            np.array([-price]), np.inf, Entries(np.zeros(1, int), row, -np.ones(1))
        )
        self._base = self.held.column_count

    def penalise(self, penalty: float) -> None:
        """Set the penalty for a required job without a placement, USD."""
        self.held.price(self._artificial, np.full(len(self._artificial), -penalty))

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
        if not self.held.run(seconds):
            return False
        self._read()
        self._duals = self.held.duals()
        return True

    def settle_states(self, seconds: float, distance: float) -> bool:
        """Solve with integral states, the columns as they are; return whether any are found.

        Of two flows the one stays that is nearer to its limit in the last solution. Where that
        costs more than a distance, USD, states are searched for.

        The duals of the last `solve` stay.
        """
        until, relaxed = time.monotonic() + seconds, self.value
        chosen = self._nearer()
        self.held.bound_columns(self._states, chosen, chosen)
        least = relaxed - max(distance, _SAME * abs(relaxed))
        try:
            with suppress(TimeoutError):
                if self.held.run(seconds) and self.held.objective >= least:
                    self._read()
                    return True
        finally:
            self.held.bound_columns(self._states, 0.0, 1.0)
        return self.branch(max(until - time.monotonic(), 0.0), distance, states_only=True)

    def _nearer(self) -> np.ndarray:
        """Return of each state whether the flow that it allows is nearer to its limit, 0 or 1."""
        chosen = [np.zeros(0)]
        for name in STATES:
            if name not in self.held.model.variables:
                continue
            there = self.held.columns(name).values >= 0
            allowed, forbidden = (self._share(flow)[there] for flow in STATES[name])
            nearer = allowed > forbidden if name == "exporting" else allowed >= forbidden
            chosen.append(nearer.astype(float))
        return np.concatenate(chosen)

    def _share(self, flow: str) -> np.ndarray:
        """Return what a flow of the last solution is of its limit, over (site, time)."""
        at = self.held.columns(flow).transpose("site", "time")
        limit = self.data[f"{flow.removeprefix('grid_')}_limit"].broadcast_like(at)
        limits = limit.transpose("site", "time").values
        share = np.zeros(at.shape)
        return np.divide(self._values[at.values], limits, out=share, where=limits > 0)

    def branch(self, seconds: float, distance: float, states_only: bool = False) -> bool:
        """Solve with integral states, and columns too unless told; return whether one is found.

        It ends at a distance from its own bound, USD.

        The columns' bounds stay as they are, and so do the duals of the last `solve`.
        """
        integral = [self._states, *([] if states_only else [self._column_index()])]
        index = np.concatenate(integral)
        self.held.integral(index, True)
        known = self.held.search(seconds, distance)
        if known:
            self._read()
        self.held.integral(index, False)
        return known

    def _read(self) -> None:
        self._values = self.held.values()
        self.weights = self._values[self._base :]
        self.value = self.held.objective
        lacking = float(self._values[self._artificial].sum())
        self.lacking = lacking if lacking > _MET else 0.0

    def _column_index(self) -> np.ndarray:
        return np.arange(self._base, self._base + len(self.columns))

    def prices(self) -> xr.Dataset:
        """Return the duals of the last solve as `carbonsched.core.schema.PRICES`."""

        def dual(name: str) -> xr.DataArray:
            if name not in self.held.model.constraints:
                return xr.DataArray(0.0)
            return labelled(self.held.rows(name), self._duals)

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

    def fix(self, lower: np.ndarray, upper: np.ndarray, complete: bool = False) -> None:
        """Bound the weights of the columns.

        With `complete` every required job must be placed by them, without an artificial column.
        """
        self.held.bound_columns(self._column_index(), lower.astype(float), upper.astype(float))
        self.held.bound_columns(self._artificial, 0.0, 0.0 if complete else 1.0)

    def forget(self) -> None:
        """Begin the next solve afresh."""
        self.held.forget()

    def basis(self) -> highspy.HighsBasis:
        """Return the basis of the last solve."""
        return self.held.basis()

    def restore(self, basis: highspy.HighsBasis) -> None:
        """Go back to a basis; columns added since are at zero in it."""
        self.held.restore(basis)

    def free(self) -> None:
        """Let every weight be anything from 0 to 1 again."""
        self.fix(np.zeros(len(self.columns)), np.ones(len(self.columns)))

    def values(self) -> xr.Dataset:
        """Return the values of the last solve by name, all but those of jobs."""
        return xr.Dataset(
            {
                name: labelled(self.held.columns(name), self._values)
                for name in self.held.model.variables
            }
        )

    def solution(self) -> xr.Dataset:
        """Return the values of the last solve by name, `start` from the columns of weight one."""
        placed = pd.DataFrame(self.columns[self.weights > 0.5])
        start = np.zeros([self.data.sizes[d] for d in ("job", "site", "time")], np.int8)
        start[placed.job, placed.site, placed.time] = 1
        solved = self.values().assign(start=(("job", "site", "time"), start))
        return solved.assign_coords(job=self.data.job)
