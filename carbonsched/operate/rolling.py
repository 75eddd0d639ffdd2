"""One step of a run: what is believed, what is planned, what is committed, and what came of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.first_fit import first_fit
from carbonsched.core.formulation import Formulation
from carbonsched.errors import CarbonschedError, InfeasibleError
from carbonsched.forecasts import Forecast
from carbonsched.front import explaining
from carbonsched.operate.beliefs import believed, servable
from carbonsched.operate.committed import accounted, with_committed
from carbonsched.operate.fallback import Fallback
from carbonsched.operate.horizon import Horizon
from carbonsched.operate.outlook import outlook_of
from carbonsched.operate.pacing import fallback_of
from carbonsched.operate.planning import Planner, with_starts
from carbonsched.operate.settle import AS_PLANNED, MISSED, overdue, settled, told
from carbonsched.operate.sight import over_labels, remaining, windows
from carbonsched.operate.standing import Standing, planned_data
from carbonsched.schedule import Schedule

CUT = "demand cut to what can be served"
_ENERGY = ("export", "import", "generation", "battery")
_OVER = 1e-6  # of a budget: less than that over it is a solver's tolerance


@dataclass(frozen=True)
class Planned:
    """A window as it is planned.

    Attributes
    ----------
    decided : xarray.Dataset
        Over positions of the window and what follows it, and all jobs.
    count : int
        Periods of the step.
    row : dict
        What the record says of it.
    """

    decided: xr.Dataset
    count: int
    row: dict[str, Any]


@dataclass(frozen=True)
class Rolling:
    """How a run goes from step to step.

    Attributes
    ----------
    horizon : Horizon
    formulation : Formulation
    planner : Planner
    forecast : callable, optional
        None where what is believed is what the instance says.
    settles : bool
        Whether what is planned may come otherwise, and is settled.
    outlook : int or None
        Periods after which prices and fallback are made anew; None for a run without prices.
    report : bool
        Report what is missed instead of raising.
    time_limit : float
        Seconds, for each program.
    """

    horizon: Horizon
    formulation: Formulation
    planner: Planner
    forecast: Forecast | None
    settles: bool
    outlook: int | None
    report: bool
    time_limit: float

    def steps(self, window: int, step: int, done: int) -> Iterator[tuple[int, int]]:
        """Yield the first period of each window to come and how many periods it commits.

        Where all is known the last window is committed whole.
        """
        periods = self.horizon.periods
        if self.settles or self.planner.policy is not None:
            for first in range(0, periods, step):
                if first >= done:
                    yield first, min(step, periods - first)
            return
        last = periods - window
        for first in sorted({*range(0, last, step), last}):
            if first >= done:
                yield first, window if first == last else min(step, last - first)

    # -- looking ahead ---------------------------------------------------------------------------

    def looking(self, standing: Standing, rest: xr.Dataset) -> Standing:
        """Return a standing whose prices and fallback are made anew if it is time to."""
        every = self.outlook or 24
        size = min(self.horizon.window, rest.sizes["time"])
        old = standing.looked < 0 or standing.first - standing.looked >= every
        if size == rest.sizes["time"]:
            return standing  # the window sees all: nothing comes after it
        if not old:
            waits = rest.deadline.values - rest.duration.values + 1 >= size
            falls_due = standing.fallback is not None and bool(
                (standing.fallback.due(size) & waits & rest.required.values).any()
            )
            if not falls_due:
                return standing
            return replace(standing, fallback=self._fallback(standing, rest, size))
        prices = None
        if self.outlook is not None:
            prices = outlook_of(
                self.horizon, rest, self.formulation, self.time_limit, standing.outlook
            )
        found = self._fallback(standing, rest, size)
        return replace(standing, outlook=prices, fallback=found, looked=standing.first)

    def _fallback(self, standing: Standing, rest: xr.Dataset, size: int) -> Fallback | None:
        """Return a fallback made anew, or the known one where that is known to hold and not this.

        A known one holds where all is known, so that it keeps the budget if it ever did.
        """
        found, known = fallback_of(self.horizon, rest, size, self.time_limit), standing.fallback
        if self.settles or known is None:
            return found
        if found is None or found.emitted.sum() > max(rest.carbon_budget, known.emitted.sum()):
            return known
        return found

    # -- planning --------------------------------------------------------------------------------

    def planned(self, standing: Standing, count: int) -> tuple[Standing, Planned]:
        """Return a window planned by what is believed now, and the standing it was planned from.

        `count` periods of it will be committed.

        Raises
        ------
        InfeasibleError
            It has no schedule, where all is known; its periods are told by the horizon's labels.
        """
        horizon, first = self.horizon, standing.first
        beliefs = believed(horizon, self.forecast, first)
        rest = remaining(horizon, standing.done, beliefs)
        size = min(horizon.window, rest.sizes["time"])
        standing = self.looking(standing, rest)
        schedule, data, let_go = self._first_plan(standing, rest)
        benefit, _ = accounted(horizon, beliefs, schedule.data, first, count)
        price = 0.0 if standing.outlook is None else standing.outlook.carbon_price
        notes = "; ".join(let_go)  # before what was cut is taken out
        row = {
            "issued": first,
            "ends": first + size - 1,
            "moved": self._moved(standing, rest, schedule.data),
            "cut": let_go.pop(CUT, 0.0),
            "carbon_cap": float(data.carbon_budget),
            "carbon_price": 0.0 if size == rest.sizes["time"] else price,
            "policy": notes,
            "planned_benefit": sum(benefit.values()),
            "believed_cost": -sum(benefit.get(term, 0.0) for term in _ENERGY),
        }
        standing = standing.spent(runtime=schedule.runtime, build_time=schedule.build_time)
        return standing, Planned(schedule.data, count, row)

    def _first_plan(
        self, standing: Standing, rest: xr.Dataset
    ) -> tuple[Schedule, xr.Dataset, dict[str, float]]:
        """Return the schedule of a window as strict as there is one, its data, what was let go.

        What was let go is told by name, demand that was cut with its MWh of IT.
        """
        size = min(self.horizon.window, rest.sizes["time"])
        let_go: dict[str, float] = {}
        asked = not self.settles
        while True:
            tried, why = None, ""
            for how, data in windows(
                self.horizon, rest, standing.outlook, standing.fallback, lenient=self.settles
            ):
                tried = data
                try:
                    schedule = self._solved(standing, rest, data)
                    return schedule, data, {**let_go, **({how: 0.0} if how else {})}
                except InfeasibleError as error:
                    why = str(error)
                except CarbonschedError as error:
                    begins = self._label(standing.first)
                    error.add_note(f"in the window from {begins}, its periods counted from 0")
                    raise
                if not asked:
                    break
            if asked:
                raise self._no_schedule(standing, tried, why)
            asked = True
            rest, cut = servable(self.horizon, rest, size, self.time_limit)
            if cut:
                let_go[CUT] = cut

    def _solved(self, standing: Standing, rest: xr.Dataset, data: xr.Dataset) -> Schedule:
        """Return the schedule of a window, its jobs started by the policy if there is one."""
        planner, horizon = self.planner, self.horizon
        size = min(horizon.window, rest.sizes["time"])
        former = self._former(standing)
        if planner.policy is None or not data.sizes["job"]:
            return planner.plan(data, former)
        starts = planner.starts(rest, data, standing.first)
        schedule = planner.plan(with_starts(data, starts, size), None)
        start = schedule.data.start.transpose("job", "site", "time")
        both = start.copy(data=np.maximum(start.values, starts.astype(start.dtype)))
        return replace(schedule, data=schedule.data.assign(start=both))

    def _former(self, standing: Standing) -> xr.Dataset | None:
        """Return the plan before over positions of the window to come."""
        if standing.former is None or not standing.rows:
            return None
        count = int(standing.rows[-1]["periods"])
        former = standing.former
        return former.assign_coords(time=former.time.values - count)

    def _moved(self, standing: Standing, rest: xr.Dataset, decided: xr.Dataset) -> int:
        """Return how many jobs that wait are planned otherwise than before, where both plans say.

        A job newly planned in periods that the former plan did not see has not been moved.
        """
        former = self._former(standing)
        if former is None or not decided.sizes["job"]:
            return 0
        waiting = rest.allowed.any("site").values
        then = former.start.transpose("job", "site", "time")
        then = then.isel(time=np.flatnonzero(then.time.values >= 0)).values > 0.5
        now = decided.start.transpose("job", "site", "time").values[..., : then.shape[2]] > 0.5
        return int(((then != now).any(axis=(1, 2)) & waiting).sum())

    def _label(self, at: int) -> object:
        return self.horizon.given.data.indexes["time"][at]

    def _no_schedule(
        self, standing: Standing, data: xr.Dataset | None, why: str
    ) -> InfeasibleError:
        """Return the error of a window without schedule, told by the horizon's labels."""
        horizon, first = self.horizon, standing.first
        last = min(first + horizon.window, horizon.periods) - 1
        window = f"the window from {self._label(first)} to {self._label(last)}"
        if data is None:
            return InfeasibleError(f"{window} has no schedule")
        labelled = over_labels(horizon, data, first)
        if not horizon.chooses:
            try:
                first_fit(labelled)
            except InfeasibleError as error:
                why = str(error)  # by the horizon's labels
        left = float(labelled.data.carbon_budget)
        told = f" with {left:.6g} tCO2e left of the budget" if np.isfinite(left) else ""
        try:
            with explaining(labelled, horizon.method, families=horizon.families):
                raise InfeasibleError(f"{window} has no schedule{told}: {why}")
        except InfeasibleError as error:
            return error

    # -- settling --------------------------------------------------------------------------------

    def committed(self, standing: Standing, planned: Planned) -> Standing:
        """Return the standing after a step whose periods have happened.

        Raises
        ------
        InfeasibleError
            Not all could be served, or the budget is overrun, and that is not to be reported.
        """
        horizon, first, count = self.horizon, standing.first, planned.count
        decided, how = planned.decided, AS_PLANNED
        if self.settles:
            came = settled(
                horizon, standing.done, decided, count, standing.outlook, self.time_limit
            )
            settled_part, how = came.decided, came.how
            if how == MISSED and not self.report:
                times = self._label(first), self._label(first + count - 1)
                raise InfeasibleError(
                    f"what is committed from {times[0]} to {times[1]} cannot be served: "
                    f"{told(settled_part, horizon, first)}; on_breach='report' goes on"
                )
        else:
            settled_part = decided.isel(time=slice(count))
        row = self._accounted(settled_part, first, count)
        done = with_committed(horizon, standing.done, settled_part, count, row["emissions"])
        budget = float(horizon.given.data.carbon_budget)
        left = budget - float(done.emitted)
        over = -left if horizon.method.carbon == "budget" else 0.0
        if over > _OVER * budget and not self.report and self.settles:
            raise InfeasibleError(
                f"by the end of {self._label(first + count - 1)} emissions are {over:.4g} tCO2e "
                "over the budget; on_breach='report' goes on"
            )
        notes = [planned.row["policy"], how if how != AS_PLANNED else ""]
        row = {**planned.row, **row, "carbon_left": left, "policy": "; ".join(filter(None, notes))}
        placed = self._placed(decided, count)
        size = min(horizon.window, horizon.periods - first)
        fallback, outlook = standing.fallback, standing.outlook
        return replace(
            standing,
            done=done,
            fallback=None if fallback is None else fallback.step(placed, size, count),
            outlook=None if outlook is None else outlook.after(count),
            former=planned_data(decided, horizon, size),
            rows=[*standing.rows, row],
        )

    def _placed(self, decided: xr.Dataset, count: int) -> dict[int, tuple[int, int]]:
        starts = decided.start.transpose("job", "site", "time").values[..., :count]
        return {int(j): (int(i), int(t)) for j, i, t in np.argwhere(starts > 0.5)}

    def _accounted(self, came: xr.Dataset, first: int, count: int) -> dict[str, Any]:
        """Return what a step did, in money, tonnes and jobs."""
        horizon = self.horizon
        benefit, emitted = accounted(horizon, horizon.whole, came, first, count)
        own = came.get("unserved")
        over = came.get("overdrawn")
        hours = float(horizon.given.data.step_hours)
        return {
            "periods": count,
            "placed": len(self._placed(came, count)),
            "settled_benefit": sum(benefit.values()),
            "true_cost": -sum(benefit.get(term, 0.0) for term in _ENERGY),
            "emissions": emitted,
            "unserved": 0.0 if own is None else overdue(own, horizon),
            "overdrawn": 0.0 if over is None else hours * float(over.sum()),
        }

    def step(self, standing: Standing, count: int) -> Standing:
        """Return the standing after the next step: planned, committed and settled."""
        begun = time.perf_counter()
        with warnings.catch_warnings():  # linopy fixes values rounded, which may pass a bound
            warnings.filterwarnings("ignore", message="Fix values", category=UserWarning)
            standing, planned = self.planned(standing, count)
            standing = self.committed(standing, planned)
        standing.rows[-1]["seconds"] = time.perf_counter() - begun
        return standing
