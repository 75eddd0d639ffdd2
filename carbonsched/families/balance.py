r"""(4) The power balance of each site, and the on-site generation that enters it.

.. math::

   p^{imp}_{it} + g_{it} + p^{dis}_{it} = P_{it} + p^{exp}_{it} + p^{ch}_{it},
   \qquad 0 \le g_{it} \le \bar G_{it} \tag{4}

Generation may be curtailed: what is available is a bound, not a must-run profile.
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, over
from carbonsched.formulation import Formulation


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `generate`, MW over (site, time), and its supply, emissions and cost."""
    available = data.generation_available * (formulation.generation == "dispatched")
    generate = model.add_variables(
        lower=0, upper=available, coords=over(data, "site", "time"), name="generate"
    )
    hours = data.step_hours.item()

    contribute(model, "net_supply", generate)
    contribute(model, "emissions", hours * data.generation_carbon * generate)
    contribute(model, "benefit", -(hours * data.generation_cost * generate).sum())


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (4): what the other families supply on balance is what the facility draws."""
    net_supply = model.expressions["net_supply"]

    model.add_constraints(net_supply == model["facility_power"], name="balance:power")  # (4)
