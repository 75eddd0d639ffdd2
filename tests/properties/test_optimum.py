"""What must hold of the optimum of any instance, whatever its numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
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
PRICED = (
    "import_price", "export_price", "generation_cost", "battery_cost",
    "reward", "startup_cost", "value",
)  # fmt: skip

# Every limit of the schema, and how a factor of at least one relaxes it.
UPPER = (
    "it_capacity", "import_limit", "export_limit", "generation_available", "battery_energy",
    "charge_limit", "discharge_limit", "latency_limit", "carbon_budget",
)  # fmt: skip
RELAXED: dict[str, Callable[[xr.Dataset, float], xr.DataArray]] = {
    **{name: lambda data, by, name=name: data[name] * by for name in UPPER},
    "battery_min": lambda data, by: data.battery_min / by,
    "release": lambda data, by: xr.full_like(data.release, data.time.values[0]),
    "deadline": lambda data, by: xr.full_like(data.deadline, data.time.values[-1]),
    "allowed": lambda data, by: xr.full_like(data.allowed, True),
}


def optimum(instance: cs.Instance) -> float:
    """Return the optimum, or minus infinity where there is no schedule."""
    try:
        return cs.solve(instance, gap=0).objective
    except cs.InfeasibleError:
        return -np.inf


def in_quarters(instance: cs.Instance) -> cs.Instance:
    """Return the instance with every period split into four: the same rates, durations in steps."""
    data = instance.data
    quarters = data.isel(time=np.repeat(np.arange(data.sizes["time"]), 4))
    quarters = quarters.assign_coords(time=np.arange(4 * data.sizes["time"]))
    return cs.Instance(
        quarters.assign(
            step_hours=data.step_hours / 4,
            duration=4 * data.duration,
            release=4 * data.release,
            deadline=4 * data.deadline + 3,
        )
    )


@given(
    instance=instances,
    names=st.sets(st.sampled_from(list(RELAXED)), min_size=1),
    by=st.floats(1.0, 3.0),
)
def test_relaxing_any_bound_never_hurts(instance, names, by):
    """Every schedule within the tighter limits is one within the looser."""
    relaxed = instance.replace(**{name: RELAXED[name](instance.data, by) for name in names})
    best = optimum(instance)
    assert optimum(relaxed) >= best - 1e-6 * max(abs(best), 1.0) or best == -np.inf


@given(instance=instances, exponent=st.floats(-3, 4))
def test_currency_scales_the_objective(instance, exponent):
    """In another currency every schedule earns the same multiple, so the best stays the best."""
    rate = 10.0**exponent
    converted = instance.replace(**{name: instance.data[name] * rate for name in PRICED})
    assert optimum(converted) == pytest.approx(rate * optimum(instance), rel=1e-5, abs=1e-3)


@given(instance=instances, seed=st.integers(0, 100))
def test_neither_order_nor_names_of_labels_matter(instance, seed):
    rng = np.random.default_rng(seed)
    order = {dim: rng.permutation(instance.data.sizes[dim]) for dim in ("site", "job", "service")}
    permuted = instance.data.isel(order)
    renamed = {dim: [f"{label}'" for label in permuted[dim].values] for dim in order}
    homes = permuted.home.copy(data=[f"{label}'" for label in permuted.home.values])
    permuted = cs.Instance(permuted.assign_coords(renamed).assign(home=("service", homes.values)))
    assert optimum(permuted) == pytest.approx(optimum(instance), rel=1e-6, abs=1e-3)


@given(instance=instances)
def test_quarters_of_an_hour_never_hurt(instance):
    """A schedule by the hour is one by the quarter: every rate held for four quarters.

    Powers, routes and states are the same, so (2)-(7), (11), (12) and (15) hold; jobs start on the
    hour and run four times as many quarters, (8)-(10); the state of charge passes through the same
    values at the hours and between them in a straight line, within (14); benefit and emissions are
    sums over four times as many periods of a quarter of the length. Jobs that start at a quarter
    past are new, so the optimum may rise.
    """
    best = optimum(instance)
    assert best == -np.inf or optimum(in_quarters(instance)) >= best - 1e-6 * max(abs(best), 1.0)


@given(instance=instances)
def test_quarters_change_nothing_where_jobs_cannot_use_them(instance):
    """Where every job has one possible start and no price is inverted or negative, equality holds.

    The other direction: in a schedule by the quarter put the mean of its four quarters for every
    power and route of an hour. (2)-(4), (11), (12), (15) and the bounds are linear with equal data
    in the four, so they hold; the state of charge at the hours is as before, so do (13) and (14);
    benefit and emissions do not change. Runs are whole hours, as there is one start. Only the
    states of (7) and of the battery may not survive the mean, and the families show that those are
    needed for inverted and negative prices alone: without them opposite flows are netted at no
    loss.
    """
    data = instance.data
    last = [int(r + n) - 1 for r, n in zip(data.release.values, data.duration.values, strict=True)]
    pinned = instance.replace(
        deadline=xr.DataArray(last, data.release.coords, dims="job").astype(data.deadline.dtype),
        import_price=abs(data.import_price),
        export_price=np.minimum(data.export_price, abs(data.import_price)),
    )
    best = optimum(pinned)
    assert optimum(in_quarters(pinned)) == pytest.approx(best, rel=1e-6, abs=1e-3)
