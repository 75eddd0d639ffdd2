"""Factors on what an instance assumes, for asking which assumptions its answer hangs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from carbonsched.core.instance import Instance

_BATTERY = ("battery_energy", "battery_min", "battery_initial", "charge_limit", "discharge_limit")


def _scaled(*names: str) -> Callable[[Any, float], dict[str, Any]]:
    return lambda data, factor: {name: factor * data[name] for name in names}


def _cooling(data: Any, factor: float) -> dict[str, Any]:
    """Scale what cooling adds to IT power, not IT power itself."""
    return {"cooling": 1 + factor * (data.cooling - 1)}


ASSUMPTIONS: dict[str, Callable[[Any, float], dict[str, Any]]] = {
    "price level": _scaled("import_price", "export_price"),
    "carbon intensity": _scaled("carbon_intensity"),
    "generation": _scaled("generation_available"),
    "generation cost": _scaled("generation_cost"),
    "battery size": _scaled(*_BATTERY),
    "cooling overhead": _cooling,
    "value of inference": _scaled("value"),
    "reward of jobs": _scaled("reward"),
    "latency limits": _scaled("latency_limit"),
}


def scaled(instance: Instance, factors: Mapping[str, float]) -> Instance:
    """Return the instance with some of its assumptions multiplied.

    Parameters
    ----------
    instance : Instance
    factors : mapping of str to float
        By name of `ASSUMPTIONS`; what is not named stays.

    Raises
    ------
    KeyError
        There is no assumption of that name.

    Examples
    --------
    >>> import carbonsched as cs
    >>> given = cs.example("default")
    >>> dear = scaled(given, {"price level": 1.2})
    >>> float((dear.data.import_price / given.data.import_price).mean().round(9))
    1.2
    """
    changed: dict[str, Any] = {}
    for name, factor in factors.items():
        changed |= ASSUMPTIONS[name](instance.data, factor)
    return instance.replace(**changed)
