"""The sites of a project as arrays over (site) and (site, time)."""

from __future__ import annotations

from math import isclose, sqrt
from typing import Any

import numpy as np

from carbonsched.project.amounts import Share
from carbonsched.project.faults import named
from carbonsched.project.gathered import At
from carbonsched.project.model import Battery, Plant, Site
from carbonsched.project.series import MOST_OF_ONE, Reader

Values = dict[str, Any]  # by quantity, a number or an array over `time`

# Which keys say a quantity, for a fault that is found when all is together.
KEYS: dict[str, tuple[str, ...]] = {
    "it_capacity": ("it_capacity",),
    "cooling": ("cooling",),
    "import_limit": ("import_limit",),
    "export_limit": ("export_limit",),
    "import_price": ("price",),
    "export_price": ("export_price",),
    "carbon_intensity": ("carbon_intensity",),
    "generation_available": ("generation",),
    "generation_cost": ("generation",),
    "generation_carbon": ("generation",),
    "battery_energy": ("battery", "energy"),
    "battery_min": ("battery", "min"),
    "charge_limit": ("battery", "charge"),
    "discharge_limit": ("battery", "discharge"),
    "charge_efficiency": ("battery", "charge_efficiency"),
    "discharge_efficiency": ("battery", "discharge_efficiency"),
    "battery_initial": ("battery", "initial"),
    "battery_final": ("battery", "final"),
    "battery_recovery": ("battery", "recovery"),
    "battery_cost": ("battery", "cost"),
    "battery_value": ("battery", "value"),
}
_NO_PLANT = {"generation_available": 0.0, "generation_cost": 0.0, "generation_carbon": 0.0}
_NO_BATTERY = {
    "battery_energy": 0.0,
    "battery_min": 0.0,
    "charge_limit": 0.0,
    "discharge_limit": 0.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "battery_initial": 0.0,
    "battery_final": 0.0,
    "battery_recovery": 0,
    "battery_cost": 0.0,
    "battery_value": 0.0,
}


def site_values(name: str, site: Site, reader: Reader) -> Values:
    """Return what a site says of each quantity over (site) or (site, time)."""
    at: At = ("sites", name)

    def read(key: str, quantity: str) -> Any:
        return reader.values((*at, key), getattr(site, key), quantity, site.zone)

    values: Values = {
        "it_capacity": read("it_capacity", "it_capacity"),
        "cooling": read("cooling", "cooling"),
        "import_price": read("price", "import_price"),
        "carbon_intensity": read("carbon_intensity", "carbon_intensity"),
        "export_limit": read("export_limit", "export_limit"),
    }
    values["export_price"] = _sale(site, values["import_price"], read)
    if site.export_price is not None and not np.any(values["export_limit"]):
        told = f"{named(at)}: it has an export_price but no export_limit, so it sells nothing"
        reader.gathered.notes.append(told)
    values |= _plants(at, site, reader)
    values |= _battery((*at, "battery"), site.battery, site.zone, reader)
    if site.import_limit is not None:
        values["import_limit"] = read("import_limit", "import_limit")
    else:
        drawn = values["it_capacity"] * values["cooling"]
        values["import_limit"] = float(np.max(drawn)) + values["charge_limit"]
    return values


def _sale(site: Site, price: Any, read: Any) -> Any:
    """Return the price of exports: by itself, a share of the price, or none."""
    if site.export_price is None:
        return 0.0
    if isinstance(site.export_price, Share):
        return site.export_price.of_one * price
    return read("export_price", "export_price")


def _plants(at: At, site: Site, reader: Reader) -> Values:
    """Return the power of all plants, and their common cost and carbon."""
    if not site.generation:
        return _NO_PLANT
    power: Any = 0.0
    before = reader.gathered.count
    costs: list[tuple[Any, Any]] = []
    for name, plant in site.generation.items():
        inner = (*at, "generation", name)
        power = power + _power(inner, plant, site.zone, reader)
        costs.append(
            (
                reader.values((*inner, "cost"), plant.cost, "generation_cost", site.zone),
                reader.values((*inner, "carbon"), plant.carbon, "generation_carbon", site.zone),
            )
        )
        differ = any(not np.array_equal(a, b) for a, b in zip(costs[-1], costs[0], strict=True))
        if differ and reader.gathered.count == before:  # of what could not be read it says nothing
            told = "cost or carbon is another than of the plant before: the model has one a site"
            reader.gathered.faults.append(reader.project.fault(inner, told))
    cost, carbon = costs[0]
    return {"generation_available": power, "generation_cost": cost, "generation_carbon": carbon}


def _power(at: At, plant: Plant, zone: str | None, reader: Reader) -> Any:
    """Return the power that a plant has on offer, MW."""
    if plant.available is not None:
        return reader.values((*at, "available"), plant.available, "generation_available", zone)
    capacity = plant.capacity or 0.0
    if plant.factor is not None:
        return capacity * reader.values((*at, "factor"), plant.factor, "factor", zone)
    output = reader.values((*at, "output"), plant.output, "generation_available", zone)
    rated = plant.rated or 1.0
    if told := _other_size(rated, output, reader.ratings.get((*at, "output"), ())):
        reader.gathered.faults.append(reader.project.fault((*at, "rated"), told))
    return capacity * output / rated


def _other_size(rated: float, output: Any, stated: tuple[float, ...]) -> str | None:
    """Say why a size is not that of the plant whose output is given, MW, if so."""
    if stated and not any(isclose(rated, size, rel_tol=_SAME_SIZE) for size in stated):
        sizes = " or ".join(f"{size * 1000:g} kW" for size in stated)
        return f"{rated * 1000:g} kW, but the file says that its output is of a plant of {sizes}"
    if np.max(output) > MOST_OF_ONE * rated:
        most = f"{np.max(output) * 1000:g} kW"
        return f"{rated * 1000:g} kW, but the output reaches {most}: of which size is its plant?"
    return None


_SAME_SIZE = 0.01  # relative: a file may round it


def _battery(at: At, battery: Battery | None, zone: str | None, reader: Reader) -> Values:
    """Return what a battery is, or that there is none."""
    if battery is None:
        return _NO_BATTERY

    def held(given: Any) -> Any:
        return given.of_one * battery.energy if isinstance(given, Share) else given

    each_way = sqrt(battery.round_trip_efficiency or 1.0)
    low = reader.values((*at, "min"), held(battery.min), "battery_min", zone)
    initial = held(battery.initial) if battery.initial is not None else float(np.max(low))
    return {
        "battery_energy": battery.energy,
        "battery_min": low,
        "charge_limit": battery.charge,
        "discharge_limit": battery.charge if battery.discharge is None else battery.discharge,
        "charge_efficiency": battery.charge_efficiency or each_way,
        "discharge_efficiency": battery.discharge_efficiency or each_way,
        "battery_initial": initial,
        "battery_final": held(battery.final) if battery.final is not None else initial,
        "battery_recovery": battery.recovery,
        "battery_cost": battery.cost,
        "battery_value": battery.value,
    }
