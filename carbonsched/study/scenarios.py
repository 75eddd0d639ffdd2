"""Named what-ifs: each a pure function of an instance, for the paper's Fig. 1(a) and beyond it.

The paper names five settings and gives none of their numbers. Ours are round factors, stated here
once; what a factor scales is the choice that matters, and stands in each function's first line.
"""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from carbonsched.core.instance import Instance


def base(instance: Instance) -> Instance:
    """Leave the instance as it is."""
    return instance


def training_dominant(instance: Instance) -> Instance:
    """Halve inference demand and double the power and reward of every job that a site holds."""
    given = instance.data
    most = given.it_capacity.max("time") if "time" in given.it_capacity.dims else given.it_capacity
    power = xr.ufuncs.minimum(2 * given.power, most.where(given.allowed).max("site"))
    grown = (power / given.power).where(given.power > 0, 2.0)
    return instance.replace(
        demand=0.5 * given.demand,
        power=power,
        reward=grown * given.reward,
        startup_cost=grown * given.startup_cost,
    )


def inference_dominant(instance: Instance) -> Instance:
    """Raise inference demand by a quarter and halve the power and reward of every job."""
    given = instance.data
    return instance.replace(
        demand=1.25 * given.demand,
        power=0.5 * given.power,
        reward=0.5 * given.reward,
        startup_cost=0.5 * given.startup_cost,
    )


def peak_demand(instance: Instance) -> Instance:
    """Raise inference demand by 40 % in each service's busiest quarter of the periods."""
    demand = instance.data.demand
    # With `skipna=True` xarray has no quantile of no service.
    busy = demand >= demand.quantile(0.75, "time", skipna=False).drop_vars("quantile")
    return instance.replace(demand=xr.where(busy, 1.4 * demand, demand))


def generation_rich(instance: Instance) -> Instance:
    """Double on-site generation."""
    return instance.replace(generation_available=2 * instance.data.generation_available)


def battery_rich(instance: Instance) -> Instance:
    """Triple every battery, in power and in energy."""
    names = ("battery_energy", "battery_min", "battery_initial", "battery_final")
    names += ("charge_limit", "discharge_limit")
    return instance.replace(**{name: 3 * instance.data[name] for name in names})


def carbon_tight(instance: Instance) -> Instance:
    """Cap emissions at 30 % of what inference alone would emit at the fleet's mean intensity.

    Never above the budget that the instance has already.
    """
    given = instance.data
    inference = (given.power_per_unit * given.demand).sum() * given.step_hours
    intensity = (given.cooling * given.carbon_intensity).mean()
    budget = 0.3 * float(inference * intensity)
    return instance.replace(carbon_budget=min(budget, float(given.carbon_budget)))


def price_volatile(instance: Instance) -> Instance:
    """Double the swing of import prices about each site's mean; the export spread stays."""
    given = instance.data
    mean = given.import_price.mean("time")
    swung = mean + 2 * (given.import_price - mean)
    spread = given.import_price - given.export_price
    return instance.replace(import_price=swung, export_price=swung - spread)


SCENARIOS: dict[str, Callable[[Instance], Instance]] = {
    made.__name__: made
    for made in (
        base,
        training_dominant,
        inference_dominant,
        peak_demand,
        generation_rich,
        battery_rich,
        carbon_tight,
        price_volatile,
    )
}
