"""Units are names: told in others, a million times smaller or larger, no verdict is another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from draws import draw_varied
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.core.schema import DECISIONS, PARAMETERS
from carbonsched.judge.scale import scales

UNITS = ("power", "money", "carbon", "workload")
# How often each counts in a unit of the schema: above the stroke, and below it.
ABOVE = {"MW": "power", "MWh": "power", "USD": "money", "tCO2e": "carbon", "unit": "workload"}
BELOW = {"MW": "power", "MWh": "power", "unit": "workload", "(unit h)": "workload"}
pytestmark = pytest.mark.filterwarnings("ignore::carbonsched.SuspiciousValueWarning")


def factor(unit: str, by: dict[str, float]) -> float:
    """Return by what a number in a unit grows where what it counts in shrinks."""
    above, _, below = unit.partition("/")
    return by.get(ABOVE.get(above, ""), 1.0) / by.get(BELOW.get(below, ""), 1.0)


def told(instance: cs.Instance, **by: float) -> cs.Instance:
    """Return an instance in other units of power, money, carbon or workload."""
    return instance.replace(
        **{
            name: instance.data[name] * factor(quantity.unit, by)
            for name, quantity in PARAMETERS.items()
            if quantity.kind == "float" and factor(quantity.unit, by) != 1
        }
    )


def told_too(schedule: cs.Schedule, **by: float) -> cs.Schedule:
    """Return a schedule in such units."""
    data = schedule.data.copy()
    for name, quantity in DECISIONS.items():
        data[name] = data[name] * factor(quantity.unit, by)
    return replace(
        schedule,
        data=data,
        benefit={name: value * factor("USD", by) for name, value in schedule.benefit.items()},
        emissions=schedule.emissions * factor("tCO2e", by),
    )


def verdicts(instance: cs.Instance, method: str) -> dict[str, object]:
    """Return what every part of the package says of an instance, amounts left out."""
    diagnosis = cs.diagnose(instance, method)
    said: dict[str, object] = {
        "diagnose": diagnosis.feasible,
        "enough": {remedy.parameter for remedy in diagnosis.remedies if remedy.enough},
        "impossible": [finding.kind for finding in diagnosis.findings],
    }
    try:
        schedule = cs.solve(instance, method, gap=1e-4)
    except cs.CarbonschedError as error:
        return said | {"solve": type(error).__name__}
    proof = cs.certify(instance, schedule)
    proof.check(instance)
    ok = cs.verify(instance, schedule).ok
    return said | {"solve": schedule.status, "verify": ok, "certify": proof.missed}


SMALL = cs.generate(2, 5, 2, 1, seed=1, utilisation=0.5)
CASES = {
    "a schedule": (SMALL, "joint"),
    "a fixed workload": (SMALL, "energy_only"),
    "no schedule": (SMALL.replace(carbon_budget=0.5), "joint"),
    "a fixed workload with no room": (SMALL.replace(import_limit=0.4), "energy_only"),
}


OFTEN = {"a schedule": UNITS, "a fixed workload": ("workload",), "no schedule": ("carbon",)}
SWEEP = [
    pytest.param(
        case, unit, exponent, marks=[] if unit in OFTEN.get(case, ()) else pytest.mark.long
    )
    for case in CASES
    for unit in UNITS
    for exponent in (-6, 6)
]


@pytest.mark.parametrize(("case", "unit", "exponent"), SWEEP)
def test_a_unit_a_million_times_smaller_or_larger_changes_no_verdict(case, unit, exponent):
    instance, method = CASES[case]
    assert verdicts(told(instance, **{unit: 10.0**exponent}), method) == verdicts_of(case)


@cache
def verdicts_of(case: str) -> dict[str, object]:
    return verdicts(*CASES[case])


@given(
    seed=st.integers(0, 10_000),
    method=st.sampled_from(["joint", "energy_only", "no_routing"]),
    exponents=st.tuples(*[st.integers(-3, 3)] * 4),
)
def test_nor_do_other_units_of_everything_at_once(seed, method, exponents):
    """Limits in time, required jobs, final charges; with and without a schedule."""
    by = {unit: 10.0**exponent for unit, exponent in zip(UNITS, exponents, strict=True)}
    instance = draw_varied(seed)
    assert verdicts(told(instance, **by), method) == verdicts(instance, method)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [1e3, 1e4, 1e6])
def test_a_fixed_workload_fits_however_many_megawatts_a_unit_is(seed, size):
    """Routes are fixed to all their digits.

    Rounded to eight decimals, half of these have no schedule.
    """
    instance = cs.generate(2, 6, 2, 2, seed=seed)
    large = told(instance, workload=float(instance.data.power_per_unit.max()) / size)
    assert float(large.data.power_per_unit.max()) == pytest.approx(size)
    schedule = cs.solve(large, "energy_only", gap=0)
    wanted = cs.solve(instance, "energy_only", gap=0).objective
    assert schedule.objective == pytest.approx(wanted, rel=1e-7)
    assert cs.certify(large, schedule).feasible


# ------------------------------------------------------------------------- what is forged


def cut(name: str, share: float = 1e-3):
    """Lower the largest value of a decision by a share of it."""

    def forge(schedule: cs.Schedule) -> cs.Schedule:
        values = schedule.data[name].astype(float).copy()
        at = np.unravel_index(int(values.values.argmax()), values.shape)
        values.values[at] *= 1 - share
        return replace(schedule, data=schedule.data.assign({name: values}))

    return forge


def claim(schedule: cs.Schedule) -> cs.Schedule:
    earned = {name: value * 1.001 for name, value in schedule.benefit.items()}
    return replace(schedule, benefit=earned)


def conceal(schedule: cs.Schedule) -> cs.Schedule:
    return replace(schedule, emissions=schedule.emissions * 0.999)


def serve_what_is_negative(schedule: cs.Schedule) -> cs.Schedule:
    """Route less than nothing to one site, and the rest to another."""
    route = schedule.data.route.astype(float).copy()
    k, _, t = np.unravel_index(int(route.values.argmax()), route.shape)
    low, high = np.argsort(route.values[k, :, t])[[0, -1]]
    moved = route.values[k, low, t] + 1e-3 * route.values[k, high, t]
    route.values[k, low, t] -= moved
    route.values[k, high, t] += moved
    return replace(schedule, data=schedule.data.assign(route=route))


FORGED = {
    **{name: cut(name) for name in ("route", "it_power", "grid_import", "soc", "charge")},
    "negative": serve_what_is_negative,
    "objective": claim,
    "emissions": conceal,
}


@pytest.mark.parametrize("exponent", [-9, -6, 0, 6, 9])
@pytest.mark.parametrize("unit", UNITS)
def test_a_forgery_by_a_thousandth_is_found_at_any_scale(rich, unit, exponent):
    """Proves: the judge has no scale of its own.

    Sensitivity: with a tolerance that is absolute below one, those of power pass where a unit of
    it is a million times larger.
    """
    by = {unit: 10.0**exponent}
    instance, schedule = told(rich[0], **by), told_too(rich[1], **by)
    assert cs.verify(instance, schedule).ok
    for name, forge in FORGED.items():
        assert not cs.verify(instance, forge(schedule)).ok, name


def test_scales_go_with_their_units_and_not_with_limits_that_limit_nothing(rich):
    data = rich[0].data
    before, after = scales(data), scales(told(rich[0], power=1e6, carbon=1e-3).data)
    assert after["MW"] == pytest.approx(1e6 * before["MW"])
    assert after["MWh"] == pytest.approx(1e6 * before["MWh"])
    assert after["tCO2e"] == pytest.approx(1e-3 * before["tCO2e"])
    free = rich[0].replace(import_limit=1e9, export_limit=1e9, it_capacity=1e9, charge_limit=1e9)
    assert scales(free.data)["MW"] < 10 * before["MW"]


def test_routes_off_the_split_are_no_certificate_of_a_fixed_workload():
    """Proves: what may be off is a hundred-millionth of the service's demand, in any unit.

    A unit of 1e6 MW, at two sites of 20 MW each; a tenth of a megawatt is moved from one to the
    other. Sensitivity: with an allowance of 1e-6 units, 1 MW, it is no misfit.
    """
    dear = [[10.0, 10.0], [30.0, 30.0]]
    values = {"it_capacity": 20.0, "demand": 2e-5, "power_per_unit": 1e6, "import_price": dear}
    instance = cs.Instance(plain(2, 2, 0, 1, **values))
    right = cs.certify(instance, cs.solve(instance, "energy_only", gap=0))
    assert right.feasible and right.objective == right.bound == -2 * (10 * 10 + 10 * 30)
    route = right.incumbent.decided.route.copy(deep=True)
    route.values[0, 0, :] += Fraction(1, 10**7)
    route.values[0, 1, :] -= Fraction(1, 10**7)
    decided = right.incumbent.decided.assign(route=route)
    forged = cs.Certificate.of(
        instance, right.method, right.scope, replace(right.incumbent, decided=decided),
        right.prices, {},
    )  # fmt: skip
    assert forged.objective > right.bound
    assert any("proportion" in miss for miss in forged.missed)
    with pytest.raises(cs.CertificateError, match="not stated"):
        replace(forged, missed=()).check(instance)


def test_what_is_stated_has_figures_enough_for_small_numbers():
    """Proves: a benefit of a thousandth of a dollar is stated to six figures, not to three."""
    by = {"money": 1e-9, "carbon": 1e-9}
    schedule = cs.solve(SMALL, gap=0)
    proof = cs.certify(told(SMALL, **by), told_too(schedule, **by), prices=xr.Dataset())
    same = cs.certify(SMALL, schedule, prices=xr.Dataset())
    for name in ("objective", "bound", "emissions"):
        small, large = float(getattr(proof, name)), float(getattr(same, name))
        assert small * 1e9 == pytest.approx(large, rel=1e-5)
