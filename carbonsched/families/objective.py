r"""(1) The net operational benefit.

.. math::

   \max \sum_j R_j \sum_{it} u_{jit} - \sum_{jit} \sigma_j u_{jit}
   + \Delta \sum_{kit} V_k y_{kit}
   + \Delta \sum_{it} \bigl(\pi^{exp}_{it} p^{exp}_{it} - \pi^{imp}_{it} p^{imp}_{it}
   - c^g_i g_{it} - c^b_i (p^{ch}_{it} + p^{dis}_{it})\bigr) \tag{1}

Each term stands in the family whose variables it prices; this family maximises their sum.
"""

import xarray as xr
from linopy import Model

from carbonsched.formulation import Formulation


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (1): maximise `benefit`, USD."""
    model.add_objective(model.expressions["benefit"], sense="max")  # (1)
