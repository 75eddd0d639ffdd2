"""Energy and carbon of a schedule: by site, and by site and period."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance, require_instance
from carbonsched.currency import currency_of
from carbonsched.judge.verify import Judged, mismatches, require_schedule
from carbonsched.keywords import named_keywords
from carbonsched.period import length_of

POWERS = (
    "it_power", "facility_power", "grid_import", "grid_export", "generate", "charge", "discharge",
)  # fmt: skip
UNITS = {
    **dict.fromkeys(("it", "facility", "import", "export", "generation", "battery"), "MWh"),
    "emissions": "tCO2e",
}


@named_keywords
def energy(instance: Instance, schedule: Judged) -> pd.DataFrame:
    """Return what each site uses, trades, generates and emits over the horizon: a row a site.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Of this instance.

    Returns
    -------
    pandas.DataFrame
        By site, MWh: `it` and `facility` energy, `import` and `export`, on-site `generation`,
        `battery`, what it charges and discharges, added; `emissions`, tCO2e, by (16): what added
        families emit belongs to no site and is not in it; and `cost` of energy, in the currency of
        the instance: import, generation and battery less export. Units are in `attrs["units"]`.

    Raises
    ------
    ValueError
        The schedule is not one of this instance.
    TypeError
        What is given is no instance, or no schedule.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> schedule = cs.solve(instance, gap=0)
    >>> by_site = cs.energy(instance, schedule)
    >>> bool(abs(by_site.emissions.sum() - schedule.emissions) < 1e-9)
    True
    """
    return by_site(instance, flows(instance, schedule))


def by_site(instance: Instance, by_period: pd.DataFrame) -> pd.DataFrame:
    """Return the sums over time, as `energy` does, of what `flows` returns."""
    hours = instance.data.step_hours.item()
    names = {
        "it_power": "it", "facility_power": "facility", "grid_import": "import",
        "grid_export": "export", "generate": "generation",
    }  # fmt: skip
    summed: Any = by_period.groupby(level="site", sort=False).sum()
    frame: pd.DataFrame = (summed[list(names)] * hours).rename(columns=names)
    frame["battery"] = (summed.charge + summed.discharge) * hours
    frame["emissions"], frame["cost"] = summed.emissions, summed.cost
    frame += 0.0  # no negative zero
    frame.attrs["units"] = UNITS | {"cost": currency_of(instance.data)}
    return frame


def flows(instance: Instance, schedule: Judged) -> pd.DataFrame:
    """Return powers, MW, state of charge, MWh, emissions, tCO2e, and cost by site and period.

    Raises
    ------
    ValueError, TypeError
        As `energy`.
    """
    require_instance(instance)
    require_schedule(schedule)
    data, decided = instance.data, schedule.data
    if apart := "; ".join(why for _, why in mismatches(data, decided)):
        raise ValueError(f"the schedule is not one of this instance: {apart}")
    like = data.cooling

    def at(array: xr.DataArray) -> np.ndarray:
        """Return values over (site, time), as arrays that need no labels any more."""
        return array.broadcast_like(like).transpose("site", "time").values.astype(float)

    given = {name: at(decided[name]) for name in (*POWERS, "soc")}
    cost = (
        at(data.import_price) * given["grid_import"]
        - at(data.export_price) * given["grid_export"]
        + at(data.generation_cost) * given["generate"]
        + at(data.battery_cost) * (given["charge"] + given["discharge"])
    )
    emitted = (
        at(data.carbon_intensity) * given["grid_import"]
        + at(data.generation_carbon) * given["generate"]
    )
    hours = data.step_hours.item()
    columns = given | {"emissions": hours * emitted, "cost": hours * cost}
    index = pd.MultiIndex.from_product([data.indexes["site"], data.indexes["time"]])
    frame = pd.DataFrame({name: own.ravel() + 0.0 for name, own in columns.items()}, index)
    frame.attrs["units"] = {
        **dict.fromkeys(POWERS, "MW"),
        "soc": "MWh",
        "emissions": "tCO2e",
        "cost": currency_of(data),
    }
    return frame


def with_total(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return a table with units and a last row that sums the others."""
    made = pd.concat([frame, frame.sum().rename(label).to_frame().T])
    made.attrs["units"] = frame.attrs["units"]
    return made


def ends_of(instance: Instance) -> tuple[pd.Index, pd.Index]:
    """Return when each period begins and ends: instants, or hours after the first begins."""
    times, hours = instance.data.indexes["time"], instance.data.step_hours.item()
    if times.dtype.kind == "M":
        step = times[1] - times[0] if len(times) > 1 else length_of(hours)
        return times, times + step
    counted = np.arange(len(times) + 1) * hours
    return pd.Index(counted[:-1]), pd.Index(counted[1:])
