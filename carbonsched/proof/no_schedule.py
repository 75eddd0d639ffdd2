r"""That there is no schedule, by prices: a bound below what any schedule earns at least.

Where the rows contradict each other, prices can be found at which the bound of
`carbonsched.proof.exact_bound` falls without limit. Powers, jobs and states of charge are within
limits each by itself, so that no schedule earns less than `least_benefit`. A bound below it leaves
none.
"""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS
from carbonsched.proof.exact_bound import certified_bound, snap_prices
from carbonsched.proof.rational import exact_data, total
from carbonsched.proof.restated import left_by


def least_benefit(data: xr.Dataset) -> Fraction:
    """Return what no schedule earns less than, USD: each decision at its worst, by itself.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as rationals.
    """
    net = (data.reward - data.startup_cost).values
    must = data.required.values
    jobs = sum((n if r else min(n, Fraction(0)) for n, r in zip(net, must, strict=True)), _ZERO)
    bought = (-data.import_price * data.import_limit).clip(max=0)
    sold = (data.export_price * data.export_limit).clip(max=0)
    generated = -data.generation_cost * data.generation_available
    worn = -data.battery_cost * np.maximum(data.charge_limit, data.discharge_limit)
    hourly = total(data.value * data.demand)  # all of it is served, wherever
    hourly += total(np.minimum(bought, sold) + generated.clip(max=0) + worn.clip(max=0))
    last = data.battery_min
    if "time" in last.dims:
        last = last.isel(time=-1, drop=True)
    stored = total((data.battery_value * (last - data.battery_initial)).clip(max=0))
    return jobs + data.step_hours.item() * hourly + stored


def bound_by(instance: Instance, prices: xr.Dataset) -> Fraction:
    """Return the upper bound that prices give on any schedule of the method joint, USD."""
    left = left_by(instance.data, asdict(METHODS["joint"]))
    return certified_bound(left, snap_prices(left, prices))


def without_schedule(instance: Instance, prices: xr.Dataset) -> bool:
    """Return whether prices prove that an instance has no schedule.

    Examples
    --------
    >>> import carbonsched as cs
    >>> from carbonsched.core.schema import PRICES
    >>> one = cs.generate(sites=1, periods=2, jobs=0, services=1)
    >>> dims = {name: [one.data.sizes[d] for d in over] for name, over in PRICES.items()}
    >>> zero = xr.Dataset({name: (PRICES[name], np.zeros(dims[name])) for name in PRICES})
    >>> without_schedule(one, zero)
    False
    """
    left = left_by(instance.data, asdict(METHODS["joint"]))
    return certified_bound(left, snap_prices(left, prices)) < least_benefit(exact_data(left))


_ZERO = Fraction(0)
