"""Instance: everything that is given, as one validated `xarray.Dataset`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from carbonsched import store
from carbonsched.errors import InstanceError, SuspiciousValueWarning
from carbonsched.plausible import warn_of_suspicious
from carbonsched.schema import DIMENSIONS, PARAMETERS, Quantity
from carbonsched.validate import find_faults

_DTYPE = {"float": np.float64, "int": np.int64, "bool": np.bool_, "site": np.object_}


@dataclass(frozen=True, eq=False, repr=False)
class Instance:
    """One scheduling problem: sites, periods, jobs, services and all that is known of them.

    Parameters
    ----------
    data : xarray.Dataset
        The variables of `carbonsched.schema.PARAMETERS`, over dimensions `site`, `time`, `job`
        and `service`, in the units given there. Optional attributes `title`, `description`,
        `licence` and `source`; each variable may carry `source` and `licence` of its own.

    Raises
    ------
    InstanceError
        Lists every fault at once, each with variable, label and unit.

    Warns
    -----
    SuspiciousValueWarning
        A value is possible but so unusual that its unit may be another.
    """

    data: xr.Dataset

    def __post_init__(self) -> None:
        faults = find_faults(self.data)
        if faults:
            title = getattr(self.data, "attrs", {}).get("title", "instance")
            raise InstanceError([fault.sentence for fault in faults], str(title))
        object.__setattr__(self, "data", _canonical(self.data))
        warn_of_suspicious(self.data)

    def replace(self, **values: xr.DataArray | float) -> Instance:
        """Return a copy with some variables replaced, validated anew.

        Scalars and arrays over fewer dimensions are broadcast; labels must match exactly. What is
        replaced loses its source and licence, unless the new array brings its own.
        """
        unknown = sorted(set(values) - set(PARAMETERS))
        if unknown:
            raise InstanceError([f"{name}: no such variable" for name in unknown], "replace")
        data = self.data.copy()
        for name, value in values.items():
            given, like = xr.align(xr.DataArray(value), data[name], join="exact")
            data[name] = xr.broadcast(given, like)[0].assign_attrs(given.attrs)
        with warnings.catch_warnings():  # of what is not replaced, this instance has warned
            warnings.simplefilter("ignore", SuspiciousValueWarning)
            made = Instance(data)
        warn_of_suspicious(made.data, values)
        return made

    def save(self, path: str | Path) -> Path:
        """Write to a NetCDF file (suffix `.nc`) or else to an editable folder of CSV tables."""
        path = Path(path)
        (store.write_netcdf if path.suffix == ".nc" else store.write_folder)(self.data, path)
        return path

    def __repr__(self) -> str:
        plural = {"site": "sites", "time": "periods", "job": "jobs", "service": "services"}
        counts = [(self.data.sizes[dim], name) for dim, name in plural.items()]
        sizes = " x ".join(f"{n} {name if n != 1 else name[:-1]}" for n, name in counts)
        return f"<Instance {self.data.attrs.get('title', '')!r}: {sizes}>"


def load(path: str | Path) -> Instance:
    """Read an instance from a folder with a `datapackage.json`, or from a NetCDF file.

    Raises
    ------
    InstanceError
        Lists every fault found in the files, then every fault of the data.
    FileNotFoundError
        Nothing is at that path.
    """
    path = Path(path)
    data = store.read_folder(path) if path.is_dir() else store.read_netcdf(path)
    if "schedule" in data.attrs:
        raise InstanceError(["this is a schedule; read it with Schedule.load"], str(path))
    try:
        return Instance(data)
    except InstanceError as error:
        faults = find_faults(data)
        places = store.find_cells(path, [(fault.name, fault.at) for fault in faults])
        told = [
            f"{fault.sentence} ({place})" if place else fault.sentence
            for fault, place in zip(faults, places, strict=True)
        ]
        raise InstanceError(told, str(path)) from error


def _canonical(data: xr.Dataset) -> xr.Dataset:
    """Give every array the schema's order of dimensions, type, unit and description."""
    times = data.indexes["time"]
    if times.dtype.kind == "M":
        times = times.astype("datetime64[ns]")
    coords = {
        dim: times if dim == "time" else np.asarray(data.indexes[dim], dtype=object)
        for dim in DIMENSIONS
    }

    def array(quantity: Quantity) -> xr.DataArray:
        given = data[quantity.name].transpose(*quantity.dims)
        values = given.values.astype(_DTYPE.get(quantity.kind, times.dtype))
        kept = {k: v for k, v in given.attrs.items() if k in ("source", "licence")}
        numeric = {"units": quantity.unit} if quantity.kind in ("float", "int") else {}
        attrs = numeric | {"long_name": quantity.meaning} | kept
        return xr.DataArray(values, dims=quantity.dims, attrs=attrs)

    arrays = {name: array(quantity) for name, quantity in PARAMETERS.items()}
    return xr.Dataset(arrays, coords, dict(data.attrs))


def derived(data: xr.Dataset) -> Instance:
    """Return an instance of data derived from a valid one's, taken as they are.

    For what no user may state but a window of a longer horizon has: jobs that are over, so allowed
    nowhere, and a `battery_final` of its own.
    """
    instance = object.__new__(Instance)
    object.__setattr__(instance, "data", data)
    return instance


def require_instance(given: object) -> None:
    """Raise TypeError if what is given is no instance."""
    if not isinstance(given, Instance):
        kind = type(given).__name__
        raise TypeError(f"expected a carbonsched.Instance, got {kind}; make one of a Dataset first")
