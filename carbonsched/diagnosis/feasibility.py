r"""The question of feasibility as one linear program, every limit a row with a slack.

**Integers never decide feasibility.** An instance has a schedule exactly if the linear program of
this module has a solution: no jobs, no export, and no states of grid or battery.

*Proof.* Every job may be declined by (8), and the program without jobs, export and states asks less
than (1)-(16) without jobs and export; so a solution of it, turned into one that never charges and
discharges at once, is a schedule. Conversely, take any point of the relaxation of (1)-(16), even
with fractions of jobs. Route as it does; write :math:`n = p^{ch} - p^{dis}` for its net charging
and :math:`P' \le P` for the facility power of the inference alone, and go through the periods.
Where :math:`n > 0`, charge :math:`\min(n, P^{full})` with :math:`P^{full} = (\bar E - e'_{t-1}) /
(\Delta \eta^c)`; elsewhere discharge :math:`\min(-n, P')`. Neither passes its limit. As
:math:`\eta^c p^{ch} - p^{dis} / \eta^d` is at most :math:`\eta^c n` where :math:`n > 0` and at
most :math:`n / \eta^d` elsewhere, the new state of charge is never below the old one, nor above
:math:`\bar E`; so (13)-(15) hold, the final state too. By (4) import and generation together were
:math:`P + p^{exp} + n`; what is needed of them now is at least zero and no more than that, so lower
them: (4) and (5) hold, and (16), as no emission rate is negative. Nothing is exported, and no
battery charges and discharges at once. ∎

So an infeasible instance has a proof in linear programming, whatever the solver says of its
integers; and limits lowered to what an optimum can use (`carbonsched.core.tighten`) never matter,
as they leave an optimum in reach. `energy_only` fixes its workload first, which is data here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import linopy
import numpy as np
import xarray as xr

from carbonsched.core.build import state
from carbonsched.core.families import FAMILIES, objective
from carbonsched.core.families.expressions import Model, contribute
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import open_routes

# The limits that are bounds of variables in the families, and rows here: variable, sense.
BOUNDS = {
    "import_limit": ("grid_import", "<="),
    "generation_available": ("generate", "<="),
    "charge_limit": ("charge", "<="),
    "discharge_limit": ("discharge", "<="),
    "battery_energy": ("soc", "<="),
    "battery_min": ("soc", ">="),
}


@dataclass(frozen=True)
class Plan:
    """What `energy_only` fixes: IT power of jobs, MW (site, time); whether inference is split."""

    job_power: xr.DataArray
    split: bool = True


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
        `more_*` after their parameters; `opened` is a route beyond its latency limit. No objective.
    """
    named = dict.fromkeys((n for n, (_, sense) in BOUNDS.items() if sense == "<="), np.inf)
    named |= {"battery_min": 0.0, "export_limit": 0.0, "import_price": 0.0, "export_price": 0.0}
    reachable = np.isfinite(data.latency)
    loose = {name: xr.full_like(data[name], value) for name, value in named.items()}
    loose["latency"] = xr.zeros_like(data.latency).where(reachable, np.inf)
    loose["latency_limit"] = xr.zeros_like(data.latency_limit)
    families = (*(f for f in FAMILIES if f is not objective.family), _Given(data, plan))
    return state(data.isel(job=slice(0)).assign(loose), Formulation(), families)


class _Given(Family):
    """The last family: the limits of an instance as rows, each with the slack of its parameter."""

    def __init__(self, data: xr.Dataset, plan: Plan | None) -> None:
        self.data, self.plan = data, plan

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Add the power of fixed jobs."""
        if self.plan is not None:
            fixed = {"lower": self.plan.job_power, "upper": self.plan.job_power}
            power = model.add_variables(
                **fixed, coords=over(data, "site", "time"), name="job_power"
            )
            contribute(model, "it_load", power)

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State the limits of grid, generation and battery, and loosen the rows that are there."""
        given = self.data
        for name, (variable, sense) in BOUNDS.items():
            most = np.inf if sense == "<=" else given[name]  # no limit is lowered below zero
            slack = self._slack(model, name, most) * (-1 if sense == "<=" else 1)
            rows = model[variable] + slack
            model.add_constraints(rows, sense, self._over_time(name), name=f"limit:{name}")
        _loosen(model, "carbon:budget", lambda: -self._slack(model, "carbon_budget"))
        _loosen(model, "power:capacity", lambda: -self._slack(model, "it_capacity"))
        if given.sizes["service"]:
            self._inference(model)
        model.add_objective(0 * model["generate"].sum())

    def _over_time(self, name: str) -> xr.DataArray:
        shape = self.data.cooling
        return self.data[name].broadcast_like(shape).transpose("site", "time")

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
                route - given.demand * opened <= 0, name="limit:latency", mask=closed
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
