"""Rounds of column generation: the master's prices, the placements best at them, and again.

Each round prices every placement of every job at the duals of the restricted master, bounds the
optimum from those duals alone (`carbonsched.bounds.lagrangian`), and adds the best placements as
columns, until master and bound are close.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import xarray as xr

from carbonsched.columns.master import Master
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import may_start
from carbonsched.solver.hand_over import silence
from carbonsched.solver.settings import Settings

FIRST_PENALTY = 10.0  # for a required job without a placement: of what the dearest earns or costs
LAST_PENALTY = 50.0  # of what lies between the least and the most any schedule earns


def search_of(data: xr.Dataset, formulation: Formulation, settings: Settings) -> Search:
    """Return a search that knows nothing yet; its time runs from now.

    `data` is what a method leaves of an instance, tightened or not.
    """
    until = time.monotonic() + settings.time_limit
    data, settled = _decidable(data)
    penalty = FIRST_PENALTY * _dearest(data)
    with silence(True):
        master = Master(data, formulation, settings.time_limit, penalty)
    return Search(master, data, may_start(data), settings, settled, until)


def relax(search: Search, within: float, until: float, show: Callable[[], None]) -> None:
    """Add columns until the master is as near to the bound as asked, or lacks none, or it is late.

    Where required jobs are still without a placement the penalty is raised, once, beyond what any
    schedule can make good.

    Parameters
    ----------
    within : float
        Distance of the master's optimum from the bound at which to stop, of what the gap allows.
    until : float
        On the monotonic clock, s.
    """
    master, raised = search.master, False
    while True:
        value = master.value
        added = master.add(search.price())
        show()
        if search.done or (not master.lacking and search.bound - value <= within * search.allowed):
            return
        if not added:
            if raised or not master.lacking:
                return
            low, high = least_and_most(search.data)
            master.penalise(LAST_PENALTY * (high - low))
            raised = True
        if not solve_in_time(master, until - time.monotonic()):
            return


def solve_in_time(master: Master, seconds: float) -> bool:
    """Solve the master; return whether there was the time, and a solution."""
    try:
        return master.solve(seconds)
    except TimeoutError:
        return False


def _decidable(data: xr.Dataset) -> tuple[xr.Dataset, float]:
    """Return data without what every schedule earns, and how much that is, USD.

    It is the value of inference, all of which is served, and what required jobs earn.
    """
    net = (data.reward - data.startup_cost).where(data.required, 0.0)
    served = data.step_hours * (data.value * data.demand).sum()
    left = data.assign(value=xr.zeros_like(data.value), reward=data.reward - net)
    return left, float(net.sum() + served)


def _dearest(data: xr.Dataset) -> float:
    """Return more than a job's placement earns or costs by itself, USD."""
    price = max(float(np.abs(data[name]).max()) for name in ("import_price", "export_price"))
    energy = data.power * data.duration * data.step_hours * data.cooling.max() * price
    return float((np.abs(data.reward - data.startup_cost) + energy).max()) if len(energy) else 0.0


def least_and_most(data: xr.Dataset) -> tuple[float, float]:
    """Return benefits between which that of every schedule lies, USD."""
    power = np.abs(data.import_price) * data.import_limit
    power = power + np.abs(data.export_price) * data.export_limit
    power = power + data.generation_cost * data.generation_available
    moved = data.battery_cost + data.battery_value / data.discharge_efficiency
    power = power + moved * (data.charge_limit + data.discharge_limit)
    jobs = np.abs(data.reward - data.startup_cost).sum()
    hours, served = data.step_hours, (data.value * data.demand).sum()
    half = float(jobs + hours * power.sum()) + 1.0
    return float(hours * served) - half, float(hours * served) + half
