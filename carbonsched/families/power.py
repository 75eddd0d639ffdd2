r"""(2)-(3) IT power and facility power.

.. math::

   P^{IT}_{it} &= \sum_j \rho_j x_{jit} + \sum_k \alpha_k y_{kit}, \qquad
   P^{IT}_{it} \le C_i \tag{2} \\
   P_{it} &= \kappa_{it} P^{IT}_{it} \tag{3}
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, over
from carbonsched.formulation import Formulation

MOVES = {"it_capacity", "cooling"}  # cooling where the powers are stated


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `it_power` and `facility_power`, MW over (site, time), unless substituted."""
    if formulation.power == "stated":
        model.add_variables(lower=0, coords=over(data, "site", "time"), name="it_power")
        model.add_variables(lower=0, coords=over(data, "site", "time"), name="facility_power")


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (2) and (3), or only the capacity of (2) where IT load stands for both powers."""
    it_load = model.expressions["it_load"]
    if formulation.power == "substituted":
        if it_load.nterm:  # without jobs and services there is nothing to hold
            model.add_constraints(it_load <= data.it_capacity, name="power:capacity")  # (2)
        contribute(model, "net_supply", -(data.cooling * it_load))  # (3)
        return
    it_power, facility_power = model["it_power"], model["facility_power"]

    model.add_constraints(it_power == it_load, name="power:it")  # (2)
    model.add_constraints(it_power <= data.it_capacity, name="power:capacity")  # (2)
    model.add_constraints(facility_power == data.cooling * it_power, name="power:facility")  # (3)
    contribute(model, "net_supply", -facility_power)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the capacity and, in (3), the cooling."""
    if "power:capacity" in model.constraints:
        model.constraints["power:capacity"].update(rhs=data.it_capacity)
    if "power:facility" in model.constraints:
        facility_power, it_power = model["facility_power"], model["it_power"]
        model.constraints["power:facility"].update(lhs=facility_power - data.cooling * it_power)
