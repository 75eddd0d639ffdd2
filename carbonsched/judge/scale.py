"""How large an instance is in each unit, so that no verdict depends on the units it is told in."""

from __future__ import annotations

import numpy as np
import xarray as xr


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
    hours = data.step_hours
    load = data.power.sum("job") + (data.power_per_unit * data.demand).sum("service")
    used = data.cooling * np.minimum(data.it_capacity, load)
    charge = np.minimum(data.charge_limit, data.battery_energy / (hours * data.charge_efficiency))
    drawn = np.minimum(
        data.discharge_limit, data.battery_energy * data.discharge_efficiency / hours
    )
    offered = data.generation_available
    power = max(
        _largest(used),
        _largest(np.minimum(offered, used + data.export_limit + charge)),
        _largest(np.minimum(charge, data.import_limit + offered)),
        _largest(np.minimum(drawn, used + data.export_limit)),
    )
    power = power or _largest(data.it_capacity)  # where nothing can run
    hour = float(hours) * power
    dirtiest = max(_largest(data.carbon_intensity), _largest(data.generation_carbon))
    held = min(_largest(data.battery_energy), hour * data.sizes["time"])
    return {"MW": power, "MWh": held, "tCO2e": hour * dirtiest}


def _largest(array: xr.DataArray) -> float:
    return float(array.max()) if array.size else 0.0
