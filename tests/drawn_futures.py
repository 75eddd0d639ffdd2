"""Small random futures of a small random fleet, some with negative and with inverted prices."""

from __future__ import annotations

import numpy as np

import carbonsched as cs


def drawn(
    seed: int, count: int = 2, *, jobs: int = 3, periods: int = 5, negative: bool = False, **values
) -> cs.Scenarios:
    """Return scenarios of prices, generation and demand, of unequal probabilities."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, periods, jobs, 2, seed=seed, utilisation=0.7, **values)
    data, futures = instance.data, {}
    shape = data.import_price.shape
    for k in range(count):
        factor = rng.uniform(0.5, 1.6, shape)
        sold = rng.uniform(0.7, 1.3 if negative else 1.0, shape)
        factor = factor - 2 * negative * (rng.uniform(size=shape) < 0.2)
        futures[f"future {k}"] = {
            "import_price": data.import_price * factor,
            "export_price": data.export_price * factor * sold,
            "generation_available": data.generation_available * rng.uniform(0.3, 1.2, shape),
            "demand": data.demand * rng.uniform(0.6, 1.0, data.demand.shape),
        }
    return cs.Scenarios.of(instance, futures, probability=rng.dirichlet(np.full(count, 3.0)))
