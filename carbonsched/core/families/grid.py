r"""(5)-(7) Import, export, and never both at once.

.. math::

   p^{imp}_{it} &\le \bar P^{imp}_i z^{imp}_{it} \tag{5} \\
   p^{exp}_{it} &\le \bar P^{exp}_i z^{exp}_{it} \tag{6} \\
   z^{imp}_{it} + z^{exp}_{it} &\le 1 \tag{7}

**Where the states are needed.** Let both powers be positive and lower both by
:math:`\delta = \min(p^{imp}, p^{exp})`. The balance (4) is unchanged, emissions change by
:math:`-\Delta\gamma\delta \le 0`, benefit by :math:`\Delta(\pi^{imp} - \pi^{exp})\delta`. Where
:math:`\pi^{exp} \le \pi^{imp}` that is no loss, so some optimum never uses both and the binaries
can go. They stay where exporting pays more than importing costs and neither limit is zero. A solver
may still return an optimum that uses both: `carbonsched.solver.decisions` lowers it as above, so
that the schedule keeps (7).
"""

import xarray as xr

from carbonsched.core.families.expressions import SITE_TIME, Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation


def needs_states(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return where `importing` and `exporting` are declared: bool over (site, time)."""
    possible = (data.import_limit > 0) & (data.export_limit > 0)
    pays = data.export_price > data.import_price
    return (possible & pays) | (formulation.grid_states == "everywhere")


class Grid(Family):
    """(5)-(7): a site imports or exports, each within its limit."""

    name = "grid"
    moves = frozenset({"import_limit", "export_limit"})

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Export earns and import costs, USD."""
        return {
            "export": {"grid_export": data.step_hours * data.export_price},
            "import": {"grid_import": -data.step_hours * data.import_price},
        }

    def emitted(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Import emits, tCO2e."""
        return {"grid_import": data.step_hours * data.carbon_intensity}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare the grid powers, MW, and their states, binary, over (site, time)."""
        site_time = over(data, *SITE_TIME)
        grid_import = model.add_variables(
            lower=0, upper=data.import_limit, coords=site_time, name="grid_import"
        )
        grid_export = model.add_variables(
            lower=0, upper=data.export_limit, coords=site_time, name="grid_export"
        )
        states = needs_states(data, formulation)
        if states.any():
            model.add_variables(binary=True, coords=site_time, mask=states, name="importing")
            model.add_variables(binary=True, coords=site_time, mask=states, name="exporting")
        contribute(model, "net_supply", grid_import, (-1, grid_export))

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (5)-(7) where the states are needed; elsewhere (5) and (6) are bounds."""
        if "importing" not in model.variables:
            return
        grid_import, grid_export = model["grid_import"], model["grid_export"]
        importing, exporting = model["importing"], model["exporting"]
        there = importing.labels >= 0

        require(
            model, "grid:import", (1, grid_import), (-data.import_limit, importing), at_most=0,
            over=SITE_TIME, mask=there,
        )  # (5)  # fmt: skip
        require(
            model, "grid:export", (1, grid_export), (-data.export_limit, exporting), at_most=0,
            over=SITE_TIME, mask=there,
        )  # (6)  # fmt: skip
        require(
            model, "grid:state", (1, importing), (1, exporting), at_most=1, over=SITE_TIME,
            mask=there,
        )  # (7)  # fmt: skip

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the limits."""
        model["grid_import"].update(upper=data.import_limit)
        model["grid_export"].update(upper=data.export_limit)


family = Grid()
