"""What of a REopt scenario or result an instance of this package can take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.sources.reopt_reading import HOURS, Reading, part_of

MOST_BYTES = 200_000_000
POUND = 0.45359237  # kg, exact

_STORAGE = {  # REopt's own defaults of ElectricStorage
    "internal_efficiency_fraction": 0.975,
    "inverter_efficiency_fraction": 0.96,
    "rectifier_efficiency_fraction": 0.96,
    "soc_min_fraction": 0.2,
    "soc_init_fraction": 0.5,
}
_RATES = ("urdb_label", "urdb_response", "urdb_utility_name", "urdb_rate_name")
_BOOKKEEPING = ("run_uuid", "status", "api_version", "reopt_version", "messages", "user_uuid",
                "webtool_uuid", "solver_name", "_meta")  # fmt: skip


@dataclass(frozen=True)
class Reopt:
    """A site as REopt has it.

    Attributes
    ----------
    values : mapping of str to float
        `latitude` and `longitude` in degrees; `import_price` and `export_price` in USD/MWh and
        `carbon_intensity` in tCO2e/MWh where they are the same all year; `battery_energy`,
        `battery_min` and `battery_initial` in MWh, `charge_limit` and `discharge_limit` in MW,
        `charge_efficiency`, `discharge_efficiency`; `generation_capacity` in MW.
    series : mapping of str to pandas.Series
        Through REopt's year of 8,760 h from 1 January, by hours since then in the standard time of
        the site: `import_price`, `export_price`, `carbon_intensity`, `load` and
        `generation_available` in MW, `capacity_factor`.
    step_hours : float
        Length of a step of the series.
    year : int or None
        The calendar of the load and the tariff.
    unmapped : tuple of str
        Keys that are not taken.
    notes : tuple of str
        What was converted, assumed or left out.
    """

    values: Mapping[str, float]
    series: Mapping[str, pd.Series]
    step_hours: float
    year: int | None
    unmapped: tuple[str, ...]
    notes: tuple[str, ...]


def read_reopt(path: str | Path) -> Reopt:
    """Read a REopt scenario, the results of REopt.jl, or the answer of its API (version 3).

    Taken are the place, energy rates and export rates, the load, the grid's CO2, and sizes of
    storage and PV: those of the results, or of a scenario that fixes them (`min` equal to `max`).
    Storage loses, as in REopt, the square root of its internal efficiency each way, and that of the
    rectifier when it is charged, of the inverter when it is discharged. kW become MW, USD/kWh
    become USD/MWh, lb/kWh become t/MWh (1 lb = 0.45359237 kg).

    A project file does not name such a file. REopt sizes one site over a year of 8,760 h that has
    no date, and leaves open what a project must say: the dates of its hours, which capacity the
    site has for IT, and what of its load is jobs or inference. What is read here is written into
    the entry of a site by hand: values as amounts (`battery.energy`, `price`), a series as a table
    with the dates that it is to stand for.

    Parameters
    ----------
    path : str or Path
        The file (JSON).

    Returns
    -------
    Reopt

    Raises
    ------
    InstanceError
        It is no such file, or a value is none: every fault, by key.

    Examples
    --------
    >>> import json, tempfile
    >>> file = Path(tempfile.mkdtemp()) / "scenario.json"
    >>> tariff = {"blended_annual_energy_rate": 0.12, "blended_annual_demand_rate": 10}
    >>> scenario = {"Site": {"latitude": 40, "longitude": -105}, "ElectricTariff": tariff}
    >>> _ = file.write_text(json.dumps(scenario))
    >>> found = read_reopt(file)
    >>> dict(found.values)
    {'latitude': 40.0, 'longitude': -105.0, 'import_price': 120.0}
    >>> found.unmapped
    ('ElectricTariff.blended_annual_demand_rate',)
    """
    from carbonsched.io.files import UnreadableError, read_text

    try:
        whole: Any = json.loads(read_text(Path(path), MOST_BYTES))
    except (UnreadableError, ValueError, RecursionError) as error:
        raise InstanceError([f"it is no JSON: {error}"], str(path)) from error
    if not isinstance(whole, dict) or not (whole.keys() & {"inputs", *_PARTS}):
        told = f"it has none of REopt's parts: {', '.join(_PARTS)}"
        if isinstance(whole, dict) and "Scenario" in whole:
            told = "it is of version 1 or 2 of REopt's API: version 3 and REopt.jl can be read"
        raise InstanceError([told], str(path))
    given = whole["inputs"] if isinstance(whole.get("inputs"), dict) else whole
    found = whole["outputs"] if isinstance(whole.get("outputs"), dict) else whole
    reading = Reading(given, found)
    steps = reading.get("Settings", "time_steps_per_hour")
    if steps not in (None, 1, 2, 4):
        told = f"Settings.time_steps_per_hour: {steps!r:.60} is not 1, 2 or 4"
        raise InstanceError([told], str(path))
    reading.steps = int(steps or 1)
    for name in ("latitude", "longitude"):
        value = reading.number(f"Site.{name}", reading.get("Site", name))
        if value is not None:
            reading.values[name] = value
    year = reading.number("ElectricLoad.year", reading.get("ElectricLoad", "year"))
    reading.put("load", "ElectricLoad.loads_kw", reading.get("ElectricLoad", "loads_kw"), 1e-3)
    _tariff(reading, None if year is None else int(year))
    _utility(reading)
    _storage(reading)
    _generation(reading)
    if reading.faults:
        raise InstanceError(reading.faults, str(path))
    return Reopt(
        reading.values,
        reading.series,
        1 / reading.steps,
        None if year is None else int(year),
        tuple(_unmapped(given, reading.taken)),
        tuple(reading.notes),
    )


_PARTS = ("Site", "ElectricTariff", "ElectricLoad", "ElectricStorage", "ElectricUtility", "PV",
          "Settings")  # fmt: skip


def _tariff(reading: Reading, year: int | None) -> None:
    """Take what a kWh costs, and what one that is sold brings."""
    tariff = part_of(reading.given, "ElectricTariff")
    urdb = [key for key in _RATES if tariff.get(key)]
    if urdb:
        reading.notes.append(
            f"ElectricTariff: its rates are those of {urdb[0]}, which are not in the file: give "
            "the price another way."
        )
    elif tariff.get("tou_energy_rates_per_kwh"):
        key = "tou_energy_rates_per_kwh"
        rates = reading.get("ElectricTariff", key)
        reading.put("import_price", f"ElectricTariff.{key}", rates, 1e3)
    elif tariff.get("monthly_energy_rates"):
        _monthly(reading, year)
    elif tariff.get("blended_annual_energy_rate") is not None:
        key = "blended_annual_energy_rate"
        rate = reading.number(f"ElectricTariff.{key}", reading.get("ElectricTariff", key))
        if rate is not None:
            reading.values["import_price"] = rate * 1e3
    if part_of(reading.given, "ElectricUtility").get("net_metering_limit_kw"):
        reading.notes.append("ElectricUtility.net_metering_limit_kw: net metering is not modelled.")
    wholesale = reading.get("ElectricTariff", "wholesale_rate")
    reading.put("export_price", "ElectricTariff.wholesale_rate", wholesale, 1e3)
    demand = [key for key in tariff if "demand_rate" in key and np.any(tariff[key])]
    if demand:
        reading.notes.append(f"ElectricTariff.{demand[0]}: charges for the peak are not taken.")


def _monthly(reading: Reading, year: int | None) -> None:
    """Take one rate a month, as a series."""
    key = "ElectricTariff.monthly_energy_rates"
    rates = reading.get("ElectricTariff", "monthly_energy_rates")
    if not isinstance(rates, list) or len(rates) != 12:
        reading.faults.append(f"{key}: it is not 12 numbers")
        return
    numbers = [reading.number(f"{key}[{month}]", rate) for month, rate in enumerate(rates)]
    if None in numbers:
        return
    calendar = pd.date_range("2023-01-01", periods=HOURS, freq="h")  # 28 days in February
    hours = np.array(numbers, float)[calendar.month - 1]
    if year is not None and year % 4 == 0:
        reading.notes.append(f"{key}: 29 February {year} is left out of the year of 8,760 h.")
    reading.put("import_price", key, hours.tolist(), 1e3)


def _utility(reading: Reading) -> None:
    """Take what a kWh from the grid emits."""
    key = "emissions_factor_series_lb_CO2_per_kwh"
    value = reading.get("ElectricUtility", key)
    if value is None:
        value = reading.result("ElectricUtility", key)
    reading.put("carbon_intensity", f"ElectricUtility.{key}", value, POUND)


def _size(reading: Reading, part: str, given: dict[str, Any], found: dict[str, Any], unit: str):
    """Return a size of the results, or one that the scenario fixes; None if it leaves it open."""
    if found.get(f"size_{unit}") is not None:
        return reading.number(f"{part}.size_{unit}", found[f"size_{unit}"])
    least, most = given.get(f"min_{unit}"), given.get(f"max_{unit}")
    if least is None or least != most:
        return None
    reading.taken |= {f"{part}.min_{unit}", f"{part}.max_{unit}"}
    return reading.number(f"{part}.min_{unit}", least)


def _storage(reading: Reading) -> None:
    """Take the size and the losses of a battery."""
    given, found = (part_of(of, "ElectricStorage") for of in (reading.given, reading.found))
    if not given and not found:
        return
    power = _size(reading, "ElectricStorage", given, found, "kw")
    energy = _size(reading, "ElectricStorage", given, found, "kwh")
    if power is None or energy is None:
        reading.notes.append(
            "ElectricStorage: its size is left to REopt, and there are no results: not taken."
        )
        return
    share: dict[str, float] = {}
    for key, usual in _STORAGE.items():
        value = reading.number(f"ElectricStorage.{key}", reading.get("ElectricStorage", key))
        if value is None:
            reading.notes.append(f"ElectricStorage.{key}: not told, REopt's {usual:g} is taken.")
        elif not 0 <= value <= 1:
            reading.faults.append(f"ElectricStorage.{key}: {value:g} is no share from 0 to 1")
        share[key] = usual if value is None else value
    inside = share["internal_efficiency_fraction"] ** 0.5 if not reading.faults else 1.0
    reading.values |= {
        "battery_energy": energy * 1e-3,
        "charge_limit": power * 1e-3,
        "discharge_limit": power * 1e-3,
        "charge_efficiency": share["rectifier_efficiency_fraction"] * inside,
        "discharge_efficiency": share["inverter_efficiency_fraction"] * inside,
        "battery_min": share["soc_min_fraction"] * energy * 1e-3,
        "battery_initial": share["soc_init_fraction"] * energy * 1e-3,
    }
    if given.get("can_grid_charge") is False:
        told = "that it may be charged from the site's own plants only is not modelled."
        reading.notes.append(f"ElectricStorage.can_grid_charge: {told}")


def _generation(reading: Reading) -> None:
    """Take what PV can give, the sum of several."""
    plants = list(_plants(reading))
    capacity, available = 0.0, None
    for part, given, found in plants:
        size = _size(reading, part, given, found, "kw")
        if size is None:
            reading.notes.append(f"{part}: its size is left to REopt, and there are no results.")
        key = "production_factor_series"
        factors = given.get(key) or found.get(key)
        if given.get(key):
            reading.taken.add(f"{part}.{key}")
        factor = reading.year(f"{part}.{key}", factors)
        if not isinstance(factor, pd.Series):
            told = "it is not in the file (REopt asks PVWatts for it)"
            reading.notes.append(f"{part}.{key}: {told}: give the profile another way.")
            factor = None
        elif len(plants) == 1:
            reading.series["capacity_factor"] = factor
        capacity += size or 0.0
        if size is not None and factor is not None:
            available = (
                factor * size * 1e-3 if available is None else available + factor * size * 1e-3
            )
    if capacity:
        reading.values["generation_capacity"] = capacity * 1e-3
    if available is not None:
        reading.series["generation_available"] = available


def _plants(reading: Reading) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield each PV: its name, what was given and what was found."""
    given, found = reading.given.get("PV"), reading.found.get("PV")
    if isinstance(given, list) or isinstance(found, list):
        many = [one if isinstance(one, list) else [] for one in (given, found)]
        for place in range(max(map(len, many))):
            pair = [one[place] if place < len(one) and isinstance(one[place], dict) else {}
                    for one in many]  # fmt: skip
            yield f"PV[{place}]", pair[0], pair[1]
    elif isinstance(given, dict) or isinstance(found, dict):
        yield "PV", part_of(reading.given, "PV"), part_of(reading.found, "PV")


def _unmapped(given: Mapping[str, Any], taken: set[str]) -> Iterator[str]:
    """Yield each key of a scenario that was not taken and has a value."""
    for part, content in given.items():
        if part in _BOOKKEEPING or content in (None, "", [], {}):
            continue
        many = [(part, content)]
        if isinstance(content, list):
            many = [(f"{part}[{place}]", one) for place, one in enumerate(content)]
        for name, one in many:
            if not isinstance(one, dict):
                yield name
                continue
            for key, value in one.items():
                if f"{name}.{key}" not in taken and value not in (None, "", [], {}, False, 0):
                    yield f"{name}.{key}"
