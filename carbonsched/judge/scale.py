"""How large an instance is in each unit, so that no verdict depends on the units it is told in."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from carbonsched.bare import Bare


def scales(data: xr.Dataset) -> dict[str, float]:
    """Return the largest amounts that an instance is about, by unit.

    Limits that limit nothing do not count: a grid connection of a terawatt makes no small site a
    large one. Told in units a million times smaller, an instance has scales a million times larger.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.

    Returns
    -------
    dict of str to float
        "MW": the largest power that workload, generation or battery of a site can take or give in
        a period, with cooling. "MWh": what that is over the horizon, or the largest battery if it
        holds less. "tCO2e": what a period of that power emits at most.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.generate(sites=2, periods=4, jobs=1, services=1).data
    >>> powers = [n for n in data if data[n].attrs.get("units") in ("MW", "MWh", "MW/unit")]
    >>> in_kilowatts = data.assign({name: 1000 * data[name] for name in powers})
    >>> round(scales(in_kilowatts)["MW"] / scales(data)["MW"])
    1000
    """
    p = Bare(data)
    hours = p.step_hours
    load = p.power.sum("job") + (p.power_per_unit * p.demand).sum("service")
    used = p.cooling * np.minimum(p.it_capacity, load)
    charge = np.minimum(p.charge_limit, p.battery_energy / (hours * p.charge_efficiency))
    drawn = np.minimum(p.discharge_limit, p.battery_energy * p.discharge_efficiency / hours)
    offered = p.generation_available
    power = max(
        _largest(used),
        _largest(np.minimum(offered, used + p.export_limit + charge)),
        _largest(np.minimum(charge, p.import_limit + offered)),
        _largest(np.minimum(drawn, used + p.export_limit)),
    )
    power = power or _largest(p.it_capacity)  # where nothing can run
    hour = hours.item() * power
    dirtiest = max(_largest(p.carbon_intensity), _largest(p.generation_carbon))
    held = min(_largest(p.battery_energy), hour * p.sizes["time"])
    return {"MW": power, "MWh": held, "tCO2e": hour * dirtiest}


def _largest(array: Any) -> float:
    return float(array.max()) if array.size else 0.0
