"""A small instance with dates, and its recipe."""

from __future__ import annotations

import pandas as pd
import pytest

import carbonsched as cs
from carbonsched.page.recipe import Recipe, recipe_of


@pytest.fixture(scope="session")
def instance() -> cs.Instance:
    """Two sites, four dated periods, two jobs and two services."""
    data = cs.generate(sites=2, periods=4, jobs=2, services=2, seed=3).data
    times = pd.date_range("2025-01-01", periods=4, freq="h").values
    ends = {
        name: data[name].copy(data=times[data[name].values]) for name in ("release", "deadline")
    }
    return cs.Instance(data.assign_coords(time=times).assign(ends))


@pytest.fixture(scope="session")
def recipe(instance: cs.Instance) -> Recipe:
    return recipe_of(instance.data)
