"""Instances and schedules on disk: an editable folder of tidy CSV tables, or NetCDF.

The folder is a Frictionless data package (https://datapackage.org): `datapackage.json` names each
table, its key (the dimensions), its columns (the variables) with their units, and the licences
and sources. Variables that share dimensions, source and licence share a table.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.schema import DIMENSIONS, PARAMETERS

_NUMBERS = {"float": "number", "int": "integer", "bool": "boolean", "site": "string"}
_DTYPES = {"number": "float64", "integer": "int64", "boolean": "boolean"}
_NAME = "carbonsched-instance"
_RESERVED = ("profile", "name", "resources")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place only if the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_netcdf(data: xr.Dataset, path: Path) -> None:
    """Write a dataset to NetCDF, atomically. Times are stored as integer nanoseconds, exactly."""
    nanoseconds = {"units": "nanoseconds since 1970-01-01", "dtype": "int64"}
    encoding = {
        name: nanoseconds if array.dtype.kind == "M" else {"zlib": array.dtype.kind in "if"}
        for name, array in data.variables.items()
        if array.size > 1
    }
    with replacing(path) as temporary:
        data.to_netcdf(temporary, engine="h5netcdf", encoding=encoding)


def read_netcdf(path: Path) -> xr.Dataset:
    """Read a dataset that `write_netcdf` wrote.

    Raises
    ------
    InstanceError
        The file is no NetCDF file.
    """
    if not path.exists():
        raise FileNotFoundError(f"nothing at {path}: neither a folder nor a file")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            data = file.load()
    except (OSError, ValueError, KeyError) as error:
        raise InstanceError([f"not a readable NetCDF-4 file ({error})"], str(path)) from error
    for array in data.variables.values():
        array.encoding.clear()
    return data


def write_folder(data: xr.Dataset, folder: Path) -> None:
    """Write an instance as CSV tables and `datapackage.json`, each file atomically.

    Tables that a former instance in the folder had and this one has not are removed.
    """
    times = "datetime" if data.indexes["time"].dtype.kind == "M" else "integer"
    tables = list(_tables(data))
    shared = Counter(PARAMETERS[names[0]].dims for names in tables)
    resources, former = [], _former_tables(folder)
    for names in tables:
        dims = PARAMETERS[names[0]].dims
        label = _label(names) if shared[dims] > 1 else "_".join(dims) or "instance"
        resource = _describe(data, names, label, times)
        frame = data[names].to_dataframe() if data[names].dims else _scalars(data, names)
        frame = frame.reset_index()[[field["name"] for field in resource["schema"]["fields"]]]
        for column in frame.select_dtypes("datetime"):
            frame[column] = frame[column].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        with replacing(folder / resource["path"]) as temporary:
            frame.replace(np.inf, "INF").to_csv(temporary, index=False)
        resources.append(resource)
    kept = {str(k): v for k, v in data.attrs.items() if isinstance(v, str | int | float)}
    about = {key: value for key, value in kept.items() if key not in _RESERVED}
    package = {"profile": "data-package", "name": _NAME} | about
    with replacing(folder / "datapackage.json") as temporary:
        text = json.dumps(package | {"resources": resources}, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    for obsolete in former - {resource["path"] for resource in resources}:
        (folder / obsolete).unlink(missing_ok=True)


def _former_tables(folder: Path) -> set[str]:
    """Return the tables of the instance that is in the folder; refuse anybody else's package."""
    if not (folder / "datapackage.json").exists():
        return set()
    try:
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        ours = package["name"] == _NAME
        paths = {str(resource["path"]) for resource in package["resources"]}
    except (OSError, ValueError, LookupError, TypeError):
        ours = False
    if not ours:
        raise FileExistsError(
            f"{folder} holds a datapackage.json that is no instance's: not touched"
        )
    return {path for path in paths if Path(path).name == path}


def _label(names: list[str]) -> str:
    """Return a table's name, from its variables, where its dimensions do not tell it apart."""
    return "_".join(names) if len(names) <= 3 else f"{names[0]}_and_{len(names) - 1}_more"


def _tables(data: xr.Dataset) -> Iterator[list[str]]:
    """Group variables by dimensions, source and licence."""

    def key(name: str) -> tuple[tuple[str, ...], str, str]:
        attrs = data[name].attrs
        return PARAMETERS[name].dims, attrs.get("source", ""), attrs.get("licence", "")

    for _, names in groupby(sorted(PARAMETERS, key=key), key):
        yield list(names)


def _scalars(data: xr.Dataset, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: [data[name].item()] for name in names})


def _describe(data: xr.Dataset, names: list[str], label: str, times: str) -> dict:
    """Return the Frictionless descriptor of one table."""
    dims = PARAMETERS[names[0]].dims
    about = {k: data[names[0]].attrs[k] for k in ("source", "licence") if k in data[names[0]].attrs}
    keys = [
        {
            "name": dim,
            "type": times if dim == "time" else "string",
            "constraints": {"required": True},
        }
        for dim in dims
    ]
    fields = [
        {
            "name": name,
            "type": _NUMBERS.get(PARAMETERS[name].kind, times),
            "title": PARAMETERS[name].meaning,
            "unit": PARAMETERS[name].unit,
            "constraints": {"required": True},
        }
        for name in names
    ]
    schema = {"fields": keys + fields} | ({"primaryKey": list(dims)} if dims else {})
    resource = {"name": label.replace("_", "-"), "path": f"{label}.csv", "schema": schema}
    if "licence" in about:
        resource["licenses"] = [{"name": about["licence"]}]
    if "source" in about:
        resource["sources"] = [{"title": about["source"]}]
    return resource


def read_folder(folder: Path) -> xr.Dataset:
    """Read a folder of CSV tables described by its `datapackage.json`.

    Raises
    ------
    InstanceError
        Lists every fault of the files, each with file, row and column.
    """
    from frictionless import Dialect, FrictionlessException, Package

    if not (folder / "datapackage.json").is_file():
        raise InstanceError(["datapackage.json: missing"], str(folder))
    try:
        package = Package(str(folder / "datapackage.json"))
    except FrictionlessException as error:
        notes = [reason.message for reason in error.reasons] or [error.error.message]
        raise InstanceError([f"datapackage.json: {note}" for note in notes], str(folder)) from error
    for resource in package.resources:
        resource.dialect = Dialect.from_descriptor({"csv": {"delimiter": ","}})
    if faults := list(_table_faults(package)):
        raise InstanceError(faults, str(folder))
    tables = [_Table(folder, resource.to_descriptor()) for resource in package.resources]
    coords = _labels(tables)
    owners = Counter(name for table in tables for name in table.names)
    faults = [f"{name}: given by {count} tables" for name, count in owners.items() if count > 1]
    if faults := faults + [fault for table in tables for fault in table.misfits(coords)]:
        raise InstanceError(faults, str(folder))
    arrays = {name: array for table in tables for name, array in table.arrays(coords).items()}
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    attrs = {key: value for key, value in described.items() if key not in _RESERVED}
    return xr.Dataset(arrays, coords, attrs)


def _table_faults(package: object) -> Iterator[str]:
    report = package.validate()
    for error in report.errors:
        yield f"datapackage.json: {error.message}"
    for task in report.tasks:
        for error in task.errors:
            yield f"{task.place}: {error.message}"


class _Table:
    """One CSV table with its descriptor: key columns are dimensions, the others variables."""

    def __init__(self, folder: Path, descriptor: dict) -> None:
        fields = descriptor["schema"]["fields"]
        self.path = descriptor["path"]
        self.dims = tuple(descriptor["schema"].get("primaryKey", ()))
        self.names = [field["name"] for field in fields if field["name"] not in self.dims]
        self.units = {f["name"]: {"units": f["unit"]} for f in fields if "unit" in f}
        self.attrs = {}
        if descriptor.get("sources"):
            self.attrs["source"] = descriptor["sources"][0]["title"]
        if descriptor.get("licenses"):
            self.attrs["licence"] = descriptor["licenses"][0]["name"]
        self.frame = pd.read_csv(
            folder / self.path,
            dtype={f["name"]: _DTYPES.get(f["type"], "object") for f in fields},
            keep_default_na=False,
            na_values={f["name"]: ["NaN"] for f in fields if f["type"] == "number"},
            encoding="utf-8",
        )
        for field in fields:
            if field["type"] == "datetime":
                column = pd.to_datetime(self.frame[field["name"]], format="ISO8601", utc=True)
                self.frame[field["name"]] = column.dt.tz_localize(None).astype("datetime64[ns]")

    def misfits(self, coords: dict[str, pd.Index]) -> Iterator[str]:
        """Name labels that no other table knows and combinations of labels without a row."""
        known = True
        if not self.dims and len(self.frame) != 1:
            yield f"{self.path}: {len(self.frame)} rows, expected one"
        for dim in self.dims:
            for label in self.frame.loc[~self.frame[dim].isin(coords[dim]), dim].unique():
                known = False
                yield f"{self.path}, {dim}: label {label} is not in {dim}.csv"
        if known and len(self.dims) > 1:
            wanted = pd.MultiIndex.from_product([coords[dim] for dim in self.dims])
            given = pd.MultiIndex.from_frame(self.frame[list(self.dims)])
            for labels in wanted.difference(given)[:5]:
                place = ", ".join(f"{d}={v}" for d, v in zip(self.dims, labels, strict=True))
                yield f"{self.path}: no row for {place}"

    def arrays(self, coords: dict[str, pd.Index]) -> dict[str, xr.DataArray]:
        """Return the variables as arrays in the order of the labels."""
        order = {dim: coords[dim] for dim in self.dims}
        shape = tuple(len(labels) for labels in order.values())
        frame = self.frame
        if self.dims:
            index = pd.MultiIndex.from_product(list(order.values()), names=self.dims)
            keyed = frame.set_index(list(self.dims))
            frame = keyed.reindex(index if len(self.dims) > 1 else index.get_level_values(0))
        return {
            name: xr.DataArray(
                np.asarray(frame[name].to_numpy(), dtype=_plain(frame[name])).reshape(shape),
                order,
                self.dims,
                attrs=self.attrs | self.units.get(name, {}),
            )
            for name in self.names
        }


def _plain(column: pd.Series) -> np.dtype:
    return np.dtype(bool) if str(column.dtype) == "boolean" else column.dtype


def _labels(tables: list[_Table]) -> dict[str, pd.Index]:
    """Return each dimension's labels: as its own table lists them; times sorted."""
    labels = {}
    for dim in DIMENSIONS:
        own = [t for t in tables if dim in t.dims and (t.dims == (dim,) or dim == "time")]
        values = pd.unique(pd.concat([t.frame[dim] for t in own])) if own else []
        labels[dim] = pd.Index(sorted(values) if dim == "time" else values, name=dim)
    return labels
