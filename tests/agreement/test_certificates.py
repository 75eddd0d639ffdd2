"""Certificates against optima: the certified interval contains what enumeration and HiGHS find."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from draws import draw_varied
from test_brute_force import brute_force, tiny

import carbonsched as cs
from carbonsched.core.schema import PRICES
from carbonsched.proof.exact_bound import certified_bound, snap_prices

METHODS = tuple(cs.METHODS)


def enclosed(instance: cs.Instance, best: float, method: str, engine: str, folder: Path) -> None:
    """Solve loosely, certify, check the file, and find the optimum inside."""
    loose = cs.solve(instance, method, gap=0.05, engine=engine)
    certificate = cs.certify(instance, loose)
    tolerance = Fraction(1e-6 * max(1.0, abs(best)))  # what the optimum itself is known to
    assert certificate.feasible, certificate.missed
    assert certificate.objective - tolerance <= Fraction(best) <= certificate.bound + tolerance
    assert float(certificate.objective) == pytest.approx(loose.objective, rel=1e-5, abs=1e-3)
    cs.Certificate.load(certificate.save(folder / "proof.json")).check(instance)


def against_enumeration(seed: int, folder: Path) -> None:
    instance = tiny(seed)
    best = brute_force(instance)
    if best is not None:
        engine = ("milp", "column-generation")[seed % 2]
        enclosed(instance, best, "joint", engine, folder)
        at_any_prices(instance, best, seed)


def against_highs(seed: int, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    method = METHODS[seed % len(METHODS)]
    instance = cs.generate(1 + seed % 4, 6 + seed % 19, seed % 8, seed % 4, seed)
    if seed % 4 == 1:  # a budget that binds
        free = cs.solve(instance, "no_carbon", gap=1e-4)
        tight = max(float(rng.uniform(0.9, 1.0)) * free.emissions, 0.01)
        instance = instance.replace(carbon_budget=tight)
    if seed % 5 == 0:  # hours in which power has a negative price, and export pays more than import
        price = instance.data.import_price - 80
        instance = instance.replace(import_price=price, export_price=price + 3)
    engine = "column-generation" if seed % 2 and method != "energy_only" else "milp"
    try:
        best = cs.solve(instance, method, gap=1e-7).objective
    except cs.InfeasibleError:
        return
    enclosed(instance, best, method, engine, folder)


def at_any_prices(instance: cs.Instance, best: float, seed: int) -> None:
    """Proves: weak duality, formula and rounding, at prices that nobody would choose."""
    data, rng = instance.data, np.random.default_rng(seed)
    for scale in (0.0, 1e-9, 1.0, 50.0, 500.0, 1e6):
        drawn = {
            name: (dims, rng.normal(scale / 2, scale, [data.sizes[dim] for dim in dims]))
            for name, dims in PRICES.items()
        }
        bound = certified_bound(data, snap_prices(data, xr.Dataset(drawn)))
        assert bound >= Fraction(best - 1e-6 * max(1.0, abs(best)))


def with_varied_limits(seed: int, folder: Path) -> None:
    """Limits vary in time, jobs are required, some at a loss, and a final charge is asked for."""
    instance = draw_varied(seed)
    try:
        best = cs.solve(instance, gap=1e-7, engine="milp")
    except cs.InfeasibleError:
        with pytest.raises((cs.InfeasibleError, cs.NoIncumbentError)):
            cs.solve(instance, engine="column-generation")
        return
    tolerance = 1e-6 * max(1.0, abs(best.objective))
    interval = cs.solve(instance, gap=1e-3, engine="column-generation")
    assert interval.objective <= best.bound + tolerance
    assert interval.bound >= best.objective - tolerance
    for schedule in (best, interval):
        certificate = cs.certify(instance, schedule)
        assert certificate.feasible, certificate.missed
        assert float(certificate.bound) >= best.objective - tolerance
        assert float(certificate.objective) <= best.bound + tolerance
        cs.Certificate.load(certificate.save(folder / "proof.json")).check(instance)
    at_any_prices(instance, best.objective, seed)


@pytest.mark.parametrize("seed", range(100, 103))
def test_enumeration_lies_within_the_certified_interval(seed, tmp_path):
    against_enumeration(seed, tmp_path)


@pytest.mark.parametrize("seed", [1, 3, 20])
def test_the_optimum_of_highs_lies_within_the_certified_interval(seed, tmp_path):
    against_highs(seed, tmp_path)


@pytest.mark.parametrize(
    "seed", [pytest.param(k, marks=[pytest.mark.long] * (k >= 12)) for k in range(90)]
)
def test_an_optimum_with_varied_limits_lies_within_its_intervals(seed, tmp_path):
    with_varied_limits(seed, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_optima_lie_within_their_certified_intervals(seed, tmp_path):
    against_enumeration(seed, tmp_path)
    against_highs(seed, tmp_path)
