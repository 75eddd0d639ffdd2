r"""(11)-(12) Elastic inference: all demand is served, within each service's latency limit.

.. math::

   \sum_i y_{kit} &= D_{kt} \tag{11} \\
   y_{kit} &= 0 \quad \text{where } \ell_{ki} > \bar\ell_k \tag{12}

Routes that (12) forbids are never declared.
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, earn, over
from carbonsched.formulation import Formulation

OVER = "service"
MOVES = {"demand"}


def open_routes(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return the routes a service may take: bool over (service, site)."""
    within_limit = data.latency <= data.latency_limit
    at_home = data.site == data.home
    return within_limit & (at_home | (formulation.routing == "latency"))


def worth(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable earns, USD."""
    return {"route": data.step_hours * data.value}


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `route`, workload units over (service, site, time), on open routes only (12)."""
    coords = over(data, "service", "site", "time")
    routes = open_routes(data, formulation)
    route = model.add_variables(
        lower=0, upper=data.demand, coords=coords, mask=routes, name="route"
    )  # (12)

    contribute(model, "it_load", (data.power_per_unit * route).sum("service"))
    earn(model, worth(data))


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (11)."""
    model.add_constraints(
        model["route"].sum("site") == data.demand, name="inference:demand"
    )  # (11)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the demand."""
    model["route"].update(upper=data.demand)
    model.constraints["inference:demand"].update(rhs=data.demand)
