"""Instances and schedules on disk: an editable folder of tidy CSV tables, or NetCDF.

The folder is a Frictionless data package (https://datapackage.org): `datapackage.json` names each
table, its key (the dimensions), its columns (the variables) with their units, and the licences
and sources. Whatever is read may come from anybody: it is read with limits, and checked.
"""

from carbonsched.io.files import replacing, replacing_all
from carbonsched.io.netcdf import read_netcdf, write_netcdf
from carbonsched.io.store import (
    SCENARIOS,
    instance_of,
    load,
    load_schedule,
    save_instance,
    save_schedule,
)

__all__ = [
    "SCENARIOS",
    "instance_of",
    "load",
    "load_schedule",
    "read_netcdf",
    "replacing",
    "replacing_all",
    "save_instance",
    "save_schedule",
    "write_netcdf",
]
