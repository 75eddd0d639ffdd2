r"""(11)-(12) Elastic inference: all demand is served, within each service's latency limit.

.. math::

   \sum_i y_{kit} &= D_{kt} \tag{11} \\
   y_{kit} &= 0 \quad \text{where } \ell_{ki} > \bar\ell_k \tag{12}

**Latency.** A route that (12) forbids is zero in every schedule, so it adds zero to every row and
to the benefit; declared with (12) as a row, or not declared at all, the set is the same.
"""

import xarray as xr

from carbonsched.core.families.expressions import Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import open_routes, require_routes


class Inference(Family):
    """(11) and (12): demand is served, by sites near enough."""

    name = "inference"
    over = "service"
    moves = frozenset({"demand", "latency", "latency_limit"})

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Return that a unit served earns its value, USD."""
        return {"inference": {"route": data.step_hours * data.value}}

    def settled(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Return that by (11) all demand is served, so that its value is no matter of decision."""
        return {"route": data.step_hours * data.value}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `route`, workload units over (service, site, time)."""
        coords = over(data, "service", "site", "time")
        routes = open_routes(data) if formulation.latency == "cut" else None
        route = model.add_variables(
            lower=0, upper=data.demand, coords=coords, mask=routes, name="route"
        )  # (12)
        contribute(model, "it_load", (data.power_per_unit, route))

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (11), and (12) where it did not leave routes out."""
        require_routes(data)
        route = model["route"]
        require(
            model, "inference:demand", (1, route), equal=data.demand, over=("service", "time")
        )  # (11)
        if formulation.latency == "rows":
            require(
                model, "inference:latency", (1, route), at_most=open_routes(data) * data.demand,
                over=("service", "site", "time"),
            )  # (12)  # fmt: skip

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the demand."""
        require_routes(data)
        model["route"].update(upper=data.demand)
        model.constraints["inference:demand"].update(rhs=data.demand)
        if formulation.latency == "rows":
            within = (open_routes(data) * data.demand).transpose(..., "service", "site", "time")
            model.constraints["inference:latency"].update(rhs=within)


family = Inference()
