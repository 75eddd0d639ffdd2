"""A project made an instance: every file read, every fault told by line, every default named."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.schema import PARAMETERS
from carbonsched.errors import InstanceError, SuspiciousValueWarning
from carbonsched.project import bare_numbers, jobs, services, sites
from carbonsched.project.defaults import defaults_of
from carbonsched.project.entries import Table
from carbonsched.project.file import Project, read, require_none
from carbonsched.project.gathered import At, Gathered, Source
from carbonsched.project.horizon import periods
from carbonsched.project.series import Reader


@dataclass(frozen=True)
class Built:
    """What a project file makes.

    Attributes
    ----------
    instance : Instance
        Its attribute `currency` says in which money it is, whatever units say; `notes` is a JSON
        list of what was done to numbers and of the defaults, for a report to show.
    sources : tuple of Source
        Every file that was read, with what was done to its numbers.
    notes : tuple of str
        What was done to what the project file says.
    defaults : tuple of str
        What it does not say, and what holds instead.
    doubts : tuple of str
        Numbers without a unit that are so large that another may be meant; each is a
        `SuspiciousValueWarning` too.
    """

    instance: Instance
    sources: tuple[Source, ...]
    notes: tuple[str, ...]
    defaults: tuple[str, ...]
    doubts: tuple[str, ...] = ()

    @property
    def licences(self) -> dict[str, str]:
        """The licence of each file, or that it states none."""
        return {source.file: source.licence or "not stated" for source in self.sources}


def build(project: str | Path | Project) -> Built:
    """Return the instance that a project file describes, and all that went into it.

    Parameters
    ----------
    project : path or Project

    Raises
    ------
    InstanceError
        Lists every fault, each with file and line.
    FileNotFoundError
        No project file is at that path.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in cs.project.template().items():
    ...         _ = (Path(folder) / name).write_text(text)
    ...     cs.project.build(Path(folder) / "fleet.yaml").instance
    <Instance 'My fleet (made-up numbers)': 3 sites x 72 periods x 6 jobs x 2 services>
    """
    if not isinstance(project, Project):
        project = read(project)
    gathered = Gathered(project)
    gathered.sources += map(_of_table, project.tables)
    times, wrong = periods(project.given.horizon)
    if wrong:
        faults = [project.fault(("horizon", key), told) for key, told in wrong]
        require_none(faults, project.path)
    step: Any = pd.Timedelta(seconds=round(project.given.horizon.step * 3600, 6))
    reader = Reader(gathered, times, step)
    data = _dataset(reader)
    require_none(gathered.all_faults, project.path)
    defaults = tuple(defaults_of(project.given, project.money))
    gathered.notes += bare_numbers.columns_told(project.root, project.money)
    doubts = tuple(bare_numbers.doubts(project.root))
    for doubt in doubts:
        warnings.warn(doubt, SuspiciousValueWarning, stacklevel=2)
    data.attrs["notes"] = _notes(gathered, doubts, defaults)
    try:
        instance = Instance(data)
    except InstanceError as error:
        places = error.places or [("", None)] * len(error.faults)
        told = [
            project.fault(_path(project, name, at), fault)
            for fault, (name, at) in zip(error.faults, places, strict=True)
        ]
        require_none(told, project.path)
        raise AssertionError("an error without a fault") from error
    return Built(instance, tuple(gathered.sources), tuple(gathered.notes), defaults, doubts)


def _of_table(table: Table) -> Source:
    """Return a table of entries as a source of what its columns give."""
    keys = {"sites": sites.KEYS, "jobs": jobs.KEYS, "services": services.KEYS}[table.kind]
    given = tuple(quantity for quantity, path in keys.items() if path in table.keys)
    return Source(table.kind, table.file, given, table.source, table.licence)


def _notes(gathered: Gathered, doubts: Iterable[str], defaults: Iterable[str]) -> str:
    """Return what was done to numbers, and what holds where nothing is said, as a JSON list."""
    done = [f"{source.file}: {note}" for source in gathered.sources for note in source.notes]
    unsaid = [f"not said, so: {default}" for default in defaults]
    return json.dumps(
        [*dict.fromkeys((*done, *gathered.notes, *doubts, *unsaid))], ensure_ascii=False
    )


def _dataset(reader: Reader) -> xr.Dataset:
    """Return the data of the instance; of what is at fault, some number."""
    given, times = reader.project.given, reader.times
    of_sites = {name: sites.site_values(name, site, reader) for name, site in given.sites.items()}
    of_jobs, allowed = jobs.job_frame(reader)
    of_services = services.service_values(reader)
    names = list(given.sites)
    coords = {
        "site": np.array(names, dtype=object),
        "time": times,
        "job": np.array(of_jobs.index, dtype=object),
        "service": np.array(list(given.services), dtype=object),
    }
    data = xr.Dataset(coords=coords, attrs=_attrs(reader.project))
    data["step_hours"] = reader.hours
    budget = given.carbon_budget
    data["carbon_budget"] = np.inf if budget is None else budget
    for quantity in sites.KEYS:
        data[quantity] = _over_sites(quantity, [of_sites[name][quantity] for name in names], times)
    for quantity in jobs.KEYS:
        if quantity != "allowed":
            data[quantity] = "job", of_jobs[quantity].to_numpy()
    data["allowed"] = ("job", "site"), allowed.to_numpy(dtype=bool)
    for quantity, (dims, values) in of_services.items():
        data[quantity] = dims, values
    for quantity in map(str, data.data_vars):
        data[quantity].attrs |= _about(quantity, reader.gathered.sources)
        if quantity in reader.gathered.estimates:
            data[quantity].attrs["source"] = reader.gathered.estimates[quantity]
    return data


def _over_sites(quantity: str, values: list[Any], times: pd.DatetimeIndex) -> Any:
    """Return values of sites over (site), or over (site, time) where they vary or must."""
    dims = PARAMETERS[quantity].dims
    if "time" not in dims and not any(np.ndim(value) for value in values):
        return ("site",), np.array(values)
    rows = [np.broadcast_to(value, len(times)) for value in values]
    return ("site", "time"), np.array(rows, dtype=float)


def _attrs(project: Project) -> dict[str, str]:
    """Return what the instance says of itself, with the zones of its sites as outputs read them."""
    given = project.given
    attrs = {"title": given.title, "currency": given.currency}
    attrs |= {"description": given.description, "licence": given.licence}
    zones = {name: site.zone or given.horizon.zone for name, site in given.sites.items()}
    named = {name: zone for name, zone in zones.items() if zone}
    places = {
        name: [site.coordinates.latitude, site.coordinates.longitude]
        for name, site in given.sites.items()
        if site.coordinates
    }
    attrs["site_places"] = json.dumps(places, ensure_ascii=False) if places else None
    attrs["site_zones"] = json.dumps(named, ensure_ascii=False) if named else None
    return {key: value for key, value in attrs.items() if value is not None}


def _about(quantity: str, sources: list[Source]) -> dict[str, str]:
    """Return the sources and licences of the files that give a quantity."""
    giving = [source for source in sources if quantity in source.quantities]
    stated = {
        "source": dict.fromkeys(source.source or source.file for source in giving),
        "licence": dict.fromkeys(source.licence for source in giving if source.licence),
    }
    return {key: "; ".join(texts) for key, texts in stated.items() if texts}


def _path(project: Project, name: str, at: Any) -> At:
    """Return which entry says a variable at some labels."""
    labels = dict(at or {})
    if name in sites.KEYS:
        return ("sites", *_label(labels, "site"), *sites.KEYS[name])
    if name in jobs.KEYS or name == "job":
        job = labels.get("job")
        where = ("jobs", str(job)) if job in project.given.jobs else ("job_logs", 0)
        return (*where, *jobs.KEYS.get(name, ())) if job is not None else ("jobs",)
    if name in services.KEYS:
        return ("services", *_label(labels, "service"), *services.KEYS[name])
    return {"step_hours": ("horizon", "step"), "time": ("horizon",)}.get(name, (name,))


def _label(labels: dict[str, Any], dim: str) -> tuple[str, ...]:
    return (str(labels[dim]),) if dim in labels else ()
