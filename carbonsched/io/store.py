"""Load and save instances and schedules: from bytes to what is checked, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from carbonsched.core.family import Family, Unknown
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Contributor, Instance
from carbonsched.core.method import Method
from carbonsched.core.schedule import ARRAYS, Schedule
from carbonsched.core.schema import PARAMETERS, PRICES
from carbonsched.core.validate import find_faults
from carbonsched.errors import InstanceError
from carbonsched.io.folder import find_cells, read_folder, write_folder
from carbonsched.io.netcdf import read_netcdf, write_netcdf


def load(path: str | Path, families: Iterable[Contributor] = ()) -> Instance:
    """Read an instance from a folder with a `datapackage.json`, or from a NetCDF file.

    Parameters
    ----------
    path : path
    families : iterable of Family
        Families of your own, whose parameters the instance may give.

    Raises
    ------
    InstanceError
        Lists every fault found in the files, then every fault of the data.
    FileNotFoundError
        Nothing is at that path.
    """
    path = Path(path)
    extra = tuple(quantity for family in families for quantity in family.parameters)
    data = read_folder(path) if path.is_dir() else read_netcdf(path)
    if "schedule" in data.attrs:
        raise InstanceError(["this is a schedule; read it with Schedule.load"], str(path))
    try:
        return Instance(data, extra)
    except InstanceError as error:
        faults = find_faults(data, PARAMETERS | {q.name: q for q in extra})
        places = find_cells(path, [(fault.name, fault.at) for fault in faults])
        told = [
            f"{fault.sentence} ({place})" if place else fault.sentence
            for fault, place in zip(faults, places, strict=True)
        ]
        raise InstanceError(told, str(path)) from error


def example(name: str) -> Instance:
    """Return an instance that comes with the package."""
    raise NotImplementedError


def save_instance(instance: Instance, path: Path) -> Path:
    """Write an instance; see `carbonsched.Instance.save`."""
    (write_netcdf if path.suffix == ".nc" else write_folder)(instance.data, path)
    return path


def save_schedule(schedule: Schedule, path: Path) -> Path:
    """Write a schedule to NetCDF; see `carbonsched.Schedule.save`."""
    arrays = schedule.data if schedule.prices is None else schedule.data.merge(schedule.prices)
    write_netcdf(arrays.assign_attrs(schedule=json.dumps(schedule.summary())), path)
    return path


def load_schedule(path: Path, families: Iterable[Family] = ()) -> Schedule:
    """Read a schedule; see `carbonsched.Schedule.load`."""
    data = read_netcdf(path)
    if "schedule" not in data.attrs:
        raise ValueError(f"{path} holds no schedule")
    try:
        about = _about(json.loads(data.attrs.pop("schedule")), families)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path}: the schedule's summary is damaged ({why})") from error
    for name in data.data_vars:
        if data[name].dtype.kind not in "biuf":
            raise ValueError(f"{path}: {name} has values of type {data[name].dtype}")
    prices = data[list(PRICES)].drop_attrs() if set(PRICES) <= set(data) else None
    return Schedule(data=data.drop_vars(PRICES, errors="ignore"), prices=prices, **about)


def _about(said: dict[str, Any], families: Iterable[Family]) -> dict[str, Any]:
    """Return the attributes of a schedule that its summary states."""
    given = {family.name: family for family in families}
    slots = dict(said["formulation"])
    if isinstance(said["method"], str):  # as versions before 0.2 wrote it: in one with the other
        said["method"] = {slot: slots.pop(slot) for slot in asdict(Method())}
    stated = {slot: value for slot, value in said["method"].items() if slot != "name"}
    about = said | {
        "method": Method(**stated),
        "formulation": Formulation(**slots),
        "families": tuple(given.get(name, Unknown(str(name))) for name in said.get("families", [])),
        "bound": math.nan if said["bound"] is None else said["bound"],
        "benefit": {str(term): float(value) for term, value in said["benefit"].items()},
    }
    for name in ("emissions", "bound", "runtime", "build_time"):
        about[name] = float(about[name])
    return {slot.name: about[slot.name] for slot in fields(Schedule) if slot.name not in ARRAYS}
