r"""The question of feasibility as one program, every limit a row with a slack.

**States and jobs that may be declined never decide feasibility.** An instance has a schedule
exactly if the program of this module has a solution: no jobs but the required ones, no export, and
no states of grid or battery.

*Proof.* Every other job may be declined by (8), and the program without them, export and states
asks less than (1)-(16) without them and export; so a solution of it, turned into one that never
charges and discharges at once, is a schedule. Conversely, take any point of (1)-(16), or of its
relaxation, even with fractions of jobs. Route as it does and run the required jobs as it does;
write :math:`n = p^{ch} - p^{dis}` for its net charging and :math:`P' \le P` for the facility power
of the inference and the required jobs alone, and go through the periods.
Where :math:`n > 0`, charge :math:`\min(n, P^{full})` with :math:`P^{full} = (\bar E - e'_{t-1}) /
(\Delta \eta^c)`; elsewhere discharge :math:`\min(-n, P')`. Neither passes its limit. As
:math:`\eta^c p^{ch} - p^{dis} / \eta^d` is at most :math:`\eta^c n` where :math:`n > 0` and at
most :math:`n / \eta^d` elsewhere, the new state of charge is never below the old one, nor above
:math:`\bar E`; so (13)-(15) hold, the final state too, and a reserve of every hour. By (4) import
and generation together were :math:`P + p^{exp} + n`; what is needed of them now is at least zero
and no more than that, so lower them: (4) and (5) hold, and (16), as no emission rate is negative.
Nothing is exported, and no battery charges and discharges at once. ∎

**Without required jobs this is a linear program**: integers never decide, an infeasible instance
has a proof in linear programming (Farkas), whatever the solver says of its integers. With required
jobs their placements are its binaries. If already its relaxation, over fractions of placements, is
infeasible, that proof is there as before; if only the integers are infeasible, no multipliers of
rows prove it, and the search for a conflict asks the mixed-integer program itself.

Limits lowered to what an optimum can use (`carbonsched.core.tighten`) never matter, as they leave
an optimum in reach. `energy_only` fixes its workload first, which is data here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import linopy
import numpy as np
import xarray as xr

from carbonsched.core.build import state
from carbonsched.core.families import FAMILIES, objective
from carbonsched.core.families.expressions import Model
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import open_routes
from carbonsched.core.schema import LIMITS

# The limits that can conflict, what is left out first if it can be first; the rows they set here.
ROWS = {
    name: limit.row or f"limit:{name}"
    for name, limit in sorted(LIMITS.items(), key=lambda item: item[1].spared)
    if limit.spared
}
# Those that bound a variable in the families: powers first, then states of charge.
_BOUNDS = sorted(
    (name for name, limit in LIMITS.items() if limit.variable and limit.spared),
    key=lambda name: LIMITS[name].variable == "soc",
)


@dataclass(frozen=True)
class Plan:
    """The workload that `energy_only` fixes before anything else.

    Attributes
    ----------
    job_power : xarray.DataArray
        IT power of jobs, MW over (site, time).
    split : bool
        Whether inference is split.
    undecided : tuple of str
        Jobs still to be placed.
    """

    job_power: xr.DataArray
    split: bool = True
    undecided: tuple[str, ...] = ()


def state_elastic(data: xr.Dataset, plan: Plan | None = None) -> linopy.Model:
    """State the families over data without limits, then every limit as a row with a slack.

    Parameters
    ----------
    data : xarray.Dataset
        As `carbonsched.core.tighten.restricted` returns it.
    plan : Plan, optional
        The fixed workload, for the method that has one.

    Returns
    -------
    linopy.Model
        The rows of the families, and `limit:*` for what is a bound there. Slacks are named
        `more_*` after their parameters; `opened` is a route beyond its latency limit, `start` a
        placement of a required job. No objective.
    """
    kept = data.required if plan is None else data.job.isin(plan.undecided)
    data = data.isel(job=np.flatnonzero(kept))
    bounds = {name: limit.side for name, limit in LIMITS.items() if limit.variable}
    named = {name: np.inf if side == "upper" else 0.0 for name, side in bounds.items()}
    named |= {"export_limit": 0.0, "import_price": 0.0, "export_price": 0.0}
    reachable = np.isfinite(data.latency)
    loose = {name: xr.full_like(data[name], value) for name, value in named.items()}
    loose["latency"] = xr.zeros_like(data.latency).where(reachable, np.inf)
    loose["latency_limit"] = xr.zeros_like(data.latency_limit)
    families = (*(f for f in FAMILIES if f is not objective.family), _Given(data, plan))
    return state(data.assign(loose), Formulation(), families)


class _Given(Family):
    """The last family: the limits of an instance as rows, each with the slack of its parameter."""

    name = "limit"

    def __init__(self, data: xr.Dataset, plan: Plan | None) -> None:
        self.data, self.plan = data, plan

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State the limits of grid, generation and battery, and loosen the rows that are there."""
        given = self.data
        for name in _BOUNDS:
            limit, lower = LIMITS[name], LIMITS[name].side == "lower"
            most = given[name] if lower else np.inf  # no limit is lowered below zero
            slack = self._slack(model, name, most) * (1 if lower else -1)
            rows = model[limit.variable] + slack
            right = given[name].broadcast_like(given.cooling).transpose("site", "time")
            model.add_constraints(rows, ">=" if lower else "<=", right, name=ROWS[name])
        if self.plan is not None:
            self._fix(model, self.plan.job_power)
        _loosen(model, "carbon:budget", lambda: -self._slack(model, "carbon_budget"))
        _loosen(model, "power:capacity", lambda: -self._slack(model, "it_capacity"))
        other = given.battery_final.where(given.battery_final != given.battery_initial, 0.0)
        if other.any():
            _loosen(model, "storage:final", lambda: 1 * self._slack(model, "battery_final", other))
        _loosen(model, "jobs:required", lambda: 1 * self._slack(model, "required", 1.0))
        if given.sizes["service"]:
            self._inference(model)
        model.add_objective(0 * model["generate"].sum())

    def _fix(self, model: Model, job_power: xr.DataArray) -> None:
        """Take the power of fixed jobs, MW, from what the other side of (2) and (4) offers."""
        given = self.data
        cooled = (given.cooling * job_power).transpose("site", "time")
        model.constraints["balance:power"].update(rhs=cooled)
        if "power:capacity" in model.constraints:
            room = (given.it_capacity - job_power).transpose("site", "time")
            model.constraints["power:capacity"].update(rhs=room)

    def _slack(
        self, model: linopy.Model, name: str, most: xr.DataArray | float = np.inf
    ) -> linopy.Variable:
        coords = over(self.data, *self.data[name].dims)
        return model.add_variables(lower=0, upper=most, coords=coords, name=f"more_{name}")

    def _inference(self, model: linopy.Model) -> None:
        """Let demand go unserved, and routes open beyond a latency limit, one at a time."""
        given, route = self.data, model["route"]
        near = open_routes(given)
        # Load that needs no power is shed only where nothing can serve it.
        matters = (given.power_per_unit > 0) | ~near.any("site")
        _loosen(
            model, "inference:demand",
            lambda: 1 * self._slack(model, "demand", given.demand.where(matters, 0.0)),
        )  # fmt: skip
        closed = ~near & np.isfinite(given.latency)
        if closed.any():
            coords = over(given, "service", "site")
            opened = model.add_variables(0, 1, coords=coords, mask=closed, name="opened")
            further = (given.latency - given.latency_limit).where(closed, 0.0)
            longer = self._slack(model, "latency_limit")
            model.add_constraints(longer - further * opened >= 0, name="limit:further", mask=closed)
            model.add_constraints(
                route - given.demand * opened <= 0, name=ROWS["latency_limit"], mask=closed
            )
        if self.plan is not None and self.plan.split:
            room = near * given.it_capacity
            share = (room / room.sum("site")).fillna(0.0)
            model.add_constraints(
                route - share * route.sum("site") == 0, name="workload:split", mask=near
            )


def _loosen(model: linopy.Model, name: str, term: Callable[[], linopy.LinearExpression]) -> None:
    """Add a slack to the left side of a row, if the families stated it."""
    if name in model.constraints:
        row = model.constraints[name]
        row.update(lhs=row.lhs + term())
