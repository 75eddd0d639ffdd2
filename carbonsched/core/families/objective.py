r"""(1) The net operational benefit.

.. math::

   \max \sum_j R_j \sum_{it} u_{jit} - \sum_{jit} \sigma_j u_{jit}
   + \Delta \sum_{kit} V_k y_{kit}
   + \Delta \sum_{it} \bigl(\pi^{exp}_{it} p^{exp}_{it} - \pi^{imp}_{it} p^{imp}_{it}
   - c^g_i g_{it} - c^b_i (p^{ch}_{it} + p^{dis}_{it})\bigr)
   + \sum_i v^e_i (e_{iT} - e^0_i) \tag{1}

Each term stands in the family whose variables it prices; this family maximises their sum.
"""

import xarray as xr

from carbonsched.core.families.expressions import Model, expression, priced, settled
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation


class Objective(Family):
    """(1): every family's worth, added up."""

    name = "objective"
    moves = frozenset({"import_price", "export_price", "generation_cost", "battery_cost"}) | {
        "battery_value", "reward", "startup_cost", "value",
        "required",  # decides what is settled
    }  # fmt: skip

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (1): maximise `benefit`, USD."""
        model.shared["benefit"] = priced(model.families, data, model)
        model.settled = settled(model.families, data, model)
        model.add_objective(model.total("benefit"), sense="max")  # (1)

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move what every variable is worth."""
        benefit = expression(model, priced(model.families, data, model), ())
        model.settled = settled(model.families, data, model)
        model.add_objective(benefit, sense="max", overwrite=True)


family = Objective()
