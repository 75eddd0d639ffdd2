"""What a forecast answers, and what a user's own may not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.schema import PARAMETERS
from carbonsched.core.validate import find_faults
from carbonsched.errors import InstanceError

FORECAST = (
    "import_price",
    "export_price",
    "carbon_intensity",
    "cooling",
    "generation_available",
    "demand",
)
Forecast: TypeAlias = Callable[[Any, pd.Index], xr.Dataset]
_SHOWN = 5


def checked(forecast: Forecast, truth: Instance) -> Forecast:
    """Return a forecast whose every answer is held against what a forecast may answer.

    The answer is handed on with its labels in the instance's order and its dimensions in the
    schema's. What the callable itself raises goes through.

    Raises
    ------
    InstanceError
        When asked: lists every fault of an answer, with variable, label and unit, under the period
        it was issued for: no Dataset, names that are no forecast's, labels that are missing or
        others, other dimensions or units, values that are no number or out of bounds.
    """
    given = truth.data

    def forecast_with_a_check(issued: Any, horizon: pd.Index) -> xr.Dataset:
        told = forecast(issued, horizon)
        if faults := list(_faults(told, horizon, given)):
            raise InstanceError(faults, f"the forecast issued {issued}")
        labels = {dim: horizon if dim == "time" else given.indexes[dim] for dim in told.dims}
        odd = {dim: due for dim, due in labels.items() if not told.indexes[dim].equals(due)}
        told = told.sel(odd) if odd else told
        arrays = {
            name: told.variables[name].transpose(*PARAMETERS[str(name)].dims).astype(float)
            for name in told.data_vars
        }
        return xr.Dataset(arrays, labels)

    return forecast_with_a_check


def _faults(told: Any, horizon: pd.Index, given: xr.Dataset) -> Iterator[str]:
    if not isinstance(told, xr.Dataset):
        yield f"expected an xarray.Dataset, got {type(told).__name__}"
        return
    names = [str(name) for name in told.data_vars]
    for name in sorted(set(names) - set(FORECAST)):
        yield f"{name}: not forecast; what is: {', '.join(FORECAST)}"
    known = told[[name for name in names if name in FORECAST]]
    for name, array in known.items():
        for dim in [dim for dim in PARAMETERS[str(name)].dims if dim in array.dims]:
            due = horizon if dim == "time" else given.indexes[dim]
            own = array.indexes.get(dim, pd.Index([]))
            if own.equals(due):
                continue
            for odd, what in ((due.difference(own), "no value"), (own.difference(due), "unasked")):
                more = f" and {len(odd) - _SHOWN} more" * (len(odd) > _SHOWN)
                if len(odd):
                    yield f"{name}: {what} for {dim} {', '.join(map(str, odd[:_SHOWN]))}{more}"
    others = {d: given[d] for d in ("site", "time", "job", "service") if d not in known.sizes}
    wanted = {str(name): PARAMETERS[str(name)] for name in known}
    currency = {k: v for k, v in given.attrs.items() if k == "currency"}
    stated = known.assign_coords(others)
    stated.attrs = currency
    yield from (fault.sentence for fault in find_faults(stated, wanted))
