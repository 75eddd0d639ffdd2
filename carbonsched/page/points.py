"""Parameters at which a model is built to see what moves its numbers: open, moved and anywhere."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

NEAR = {"latency": 0.1}  # of what other numbers are, so that every route is open


def opened(data: xr.Dataset) -> xr.Dataset:
    """Return data with everything in reach, so that a model states every entry there can be."""
    times = data.indexes["time"]
    return data.assign(
        release=data.release.copy(data=np.full(data.sizes["job"], times[0])),
        deadline=data.deadline.copy(data=np.full(data.sizes["job"], times[-1])),
        duration=xr.full_like(data.duration, len(times)),
        allowed=xr.ones_like(data.allowed, bool),
        required=xr.ones_like(data.required, bool),
    )


def moved(data: xr.Dataset, names: Iterable[str], rng: np.random.Generator) -> xr.Dataset:
    """Return data with other numbers of some parameters, between one and two."""

    def other(name: str) -> xr.DataArray:
        numbers = 1 + rng.random(data[name].shape)
        return data[name].copy(data=NEAR.get(name, 1.0) * numbers)

    return data.assign({name: other(name) for name in names})


def anywhere(data: xr.Dataset, names: Iterable[str], rng: np.random.Generator) -> xr.Dataset:
    """Return data with random parameters, some of which leave out starts, routes and states."""
    times, jobs = data.indexes["time"], data.sizes["job"]
    new = moved(data, names, rng).assign(
        release=("job", times[rng.integers(0, len(times), jobs)]),
        deadline=("job", times[rng.integers(0, len(times), jobs)]),
        duration=("job", rng.integers(1, len(times) + 1, jobs)),
        allowed=(data.allowed.dims, rng.random(data.allowed.shape) < 0.7),
        required=("job", rng.random(jobs) < 0.3),
    )
    latency = rng.uniform(0.5, 2.5, new.latency.shape)
    latency[:, :1] = 0.5  # a service without a site is refused before there is a model
    paid = rng.random(new.import_price.shape) < 0.05
    return new.assign(
        latency=new.latency.copy(data=latency),
        import_price=new.import_price - 3 * paid,
        export_limit=new.export_limit * (rng.random(new.export_limit.shape) < 0.7),
        charge_limit=new.charge_limit * (rng.random(new.charge_limit.shape) < 0.7),
    )
