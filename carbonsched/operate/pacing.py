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

Tails of due jobs that the fallback feeds from a battery are fed so again. A window counts what is
freed as generation, so that where generation emits it may find the fallback's own decisions too
dirty by as much. Then what is due starts as in the fallback, which uses what it has freed, and by
what is counted too much the window may count more.

Two things are outside of this: jobs that become known later, and what an added family asks of the
periods after a window. It holds to the tolerances of the solver.

A required job waits for as long as a fallback allows it to: it is due where the fallback starts it,
and the fallback starts it after the window if it can.
"""

from __future__ import annotations

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
from carbonsched.operate.fallback import Fallback
from carbonsched.operate.horizon import Horizon
from carbonsched.solver.decisions import read_decisions, solution_of
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

_IDLE = 1e-7  # of the dirtiest MWh: what moving one through a battery counts
_GAP = 1e-8


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
        derived(data, horizon.given.extra), solution_of(model), added(horizon.families)
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
