"""What must hold of the optimum of any instance, whatever its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs

instances = st.builds(
    cs.generate,
    sites=st.integers(1, 3),
    periods=st.integers(2, 8),
    jobs=st.integers(0, 3),
    services=st.integers(0, 2),
    seed=st.integers(0, 10_000),
    budget_share=st.floats(0.5, 1.5),
)


def optimum(instance: cs.Instance) -> float:
    """Return the optimum, or minus infinity where there is no schedule."""
    try:
        return cs.solve(instance, gap=0).objective
    except cs.InfeasibleError:
        return -np.inf


@pytest.mark.parametrize(
    "bound",
    ["import_limit", "export_limit", "generation_available", "charge_limit", "carbon_budget"],
)
@given(instance=instances, factor=st.floats(1.0, 3.0))
def test_raising_a_bound_never_hurts(bound, instance, factor):
    raised = instance.replace(**{bound: instance.data[bound] * factor})
    assert optimum(raised) >= optimum(instance) - 1e-4


@given(instance=instances, rate=st.floats(0.2, 5.0))
def test_currency_scales_the_objective(instance, rate):
    priced = (
        "import_price", "export_price", "generation_cost", "battery_cost",
        "reward", "startup_cost", "value",
    )  # fmt: skip
    converted = instance.replace(**{name: instance.data[name] * rate for name in priced})
    assert optimum(converted) == pytest.approx(rate * optimum(instance), rel=1e-6, abs=1e-3)


@given(instance=instances, seed=st.integers(0, 100))
def test_the_order_of_labels_does_not_matter(instance, seed):
    rng = np.random.default_rng(seed)
    order = {dim: rng.permutation(instance.data.sizes[dim]) for dim in ("site", "job", "service")}
    permuted = cs.Instance(instance.data.isel(order))
    assert optimum(permuted) == pytest.approx(optimum(instance), rel=1e-6, abs=1e-3)


@given(instance=instances)
def test_splitting_a_period_in_two_halves_changes_nothing_but_may_help(instance):
    """Every schedule by the hour is one by the half hour; the finer one may be better."""
    data = instance.data
    halves = data.isel(time=np.repeat(np.arange(data.sizes["time"]), 2))
    halves = halves.assign_coords(time=np.arange(2 * data.sizes["time"]))
    finer = cs.Instance(
        halves.assign(
            step_hours=0.5,
            duration=2 * data.duration,
            release=2 * data.release,
            deadline=2 * data.deadline + 1,
        )
    )
    assert optimum(finer) >= optimum(instance) - 1e-4
