"""NetCDF-4 files: written atomically; read only after a process of its own could read them."""

from __future__ import annotations

import io
from importlib import import_module
from pathlib import Path

import numpy as np
import xarray as xr

from carbonsched.errors import InstanceError, extra
from carbonsched.io.files import UnreadableError, replacing, require_regular
from carbonsched.io.package import plain_attrs

MOST_BYTES = 2**31  # of the file, and of its values in memory
_SMALL = 4096  # bytes: what is packed is read piece by piece, which takes longer than it saves


def write_netcdf(data: xr.Dataset, path: Path) -> None:
    """Write a dataset to NetCDF, atomically. Times are stored as integer nanoseconds, exactly."""
    require_hdf5("writing NetCDF")
    nanoseconds = {"units": "nanoseconds since 1970-01-01", "dtype": "int64"}
    encoding = {
        name: nanoseconds
        if array.dtype.kind == "M"
        else {"zlib": array.dtype.kind in "if" and array.nbytes > _SMALL}
        for name, array in data.variables.items()
        if array.size > 1
    }
    plain = data.copy()
    plain.attrs = plain_attrs(data.attrs)
    # By way of memory: on a full disk HDF5 raises what is no OSError, or nothing at all.
    content = io.BytesIO()
    plain.to_netcdf(content, engine="h5netcdf", encoding=encoding)
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def read_netcdf(path: Path) -> xr.Dataset:
    """Read a dataset that `write_netcdf` wrote, or that looks like one.

    Raises
    ------
    FileNotFoundError
        Nothing is there.
    InstanceError
        The file is no NetCDF file, is too large, keeps its values elsewhere, or makes the HDF5
        library crash or hang.
    """
    if not path.exists():
        raise FileNotFoundError(f"nothing at {path}: neither a folder nor a file")
    try:
        require_regular(path.stat(), MOST_BYTES)
    except UnreadableError as error:
        raise InstanceError([str(error)], str(path)) from error
    require_hdf5("reading NetCDF")
    from carbonsched.io.look import look  # which imports HDF5

    if faults := look(path, MOST_BYTES):
        raise InstanceError(faults, str(path))
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            data = file.load()
    except Exception as error:  # a foreign file: whatever xarray raises is a fault of the file
        raise InstanceError([f"not a readable NetCDF-4 file ({error})"], str(path)) from error
    for name, array in data.variables.items():
        array.encoding.clear()
        array.attrs = plain_attrs({k: _item(v) for k, v in array.attrs.items()})
        numeric = array.dtype.kind in "biufM" and array.dtype.itemsize <= 8
        if not numeric and array.dtype.kind not in "UO":
            raise InstanceError([f"{name}: values of type {array.dtype}"], str(path))
    data.attrs = plain_attrs({k: _item(v) for k, v in data.attrs.items()})
    return data


def require_hdf5(purpose: str) -> None:
    """Raise MissingExtraError where the packages are not installed that xarray needs for it."""
    with extra("netcdf", purpose):
        for package in ("h5netcdf", "h5py"):
            import_module(package)


def _item(value: object) -> object:
    """Return a NumPy scalar as a plain value."""
    return value.item() if isinstance(value, np.generic) else value
