r"""(16) The carbon budget.

.. math::

   \Delta \sum_{it} \bigl(\gamma_{it} p^{imp}_{it} + \gamma^g_i g_{it}\bigr) \le B \tag{16}

Export earns no credit. A budget of infinity states no row.
"""

import numpy as np
import xarray as xr

from carbonsched.core.families.expressions import Model, expression, polluting, require
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation


def has_budget(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return whether (16) is stated: a method without it has an infinite budget."""
    return np.isfinite(data.carbon_budget).any()


class Carbon(Family):
    """(16): every family's emissions, added up, within the budget."""

    name = "carbon"
    moves = frozenset({"carbon_budget", "carbon_intensity", "generation_carbon"})

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (16), tCO2e over the horizon."""
        model.shared["emissions"] = polluting(model.families, data, model)
        if has_budget(data, formulation):
            emitted, most = model.total("emissions"), data.carbon_budget
            require(model, "carbon:budget", (1, emitted), at_most=most, over=())  # (16)

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the budget, and what a unit of each variable emits."""
        if "carbon:budget" in model.constraints:
            emitted = expression(model, polluting(model.families, data, model), ())
            most = data.carbon_budget.item()
            model.constraints["carbon:budget"].update(lhs=emitted, rhs=most)


family = Carbon()
