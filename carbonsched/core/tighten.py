r"""The step before the families: limits that no optimum passes, and what a method does without.

`tightened` returns an instance's data with some limits lowered, period by period. The families then
state the same rows over smaller numbers: bounds that say more, and smaller coefficients where a
limit multiplies a state in (5), (6) and (15), so that the linear relaxation says more, too.

**Proof.** The families show (`grid`, `storage`) that some optimum neither imports and exports at
once nor charges and discharges at once; take that one. Let
:math:`\hat P_{it} = \kappa_{it} \min(C_i, \sum_j \rho_j + \sum_k \alpha_k D_{kt})`, summed over the
jobs whose window and sites allow :math:`(i, t)` and the services within reach of :math:`i`: by (2)
and (3), :math:`P_{it} \le \hat P_{it}`. In the balance (4) every power is at least zero, so

- importing means not exporting: :math:`p^{imp} \le \hat P + \bar P^{ch}`;
- exporting means not importing: :math:`p^{exp} \le \bar G + \bar P^{dis}`;
- what is generated goes somewhere: :math:`g \le \hat P + \bar P^{exp} + \bar P^{ch}`;
- charging means not discharging: :math:`p^{ch} \le \bar P^{imp} + \bar G`, and the battery holds
  what enters, :math:`\Delta \eta^c p^{ch} \le \bar E - \underline E`;
- discharging means not charging: :math:`p^{dis} \le \hat P + \bar P^{exp}` and
  :math:`\Delta p^{dis} / \eta^d \le \bar E - \underline E`.

By (13) the state of charge leaves :math:`e^0` no faster than these powers let it, and must be at
:math:`e^T` at the end: with :math:`n` periods done and :math:`m` to come, :math:`e^0 + n \Delta
\eta^c \bar P^{ch}` bounds it from above, :math:`e^0 - n \Delta \bar P^{dis} / \eta^d` and
:math:`e^T - m \Delta \eta^c \bar P^{ch}` from below. A reserve that varies in time bounds what the
battery can hold by its lowest. Every bound holds in that one optimum, so its benefit stays in
reach; and as limits are only lowered, every schedule within them is one of the instance.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.reach import may_run, reserve
from carbonsched.core.schema import LIMITS


def tightened(data: xr.Dataset, method: Method, formulation: Formulation) -> xr.Dataset:
    """Return the data that the families state a formulation over.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    method : Method
    formulation : Formulation

    Returns
    -------
    xarray.Dataset
        The same names and units. With `bounds="tight"` the limits of grid, generation and battery
        are over (site, time).
    """
    left = restricted(data, method)
    if formulation.bounds == "given":
        return left
    used, labels = most_facility_power(left), list(left.indexes)  # whose comparing takes longest
    return left.assign(tighter_limits(left.drop_vars(labels), used.drop_vars(list(used.indexes))))


def restricted(data: xr.Dataset, method: Method) -> xr.Dataset:
    """Return the data of the instance that a method leaves of an instance.

    What a method does without is given a limit of zero, a forbidden route a latency of infinity.
    Of a reserve it is what must be held, see `carbonsched.core.reach.reserve`.
    """
    without = {
        "generation": method.generation == "none",
        "export": method.export == "none",
        "storage": method.storage == "idle",
    }
    left = {
        name: xr.zeros_like(data[name])
        for name, limit in LIMITS.items()
        if limit.side == "upper" and limit.variable not in ("", "soc") and without.get(limit.slot)
    }
    if method.routing == "home":
        left["latency"] = data.latency.where(data.site == data.home, np.inf)
    if method.carbon == "none":
        left["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    return data.assign(left | {"battery_min": reserve(data)})


def most_facility_power(data: xr.Dataset) -> xr.DataArray:
    """Return the most power that the workload can take, MW over (site, time)."""
    jobs = xr.dot(data.power, may_run(data), dim="job")
    near = data.latency <= data.latency_limit
    services = xr.dot(data.power_per_unit * near, data.demand, dim="service")
    return data.cooling * np.minimum(data.it_capacity, jobs + services)


def tighter_limits(data: xr.Dataset, used: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the tighter limits by name, each over (site, time).

    `used` is the most power that the workload can take, or more, MW over (site, time).
    """
    hours = data.step_hours
    lowest = data.battery_min.min(set(data.battery_min.dims) - {"scenario", "site"})
    held = (data.battery_energy - np.minimum(lowest, data.battery_initial)) / hours
    charge = np.minimum(data.charge_limit, held / data.charge_efficiency)
    charge = np.minimum(charge, data.import_limit + data.generation_available)
    discharge = np.minimum(data.discharge_limit, held * data.discharge_efficiency)
    discharge = np.minimum(discharge, used + data.export_limit)

    gained = hours * data.charge_efficiency * charge
    drawn = hours / data.discharge_efficiency * discharge
    before = gained.cumsum("time")
    after = np.maximum(gained.sum("time") - before, 0)  # rounding must not lift it above e^0
    least = np.maximum(data.battery_initial - drawn.cumsum("time"), data.battery_final - after)
    limits = {
        "import_limit": np.minimum(data.import_limit, used + charge),
        "export_limit": np.minimum(data.export_limit, data.generation_available + discharge),
        "generation_available": np.minimum(
            data.generation_available, used + data.export_limit + charge
        ),
        "charge_limit": charge,
        "discharge_limit": discharge,
        "battery_min": np.maximum(data.battery_min, least),
        "battery_energy": np.minimum(data.battery_energy, data.battery_initial + before),
    }
    return {name: limit.transpose(..., "site", "time") for name, limit in limits.items()}
