"""Small random instances in which everything that can go wrong for a formulation does."""

from __future__ import annotations

import numpy as np

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
