"""Small random instances in which everything that can go wrong for a formulation does."""

from __future__ import annotations

import numpy as np
import xarray as xr

import carbonsched as cs


def draw(seed: int) -> cs.Instance:
    """Return a small instance; prices are inverted, negative or neither, budgets tight or not."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers([1, 3, 0, 0], [4, 13, 5, 4])
    instance = cs.generate(*map(int, sizes), seed=seed, budget_share=float(rng.uniform(0.3, 1)))
    data = instance.data
    if seed % 3 == 1:  # sometimes export pays more than import costs
        inverted = rng.random(data.import_price.shape) < 0.2
        instance = instance.replace(
            export_price=data.export_price.where(~inverted, data.import_price + 10)
        )
    if seed % 4 == 2:  # sometimes import is paid for
        negative = rng.random(data.import_price.shape) < 0.2
        instance = instance.replace(
            import_price=data.import_price.where(~negative, -30.0),
            export_price=data.export_price.where(~negative, -40.0),
        )
    return instance


def draw_any_step(seed: int) -> cs.Instance:
    """Return one of the instances of `draw`, every other one over half-hours."""
    return draw(seed).replace(step_hours=1 / (1 + seed % 2))


def draw_varied(seed: int) -> cs.Instance:
    """Return a small instance with limits that vary in time, required jobs and a final charge.

    Stored energy may have a value, a battery begin below its reserve, a window reach beyond the
    horizon. Some required jobs are worth a loss, and some instances have no schedule.
    """
    instance = draw(seed)
    data, rng = instance.data, np.random.default_rng([seed, 1])
    like = data.cooling

    def less(share: float, low: float) -> xr.DataArray:
        """Return a factor over (site, time), one but for a share of the periods."""
        lower = rng.uniform(low, 1.0, like.shape)
        return xr.where(rng.random(like.shape) < share, lower * xr.ones_like(like), 1.0)

    values = {
        "it_capacity": data.it_capacity * less(0.3, 0.6),
        "import_limit": data.import_limit * less(0.3, 0.6),
        "export_limit": data.export_limit * less(0.5, 0.0),
        "generation_cost": data.generation_cost * less(0.5, 0.2),
        "generation_carbon": data.generation_carbon * less(0.5, 0.2),
        "battery_min": data.battery_initial * (1 - less(0.4, 0.0)),
    }
    spare = data.battery_energy - data.battery_initial
    values["battery_final"] = data.battery_initial + rng.uniform(-0.5, 0.3) * spare
    values["battery_final"] = values["battery_final"].clip(min=0)
    chosen = {name: values[name] for name in values if rng.random() < 0.7}
    if data.sizes["job"]:
        chosen["required"] = xr.DataArray(rng.random(data.sizes["job"]) < 0.5, {"job": data.job})
        chosen["reward"] = data.reward * rng.choice([0.0, 1.0], data.sizes["job"])
    chosen |= _around_the_horizon(data, np.random.default_rng([seed, 2]))
    return instance.replace(**{name: value.drop_attrs() for name, value in chosen.items()})


def _around_the_horizon(data: xr.Dataset, rng: np.random.Generator) -> dict[str, xr.DataArray]:
    """Return what is said of before and after it: windows beyond, a start too low, a value."""
    chosen = {}
    if rng.random() < 0.5:
        chosen["battery_value"] = xr.full_like(data.battery_cost, rng.uniform(0, 100))
    if rng.random() < 0.5:
        spare = data.battery_energy - data.battery_initial
        chosen["battery_min"] = data.battery_initial + rng.uniform(0, 0.5) * spare
        recovery = rng.integers(1, data.sizes["time"] + 2, data.sizes["site"])
        chosen["battery_recovery"] = data.battery_recovery.copy(data=recovery)
    if rng.random() < 0.5:
        early, late = rng.integers(0, 4, (2, data.sizes["job"]))
        chosen |= {"release": data.release - early, "deadline": data.deadline + late}
    return chosen
