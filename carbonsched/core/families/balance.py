r"""(4) The power balance of each site, and the on-site generation that enters it.

.. math::

   p^{imp}_{it} + g_{it} + p^{dis}_{it} = P_{it} + p^{exp}_{it} + p^{ch}_{it},
   \qquad 0 \le g_{it} \le \bar G_{it} \tag{4}

Generation may be curtailed: what is available is a bound, not a must-run profile.
"""

import xarray as xr

from carbonsched.core.families.expressions import SITE_TIME, Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation


class Balance(Family):
    """(4): what is supplied is used."""

    name = "balance"
    moves = frozenset({"generation_available"})

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Return that generation costs, USD."""
        return {"generation": {"generate": -data.step_hours * data.generation_cost}}

    def emitted(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Return that generation emits, tCO2e."""
        return {"generate": data.step_hours * data.generation_carbon}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `generate`, MW over (site, time)."""
        generate = model.add_variables(
            lower=0, upper=data.generation_available, coords=over(data, *SITE_TIME), name="generate"
        )
        contribute(model, "net_supply", generate)

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (4): what the families supply and draw cancels out."""
        supplied = (1, model.total("net_supply"))
        require(model, "balance:power", supplied, equal=0, over=SITE_TIME)  # (4)

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the bound of `generate`."""
        model["generate"].update(upper=data.generation_available)


family = Balance()
