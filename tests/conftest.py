"""Small instances by hand, and the ways a test solves them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, settings

import carbonsched as cs
from carbonsched.schema import DECISIONS, PARAMETERS

ROOT = Path(__file__).parents[1]

# How many examples a property is tried on: few and always the same in `make test`, many and new
# ones with `--hypothesis-profile long`.
_UNHURRIED = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("short", max_examples=6, derandomize=True, **_UNHURRIED)
settings.register_profile("long", max_examples=200, print_blob=True, **_UNHURRIED)
settings.load_profile("short")

PLAIN = {
    "step_hours": 1.0,
    "it_capacity": 100.0,
    "cooling": 1.0,
    "import_limit": 1000.0,
    "export_limit": 0.0,
    "import_price": 10.0,
    "export_price": 0.0,
    "carbon_intensity": 0.5,
    "generation_available": 0.0,
    "generation_cost": 0.0,
    "generation_carbon": 0.0,
    "battery_energy": 0.0,
    "battery_min": 0.0,
    "charge_limit": 0.0,
    "discharge_limit": 0.0,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "battery_initial": 0.0,
    "battery_cost": 0.0,
    "power": 10.0,
    "duration": 1,
    "reward": 1000.0,
    "startup_cost": 0.0,
    "allowed": True,
    "demand": 0.0,
    "power_per_unit": 1.0,
    "value": 0.0,
    "latency": 1.0,
    "latency_limit": 10.0,
    "carbon_budget": np.inf,
}


def plain(sites: int = 1, periods: int = 1, jobs: int = 0, services: int = 0, **values: object):
    """Return the data of an instance in which nothing happens but what `values` say.

    Values are scalars or nested lists in the schema's order of dimensions.
    """
    coords = {
        "site": list("ABCDEFGH"[:sites]),
        "time": np.arange(periods),
        "job": [f"j{k}" for k in range(jobs)],
        "service": [f"s{k}" for k in range(services)],
    }
    given = {"release": 0, "deadline": periods - 1, "home": "A"} | PLAIN | values
    data = xr.Dataset(coords=coords)
    for name, quantity in PARAMETERS.items():
        shape = tuple(len(coords[d]) for d in quantity.dims)
        kind = {"int": int, "time": int, "bool": bool, "site": object}.get(quantity.kind, float)
        array = np.asarray(given[name], dtype=kind)
        data[name] = (quantity.dims, np.broadcast_to(array, shape).copy())
    return data


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


def relaxation(instance: cs.Instance, formulation: str | cs.Formulation) -> float:
    """Return the bound of the LP relaxation, USD."""
    model = cs.build(instance, formulation)
    model.variables.relax()
    model.solve("highs", io_api="lp", output_flag=False, log_to_console=False)
    assert model.termination_condition == "optimal"
    return model.objective.value


@pytest.fixture
def make() -> Callable[..., cs.Instance]:
    """Return a maker of instances: `make(sites, periods, jobs, services, **values)`."""
    return lambda *sizes, **values: cs.Instance(plain(*sizes, **values))


def _solve(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(instance, gap=0, **options)


def _paper(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(instance, formulation="paper", gap=0, **options)


def _load_then_solve(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(cs.load(instance.save(folder / "instance")), gap=0, **options)


def _solve_then_load(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.Schedule.load(cs.solve(instance, gap=0, **options).save(folder / "schedule.nc"))


@pytest.fixture(params=[_solve, _paper, _load_then_solve, _solve_then_load])
def solved(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., cs.Schedule]:
    """Solve to optimality four ways: plainly, as the paper prints it, from disk, and via disk."""
    return lambda instance, **options: request.param(instance, tmp_path, **options)


@pytest.fixture(scope="session")
def default() -> cs.Instance:
    return cs.load(ROOT / "data" / "default")


@pytest.fixture(scope="session")
def rich() -> tuple[cs.Instance, cs.Schedule]:
    """A schedule in which every decision is in use, to break one thing at a time."""
    instance = cs.generate(seed=0)
    schedule = cs.solve(instance, gap=0)
    idle = [name for name in DECISIONS if not schedule.data[name].any()]
    assert not idle, f"the example leaves {idle} unused"
    return instance, schedule
