"""Instances as files that others read: a folder or NetCDF, and MPS of either formulation."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import carbonsched as cs
from carbonsched.core.instance import Instance
from carbonsched.io import replacing


def write_instance(instance: Instance, name: str, folder: Path, form: str) -> Path:
    """Write an instance, `form` "folder" or "netcdf", and return where."""
    return instance.save(folder / (name if form == "folder" else f"{name}.nc"))


def write_mps(instance: Instance, path: Path, formulation: str = "start") -> Path:
    """Write the model of an instance as MPS, compressed by gzip; the same for the same model.

    It maximises what of the benefit (1) is not the same in every schedule.
    """
    model = cs.build(instance, formulation)
    with tempfile.TemporaryDirectory() as there:
        plain = Path(there) / "model.mps"
        model.to_file(plain, progress=False)
        content = gzip.compress(plain.read_bytes(), mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path
