"""Any instance, written as a project file with numbers, is built as it was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from draws import draw_varied
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.project.sites import KEYS

PLANT = {
    "generation_available": "available",
    "generation_cost": "cost",
    "generation_carbon": "carbon",
}


def stamped(instance: cs.Instance, start: pd.Timestamp) -> xr.Dataset:
    """Return the data of an instance over hours in place of numbers."""
    data = instance.data
    times = pd.date_range(start, periods=data.sizes["time"], freq="h")
    labels = {
        name: ("job", (start + pd.to_timedelta(data[name].values, unit="h")).to_numpy())
        for name in ("release", "deadline")
    }
    return data.assign_coords(time=times).assign(labels)


def as_project(data: xr.Dataset, zone: str) -> dict:
    """Return a project file that says all of it; latencies are in a table beside it."""

    def local(moment: np.datetime64) -> str:
        return pd.Timestamp(moment, tz="UTC").tz_convert(zone).isoformat()

    sites = {}
    for k, site in enumerate(data.site.values):
        entry: dict = {"battery": {}, "generation": {"own": {}}}
        for name, path in KEYS.items():
            value = data[name].values[k].tolist()
            if name in PLANT:
                entry["generation"]["own"][PLANT[name]] = value
            elif len(path) == 2:
                entry["battery"][path[1]] = value
            else:
                entry[path[0]] = value
        sites[site] = entry
    hour = np.timedelta64(1, "h")
    jobs = [
        {
            "name": str(one.job.values),
            **{name: one[name].item() for name in ("power", "duration", "reward", "startup_cost")},
            "required": bool(one.required),
            "release": local(one.release.values),
            "deadline": local(one.deadline.values + hour),  # by whose end, as an instant
            "allowed": data.site.values[one.allowed.values].tolist(),
        }
        for one in (data.isel(job=k) for k in range(data.sizes["job"]))
    ]
    services = {
        str(one.service.values): {
            **{name: one[name].item() for name in ("power_per_unit", "value", "latency_limit")},
            "demand": one.demand.values.tolist(),
            "home": one.home.item(),
            "origin": str(one.service.values),
        }
        for one in (data.isel(service=k) for k in range(data.sizes["service"]))
    }
    return {
        "title": data.attrs["title"],
        "horizon": {"start": local(data.time.values[0]), "periods": data.sizes["time"]},
        "sites": sites,
        "jobs": jobs,
        "services": services,
        "latency": {"file": "latency.csv"},
        "carbon_budget": data.carbon_budget.item(),
    }


@given(st.integers(0, 2**32 - 1), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_an_instance_said_as_a_project_is_that_instance(tmp_path_factory, seed, zone):
    folder: Path = tmp_path_factory.mktemp("project")
    data = stamped(draw_varied(seed), pd.Timestamp("2025-10-25 20:00"))  # a change of clocks
    table = pd.DataFrame(data.latency.values, data.service.values, data.site.values)
    table.rename_axis("origin").to_csv(folder / "latency.csv")
    said = as_project(data, zone)
    (folder / "fleet.yaml").write_text(json.dumps(said, indent=1))  # which is YAML too
    built = cs.project.build(folder / "fleet.yaml").instance.data
    xr.testing.assert_equal(built, cs.Instance(data).data)
