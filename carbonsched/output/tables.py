"""The tidy tables of a schedule: an observation a row, a variable a column, units in the head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of
from carbonsched.judge.plan import plan
from carbonsched.output.energy import ends_of, energy, flows
from carbonsched.output.valued import valued
from carbonsched.schedule import Schedule


def site_periods(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return powers, state of charge, emissions, cost and the signals by site and period."""
    frame = flows(instance, schedule)
    units = frame.attrs["units"]
    for name in ("import_price", "export_price", "carbon_intensity"):
        frame[name] = instance.data[name].transpose("site", "time").values.ravel() + 0.0
    money = currency_of(instance.data)
    units |= {"import_price": f"{money}/MWh", "export_price": f"{money}/MWh"}
    units |= {"carbon_intensity": "tCO2e/MWh"}
    begin, end = ends_of(instance)
    sites, periods = instance.data.sizes["site"], len(begin)
    frame = frame.reset_index().drop(columns="time")
    for name, at in (("end", end), ("start", begin)):
        frame.insert(0, name, np.tile(at, sites) if periods else [])
    return headed(frame, units | _when(instance))


def jobs(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return the plan: where and when each job runs, and why another does not."""
    frame = plan(instance, schedule)
    begin, end = ends_of(instance)
    units = frame.attrs["units"] | _when(instance)
    if _when(instance)["start"] == "h":  # numbers of periods say less than hours
        at = instance.data.indexes["time"]
        for name, when in (("start", begin), ("end", end)):
            place = at.get_indexer(pd.Index(frame[name].fillna(-1).astype(int)))
            hours = np.append(when.to_numpy(float), np.nan)[place]
            frame[name] = np.where(frame.accepted, hours, np.nan)
    return headed(frame.reset_index(names="job"), units)


def sites(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return energy, carbon and its cost by site."""
    frame = energy(instance, schedule)
    return headed(frame.reset_index(), frame.attrs["units"])


def inference(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return the workload of each service that each site serves in each period, where there is."""
    data = instance.data
    route = schedule.data.route.transpose("service", "site", "time").values
    service, site, time = np.nonzero(route > 0)
    begin, end = ends_of(instance)
    served = route[service, site, time]
    frame = pd.DataFrame(
        {
            "start": begin[time],
            "end": end[time],
            "service": data.service.values[service],
            "home": data.home.values[service],
            "site": data.site.values[site],
            "workload": served,
            "power": served * data.power_per_unit.values[service],
        }
    )
    return headed(frame, {"workload": "unit", "power": "MW"} | _when(instance))


def money(instance: Instance, schedule: Schedule) -> pd.DataFrame:
    """Return the terms of the objective (1), by the numbers of the instance."""
    benefit = valued(instance, schedule).schedule.benefit
    terms = {name: value + 0.0 for name, value in benefit.items()}
    frame = pd.DataFrame({"term": list(terms), "benefit": list(terms.values())})
    return headed(frame, {"benefit": currency_of(instance.data)})


TABLES: dict[str, Callable[[Instance, Schedule], pd.DataFrame]] = {
    "jobs": jobs,
    "sites": sites,
    "flows": site_periods,
    "inference": inference,
    "money": money,
}


def _when(instance: Instance) -> dict[str, str]:
    """Return the unit of start and end: UTC, or hours after the first period begins."""
    dated = instance.data.indexes["time"].dtype.kind == "M"
    return dict.fromkeys(("start", "end"), "UTC" if dated else "h")


def headed(frame: pd.DataFrame, units: dict[str, str]) -> pd.DataFrame:
    """Return a table with the unit of each column behind its name, and in `attrs["units"]`."""
    heads = {name: f"{name} [{units[name]}]" for name in frame if name in units}
    made = frame.rename(columns=heads)
    made.attrs = {"units": {heads[name]: units[name] for name in frame if name in units}}
    return made
