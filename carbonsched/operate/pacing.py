r"""The fallback: a way to the end that is always left open, and how a budget is paced by it.

A window may use what leaves the rest feasible. So that this is known, and not hoped, a fallback is
kept: a schedule of all that remains with running and required jobs only, of least emissions. Of the
periods after a window at :math:`\tau` it says what they emit, :math:`\sum_{s \ge \tau} \epsilon_s`,
how full the batteries must be at :math:`\tau`, and what room it takes.

**Pacing.** With :math:`B` left of the budget a window may emit, tails of its jobs included,

.. math:: B - \sum_{s \ge \tau} \epsilon_s .

**Proof.** That with perfect forecasts and a feasible whole no window is without a schedule, and the
budget is never broken. Say a fallback is known, that is, decisions for all remaining periods which
keep every row and whose emissions are at most :math:`B`; at the start there is one, as the whole is
feasible, and of required jobs those that start before :math:`\tau` are due in the window.

1. The window has a schedule: the fallback's own decisions before :math:`\tau`. They end with
   batteries at least as full as `needed`, and their tails fit, as the tails of jobs that are due
   are taken out of what the fallback takes after :math:`\tau`.
2. Whatever schedule the window takes, it can be gone on with. After :math:`\tau` the fallback's
   decisions hold, with the tails beside them: their IT power is within the capacity that is left,
   and is fed by generation and import that are left, which emit what has been counted. The
   batteries do as in the fallback: `needed` is by how much they must be filled for that, period by
   period. One that is fuller charges less where it would be too full, which lowers generation or
   import. So what is committed, what is planned and the fallback after :math:`\tau` are a fallback
   of the next step, and their emissions are at most :math:`B`.
3. A fallback that is solved anew emits no more than one that is known, to the solver's gap.

Tails of due jobs that the fallback feeds from a battery are fed so again: what is freed counts as
generation. Three things are outside of this: jobs that become known later, what an added family
asks of the periods after a window, and such freed energy where generation emits, as it is counted
as if it did. It holds to the tolerances of the solver.

A required job waits for as long as a fallback allows it to: it is due where the fallback starts it,
and the fallback starts it after the window if it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy.objective import Objective

from carbonsched.core.build import added, build
from carbonsched.core.families.expressions import Model, expression, polluting
from carbonsched.core.family import accounts
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.instance import derived
from carbonsched.core.tighten import restricted
from carbonsched.errors import CarbonschedError
from carbonsched.operate.horizon import Horizon
from carbonsched.solver.decisions import read_decisions
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

_ARRAYS = (
    "it_power",
    "bought",
    "generated",
    "clean",
    "freed",
    "soc",
    "emitted",
    "cooling",
    "rates",
)
_IDLE = 1e-7  # of the dirtiest MWh: what moving one through a battery counts
_GAP = 1e-8


@dataclass(frozen=True)
class Fallback:
    """A schedule of all that remains, of least emissions; arrays over (site, periods from now).

    Attributes
    ----------
    it_power, bought, generated : numpy.ndarray
        MW.
    clean : numpy.ndarray
        Generation there is, MW, where it is no dirtier than import.
    freed : numpy.ndarray
        MW from batteries that fed a job which has been taken out.
    soc : numpy.ndarray
        MWh that a battery needs at least when the period begins.
    emitted : numpy.ndarray
        tCO2e.
    rates : numpy.ndarray
        tCO2e per MW and period of import and of generation, over (2, site, time).
    cooling : numpy.ndarray
    start, site : numpy.ndarray
        Where it starts each required job that waits, over jobs; -1 where it starts none.
    power, duration : numpy.ndarray
        Of jobs.
    """

    it_power: np.ndarray
    bought: np.ndarray
    generated: np.ndarray
    clean: np.ndarray
    freed: np.ndarray
    soc: np.ndarray
    emitted: np.ndarray
    cooling: np.ndarray
    rates: np.ndarray
    start: np.ndarray
    site: np.ndarray
    power: np.ndarray
    duration: np.ndarray

    def due(self, size: int) -> np.ndarray:
        """Return which jobs it starts in the window, bool over jobs."""
        return (self.start >= 0) & (self.start < size)

    def needed(self, size: int) -> np.ndarray:
        """Return how full batteries must be when a window has ended, MWh over sites."""
        return self.soc[:, size]

    def emitted_from(self, size: int) -> float:
        """Return what it emits after a window, without the tails of what is due in it, tCO2e."""
        return float(self._without(self.due(size)).emitted[:, size:].sum())

    def after(self, size: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return IT power and import that it takes beside what is due, and clean power it leaves.

        MW over (site, periods from now), of `count` periods.
        """
        left = self._without(self.due(size))
        spare = (left.clean - left.generated).clip(min=0) + left.freed
        return left.it_power[:, :count], left.bought[:, :count], spare[:, :count]

    def _without(self, jobs: np.ndarray) -> Fallback:
        """Return the same without some of the jobs that it starts."""
        if not jobs.any():
            return self
        left = {name: getattr(self, name).copy() for name in _ARRAYS}
        for job in np.flatnonzero(jobs):
            at = slice(self.start[job], self.start[job] + self.duration[job])
            _take(left, self.site[job], at, self.power[job])
        start = np.where(jobs, -1, self.start)
        return replace(self, **left, start=start)

    def step(self, placed: dict[int, tuple[int, int]], size: int, count: int) -> Fallback:
        """Return what is left of it when a step is committed.

        Parameters
        ----------
        placed : dict of int to tuple of int
            Site and period of the jobs that start in the step.
        size : int
            Periods of the window.
        count : int
            Periods of the step.
        """
        gone = np.zeros(len(self.start), bool)
        gone[list(placed)] = True
        left = self._without(gone & (self.start >= 0))
        arrays = {name: getattr(left, name).copy() for name in _ARRAYS}
        for job, (site, begin) in placed.items():
            at = slice(max(begin, size), begin + self.duration[job])
            _add(arrays, site, at, self.power[job])
        arrays = {name: array[..., count:] for name, array in arrays.items()}
        start = np.where(left.start >= 0, left.start - count, -1)
        return replace(left, **arrays, start=np.maximum(start, -1))

    def stored_as(self, first: int, periods: int) -> xr.Dataset:
        """Return the same to keep in a file, over all periods of the horizon."""
        arrays: dict[str, Any] = {}
        for name in _ARRAYS:
            array = getattr(self, name)
            length = periods + (name == "soc")
            whole = np.zeros((*array.shape[:-1], length))
            whole[..., first:] = array
            dims = ("site", "ahead_soc" if name == "soc" else "ahead")
            arrays[f"fallback_{name}"] = (dims if name != "rates" else ("kind", *dims), whole)
        start = np.where(self.start >= 0, self.start + first, -1)
        arrays["fallback_start"] = ("job", start)
        arrays["fallback_site"] = ("job", self.site)
        return xr.Dataset(arrays)


def _take(arrays: dict[str, np.ndarray], site: int, at: slice, power: float) -> None:
    """Take a job's power out of what is taken, in place."""
    cooled = arrays["cooling"][site, at] * power
    bought = np.minimum(cooled, arrays["bought"][site, at])
    generated = np.minimum(cooled - bought, arrays["generated"][site, at]).clip(min=0)
    arrays["it_power"][site, at] -= power
    arrays["bought"][site, at] -= bought
    arrays["generated"][site, at] -= generated
    arrays["freed"][site, at] += (cooled - bought - generated).clip(min=0)
    rates = arrays["rates"][:, site, at]
    arrays["emitted"][site, at] -= rates[0] * bought + rates[1] * generated


def _add(arrays: dict[str, np.ndarray], site: int, at: slice, power: float) -> None:
    """Add a job's power to what is taken, in place: what is freed first, then what is clean."""
    needed = arrays["cooling"][site, at] * power
    freed = np.minimum(needed, arrays["freed"][site, at])
    arrays["freed"][site, at] -= freed
    cooled = needed - freed
    spare = (arrays["clean"] - arrays["generated"])[site, at].clip(min=0)
    generated = np.minimum(cooled, spare)
    arrays["it_power"][site, at] += power
    arrays["bought"][site, at] += cooled - generated
    arrays["generated"][site, at] += generated
    rates = arrays["rates"][:, site, at]
    arrays["emitted"][site, at] += rates[0] * (cooled - generated) + rates[1] * generated


def read_fallback(kept: xr.Dataset, horizon: Horizon, first: int) -> Fallback | None:
    """Return a fallback that was kept, from a period on; None if there was none."""
    if "fallback_start" not in kept:
        return None
    arrays = {}
    for name in _ARRAYS:
        last = "ahead_soc" if name == "soc" else "ahead"
        array = kept[f"fallback_{name}"].transpose(..., "site", last)
        arrays[name] = array.values[..., first:]
    start = kept.fallback_start.values.astype(int)
    return Fallback(
        **arrays,
        start=np.where(start >= 0, start - first, -1),
        site=kept.fallback_site.values.astype(int),
        power=horizon.whole.power.values,
        duration=horizon.whole.duration.values,
    )


def fallback_of(
    horizon: Horizon, rest: xr.Dataset, size: int, time_limit: float
) -> Fallback | None:
    """Return the fallback of all that remains, or None if none is found.

    Required jobs start after the window of `size` periods if that is feasible and the budget
    allows it.
    """
    latest = rest.deadline.values - rest.duration.values + 1
    waits = rest.required.values & (latest >= size)
    if waits.any():
        later = rest.release.copy(
            data=np.where(waits, np.maximum(rest.release.values, size), rest.release.values)
        )
        found = _least(horizon, rest.assign(release=later), time_limit)
        if found is not None and found.emitted.sum() <= float(rest.carbon_budget):
            return found
    return _least(horizon, rest, time_limit)


def _least(horizon: Horizon, rest: xr.Dataset, time_limit: float) -> Fallback | None:
    """Return the schedule of least emissions with required jobs only, None if there is none."""
    data = _of_emissions(rest)
    try:
        model = build(
            derived(data, horizon.given.extra), FORMULATIONS["start"], method=horizon.method,
            families=horizon.families,
        )  # fmt: skip
        _minimise_emissions(model, data)
        result = run_solver(model, Settings(gap=_GAP, time_limit=time_limit, progress=False))
    except CarbonschedError:
        return None
    if str(result.status.termination_condition) not in ("optimal", "time_limit"):
        return None
    if model.status not in ("ok", "warning") or "solution" not in model["generate"].data:
        return None
    decided = read_decisions(
        derived(data, horizon.given.extra), model.solution, added(horizon.families)
    )
    return _read(horizon, rest, data, decided)


def _of_emissions(rest: xr.Dataset) -> xr.Dataset:
    """Return the data of a schedule of least emissions: no prices, no budget, required jobs only.

    With these prices nothing needs a state.
    """
    none = xr.zeros_like
    data = rest.assign(
        import_price=rest.carbon_intensity,
        export_price=none(rest.export_price),
        battery_value=none(rest.battery_value),
        carbon_budget=xr.full_like(rest.carbon_budget, np.inf),
    )
    return data.isel(job=np.flatnonzero(rest.required.values))


def _minimise_emissions(model: Model, data: xr.Dataset) -> None:
    """Let a model emit the least, and of that move the least through batteries."""
    dirty = float(max(data.carbon_intensity.max(), data.generation_carbon.max())) or 1.0
    idle = _IDLE * dirty * float(data.step_hours)
    with linopy.options as options:
        options["semantics"] = "v1"
        emitted = [(-unit, of) for unit, of in polluting(model.families, data, model)]
        emitted += [(-idle, model[name]) for name in ("charge", "discharge")]
        model.objective = Objective(expression(model, emitted, ()), model, "max")
    model.settled = []


def _read(horizon: Horizon, rest: xr.Dataset, data: xr.Dataset, decided: xr.Dataset) -> Fallback:
    order = ("site", "time")

    def of(array: xr.DataArray) -> np.ndarray:
        return array.broadcast_like(data.cooling).transpose(*order).values.astype(float)

    _, emissions = accounts(horizon.families, data, decided)
    emitted = emissions.sum([dim for dim in emissions.dims if dim not in order])
    spread = emitted if "time" in emitted.dims else emitted * (data.time == data.time[-1])
    if "site" not in spread.dims:
        spread = spread * (data.site == data.site.values[0])
    hours = float(data.step_hours)
    rates = hours * np.stack([of(rest.carbon_intensity), of(rest.generation_carbon)])
    jobs = rest.sizes["job"]
    start, site = np.full(jobs, -1), np.full(jobs, -1)
    position = {label: k for k, label in enumerate(rest.job.values)}
    placed = decided.start.transpose("job", *order).values
    for job, at, begin in np.argwhere(placed > 0.5):
        which = position[data.job.values[job]]
        start[which], site[which] = begin, at
    return Fallback(
        it_power=of(decided.it_power),
        bought=of(decided.grid_import),
        generated=of(decided.generate),
        clean=np.where(
            rates[1] <= rates[0], of(restricted(data, horizon.method).generation_available), 0.0
        ),
        freed=np.zeros(of(data.cooling).shape),
        soc=_needed(data, decided),
        emitted=of(spread),
        cooling=of(data.cooling),
        rates=rates,
        start=start,
        site=site,
        power=rest.power.values,
        duration=rest.duration.values,
    )


def _needed(data: xr.Dataset, decided: xr.Dataset) -> np.ndarray:
    """Return the least charge when each period begins, and at the end, for its powers to come."""
    order = ("site", "time")
    hours = float(data.step_hours)
    gained = hours * (
        data.charge_efficiency * decided.charge - decided.discharge / data.discharge_efficiency
    )
    change = gained.transpose(*order).values
    reserve = data.battery_min.broadcast_like(data.cooling).transpose(*order).values
    most = data.battery_energy.broadcast_like(data.cooling).transpose(*order).values
    need = np.zeros((change.shape[0], change.shape[1] + 1))
    need[:, -1] = data.battery_final.values
    for at in range(change.shape[1] - 1, -1, -1):
        end = np.maximum(need[:, at + 1], reserve[:, at])
        need[:, at] = np.minimum(end - change[:, at], most[:, at])
    return need.clip(min=0)
