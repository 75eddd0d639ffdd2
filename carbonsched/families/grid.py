r"""(5)-(7) Import, export, and never both at once.

.. math::

   p^{imp}_{it} &\le \bar P^{imp}_i z^{imp}_{it} \tag{5} \\
   p^{exp}_{it} &\le \bar P^{exp}_i z^{exp}_{it} \tag{6} \\
   z^{imp}_{it} + z^{exp}_{it} &\le 1 \tag{7}

**Where the states are needed.** Let both powers be positive and lower both by
:math:`\delta = \min(p^{imp}, p^{exp})`. The balance (4) is unchanged, emissions change by
:math:`-\Delta\gamma\delta \le 0`, benefit by :math:`\Delta(\pi^{imp} - \pi^{exp})\delta`. Where
:math:`\pi^{exp} \le \pi^{imp}` that is no loss, so some optimum never uses both and the binaries
can go. They stay where exporting pays more than importing costs and neither limit is zero.
"""

import xarray as xr
from linopy import Model

from carbonsched.families.shared import contribute, earn, emit, over
from carbonsched.formulation import Formulation

MOVES = {"import_limit", "export_limit"}


def needs_states(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return where `importing` and `exporting` are declared: bool over (site, time)."""
    possible = (data.import_limit > 0) & (data.export_limit > 0)
    pays = data.export_price > data.import_price
    return (possible & pays) | (formulation.grid_states == "everywhere")


def worth(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable earns, USD."""
    hours = data.step_hours
    return {"grid_import": -hours * data.import_price, "grid_export": hours * data.export_price}


def emitted(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable emits, tCO2e."""
    return {"grid_import": data.step_hours * data.carbon_intensity}


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare the grid powers, MW, and their states, binary, over (site, time)."""
    site_time = over(data, "site", "time")
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

    contribute(model, "net_supply", grid_import - grid_export)
    emit(model, emitted(data))
    earn(model, worth(data))


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (5)-(7) where the states are needed; elsewhere (5) and (6) are bounds."""
    if "importing" not in model.variables:
        return
    grid_import, grid_export = model["grid_import"], model["grid_export"]
    importing, exporting = model["importing"], model["exporting"]

    model.add_constraints(grid_import <= data.import_limit * importing, name="grid:import")  # (5)
    model.add_constraints(grid_export <= data.export_limit * exporting, name="grid:export")  # (6)
    model.add_constraints(importing + exporting <= 1, name="grid:state")  # (7)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the limits."""
    model["grid_import"].update(upper=data.import_limit)
    model["grid_export"].update(upper=data.export_limit)
