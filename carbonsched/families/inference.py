r"""(11)-(12) Elastic inference: all demand is served, within each service's latency limit.

.. math::

   \sum_i y_{kit} &= D_{kt} \tag{11} \\
   y_{kit} &= 0 \quad \text{where } \ell_{ki} > \bar\ell_k \tag{12}

**Latency.** A route that (12) forbids is zero in every schedule, so it adds zero to every row and
to the benefit; declared with (12) as a row, or not declared at all, the set is the same.
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, earn, over
from carbonsched.formulation import Formulation
from carbonsched.routes import open_routes, require_routes

OVER = "service"
LATENCY = {"latency", "latency_limit"}
MOVES = {"demand", *LATENCY}


def worth(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable earns, USD."""
    return {"route": data.step_hours * data.value}


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `route`, workload units over (service, site, time)."""
    coords = over(data, "service", "site", "time")
    routes = open_routes(data) if formulation.latency == "cut" else None
    route = model.add_variables(
        lower=0, upper=data.demand, coords=coords, mask=routes, name="route"
    )  # (12)

    contribute(model, "it_load", (data.power_per_unit * route).sum("service"))
    earn(model, worth(data))


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (11), and (12) where it did not leave routes out."""
    require_routes(data)
    route = model["route"]
    model.add_constraints(route.sum("site") == data.demand, name="inference:demand")  # (11)
    if formulation.latency == "rows":
        within = open_routes(data) * data.demand
        model.add_constraints(route <= within, name="inference:latency")  # (12)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the demand."""
    require_routes(data)
    model["route"].update(upper=data.demand)
    model.constraints["inference:demand"].update(rhs=data.demand)
    if formulation.latency == "rows":
        model.constraints["inference:latency"].update(rhs=open_routes(data) * data.demand)
