r"""(4) The power balance of each site, and the on-site generation that enters it.

.. math::

   p^{imp}_{it} + g_{it} + p^{dis}_{it} = P_{it} + p^{exp}_{it} + p^{ch}_{it},
   \qquad 0 \le g_{it} \le \bar G_{it} \tag{4}

Generation may be curtailed: what is available is a bound, not a must-run profile.
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, earn, emit, over
from carbonsched.formulation import Formulation

MOVES = {"generation_available"}


def worth(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable earns, USD."""
    return {"generate": -data.step_hours * data.generation_cost}


def emitted(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable emits, tCO2e."""
    return {"generate": data.step_hours * data.generation_carbon}


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `generate`, MW over (site, time), and its supply, emissions and cost."""
    site_time = over(data, "site", "time")
    generate = model.add_variables(
        lower=0, upper=data.generation_available, coords=site_time, name="generate"
    )

    contribute(model, "net_supply", generate)
    emit(model, emitted(data))
    earn(model, worth(data))


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (4): what the other families supply and draw cancels out."""
    model.add_constraints(model.expressions["net_supply"] == 0, name="balance:power")  # (4)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the bound of `generate`."""
    model["generate"].update(upper=data.generation_available)
