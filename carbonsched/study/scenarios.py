"""Named what-ifs: each a pure function of an instance, for the paper's Fig. 1(a) and beyond it.

The paper names five settings and gives none of their numbers. Ours are round factors, stated here
once; what a factor scales is the choice that matters, and stands in each function's first line.
Where a round factor may ask for what cannot be, it is of what can: hence two solves in one of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.errors import SuspiciousValueWarning
from carbonsched.front import solve

_GAP = 1e-4  # of the two solves for a tight budget


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
    """Cap emissions halfway between the least possible and those of the best plan without a cap.

    Never above the budget that the instance has already.

    Raises
    ------
    InfeasibleError
        The instance has no schedule even without a budget.
    """
    least = least_emissions(instance)
    usual = solve(instance, "no_carbon", gap=_GAP).emissions
    budget = least + 0.5 * max(usual - least, 0.0)
    return instance.replace(carbon_budget=min(budget, float(instance.data.carbon_budget)))


def least_emissions(instance: Instance) -> float:
    """Return what the cleanest schedule found emits, tCO2e, whatever the budget.

    That is the optimum of an instance in which work earns nothing and carbon is all that costs.

    Raises
    ------
    InfeasibleError
        There is no schedule even without a budget.
    """
    data = instance.data
    free = ("value", "reward", "startup_cost", "export_price", "battery_cost", "battery_value")
    carbon = {
        "import_price": data.carbon_intensity.drop_attrs(),
        "generation_cost": data.generation_carbon.drop_attrs(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SuspiciousValueWarning)  # a price that is an intensity
        cleanest = instance.replace(**dict.fromkeys(free, 0.0), **carbon)
    return -solve(cleanest, "no_carbon", gap=_GAP).objective


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
