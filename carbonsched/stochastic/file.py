"""Scenarios on disk: the instance as its own file has it, and beside it what differs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from carbonsched.core.family import Family
from carbonsched.errors import InstanceError
from carbonsched.io import SCENARIOS, instance_of, read_netcdf, write_netcdf
from carbonsched.io.stated import stated
from carbonsched.stochastic.scenarios import Scenarios

_EACH = "by_scenario_"  # before the name of what differs, as the instance has its own of that name


def save_scenarios(scenarios: Scenarios, path: Path) -> Path:
    """Write scenarios to NetCDF; see `carbonsched.Scenarios.save`."""
    each = scenarios.data.rename({name: f"{_EACH}{name}" for name in scenarios.data})
    whole = stated(scenarios.instance, sourced=True).merge(each.drop_attrs(deep=False))
    write_netcdf(
        whole.assign(probability=scenarios.probability).assign_attrs({SCENARIOS: scenarios.size}),
        path,
    )
    return path


def load_scenarios(path: Path, families: Iterable[Family] = ()) -> Scenarios:
    """Read scenarios; see `carbonsched.Scenarios.load`."""
    if path.is_dir():
        raise InstanceError(["a folder holds no scenarios; they are one NetCDF file"], str(path))
    data = read_netcdf(path)
    if SCENARIOS not in data.attrs:
        what = "it holds none"
        if "schedule" in data.attrs:
            what = "this is a schedule; read it with Schedule.load"
        elif "it_capacity" in data:
            what = "this is an instance; read it with carbonsched.load"
        raise InstanceError([f"expected scenarios: {what}"], str(path))
    del data.attrs[SCENARIOS]
    chance = data.get("probability")
    if "scenario" not in data.indexes or chance is None or chance.dims != ("scenario",):
        told = "damaged scenarios: no probability over labels of scenario"
        raise InstanceError([told], str(path))
    each = [str(name) for name in data.data_vars if str(name).startswith(_EACH)]
    differs = xr.Dataset(
        {name.removeprefix(_EACH): data[name] for name in each}, {"scenario": data.scenario}
    )
    shared = data.drop_vars(each).drop_dims("scenario")
    try:
        return Scenarios(instance_of(shared, families), differs, chance)
    except InstanceError as error:
        raise InstanceError(error.faults, str(path), error.places) from error
