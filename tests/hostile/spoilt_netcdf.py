"""Ways in which a NetCDF file can be wrong, by name: what is done to it, and the words for it.

Every entry starts from the file that `base()` saves; each must give an `InstanceError`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from corruptions import sparse

Damage = Callable[[Path], object]
REGISTRY: dict[str, tuple[Damage, str]] = {}


def content(change: Callable[[bytes], bytes]) -> Damage:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def data(change: Callable[[xr.Dataset], xr.Dataset]) -> Damage:
    def damage(path: Path) -> None:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            held = file.load()
        change(held).to_netcdf(path, engine="h5netcdf")

    return damage


def inside(change: Callable[[h5py.File], object]) -> Damage:
    def damage(path: Path) -> None:
        with h5py.File(path, "a") as file:
            change(file)

    return damage


def instead(make: Callable[[Path], object]) -> Damage:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


def replaced(name: str, make: Callable[[h5py.File], object]) -> Damage:
    def change(file: h5py.File) -> None:
        del file[name]
        make(file)

    return inside(change)


def elsewhere(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2,), float)
    layout[:] = h5py.VirtualSource("other.h5", "power", (2,))
    file.create_virtual_dataset("power", layout)


def deep(file: h5py.File) -> None:
    for level in range(50):
        file = file.create_group(f"g{level}")


def wrong_units_of_time(file: h5py.File) -> None:
    file["time"].attrs["units"] = "fortnights since yesterday"


REGISTRY |= {
    "empty": (content(lambda b: b""), "not a readable NetCDF-4 file"),
    "text": (content(lambda b: b"hello"), "not a readable NetCDF-4 file"),
    "classic NetCDF": (content(lambda b: b"CDF\1" + b[4:]), "not a readable NetCDF-4 file"),
    "signature only": (content(lambda b: b[:8]), "not a readable NetCDF-4 file"),
    "cut in half": (content(lambda b: b[: len(b) // 2]), "not a readable NetCDF-4 file"),
    "cut at the end": (content(lambda b: b[:-100]), "not a readable NetCDF-4 file"),
    "metadata overwritten": (
        content(lambda b: b[:100] + b"\xff" * 400 + b[500:]),
        "not a readable NetCDF-4 file",
    ),
    "a pipe": (instead(os.mkfifo), "not a regular file"),
    "a device": (instead(lambda p: p.symlink_to("/dev/zero")), "not a regular file"),
    "three gigabytes of nothing": (instead(sparse(3 * 2**30)), "at most"),
    "a terabyte of declared values": (
        replaced("power", lambda f: f.create_dataset("power", (2**37,), float, chunks=(1024,))),
        "power: ",
    ),
    "many objects": (
        inside(lambda f: [f.create_group(f"g{k}") for k in range(10_001)]),
        "more than 10,000 objects",
    ),
    "link to another file": (
        replaced("power", lambda f: f.__setitem__("power", h5py.ExternalLink("/etc/passwd", "/"))),
        "power: a link",
    ),
    "link within the file": (
        replaced("power", lambda f: f.__setitem__("power", h5py.SoftLink("/reward"))),
        "power: a link",
    ),
    "values in a raw file": (
        replaced(
            "power",
            lambda f: f.create_dataset("power", (2,), float, external=[("/etc/passwd", 0, 16)]),
        ),
        "power: its values are in another file",
    ),
    "values of another file": (replaced("power", elsewhere), "power: its values are in another"),
    "groups": (inside(deep), "g0: a group"),
    "complex numbers": (
        replaced("power", lambda f: f.create_dataset("power", data=np.array([1j, 2j]))),
        "power",
    ),
    "records": (
        replaced("power", lambda f: f.create_dataset("power", data=np.zeros(2, "i4,f8"))),
        "power",
    ),
    "times nobody can read": (inside(wrong_units_of_time), "not a readable NetCDF-4 file"),
    "a missing variable": (data(lambda d: d.drop_vars("power")), "power: missing"),
    "another variable": (data(lambda d: d.assign(pue=1.0)), "pue: not a variable of the model"),
    "text for numbers": (
        data(lambda d: d.assign(power=("job", ["a", "b"]))),
        "power: values of type",
    ),
    "not a number": (data(lambda d: d.assign(power=d.power * np.nan)), "power[job=j0] = nan MW"),
    "over other dimensions": (data(lambda d: d.assign(power=1.0)), "power: dimensions ()"),
    "one label twice": (data(lambda d: d.assign_coords(job=["a", "a"])), "job: duplicate label a"),
    "numbers for labels": (data(lambda d: d.assign_coords(job=[1, 2])), "job: label 1 is not"),
    "labels with zero bytes": (
        data(lambda d: d.assign_coords(job=["a\x07", "b"])),
        "job: label 'a\\x07' is not",
    ),
    "no labels": (data(lambda d: d.drop_vars("job")), "job: dimension without labels"),
    "another unit": (
        data(lambda d: d.assign(power=d.power.assign_attrs(units="kW"))),
        "power: given in kW, expected MW",
    ),
    "a schedule": (data(lambda d: d.assign_attrs(schedule="{}")), "this is a schedule"),
}
