"""Of plans that earn as much, the nearest to a former one: fewest jobs that change, then flows."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import xarray as xr
from linopy.constants import Result

from carbonsched.core.build import fix
from carbonsched.core.families.expressions import Model, expression
from carbonsched.solver.near import Former, Hold
from carbonsched.solver.polish import of_equals, open_start
from carbonsched.solver.settings import Settings

SECONDS = 5.0  # for the states of the nearest dispatch
EQUAL = 1e-6  # of the turnover: a dispatch that earns so much more is not worth changing flows for
SPENT = 1e-3  # of what changes may cost: what the rounding of flows leaves of it
FARTHER = 1e-6  # relative, or MWh: what rounding and netting of flows leave
STATES = ("importing", "exporting", "charging")


def fewest(
    model: Model,
    benefit: float,
    turnover: float,
    settings: Settings,
    former: Former,
    start: xr.DataArray,
) -> Result | None:
    """Solve a model for the fewest jobs that change, each as it is now or as it was.

    Parameters
    ----------
    model : Model
    benefit : float
        Of what can be decided, USD.
    turnover : float
        USD, to which the tolerance is relative.
    settings : Settings
    former : Former
    start : DataArray
        Of the plan as it is, over (job, site, time).

    Returns
    -------
    linopy Result or None
        None if the solver found none.
    """
    with _between(model, *former.back(start)):
        fewer = expression(model, [(-1.0, model["changed"])], ())
        return of_equals(model, benefit, turnover, fewer, settings)


def nearest(
    model: Model,
    benefit: float,
    turnover: float,
    settings: Settings,
    hold: Hold,
    data: xr.Dataset,
    start: xr.DataArray,
    states: bool,
) -> Result | None:
    """Solve a model for the dispatch of a workload whose flows are nearest to the former ones.

    Without `states`, those of grid and battery stay as in the plan that the model holds, which
    leaves a linear program. To let them go is a hard problem where hardly a cent may be spent, and
    is given up after some seconds.
    """
    near = expression(model, [(-weight, of) for weight, of in hold.distance(model, data)], ())
    if states:
        settings = replace(settings, time_limit=min(settings.time_limit, SECONDS))
    with _between(model, start, start), nullcontext() if states else _states_kept(model):
        return of_equals(model, benefit, turnover, near, settings)


def most_of_near(
    model: Model,
    benefit: float,
    turnover: float,
    settings: Settings,
    rows: Mapping[str, Any],
    start: xr.DataArray,
) -> Result | None:
    """Solve a model for the dispatch of a workload that earns most and keeps some more rows."""
    with _between(model, start, start):
        return of_equals(model, benefit, turnover, None, settings, rows)


def no_farther(model: Model, hold: Hold, data: xr.Dataset, amount: float) -> dict[str, Any]:
    """Return the row that flows are no farther from the former ones, MWh, by its name."""
    pairs = hold.distance(model, data)
    most = amount + FARTHER * max(amount, 1.0)
    return {"polish:near": expression(model, pairs, ()) <= most} if pairs else {}


@contextmanager
def _states_kept(model: Model) -> Generator[None]:
    """Keep the states of grid and battery as they are in the plan that a model holds."""
    kept = [model[n] for n in STATES if n in model.variables and "solution" in model[n].data]
    for state in kept:
        fix(state, state.solution.fillna(0).round().clip(0, 1))
    try:
        yield
    finally:
        for state in kept:
            state.unfix()


@contextmanager
def _between(model: Model, least: xr.DataArray, most: xr.DataArray) -> Generator[None]:
    """Keep the starts of jobs between two workloads."""
    start = open_start(model)
    if start is None:
        yield
        return
    lower, upper = start.lower, start.upper
    like = start.labels
    ends = [end.astype(float).transpose(*like.dims) for end in (least, most)]
    try:
        start.update(lower=ends[0], upper=ends[1])
        yield
    finally:
        start.update(lower=lower, upper=upper)
