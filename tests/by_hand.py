"""Instances by hand, in which nothing happens but what a test says; and where things lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from carbonsched.core.instance import default_of
from carbonsched.core.schema import PARAMETERS

ROOT = Path(__file__).parents[1]

PLAIN = {
    "step_hours": 1.0,
    "it_capacity": 100.0,
    "cooling": 1.0,
    "import_limit": 1000.0,
    "export_limit": 0.0,
    "import_price": 10.0,
    "export_price": 0.0,
    "carbon_intensity": 0.5,
    "generation_available": 0.0,
    "generation_cost": 0.0,
    "generation_carbon": 0.0,
    "battery_energy": 0.0,
    "battery_min": 0.0,
    "charge_limit": 0.0,
    "discharge_limit": 0.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "battery_initial": 0.0,
    "battery_cost": 0.0,
    "power": 10.0,
    "duration": 1,
    "reward": 1000.0,
    "startup_cost": 0.0,
    "allowed": True,
    "demand": 0.0,
    "power_per_unit": 1.0,
    "value": 0.0,
    "latency": 1.0,
    "latency_limit": 10.0,
    "carbon_budget": np.inf,
}


def plain(sites: int = 1, periods: int = 1, jobs: int = 0, services: int = 0, **values: object):
    """Return the data of an instance in which nothing happens but what `values` say.

    Values are scalars or nested lists in the schema's order of dimensions.
    """
    coords = {
        "site": list("ABCDEFGH"[:sites]),
        "time": np.arange(periods),
        "job": [f"j{k}" for k in range(jobs)],
        "service": [f"s{k}" for k in range(services)],
    }
    given = {"release": 0, "deadline": periods - 1, "home": "A"} | PLAIN | values
    stated = {}
    for name, quantity in PARAMETERS.items():
        if name not in given:  # what has a default
            continue
        shape = tuple(len(coords[d]) for d in quantity.dims)
        kind = {"int": int, "time": int, "bool": bool, "site": object}.get(quantity.kind, float)
        array = np.asarray(given[name], dtype=kind)
        dims = quantity.dims
        if quantity.varies and array.ndim == 2:
            dims, shape = ("site", "time"), (sites, periods)
        stated[name] = (dims, np.broadcast_to(array, shape).copy())
    data = xr.Dataset(stated, coords)
    implied = [name for name in PARAMETERS if name not in stated]
    return data.assign({name: default_of(PARAMETERS[name], data) for name in implied})
