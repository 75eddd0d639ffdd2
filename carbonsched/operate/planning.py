"""A window planned: by the engine that fits it, near the former plan, or by a policy for jobs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.columns.choice import AUTO_PLACEMENTS
from carbonsched.core.first_fit import it_room, split_evenly
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance, derived
from carbonsched.core.reach import may_start
from carbonsched.core.tighten import restricted
from carbonsched.errors import UnmatchedWarning
from carbonsched.front import solve
from carbonsched.operate.horizon import Horizon, movable
from carbonsched.operate.policies import Policy
from carbonsched.operate.reoptimise import Reoptimiser
from carbonsched.operate.sight import over_labels
from carbonsched.schedule import Schedule

PLAN = ("job", "site", "time")


class Planner:
    """What plans window after window of a horizon.

    Where all starts of a window are few, one model is held and moved from window to window. Where
    they are many, each window is an instance of its own, of the jobs in sight.

    Parameters
    ----------
    horizon : Horizon
    formulation : Formulation
    engine : {"auto", "milp", "column-generation"}
        "milp" is the model that is held.
    policy : callable, optional
        What starts jobs, in place of the optimiser, which then dispatches what they need.
    change_cost : float
        What changing the former plan costs, USD a job.
    settings : mapping
        The further keywords of `carbonsched.solve`.
    """

    def __init__(
        self,
        horizon: Horizon,
        formulation: Formulation,
        *,
        engine: str,
        policy: Policy | None,
        change_cost: float,
        settings: Mapping[str, Any],
    ) -> None:
        self.horizon, self.formulation, self.engine = horizon, formulation, engine
        self.policy, self.change_cost, self.settings = policy, change_cost, dict(settings)
        self._again: Reoptimiser | None = None
        if self._fits():
            self._again = Reoptimiser(
                horizon.method,
                movable(horizon.whole, horizon.method, formulation),
                families=horizon.families,
                warm=False,  # a run taken up again has no last solution to start from
                **self.settings,
            )

    def _fits(self) -> bool:
        """Return whether one model with all starts of any window is the faster."""
        horizon = self.horizon
        if self.engine != "auto":
            return self.engine == "milp"
        if self.settings.get("solver", "highs") != "highs" or self.settings.get("options"):
            return True
        sizes = horizon.whole.sizes
        starts = sizes["job"] * sizes["site"] * (horizon.window + horizon.tail)
        return starts <= 2 * AUTO_PLACEMENTS or not horizon.chooses

    def plan(self, data: xr.Dataset, former: xr.Dataset | None) -> Schedule:
        """Return the schedule of a window's data, over its positions and all jobs.

        `former` has the decisions of the plan before, over positions of this window, if it is to be
        held.

        Raises
        ------
        InfeasibleError, UnboundedError, NoIncumbentError, SolverError, VerificationError
            As `carbonsched.solve`.
        """
        if former is not None and self.change_cost:
            return self._held(data, former)
        if self._again is not None:
            return self._again.solve(derived(data, self.horizon.given.extra))
        return self._apart(data)

    def _apart(self, data: xr.Dataset, **how: Any) -> Schedule:
        """Return the schedule of a window by a model of its own, of the jobs in sight."""
        small = data.isel(job=np.flatnonzero(in_sight(data)))
        size = min(self.horizon.window, data.sizes["time"])
        reached = int(small.deadline.max()) + 1 if small.sizes["job"] else 0
        small = small.isel(time=slice(0, max(size, reached)))
        if how:
            engine = "milp" if self.engine == "auto" else self.engine
        else:
            engine = self.engine if small.sizes["job"] else "milp"
        schedule = solve(
            derived(small, self.horizon.given.extra), self.horizon.method, self.formulation,
            families=self.horizon.families, engine=engine, progress=False, **self.settings, **how,
        )  # fmt: skip
        return replace(schedule, data=_widened(schedule.data, data))

    def _held(self, data: xr.Dataset, former: xr.Dataset) -> Schedule:
        """Return the schedule of a window near a former plan."""
        near = Schedule(
            data=former, benefit={}, emissions=0.0, bound=np.nan, runtime=0.0, build_time=0.0,
            status="planned", method=self.horizon.method, formulation=self.formulation, solver="",
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnmatchedWarning)
            return self._apart(data, near=near, change_cost=self.change_cost)

    def starts(self, rest: xr.Dataset, data: xr.Dataset, first: int) -> np.ndarray:
        """Return what the policy starts, bool over (job, site, time) of a window's data.

        Parameters
        ----------
        rest : xarray.Dataset
            All that is believed, as `carbonsched.operate.sight.remaining` returns it.
        data : xarray.Dataset
            The window.
        first : int
            Its first period.

        Raises
        ------
        ValueError
            The policy starts what is not waiting, twice, or where it may not.
        """
        if self.policy is None:
            raise ValueError("there is no policy")
        seen = rest.isel(time=slice(0, data.sizes["time"]))
        jobs = {name: data[name] for name in ("allowed", "required", "release", "deadline")}
        window = over_labels(self.horizon, seen.assign(jobs), first)
        left = restricted(seen, self.horizon.method)
        used = (left.power_per_unit * split_evenly(left)).sum("service")
        room = (it_room(left) - used).transpose("site", "time").clip(min=0)
        room = room.isel(time=slice(0, window.data.sizes["time"]))
        room = room.assign_coords(time=window.data.indexes["time"])
        told = self.policy(window, room)
        return self._checked(told, window, data)

    def _checked(self, told: object, window: Instance, data: xr.Dataset) -> np.ndarray:
        """Return what a policy told over all jobs and the positions of a window."""
        given = window.data
        if not isinstance(told, xr.DataArray) or set(told.dims) != set(PLAN):
            raise ValueError(f"the policy returned {told!r:.80}: expected starts over {PLAN}")
        for dim in PLAN:
            strange = told.indexes[dim].difference(given.indexes[dim])
            if len(strange):
                raise ValueError(f"the policy starts {dim} {strange[0]}, which is not in sight")
        labels = {dim: given.indexes[dim] for dim in PLAN}
        starts = told.astype(int).reindex(labels).fillna(0).astype(bool).transpose(*PLAN)
        wrong = (starts & ~may_start(given)).any(["site", "time"])
        wrong = wrong | (starts.sum(["site", "time"]) > 1)
        if wrong.any():
            named = ", ".join(map(str, given.job.values[wrong.values]))
            raise ValueError(f"the policy starts {named} where it may not, or twice")
        whole = np.zeros([data.sizes[dim] for dim in PLAN], bool)
        which = data.indexes["job"].get_indexer(given.indexes["job"])
        whole[which, :, : given.sizes["time"]] = starts.values
        return whole


def in_sight(data: xr.Dataset) -> np.ndarray:
    """Return which jobs of a window may start in it, bool over jobs."""
    last = data.deadline.values - data.duration.values + 1
    there = data.allowed.any("site").values & (last >= data.release.values)
    return there | data.required.values


def with_starts(data: xr.Dataset, starts: np.ndarray, size: int) -> xr.Dataset:
    """Return a window's data in which some starts are decided, and no other but required ones.

    Their load is a service of its site, as that of jobs that run. What their tails emit after the
    window is taken off its budget.
    """
    power, length = data.power.values, data.duration.values
    load = np.zeros((data.sizes["site"], data.sizes["time"]))
    for job, site, at in np.argwhere(starts):
        load[site, at : at + length[job]] += power[job]
    demand = data.demand.copy(deep=True)
    demand.values[-data.sizes["site"] :, :size] += load[:, :size]
    rate = (data.step_hours * data.cooling * data.carbon_intensity).transpose("site", "time").values
    tails = float((rate * load)[:, size:].sum())
    decided = xr.DataArray(starts.any(axis=(1, 2)), {"job": data.job})
    left = data.required & ~decided
    return data.assign(
        demand=demand,
        allowed=(data.allowed & left).transpose("job", "site"),
        required=left,
        carbon_budget=(data.carbon_budget - tails).clip(min=0),
    )


def _widened(decided: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Return the decisions of jobs in sight over all jobs and all positions."""
    labels = {dim: data.indexes[dim] for dim in ("job", "time")}
    return decided.reindex(labels, fill_value=0)
