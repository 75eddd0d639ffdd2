r"""(2)-(3) IT power and facility power.

.. math::

   P^{IT}_{it} &= \sum_j \rho_j x_{jit} + \sum_k \alpha_k y_{kit}, \qquad
   P^{IT}_{it} \le C_i \tag{2} \\
   P_{it} &= \kappa_{it} P^{IT}_{it} \tag{3}
"""

import xarray as xr

from carbonsched.core.families.expressions import SITE_TIME, Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation


class Power(Family):
    """(2) and (3): what the workload takes, and what the facility takes with it."""

    name = "power"
    moves = frozenset({"it_capacity", "cooling"})  # cooling where the powers are stated

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `it_power` and `facility_power`, MW over (site, time), unless substituted."""
        if formulation.power == "stated":
            model.add_variables(lower=0, coords=over(data, *SITE_TIME), name="it_power")
            model.add_variables(lower=0, coords=over(data, *SITE_TIME), name="facility_power")

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (2) and (3), or only the capacity of (2) where IT load stands for both powers."""
        it_load, most = model.total("it_load"), data.it_capacity
        if formulation.power == "substituted":
            if it_load.nterm:  # without jobs and services there is nothing to hold
                require(model, "power:capacity", (1, it_load), at_most=most, over=SITE_TIME)  # (2)
            contribute(model, "net_supply", (-data.cooling, it_load))  # (3)
            return
        it_power, facility_power = model["it_power"], model["facility_power"]

        require(model, "power:it", (1, it_power), (-1, it_load), equal=0, over=SITE_TIME)  # (2)
        require(model, "power:capacity", (1, it_power), at_most=most, over=SITE_TIME)  # (2)
        require(
            model, "power:facility", (1, facility_power), (-data.cooling, it_power), equal=0,
            over=SITE_TIME,
        )  # (3)  # fmt: skip
        contribute(model, "net_supply", (-1, facility_power))

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the capacity and, in (3), the cooling."""
        if "power:capacity" in model.constraints:
            limit = data.it_capacity.broadcast_like(data.cooling).transpose(..., *SITE_TIME)
            model.constraints["power:capacity"].update(rhs=limit)
        if "power:facility" in model.constraints:
            facility_power, it_power = model["facility_power"], model["it_power"]
            cooled = facility_power - data.cooling * it_power
            model.constraints["power:facility"].update(lhs=cooled)


family = Power()
