r"""(13)-(15) Batteries.

.. math::

   e_{it} &= e_{i,t-1} + \Delta (\eta^c_i p^{ch}_{it} - p^{dis}_{it} / \eta^d_i),
   \qquad e_{i,-1} = e^0_i, \quad e_{iT} \ge e^T_i \tag{13} \\
   \underline E_i &\le e_{it} \le \bar E_i \tag{14} \\
   p^{ch}_{it} &\le \bar P^{ch}_i, \qquad p^{dis}_{it} \le \bar P^{dis}_i \tag{15}

The final level :math:`e^T_i`, `battery_final`, is :math:`e^0_i` unless given. What the battery
gains, :math:`e_{iT} - e^0_i`, is worth :math:`v^e_i` a MWh, `battery_value`: by (13) a MW charged
gains :math:`\Delta \eta^c_i v^e_i`, one drawn loses :math:`\Delta v^e_i / \eta^d_i`. A battery that
begins below its reserve holds it from the end of period :math:`n_i` on, `battery_recovery`; until
then :math:`\underline E_i` is what it began with. A battery does not charge and discharge at once.

**Where that needs a state.** Charging and discharging together only wastes power. Let both be
positive at :math:`t` and lower both until one is zero: the battery is left fuller by
:math:`\delta \ge 0`, which costs nothing, and the power released is none. What is then too full
later is charged less, which lowers import or generation at that later period. That gains or costs
nothing unless importing is paid for there, :math:`\pi^{imp} < 0`. So the binary is needed at
:math:`t` only if the site's import price is negative at :math:`t` or later, and if both powers may
be positive.
"""

import xarray as xr

from carbonsched.core.families.expressions import SITE_TIME, Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation


def needs_state(data: xr.Dataset, formulation: Formulation) -> xr.DataArray:
    """Return where `charging` is declared: bool over (site, time)."""
    backwards = {"time": slice(None, None, -1)}
    negative = data.import_price < 0
    at_or_after = negative.isel(backwards).cumsum("time").isel(backwards) > 0
    possible = (data.charge_limit > 0) & (data.discharge_limit > 0)
    return possible & (at_or_after | (formulation.storage_states == "everywhere"))


def initially(data: xr.Dataset) -> xr.DataArray:
    """Return the state of charge before the first period and 0 later, MWh over (site, time)."""
    return data.battery_initial * (data.time == data.time[0])


class Storage(Family):
    """(13)-(15): a battery gives back what it was given, less its losses, within its limits."""

    name = "storage"
    moves = frozenset({"battery_energy", "battery_min", "battery_initial", "battery_final"}) | {
        "battery_recovery", "charge_limit", "discharge_limit",
    }  # fmt: skip

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Charging and discharging wear the battery, and move what its content is worth, USD."""
        wear = -data.step_hours * data.battery_cost
        worth = {"battery": {"charge": wear, "discharge": wear}}
        if not data.battery_value.any():
            return worth
        stored = data.step_hours * data.battery_value
        gained, drawn = stored * data.charge_efficiency, -stored / data.discharge_efficiency
        return worth | {"stored": {"charge": gained, "discharge": drawn}}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `charge` and `discharge`, MW, and `soc`, MWh, over (site, time): (14), (15)."""
        site_time = over(data, *SITE_TIME)
        charge = model.add_variables(
            lower=0, upper=data.charge_limit, coords=site_time, name="charge"
        )  # (15)
        discharge = model.add_variables(
            lower=0, upper=data.discharge_limit, coords=site_time, name="discharge"
        )  # (15)
        model.add_variables(
            lower=data.battery_min, upper=data.battery_energy, coords=site_time, name="soc"
        )  # (14)
        states = needs_state(data, formulation)
        if states.any():
            model.add_variables(binary=True, coords=site_time, mask=states, name="charging")
        contribute(model, "net_supply", discharge, (-1, charge))

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (13), and (15) with the state where it is needed."""
        charge, discharge, soc = model["charge"], model["discharge"], model["soc"]
        before = soc.shift(time=1)
        gained = data.step_hours * data.charge_efficiency
        drawn = data.step_hours / data.discharge_efficiency
        end = soc.isel(time=-1, drop=True)

        require(
            model, "storage:state",
            (1, soc), (-1, before), (-gained, charge), (drawn, discharge), equal=initially(data),
            over=SITE_TIME,
        )  # (13)  # fmt: skip
        require(
            model, "storage:final", (1, end), at_least=data.battery_final, over=("site",)
        )  # (13)
        if "charging" in model.variables:
            charging, limit = model["charging"], data.discharge_limit
            there = charging.labels >= 0
            require(
                model, "storage:charge", (1, charge), (-data.charge_limit, charging), at_most=0,
                over=SITE_TIME, mask=there,
            )  # (15)  # fmt: skip
            require(
                model, "storage:discharge", (1, discharge), (limit, charging), at_most=limit,
                over=SITE_TIME, mask=there,
            )  # (15)  # fmt: skip

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the sizes and the initial and final state of charge."""
        model["charge"].update(upper=data.charge_limit)
        model["discharge"].update(upper=data.discharge_limit)
        model["soc"].update(lower=data.battery_min, upper=data.battery_energy)
        model.constraints["storage:state"].update(rhs=initially(data))
        model.constraints["storage:final"].update(rhs=data.battery_final)


family = Storage()
