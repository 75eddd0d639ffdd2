"""Load and save instances and schedules: from bytes to what is checked, and back."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import xarray as xr

from carbonsched.core.family import Family, listed
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Contributor, Instance
from carbonsched.core.method import Method
from carbonsched.core.schema import DIMENSIONS, PARAMETERS, PRICES, Quantity
from carbonsched.errors import InstanceError
from carbonsched.io import package
from carbonsched.io.folder import Content, read_folder, write_folder
from carbonsched.io.netcdf import read_netcdf, write_netcdf
from carbonsched.io.stated import stated
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.schedule import ARRAYS, Schedule, Unknown

EXAMPLES = ("default", "real-week", "real-year")
SCENARIOS = "scenarios"  # the attribute that a file of scenarios has
PLAN = "scenario_schedule"  # and that of a plan over scenarios
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
_PACKAGE = Path(__file__).parents[1]


@named_keywords
def load(path: str | Path, families: Iterable[Contributor] = ()) -> Instance:
    """Read an instance from a folder with a `datapackage.json`, or from NetCDF.

    Parameters
    ----------
    path : path
        The folder; or a NetCDF file, or a folder of some that together are an instance, as where
        one variable has a licence of its own.
    families : iterable of Family
        Families of your own, whose parameters the instance may give; without them they are
        unknown to it, and refused.

    Returns
    -------
    Instance
        Over the dimensions `site`, `time`, `job` and `service`, each quantity in the unit of
        `carbonsched.core.schema.PARAMETERS`.

    Raises
    ------
    InstanceError
        Lists every fault found in the files, then every fault of the data.
    FileNotFoundError
        Nothing is at that path.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cs.load(instance.save(folder))
    <Instance 'synthetic 2 x 4 x 1 x 1, seed 0': 2 sites x 4 periods x 1 job x 1 service>
    """
    require_kinds(path=(path, str))
    path = Path(path)
    extra = _parameters(listed(families))
    known = PARAMETERS | {quantity.name: quantity for quantity in extra}
    content = _read(path, known)
    if "schedule" in content.data.attrs:
        raise InstanceError(["this is a schedule; read it with Schedule.load"], str(path))
    if PLAN in content.data.attrs:
        told = "this is a plan over scenarios; read it with ScenarioSchedule.load"
        raise InstanceError([told], str(path))
    if SCENARIOS in content.data.attrs:
        raise InstanceError(["these are scenarios; read them with Scenarios.load"], str(path))
    try:
        return Instance(content.data, extra)
    except InstanceError as error:
        cells = [content.cell(name, at) for name, at in error.places]
        told = [
            f"{fault} ({cell})" if cell else fault
            for fault, cell in zip(error.faults, cells, strict=True)
        ]
        raise InstanceError(told, str(path), error.places) from error


def instance_of(data: xr.Dataset, families: Iterable[Contributor] = ()) -> Instance:
    """Return the instance of data that were read, with the parameters of families."""
    return Instance(data, _parameters(listed(families)))


def _parameters(families: Iterable[Contributor]) -> tuple[Quantity, ...]:
    """Return the parameters that families add, each once.

    Raises
    ------
    InstanceError
        Two families, or a family and the paper, have different ones of one name.
    """
    taken: dict[str, Quantity | None] = {**dict.fromkeys(DIMENSIONS), **PARAMETERS}
    new: dict[str, Quantity] = {}
    for quantity in (quantity for family in families for quantity in family.parameters):
        if taken.setdefault(quantity.name, quantity) != quantity:
            raise InstanceError([f"{quantity.name}: the name is taken"], "families")
        new[quantity.name] = quantity
    return tuple(new.values())


@named_keywords
def example(name: str) -> Instance:
    """Return an instance that comes with the package, and needs no file of yours.

    Parameters
    ----------
    name : {"default", "real-week", "real-year"}
        "default": 3 sites over a day, calibrated to Table I. "real-week": 6 sites over a week of
        measured prices, carbon intensities and weather; its sources and their licences are in
        `data.attrs` and in those of each variable. "real-year": the same sites over 2023, of which
        `Instance.window` takes any part; its attribute `filled` says which prices are not
        observed.

    Raises
    ------
    ValueError
        There is no example of that name.

    Examples
    --------
    >>> import carbonsched as cs
    >>> cs.example("default")
    <Instance 'default': 3 sites x 24 periods x 6 jobs x 3 services>
    """
    if name not in EXAMPLES:
        raise ValueError(f"example {name!r}, choose from {', '.join(EXAMPLES)}")
    installed = _PACKAGE / "examples"  # where the wheel puts what is in `data`
    return load((installed if installed.is_dir() else _PACKAGE.parent / "data") / name)


def _read(path: Path, known: Mapping[str, Quantity]) -> Content:
    """Read a file, a folder of tables, or one of NetCDF files that together are an instance."""
    if not path.is_dir():
        return Content(read_netcdf(path))
    parts = [] if (path / package.FILE).exists() else sorted(path.glob("*.nc"))
    return Content(_together(path, parts)) if parts else read_folder(path, known)


def _together(path: Path, parts: list[Path]) -> xr.Dataset:
    """Return files of other variables over the same labels as one dataset.

    It says of itself what the one with most variables does; its licence is that of every file.

    Raises
    ------
    InstanceError
        A file is unreadable or a schedule, or two have one variable or other labels.
    """
    read = {part.name: read_netcdf(part) for part in parts}
    largest = max(read.values(), key=len)
    names = Counter(name for part in read.values() for name in part.data_vars)
    faults = [f"{name}: in {count} of the files" for name, count in names.items() if count > 1]
    for file, part in read.items():
        if "schedule" in part.attrs:
            faults = [f"{file}: this is a schedule; read it with Schedule.load"]
            break
        for dim in set(part.indexes) & set(largest.indexes):
            if not part.indexes[dim].equals(largest.indexes[dim]):
                faults.append(f"{file}: labels of {dim} are not those of the other files")
    if faults:
        raise InstanceError(faults, str(path))
    stated = dict.fromkeys(str(part.attrs.get("licence", "")) for part in read.values())
    licence = " AND ".join(filter(None, stated))
    data = largest.assign({name: part[name] for part in read.values() for name in part.data_vars})
    return data.assign_attrs({"licence": licence} if licence else {})


def save_instance(instance: Instance, path: Path) -> Path:
    """Write an instance; see `carbonsched.Instance.save`."""
    if path.suffix == ".nc":
        write_netcdf(stated(instance, sourced=True), path)
    else:
        write_folder(instance, path)
    return path


def save_schedule(schedule: Schedule, path: Path) -> Path:
    """Write a schedule to NetCDF; see `carbonsched.Schedule.save`."""
    arrays = schedule.data if schedule.prices is None else schedule.data.merge(schedule.prices)
    if schedule.steps is not None:
        arrays = arrays.merge(schedule.steps.rename({n: f"step_{n}" for n in schedule.steps}))
    write_netcdf(arrays.assign_attrs(schedule=json.dumps(schedule.summary())), path)
    return path


def load_schedule(path: Path, families: Iterable[Family] = ()) -> Schedule:
    """Read a schedule; see `carbonsched.Schedule.load`."""
    given = {family.name: family for family in listed(families)}
    data = read_netcdf(path)
    if "schedule" not in data.attrs:
        over = ", but a plan over scenarios; read it with ScenarioSchedule.load"
        raise ValueError(f"{path} holds no schedule{over if PLAN in data.attrs else ''}")
    try:
        about = schedule_slots(json.loads(data.attrs.pop("schedule")), given)
    except DAMAGE as error:
        why = f"{type(error).__name__}: {error}"
        raise ValueError(f"{path}: the schedule's summary is damaged ({why})") from error
    data, about["steps"] = _steps_apart(data)
    require_numbers(data, path)
    if not set(PRICES) <= set(data):
        return Schedule(data=data, prices=None, **about)
    for name, dims in PRICES.items():
        if set(data[name].dims) != set(dims):
            raise ValueError(f"{path}: {name} has dimensions {data[name].dims}, expected {dims}")
    prices = data[list(PRICES)].drop_attrs()
    return Schedule(data=data.drop_vars(list(PRICES)), prices=prices, **about)


def require_numbers(data: xr.Dataset, path: Path) -> None:
    """Raise ValueError if a decision that was read is none."""
    for name in data.data_vars:
        if data[name].dtype.kind not in "biuf":
            raise ValueError(f"{path}: {name} has values of type {data[name].dtype}")


def _steps_apart(data: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Return the decisions, and the record of steps if there is one."""
    if "step" not in data.dims:
        return data, None
    names = [name for name in data.data_vars if "step" in data[name].dims]
    steps = data[names].rename({name: str(name).removeprefix("step_") for name in names})
    steps = steps[[*steps.data_vars]].drop_vars([c for c in steps.coords if c != "step"])
    return data.drop_vars([*names, "step"], errors="ignore"), steps.drop_attrs(deep=False)


def schedule_slots(said: dict[str, Any], given: dict[str, Family]) -> dict[str, Any]:
    """Return the attributes of a schedule that its summary states."""
    slots = dict(said["formulation"])
    if isinstance(said["method"], str):  # as versions before 0.2 wrote it: in one with the other
        said["method"] = {slot: slots.pop(slot) for slot in asdict(Method())}
    chosen = {slot: value for slot, value in said["method"].items() if slot != "name"}
    about: dict[str, Any] = (
        {"turnover": _at_stake(said["benefit"])}
        | said
        | {
            "method": Method(**chosen),
            "formulation": Formulation(**slots),
            "families": tuple(given.get(name) or Unknown(name) for name in _names(said)),
            "bound": math.nan if said["bound"] is None else said["bound"],
            "benefit": {str(term): float(value) for term, value in said["benefit"].items()},
            "versions": {str(part): str(version) for part, version in said["versions"].items()},
        }
    )
    for name in ("emissions", "bound", "runtime", "build_time", "turnover"):
        about[name] = float(about[name])
    for name in ("status", "solver"):
        about[name] = str(about[name])
    return {slot.name: about[slot.name] for slot in fields(Schedule) if slot.name not in ARRAYS}


def _at_stake(benefit: dict[str, float]) -> float:
    """Return the turnover of a schedule whose file does not state it, by the terms it states."""
    return sum(abs(float(value)) for term, value in benefit.items() if term != "inference")


def _names(said: dict[str, Any]) -> list[str]:
    """Return the names of the families that a summary states, which nothing is imported by."""
    names = said.get("families", [])
    plain = isinstance(names, list) and all(isinstance(n, str) and n.isprintable() for n in names)
    if not plain or not all(names) or len(set(names)) < len(names):
        raise ValueError(f"families {names!r:.80}: expected different names")
    return names
