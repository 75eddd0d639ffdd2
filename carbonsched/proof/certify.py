"""Make a certificate of a schedule: snap decisions, find prices, compute the rest exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, replace

import numpy as np
import xarray as xr

from carbonsched.bounds.relaxation import root_prices
from carbonsched.core.build import build, fitted, fix, refuse_added
from carbonsched.core.families import FAMILIES
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import METHODS
from carbonsched.core.schema import PARAMETERS
from carbonsched.errors import InstanceError
from carbonsched.judge.scale import scales
from carbonsched.judge.verify import require_schedule, verify
from carbonsched.proof.certificate import Certificate
from carbonsched.proof.exact_schedule import Incumbent, Violation, follow, violations
from carbonsched.proof.rational import exact_data
from carbonsched.proof.restated import left_by
from carbonsched.proof.rounding import snap
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import read_decisions, solution_of
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

MARGIN = 1e-7  # of a missed limit, or of the instance's scale: more than a solver's tolerance
_LIMITS = {  # row of `violations`: the parameter to lower
    "IT capacity": "it_capacity",
    "import limit": "import_limit",
    "export limit": "export_limit",
    "carbon budget": "carbon_budget",
}


def certify(
    instance: Instance, schedule: Schedule, prices: xr.Dataset | None = None
) -> Certificate:
    """Prove how good a schedule is.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Of any method and engine.
    prices : xarray.Dataset, optional
        `carbonsched.core.schema.PRICES`, of any origin: bad ones give a bad bound, never a wrong
        one. By default those that column generation left in the schedule, or else the duals of the
        linear relaxation, which takes one solve.

    Returns
    -------
    Certificate
        The schedule's benefit, recomputed exactly after moving every decision back within its
        limits, and an upper bound on that of any schedule of this method, computed exactly from
        prices. The solver's own bound and gap stand beside them, as reported.

    Raises
    ------
    VerificationError
        The schedule breaks the model.
    SolverError
        HiGHS is missing or failed.
    TypeError
        What is given is no instance.
    ValueError
        The method is none of Table I, or the schedule has families of its own.
    InstanceError
        The instance holds parameters of a family.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> cs.certify(instance, cs.solve(instance, gap=0)).gap < 0.01
    True
    """
    require_instance(instance)
    require_schedule(schedule)
    method = schedule.method
    if method.name not in METHODS:
        raise ValueError(f"a certificate is for a method of Table I, not for {method}")
    refuse_added(schedule.families, "a certificate")
    instance = fitted(instance, FAMILIES)
    verify(instance, schedule).raise_if_broken()
    if prices is None:
        prices = schedule.prices
    if prices is None:
        prices = root_prices(instance, method)
    known = math.isfinite(schedule.bound)
    return Certificate.of(
        instance,
        method.name,
        asdict(method),
        _exactly(instance, schedule),
        prices,
        {
            "solver": schedule.solver,
            "status": schedule.status,
            "objective": schedule.objective,
            "bound": schedule.bound if known else None,
            "gap": schedule.gap if known else None,
        },
    )


def _exactly(instance: Instance, schedule: Schedule) -> Incumbent:
    """Return exact decisions near a schedule's, dispatched anew if a limit is missed otherwise."""
    data = exact_data(left_by(instance.data, asdict(schedule.method)))

    def judged(decisions: xr.Dataset) -> tuple[Incumbent, list[Violation]]:
        incumbent = snap(data, decisions)
        return incumbent, violations(data, incumbent, follow(data, incumbent))

    incumbent, missed = judged(schedule.data)
    if missed and (again := _dispatched_with_less(instance, schedule, missed)) is not None:
        other, still_missed = judged(again)
        if len(still_missed) < len(missed):
            return other
    return incumbent


def _dispatched_with_less(
    instance: Instance, schedule: Schedule, missed: Iterable[Violation]
) -> xr.Dataset | None:
    """Return the best decisions with the same placements and a little less of what was missed.

    None if there are none: without slack in the instance itself there is no less to give.
    """
    lowered, scale = {}, scales(instance.data)
    for name in {_LIMITS[violation.row] for violation in missed if violation.row in _LIMITS}:
        limit, size = instance.data[name], scale[PARAMETERS[name].unit]
        lowered[name] = (limit - MARGIN * np.maximum(limit, size)).clip(min=0)
        if name == "it_capacity":  # a site that jobs alone fill has no less to give
            jobs = xr.dot(instance.data.power, schedule.data.run, dim="job")
            lowered[name] = np.maximum(lowered[name], np.minimum(limit, jobs))
    try:
        smaller = instance.replace(**lowered)
    except InstanceError:
        return None
    fixed = ("start", "route") if schedule.method.workload == "first fit" else ("start",)
    model = build(smaller, method=replace(schedule.method, workload="optimised"))
    for name in set(fixed) & set(model.variables):
        fix(model.variables[name], schedule.data[name])
    result = run_solver(model, Settings(gap=0.0, progress=False))
    if str(result.status.termination_condition) != "optimal":
        return None
    return read_decisions(instance, solution_of(model))
