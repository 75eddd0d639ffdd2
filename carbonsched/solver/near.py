r"""A former plan to stay near: what a change of it costs, and which of equal plans changes least.

A job that is elsewhere than in the former plan, newly declined or newly accepted, costs
:math:`c`, `change_cost`, so that what is maximised is (1) less :math:`c` for each. With
:math:`\bar u_j` for the start of job :math:`j` at its former place, or 0 if it was declined,

.. math:: \chi_j \ge 1 - \bar u_j \quad \text{(it ran)}, \qquad
          \chi_j \ge \textstyle\sum_{it} u_{jit} \quad \text{(it was declined)}.

A schedule of (1) earns at most the bound of that and :math:`c` for every job that may change.

Energy flows and routes are one more change: they are made if the best dispatch of the chosen
workload earns more than :math:`c` beyond the nearest, else the nearest is taken; and of dispatches
that earn the same, to a millionth of the turnover, it is the nearest in any case. The nearest has
the least sum of differences in generation, import, export, charge and discharge, and in the energy
of what is routed, MWh.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.families.expressions import Model, Pair, require
from carbonsched.core.family import Family, Row, over
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.reach import may_start
from carbonsched.core.schema import Quantity
from carbonsched.errors import UnmatchedWarning
from carbonsched.period import length_of
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import FLOWS

_SHOWN = 3
_WEIGHTLESS = 1e-6  # MWh by which a unit counts that takes no energy
_CHANGED = Quantity("changed", ("job",), "1", meaning="the job is not as in the former plan")


@dataclass(frozen=True)
class Former:
    """What a former plan says of an instance, by the labels that both have.

    Attributes
    ----------
    start : xarray.DataArray
        Where each job was, bool over (job, site, time); one that was running already is there in
        the first period.
    declined : xarray.DataArray
        Which jobs the plan declined and need not run, bool over (job).
    flows : xarray.Dataset
        Generation, trade, charge, discharge and routes; not a number where it says nothing.
    """

    start: xr.DataArray
    declined: xr.DataArray
    flows: xr.Dataset

    @property
    def held(self) -> xr.DataArray:
        """Which jobs can be as they were, bool over (job)."""
        return self.start.any(["site", "time"]) | self.declined

    def changed(self, start: xr.DataArray) -> xr.DataArray:
        """Return which of these jobs are not as they were, by the starts of a plan."""
        runs = start.any(["site", "time"])
        there = (self.start & (start > 0)).any(["site", "time"])
        return (self.held & xr.where(self.declined, runs, ~there)).transpose("job")

    def back(self, start: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
        """Return the least and the most of each start, where a job may go back to its place."""
        changed = self.changed(start)
        least = start.where(~changed, 0)
        return least, start.where(~(self.start & changed), 1)


def former_of(plan: Schedule, instance: Instance) -> Former:
    """Return what a former plan says of an instance, matched by label.

    Warns
    -----
    UnmatchedWarning
        Of jobs, sites and services that only one has, jobs that are gone though the former plan has
        them running in a period of the instance, and jobs that cannot be where they were.

    Raises
    ------
    ValueError
        They have no site or no period in common, or periods of another kind or length.
    """
    given, then = instance.data, plan.data
    _require_alike(given, then)
    labels = {dim: given.indexes[dim] for dim in ("job", "site", "time")}
    start = then.start.astype(bool).reindex(labels, fill_value=False)
    first = labels["time"][0]
    if first in then.indexes["time"]:  # what had begun before goes on from the first period
        running = then.run.sel(time=first, drop=True).astype(bool)
        start.loc[{"time": first}] |= running.reindex(
            {dim: labels[dim] for dim in ("job", "site")}, fill_value=False
        )
    ran = then.run.sel(time=then.time >= first).any(["site", "time"])
    ran = ran.reindex(job=labels["job"], fill_value=False)
    listed = xr.DataArray(labels["job"].isin(then.indexes["job"]), {"job": labels["job"]})
    started = then.start.astype(bool).any(["site", "time"])
    none = ~started.reindex(job=labels["job"], fill_value=True)
    start = (start & may_start(given)).transpose("job", "site", "time")
    astray = ran & ~start.any(["site", "time"])
    names = (*FLOWS, "route")
    along = {dim: given.indexes[dim] for dim in ("service", "site", "time")}
    flows = {
        name: then[name].astype(float).reindex({d: along[str(d)] for d in then[name].dims})
        for name in names
    }
    if told := "; ".join(_told(given, then, given.job.values[astray.values])):
        warnings.warn(f"near: {told}", UnmatchedWarning, stacklevel=4)
    return Former(start, (listed & none & ~given.required).transpose("job"), xr.Dataset(flows))


def _require_alike(given: xr.Dataset, then: xr.Dataset) -> None:
    """Raise ValueError unless a former plan has periods of the same kind and sites of the same."""
    now, before = given.indexes["time"], then.indexes["time"]
    if (now.dtype.kind == "M") != (before.dtype.kind == "M"):
        raise ValueError("near: one plan has timestamps, the other numbers for its periods")
    if now.dtype.kind == "M" and len(before) > 1:
        apart = (before[1] - before[0]).total_seconds() / 3600
        if not math.isclose(apart, hours := given.step_hours.item(), rel_tol=1e-6):
            raise ValueError(f"near: its periods are of {apart:g} h, the instance's of {hours:g} h")
    for dim in ("site", "time"):
        if not given.indexes[dim].isin(then.indexes[dim]).any():
            word = {"site": "site", "time": "period"}[dim]
            raise ValueError(f"near: no {word} of the instance is in the former plan")


def _told(given: xr.Dataset, then: xr.Dataset, astray: np.ndarray) -> Iterator[str]:
    """Say which labels only one of two has, and which jobs cannot be where they were."""
    for dim in ("job", "site", "service"):
        now, before = given.indexes[dim], then.indexes[dim]
        for labels, how in ((now[~now.isin(before)], "new"), (before[~before.isin(now)], "gone")):
            if len(labels):
                yield f"{dim} {_listed(labels)}: {how}"
            if dim == "job" and how == "gone":
                yield from _still_there(given, then, labels)
    if len(astray):
        yield f"job {_listed(astray)}: cannot be where it was"


def _still_there(given: xr.Dataset, then: xr.Dataset, gone: pd.Index) -> Iterator[str]:
    """Say of jobs that are gone which the former plan has running in the instance's periods."""
    first, times = given.indexes["time"][0], then.indexes["time"]
    run = then.run.sel(job=gone).astype(bool).any("site").transpose("job", "time").values
    under_way, planned = list[str](), list[str]()
    for job, runs in zip(gone, run, strict=True):
        periods = times[runs]
        if not len(periods) or periods[-1] < first:
            continue
        if periods[0] < first:
            under_way.append(f"{job} until {_end(periods[-1], given)}")
        else:
            planned.append(f"{job} from {_instant(periods[0])} until {_end(periods[-1], given)}")
    if under_way:
        yield (
            f"job {_listed(under_way)}: still running in the former plan: give it as a job that is "
            "already running (carbonsched.already_running), its power is not counted"
        )
    if planned:
        yield (
            f"job {_listed(planned)}: planned in the former plan: give it again if it is to run, "
            "its power is not counted"
        )


def _instant(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if isinstance(at, pd.Timestamp) else f"period {at}"


def _end(last: Any, given: xr.Dataset) -> str:
    """Return when a job ends whose last period is this one."""
    if isinstance(last, pd.Timestamp):
        return _instant(last + length_of(given.step_hours.item()))
    return f"the end of {_instant(last)}"


def _listed(labels: Iterable[object]) -> str:
    names = [str(label) for label in labels]
    return ", ".join(names[:_SHOWN]) + f" and {len(names) - _SHOWN} more" * (len(names) > _SHOWN)


class Hold(Family):
    """What a change of a former plan costs, and how far the flows of a plan are from it.

    Parameters
    ----------
    former : Former
    change_cost : float
        Of each job, USD.
    """

    name = "near"
    # A plan that buys and sells at once, or charges and discharges, is no nearer to one that does
    # not: what limits and states leave out is never the nearest.
    keeps_shortcuts = True

    def __init__(self, former: Former, change_cost: float) -> None:
        self.former, self.change_cost = former, change_cost
        self.decisions = (_CHANGED,) if former.start.sizes["job"] else ()

    @property
    def most(self) -> float:
        """The most that changes can cost, USD."""
        return self.change_cost * float(self.former.held.sum())

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Return that a job that changes costs, USD."""
        cost = xr.full_like(data.reward, -self.change_cost)
        return {"change": {"changed": cost}} if self.decisions else {}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `changed` over (job), and by how much each flow is more and less than it was."""
        if self.decisions:
            model.add_variables(lower=0, upper=1, coords=over(data, "job"), name="changed")
        for name, was in self.former.flows.items():
            if was.size:
                where, coords = was.notnull(), over(data, *was.dims)
                for side in ("more", "less"):
                    model.add_variables(lower=0, coords=coords, mask=where, name=f"{side}_{name}")

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State when a job has changed, and by how much each flow has."""
        former = self.former
        if self.decisions:
            factor = xr.where(former.declined, -1.0, former.start.astype(float))
            require(
                model, "near:job", (factor.transpose(*former.start.dims), model["start"]),
                (1, model["changed"]), at_least=(~former.declined).astype(float), over=("job",),
                mask=former.held,
            )  # fmt: skip
        for name, was in former.flows.items():
            if f"more_{name}" in model.variables:
                more, less = model[f"more_{name}"], model[f"less_{name}"]
                require(
                    model, f"near:{name}", (1, model[str(name)]), (-1, more), (1, less),
                    equal=was.fillna(0.0), over=tuple(map(str, was.dims)), mask=was.notnull(),
                )  # fmt: skip

    def judge(self, data: xr.Dataset, decided: xr.Dataset) -> Iterator[Row]:
        """Yield that every job that has changed is counted."""
        if self.decisions:
            missed = self.former.changed(decided.start).astype(float) - decided.changed
            yield "a job that is not as it was counts as changed", "1", missed, 1.0

    def apart(self, data: xr.Dataset, decided: xr.Dataset) -> float:
        """Return how far the flows of a plan are from what they were, MWh."""
        return apart(self.former, data, decided)

    def distance(self, model: Model, data: xr.Dataset) -> list[Pair]:
        """Return how far flows are from what they were, as pairs of weight and variable, MWh."""
        weights = distances(data)
        return [
            (weights[str(name)], model[f"{side}_{name}"])
            for name in self.former.flows
            for side in ("more", "less")
            if f"{side}_{name}" in model.variables
        ]


def distances(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each flow weighs in the distance of plans, MWh; of a route, of IT."""
    energy = data.step_hours * data.power_per_unit
    weights: dict[str, xr.DataArray] = dict.fromkeys(FLOWS, data.step_hours)
    weights["route"] = energy.where(energy > 0, _WEIGHTLESS)
    return weights


def apart(former: Former, data: xr.Dataset, decided: xr.Dataset) -> float:
    """Return how far the flows of a plan are from a former one's, where it says something, MWh."""
    weights = distances(data)
    return sum(
        float((weights[str(name)] * np.abs(decided[name] - was)).sum())
        for name, was in former.flows.items()
    )


def holding(families: Iterable[Family]) -> Hold | None:
    """Return the former plan that a model stays near, if there is one."""
    return next((family for family in families if isinstance(family, Hold)), None)


def hold_of(near: object, change_cost: object, instance: Instance) -> Hold | None:
    """Return the family of a former plan to stay near, or None without one.

    Raises
    ------
    TypeError
        `near` is no schedule, or the cost no number.
    ValueError
        The cost is negative or infinite, or there is a cost and no plan; or as `former_of`.
    """
    if isinstance(change_cost, bool) or not isinstance(change_cost, Real):
        raise TypeError(f"change_cost = {change_cost!r}: a number is needed, for each job")
    cost = float(change_cost)
    if not math.isfinite(cost) or cost < 0:
        raise ValueError(f"change_cost = {change_cost!r}: must be finite and at least 0")
    if near is None:
        if cost:
            raise ValueError(f"change_cost = {change_cost!r}: from which plan? give near=SCHEDULE")
        return None
    if not isinstance(near, Schedule):
        raise TypeError(f"near = {near!r:.80}: a carbonsched.Schedule is needed")
    return Hold(former_of(near, instance), cost)


def uncharged(schedule: Schedule, hold: Hold) -> Schedule:
    """Return a schedule that was chosen near a former plan as one of (1), without the charge.

    Its bound is what any schedule of (1) earns at most: all jobs that may change could.
    """
    charge = -schedule.benefit.get("change", 0.0)
    return replace(
        schedule,
        data=schedule.data.drop_vars("changed", errors="ignore"),
        benefit={term: value for term, value in schedule.benefit.items() if term != "change"},
        bound=schedule.bound + hold.most,
        turnover=schedule.turnover - charge,
        families=tuple(family for family in schedule.families if family is not hold),
        status="held" if schedule.status == "optimal" and hold.change_cost else schedule.status,
    )


def changes(near: Schedule, instance: Instance, schedule: Schedule) -> dict[str, float]:
    """Return how far a schedule of an instance is from a former plan, where both say something.

    Returns
    -------
    dict of str to float
        `jobs`, how many could be as they were; `changed`, how many of them are not; and `energy`,
        by how much flows and routes differ, MWh.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnmatchedWarning)
        former = former_of(near, instance)
    return {
        "jobs": int(former.held.sum()),
        "changed": int(former.changed(schedule.data.start).sum()),
        "energy": apart(former, instance.data, schedule.data),
    }
