"""Make a certificate of a schedule: decisions snapped, prices found, everything computed exactly."""

from __future__ import annotations

import math
from dataclasses import asdict

import xarray as xr

from carbonsched.certificate import Certificate
from carbonsched.certificate_file import SCOPE
from carbonsched.exact import exact_data
from carbonsched.instance import Instance, require_instance
from carbonsched.root import root_prices
from carbonsched.schedule import Schedule
from carbonsched.snap import snap
from carbonsched.solve import as_judged
from carbonsched.tightening import restricted
from carbonsched.verify import verify


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
        `carbonsched.lagrangian.PRICES`, of any origin: bad ones give a bad bound, never a wrong
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
        Prices are needed, and HiGHS is missing or failed.
    TypeError
        What is given is no instance.
    """
    require_instance(instance)
    verify(as_judged(instance, schedule.formulation), schedule).raise_if_broken()
    if prices is None:
        prices = schedule.prices
    if prices is None:
        prices = root_prices(instance, schedule.formulation)
    data = exact_data(restricted(instance.data, schedule.formulation))
    known = math.isfinite(schedule.bound)
    return Certificate.of(
        instance,
        schedule.method,
        {slot: value for slot, value in asdict(schedule.formulation).items() if slot in SCOPE},
        snap(data, schedule.data),
        prices,
        {
            "solver": schedule.solver,
            "status": schedule.status,
            "objective": schedule.objective,
            "bound": schedule.bound if known else None,
            "gap": schedule.gap if known else None,
        },
    )
