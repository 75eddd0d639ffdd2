"""Instances and schedules on disk: an editable folder of tidy CSV tables, or NetCDF.

The folder is a Frictionless data package (https://datapackage.org): `datapackage.json` names each
table, its key (the dimensions), its columns (the variables) with their units, and the licences
and sources. Whatever is read may come from anybody: it is read with limits, and checked.
"""

from carbonsched.store.files import replacing
from carbonsched.store.folder import find_cells, read_folder, write_folder
from carbonsched.store.netcdf import read_netcdf, write_netcdf

__all__ = ["find_cells", "read_folder", "read_netcdf", "replacing", "write_folder", "write_netcdf"]
