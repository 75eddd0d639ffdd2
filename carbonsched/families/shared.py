"""The few named expressions in which families meet, and how a family adds its terms to one."""

import numpy as np
import pandas as pd
import xarray as xr
from linopy import LinearExpression, Model, Variable

SHARED = {
    "it_load": ("site", "time"),  # MW
    "net_supply": ("site", "time"),  # MW
    "emissions": ("site", "time"),  # tCO2e
    "benefit": (),  # USD
}


def over(data: xr.Dataset, *dims: str) -> dict[str, pd.Index]:
    """Return the labels of some dimensions, to declare variables over."""
    return {dim: data.indexes[dim] for dim in dims}


def declare_shared(model: Model, data: xr.Dataset) -> None:
    """Declare the shared expressions, each zero until a family contributes to it."""
    for name, dims in SHARED.items():
        zero = xr.DataArray(np.zeros([data.sizes[d] for d in dims]), over(data, *dims), dims)
        model.add_expressions(LinearExpression(zero, model), name=name)


def earn(model: Model, worth: dict[str, xr.DataArray]) -> None:
    """Add to `benefit` what some variables earn, given the worth of a unit of each, USD."""
    contribute(model, "benefit", sum((unit * model[name]).sum() for name, unit in worth.items()))


def emit(model: Model, emitted: dict[str, xr.DataArray]) -> None:
    """Add to `emissions` what some variables emit, given the emissions of a unit of each, tCO2e."""
    for name, unit in emitted.items():
        contribute(model, "emissions", unit * model[name])


def contribute(model: Model, name: str, terms: LinearExpression | Variable) -> None:
    """Add terms to a shared expression."""
    total = model.expressions[name] + terms
    model.remove_expressions(name)
    model.add_expressions(total, name=name)
