"""The services of a project as arrays, with their latencies to every site."""

from __future__ import annotations

from typing import Any

import numpy as np

from carbonsched.project.faults import like, nearest
from carbonsched.project.gathered import Source
from carbonsched.project.model import LatencyFile
from carbonsched.project.series import Reader
from carbonsched.sources import latency_from_coordinates, read_latency
from carbonsched.sources.log_profile import LatencyProfile

KEYS: dict[str, tuple[str, ...]] = {
    "demand": ("demand",),
    "power_per_unit": ("power_per_unit",),
    "value": ("value",),
    "latency": (),
    "latency_limit": ("latency_limit",),
    "home": ("home",),
}
Arrays = dict[str, tuple[tuple[str, ...], np.ndarray]]


def service_values(reader: Reader) -> Arrays:
    """Return the quantities of services, each with its dimensions."""
    given = reader.project.given
    entries, places = given.services, list(given.sites)
    latency = _latency(reader)
    first = {name: places[int(np.argmin(row))] for name, row in zip(entries, latency, strict=True)}
    limits = [
        service.latency_limit if service.latency_limit is not None else max(float(row.max()), 1.0)
        for service, row in zip(entries.values(), latency, strict=True)
    ]
    demand = [
        np.broadcast_to(
            reader.values(("services", name, "demand"), service.demand, "demand", None),
            len(reader.times),
        )
        for name, service in entries.items()
    ]
    each = list(entries.values())
    homes = [service.home or first[name] for name, service in entries.items()]
    return {
        "demand": (("service", "time"), np.array(demand, float).reshape(-1, len(reader.times))),
        "power_per_unit": (("service",), np.array([one.power_per_unit for one in each], float)),
        "value": (("service",), np.array([one.value for one in each], float)),
        "latency": (("service", "site"), latency),
        "latency_limit": (("service",), np.array(limits, float)),
        "home": (("service",), np.array(homes, dtype=object)),
    }


def _latency(reader: Reader) -> np.ndarray:
    """Return the latency of each service to each site, ms; 0 where it is at fault."""
    given = reader.project.given
    sizes = len(given.services), len(given.sites)
    if isinstance(given.latency, LatencyFile) and not given.services:
        told = f"latency: {given.latency.file} is not used: there are no services"
        reader.gathered.notes.append(told)
    if not given.services or (given.latency is None and not _placed(reader)):
        return np.zeros(sizes)
    if isinstance(given.latency, float):
        return np.full(sizes, given.latency)
    if isinstance(given.latency, LatencyFile):
        return _from_file(given.latency, reader)
    return _from_coordinates(reader)


def _placed(reader: Reader) -> bool:
    """Return whether all have coordinates, or services a home that has."""
    given = reader.project.given
    return all(site.coordinates for site in given.sites.values()) and all(
        service.coordinates or service.home for service in given.services.values()
    )


def _from_coordinates(reader: Reader) -> np.ndarray:
    given = reader.project.given
    lacking = [("sites", name) for name, site in given.sites.items() if not site.coordinates]
    origins: dict[str, Any] = {}
    for name, service in given.services.items():
        home = given.sites.get(service.home or "")
        place = service.coordinates or (home.coordinates if home else None)
        if place is None and not (home and ("sites", service.home) in lacking):
            lacking.append(("services", name))
        origins[name] = place
    if lacking:
        told = "no coordinates, and latencies come from them"
        reader.gathered.faults += [reader.project.fault(path, told) for path in lacking]
        return np.zeros((len(given.services), len(given.sites)))
    table = latency_from_coordinates(
        {name: (place.latitude, place.longitude) for name, place in origins.items()},
        {
            name: (site.coordinates.latitude, site.coordinates.longitude)
            for name, site in given.sites.items()
            if site.coordinates
        },
    )
    (reader.gathered.estimates["latency"],) = table.attrs["notes"]
    return table.loc[list(given.services), list(given.sites)].to_numpy(float)


def _from_file(file: LatencyFile, reader: Reader) -> np.ndarray:
    """Return the rows of a table for the origins of services, or their homes."""
    project, gathered = reader.project, reader.gathered
    found = np.zeros((len(project.given.services), len(project.given.sites)))
    with gathered.at(("latency", "file"), file.file):
        form = reader.log_profile(file, file.profile, LatencyProfile)
        table = read_latency(project.file(file.file), form, rename=file.rename)
        known = "profile" in file.model_fields_set  # or else it is a table of one's own
        about = file.credited(*(table.attrs[key] * known for key in ("source", "licence")))
        notes = tuple(table.attrs["notes"])
        gathered.sources.append(Source("latency", file.file, ("latency",), *about, notes))
        lacking = {site for site in project.given.sites if site not in table.columns}
        for site in lacking:
            told = f"no column {site} in {file.file}{nearest(site, table.columns)}"
            meant = (like(site, table.columns) or ["its name there"])[0]
            cure = f" If so, say `rename: {{{meant}: {site}}}`"
            gathered.faults.append(project.fault(("sites", site), told + cure))
        for k, (name, service) in enumerate(project.given.services.items()):
            path = ("services", name, "origin" if service.origin else "home")
            origin = service.origin or service.home
            if origin is None:
                gathered.faults.append(project.fault(path, f"say its `origin` in {file.file}"))
            elif origin not in table.index:
                told = f"no row {origin} in {file.file}{nearest(origin, table.index)}"
                gathered.faults.append(project.fault(path, told))
            elif not lacking:
                row = table.loc[origin, list(project.given.sites)]
                found[k] = row.to_numpy(float)
                for site in row.index[row.isna()]:
                    told = f"{file.file} has no latency from {origin} to {site}"
                    gathered.faults.append(project.fault(path, told))
    return found
