r"""(16) The carbon budget.

.. math::

   \Delta \sum_{it} \bigl(\gamma_{it} p^{imp}_{it} + \gamma^g_i g_{it}\bigr) \le B \tag{16}

Export earns no credit. A budget of infinity states no row.
"""

import numpy as np
import xarray as xr
from linopy import Model

from carbonsched.formulation import Formulation

MOVES = {"carbon_budget"}


def has_budget(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return whether (16) is stated."""
    return np.isfinite(data.carbon_budget)


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (16), tCO2e over the horizon."""
    if has_budget(data, formulation):
        total = model.expressions["emissions"].sum()
        model.add_constraints(total <= data.carbon_budget.item(), name="carbon:budget")  # (16)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the budget."""
    if "carbon:budget" in model.constraints:
        model.constraints["carbon:budget"].update(rhs=data.carbon_budget.item())
