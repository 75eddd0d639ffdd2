"""Certificates: what they prove, that lies are caught, and that a check needs no solver."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from test_app import call

import carbonsched as cs
from carbonsched.core.schema import PRICES
from carbonsched.io.digest import digest
from carbonsched.proof import certificate as certificates
from carbonsched.proof import certify as certifying
from carbonsched.proof.certify import _dispatched_with_less
from carbonsched.proof.check import main as check
from carbonsched.proof.exact_bound import certified_bound, snap_prices
from carbonsched.proof.exact_schedule import Incumbent, Violation, follow, objective, violations
from carbonsched.proof.rational import exact_data, rational, rounded_down, rounded_up, written
from carbonsched.proof.rounding import snap

ROOT = Path(__file__).parents[2]
BLOCKED = """
import sys
for name in ("linopy", "highspy", "gurobipy", "pyscipopt"):
    sys.modules[name] = None  # importing it raises ImportError
from carbonsched.check import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def proved(rich) -> tuple[cs.Instance, cs.Certificate]:
    instance, schedule = rich
    return instance, cs.certify(instance, schedule)


# ------------------------------------------------------------------------- exact arithmetic


def test_a_number_means_the_decimal_it_is_written_as():
    assert rational(0.1) + rational(0.2) == rational(0.3) == Fraction(3, 10)


@pytest.mark.parametrize("text", ["-0.05", "3", "1/3", "12.5", "-7/6", "0.000001", "100", "0"])
def test_written_numbers_read_back(text):
    assert Fraction(written(Fraction(text))) == Fraction(text)
    assert ("/" in written(Fraction(text))) == ("/" in text)


@pytest.mark.parametrize("number", [Fraction(1, 3), Fraction(-1, 3), Fraction(5, 4)])
def test_rounding_goes_to_the_side_it_says(number):
    down, up = rounded_down(number, 2), rounded_up(number, 2)
    assert down <= number <= up and up - down <= Fraction(1, 100)
    assert (up == down) == (number == Fraction(5, 4))


def served(instance: cs.Instance, **routed: str) -> list[Violation]:
    """Return what one period of imports misses, given what each site serves as decimal text."""
    data = exact_data(instance.data)
    nothing = 0 * data.cooling
    route = np.array([[[Fraction(text)] for text in routed.values()]], dtype=object)
    decided = xr.Dataset(
        {
            "route": (("service", "site", "time"), route),
            "generate": nothing, "charge": nothing, "discharge": nothing,
        },
        {dim: data[dim] for dim in ("site", "time", "job", "service")},
    )  # fmt: skip
    incumbent = Incumbent((), decided)
    return violations(data, incumbent, follow(data, incumbent))


def test_a_billionth_of_a_megawatt_is_found():
    """Proves: no tolerance. Sensitivity: `verify` at its tolerance passes the same schedule."""
    instance = cs.Instance(plain(1, 1, 0, 1, demand=5.0, import_limit=5.0))
    assert not served(instance, A="5")
    (less,) = served(instance, A="4.999999999")
    assert (less.equation, less.amount) == ("11", Fraction(1, 10**9))
    more = {miss.row: miss.amount for miss in served(instance, A="5.000000001")}
    assert more == {"demand served": Fraction(1, 10**9), "import limit": Fraction(1, 10**9)}
    schedule = cs.solve(instance)
    schedule.data["route"] += 1e-9
    assert cs.verify(instance, schedule).ok


def test_three_tenths_fill_three_tenths():
    """Binary fractions would say that 0.1 + 0.2 is more than 0.3."""
    limits = dict(demand=0.1, power=0.2, it_capacity=0.3, import_limit=0.3)
    instance = cs.Instance(plain(1, 1, 1, 1, **limits))
    certificate = cs.certify(instance, cs.solve(instance, gap=0))
    assert certificate.feasible and len(certificate.incumbent.placements) == 1
    assert 0.1 + 0.2 > 0.3


# ------------------------------------------------------------------------- what is proved


def test_a_hand_solved_instance_has_no_gap():
    """5 MW at 10 and 30 USD/MWh for half an hour each: the bound is the optimum, to the cent."""
    instance = cs.Instance(plain(1, 2, 0, 1, demand=5, step_hours=0.5, import_price=[[10.0, 30.0]]))
    certificate = cs.certify(instance, cs.solve(instance))
    assert certificate.objective == certificate.bound == -100 and certificate.gap == 0


@pytest.mark.parametrize("method", ["energy_only", "no_routing", "no_carbon"])
def test_methods_have_their_certificates(default, method, tmp_path):
    schedule = cs.solve(default, method, gap=1e-4)
    certificate = cs.certify(default, schedule)
    assert certificate.feasible
    assert float(certificate.objective) == pytest.approx(schedule.objective, rel=1e-8)
    assert certificate.objective <= certificate.bound
    assert certificate.gap < 0.002
    if method == "energy_only":  # not against the joint optimum, three times as high
        assert certificate.gap < 1e-6 and "with this workload" in certificate.report()
    cs.Certificate.load(certificate.save(tmp_path / "proof.json")).check(default)


def test_column_generations_own_prices_prove_its_bound(default, tmp_path):
    schedule = cs.solve(default, gap=1e-3, engine="column-generation")
    again = cs.Schedule.load(schedule.save(tmp_path / "day.nc"))
    assert float(cs.certify(default, again).bound) == pytest.approx(schedule.bound, rel=1e-8)
    xr.testing.assert_equal(again.prices.drop_vars("site"), schedule.prices.drop_vars("site"))
    assert set(again.data) == set(schedule.data)


def test_the_solvers_gap_stands_beside_and_proves_nothing(rich, proved):
    """A solver that lies about its bound is quoted, not believed."""
    (instance, schedule), (_, honest) = rich, proved
    schedule = replace(schedule, prices=honest.prices)
    lying = cs.certify(instance, replace(schedule, bound=schedule.objective - 1e6))
    assert lying.bound == honest.bound >= lying.objective
    assert lying.reported["bound"] == schedule.objective - 1e6
    assert "not part of the proof" in lying.report() and "root gap" in lying.report()
    unknown = cs.certify(instance, replace(schedule, bound=np.nan))
    assert unknown.reported["gap"] is None and "reported" not in unknown.report()


def test_a_broken_schedule_gets_no_certificate(rich):
    instance, schedule = rich
    broken = replace(schedule, data=schedule.data.assign(soc=schedule.data.soc + 1))
    with pytest.raises(cs.VerificationError):
        cs.certify(instance, broken)
    with pytest.raises(TypeError):
        cs.certify(instance.data, schedule)


EMPTY = {
    "no jobs": plain(2, 3, 0, 1, demand=4.0),
    "nothing": plain(1, 1, 0, 0),
    "a battery": plain(
        1, 3, 1, 1, demand=3.0, battery_energy=9.0, battery_initial=3.3, charge_limit=4.0,
        discharge_limit=4.0, charge_efficiency=0.9, discharge_efficiency=0.7,
        import_price=[[5.0, 80.0, 90.0]],
    ),
    "paid to import": plain(1, 2, 1, 0, import_price=-5.0, export_limit=7.0, export_price=3.0),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_instances_that_lack_something(name, tmp_path):
    instance = cs.Instance(EMPTY[name])
    best = cs.solve(instance, gap=0)
    certificate = cs.certify(instance, best)
    assert certificate.feasible
    tolerance = 1e-6 * max(1.0, abs(best.objective))
    assert float(certificate.objective) == pytest.approx(best.objective, abs=tolerance)
    assert certificate.objective <= certificate.bound
    cs.Certificate.load(certificate.save(tmp_path / "proof.json")).check(instance)


# ------------------------------------------------------------------------- any prices


def disturbed(prices: xr.Dataset, how: str) -> xr.Dataset:
    rng = np.random.default_rng(0)
    if how == "missing":
        return xr.Dataset()
    one = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf, "huge": 1e300, "tiny": 1e-300}
    return prices.map(
        lambda array: array.copy(
            data={
                "flipped": lambda v: -v,
                "noise": lambda v: v + rng.normal(0, 30, v.shape),
                "shuffled": lambda v: rng.permutation(v.ravel()).reshape(v.shape),
                "zero": lambda v: 0 * v,
            }.get(how, lambda v: np.where(rng.random(v.shape) < 0.5, one.get(how), v))(array.values)
        )
    )


HOWS = ("flipped", "noise", "shuffled", "zero", "nan", "inf", "-inf", "huge", "tiny", "missing")


@pytest.mark.parametrize("how", HOWS)
def test_corrupted_prices_still_bound(proved, how):
    """Proves: whatever the prices, the bound holds. They only make it worse."""
    instance, honest = proved
    prices = disturbed(honest.prices, how)
    certificate = cs.Certificate.of(instance, "joint", honest.scope, honest.incumbent, prices, {})
    assert certificate.bound >= honest.objective
    assert all(np.isfinite(certificate.prices[name]).all() for name in PRICES)
    if how != "tiny":  # a price that small is as good as none
        assert certificate.bound > honest.bound


def test_the_exact_bound_is_that_of_the_relaxation_or_better(proved):
    """Proves: exactness costs nothing. The relaxation's optimum by HiGHS is the yardstick."""
    instance, certificate = proved
    model = cs.build(instance)
    model.variables.relax()
    model.solve("highs", output_flag=False)
    assert float(certificate.bound) <= model.objective.value * (1 + 1e-9)


def test_prices_are_short_and_of_the_right_sign(rich):
    instance, _ = rich
    wild = xr.Dataset(
        {"carbon_price": -3.0, "power_price": (("site", "time"), np.full((3, 24), np.pi))},
    )
    snapped = snap_prices(instance.data, wild)
    assert snapped.carbon_price == 0 and float(snapped.power_price[0, 0]) == 3.141592654
    free = snap_prices(instance.data.assign(carbon_budget=np.inf), wild.assign(carbon_price=9.0))
    assert free.carbon_price == 0
    assert certified_bound(instance.data, snapped) > 0


# ------------------------------------------------------------------------- snapping


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_a_solver_is_snapped_away(rich, seed):
    """Proves: every limit is met exactly again after noise a hundred times a solver's tolerance."""
    instance, schedule = rich
    rng = np.random.default_rng(seed)
    data = exact_data(instance.data)
    noisy = schedule.data.copy()
    for name in ("route", "generate", "charge", "discharge", "grid_import", "grid_export"):
        noise = rng.normal(0, 1e-7, noisy[name].shape)
        noisy[name] = noisy[name] + noise * (noisy[name] > 0)
    incumbent = snap(data, noisy)
    made = follow(data, incumbent)
    assert not violations(data, incumbent, made)
    assert float(objective(data, incumbent, made)) == pytest.approx(schedule.objective, rel=1e-7)


def test_the_certified_schedule_passes_the_verifier(proved, rich):
    """The verifier in floats, which shares nothing with the exact one, agrees to 1e-12."""
    (instance, certificate), (_, schedule) = proved, rich
    made = follow(exact_data(instance.data), certificate.incumbent)
    floats = made.map(lambda array: array.astype(float))
    decisions = schedule.data.assign(
        {name: floats[name].transpose(*schedule.data[name].dims) for name in floats}
    )
    decisions["importing"] = (floats.grid_import > 0).astype(int)
    decisions["exporting"] = (floats.grid_export > 0).astype(int)
    stated = replace(schedule, data=decisions)
    about = {"benefit": {"all": float(certificate.objective)}}
    about["emissions"] = float(certificate.emissions)
    assert cs.verify(instance, replace(stated, **about), tolerance=1e-9).ok


def test_a_reserve_by_night_is_charged_for_in_time():
    """Proves: what noise took from the charge of earlier hours is put back there.

    Full after two hours with 5 MW in each: neither can do with less.
    """
    instance = cs.Instance(
        plain(
            1, 4, 0, 1, demand=1.0, battery_energy=10.0, battery_min=[[0.0, 10.0, 10.0, 10.0]],
            battery_final=10.0, charge_limit=5.0, discharge_limit=5.0,
        )
    )  # fmt: skip
    data, noisy = exact_data(instance.data), cs.solve(instance, gap=0).data.copy()
    noisy["charge"] = noisy.charge - 1e-7 * (noisy.charge > 0)
    incumbent = snap(data, noisy)
    assert not violations(data, incumbent, follow(data, incumbent))
    assert incumbent.decided.charge.values.tolist() == [[5, 5, 0, 0]]


@pytest.mark.parametrize("over", [1e-9, 0.2])
def test_what_a_site_is_over_by_is_passed_on_by_full_ones(over):
    """Proves: where no other site of the service has room, one that is full gives way in turn.

    s0 may use A and B, s1 B and C. A and B are full of both; only C has room.
    """
    latency = [[1.0, 1.0, 99.0], [99.0, 1.0, 1.0]]
    instance = cs.Instance(
        plain(
            3, 1, 0, 2, demand=[[1.5 + over], [1.0]], latency=latency, it_capacity=[1.0, 2.0, 9.0],
            power_per_unit=[1.0, 2.0],
        )
    )  # fmt: skip
    solved = cs.solve(instance, gap=0).data.copy()
    route = [[[1.0 + over], [0.5], [0.0]], [[0.0], [0.75], [0.25]]]
    solved["route"] = solved.route.copy(data=np.reshape(route, solved.route.shape))
    data = exact_data(instance.data)
    incumbent = snap(data, solved)
    assert not violations(data, incumbent, follow(data, incumbent))
    moved = incumbent.decided.route.transpose("service", "site", "time").values.astype(float)
    np.testing.assert_allclose(moved[0, :, 0], [1.0, 0.5 + over, 0.0], atol=1e-9)
    np.testing.assert_allclose(moved[1, :, 0], [0.0, 0.75 - over / 2, 0.25 + over / 2], atol=1e-9)


def test_a_limit_missed_is_given_up_to_a_second_dispatch(rich):
    """Proves: with the placements kept, what was missed is used a little less than allowed."""
    instance, schedule = rich
    bound = instance.replace(carbon_budget=schedule.emissions)
    missed = [Violation("16", "carbon budget", "", Fraction(1, 10**9), "tCO2e")]
    again = _dispatched_with_less(bound, schedule, missed)
    imported = bound.data.carbon_intensity * again.grid_import
    generated = bound.data.generation_carbon * again.generate
    emitted = float((bound.data.step_hours * (imported + generated)).sum())
    assert schedule.emissions * (1 - 1e-5) < emitted < schedule.emissions
    np.testing.assert_array_equal(again.start, schedule.data.start)


def test_a_site_that_jobs_fill_keeps_its_capacity_in_a_second_dispatch():
    """Proves: the others are used a little less, and the job stays where it is."""
    instance = cs.Instance(
        plain(2, 2, 1, 1, it_capacity=[4.0, 9.0], power=4.0, reward=99.0, demand=2.0, duration=1)
        .assign(allowed=(("job", "site"), [[True, False]]))
    )  # fmt: skip
    schedule = cs.solve(instance, gap=0)
    assert schedule.data.start.sum() == 1
    missed = [Violation("2", "IT capacity", "", Fraction(1, 10**9), "MW")]
    again = _dispatched_with_less(instance, schedule, missed)
    np.testing.assert_array_equal(again.start, schedule.data.start)


def test_what_a_solvers_tolerance_hid_is_dispatched_anew():
    """3.2e-6 t over the budget pass the verifier, and are no part of a proof.

    Half the demand at the cheap site emits 4.5 t, half at the clean one 0.5 t.
    """
    values = dict(import_price=[[10], [15]], carbon_intensity=[[0.9], [0.1]], carbon_budget=5)
    instance = cs.Instance(plain(2, 1, 0, 1, demand=10, **values))
    schedule = cs.solve(instance, gap=0)
    for name in ("route", "it_power", "facility_power", "grid_import"):
        schedule.data[name].loc[{"site": "A"}] += 4e-6
        schedule.data[name].loc[{"site": "B"}] -= 4e-6
    benefit = {"import": schedule.benefit["import"] + 5 * 4e-6}
    emitted = schedule.emissions + 0.8 * 4e-6
    schedule = replace(schedule, benefit=schedule.benefit | benefit, emissions=emitted)
    proof = cs.certify(instance, schedule)
    assert proof.feasible and proof.emissions <= 5
    assert proof.objective <= -125 <= proof.bound and proof.gap < 1e-6


HIDDEN = {
    "no room for less": ({"import_limit": 5 - 1e-10}, (1, 1, 0, 1), "import limit"),
    "a job that fills its site": (
        {"demand": 1e-9, "it_capacity": 10.0, "power": 10.0}, (1, 1, 1, 1), "IT capacity"
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::carbonsched.SuspiciousValueWarning")
@pytest.mark.parametrize("name", HIDDEN)
def test_where_there_is_no_less_to_give_the_certificate_says_what_is_missed(name, tmp_path):
    """Proves: never called feasible. The bound is proved all the same."""
    values, sizes, row = HIDDEN[name]
    instance = cs.Instance(plain(*sizes, **({"demand": 5.0} | values)))
    proof = cs.certify(instance, cs.solve(instance, gap=0))
    assert not proof.feasible and all(row in miss for miss in proof.missed)
    assert "1 limits missed" in repr(proof)
    said = proof.report()
    assert "what misses limits" in said and "root gap" not in said
    cs.Certificate.load(proof.save(tmp_path / "proof.json")).check(instance)


def test_a_job_started_twice_or_outside_its_window_is_found():
    data = exact_data(cs.Instance(plain(1, 2, 1, 0, deadline=0)).data)
    nothing = 0 * data.cooling
    decided = xr.Dataset(dict.fromkeys(("generate", "charge", "discharge"), nothing))
    decided = decided.assign(route=(("service", "site", "time"), np.zeros((0, 1, 2), object)))
    for placements, wanted in (
        (((0, 0, 0),), []),
        (((0, 0, 0), (0, 0, 0)), ["started at most once"]),
        (((0, 0, 1),), ["on an allowed site, in its window"]),
    ):
        incumbent = Incumbent(placements, decided)
        found = violations(data, incumbent, follow(data, incumbent))
        assert [miss.row for miss in found if miss.equation == "8"] == wanted


def test_a_required_job_that_does_not_run_is_found_and_not_stated_away():
    """Proves: a schedule without it is feasible to no checker, and its loss is in the bound."""
    instance = cs.Instance(plain(1, 2, 2, 0, reward=[0.0, 500.0], required=[True, False]))
    right = cs.certify(instance, cs.solve(instance, gap=0))
    assert right.feasible and right.objective == 500 - 2 * 100
    assert 300 <= right.bound <= 300 + Fraction(1, 10**5)
    without = replace(right.incumbent, placements=right.incumbent.placements[1:])
    of = ("joint", right.scope, without, right.prices, {})
    other = cs.Certificate.of(instance, *of)
    assert other.missed == ("(8) required jobs run: missed by 1 starts at job=j0",)
    other.check(instance)
    with pytest.raises(cs.CertificateError, match="not stated"):
        replace(other, missed=()).check(instance)


def test_an_added_family_is_refused_by_name_before_any_work(rich, monkeypatch):
    class Cap(cs.Family):
        name = "cap"

    def work(*given: object) -> None:
        raise AssertionError("it began to work")

    monkeypatch.setattr(certifying, "verify", work)
    instance, schedule = rich
    with pytest.raises(ValueError, match="a certificate does not take the family cap"):
        cs.certify(instance, replace(schedule, families=(Cap(),)))
    with pytest.raises(AssertionError):  # without it, it would
        cs.certify(instance, schedule)


def test_a_job_with_no_place_is_worth_nothing(proved):
    """A bound over jobs that may start nowhere is the bound without them."""
    instance, proof = proved
    data = exact_data(instance.data)
    nowhere = certified_bound(data.assign(allowed=data.allowed & False), proof.prices)
    assert nowhere == certified_bound(data.isel(job=slice(0)), proof.prices)


# ------------------------------------------------------------------------- lies


def more(text: str) -> str:
    return written(Fraction(text) + Fraction(1, 10**6))


def less(text: str) -> str:
    return written(Fraction(text) - Fraction(1, 10**6))


def claim_less_emissions(proof):
    proof["emissions"] = less(proof["emissions"])


def claim_more_benefit(proof):
    proof["objective"] = more(proof["objective"])


def claim_a_lower_bound(proof):
    proof["bound"] = less(proof["bound"])


def claim_a_higher_bound(proof):
    proof["bound"] = more(proof["bound"])


def claim_a_missed_limit(proof):
    proof["missed"] = ["(16) carbon budget: missed by 1e-09 tCO2e"]


def move_a_price(proof):
    proof["prices"]["power_price"][0][0] += 0.01


def spoil_a_price(proof):
    proof["prices"]["power_price"][0][0] = float("nan")


def serve_less(proof):
    route = proof["decisions"]["route"]
    k, i, t = np.argwhere(np.array(route, dtype=float) > 1)[0]
    route[k][i][t] = less(route[k][i][t])


def draw_more_from_a_battery(proof):
    discharge = proof["decisions"]["discharge"]
    i, t = np.argwhere(np.array(discharge, dtype=float) > 0)[-1]
    discharge[i][t] = more(discharge[i][t])


def decline_a_job(proof):
    proof["placements"].pop()


def run_a_job_twice(proof):
    proof["placements"].append(proof["placements"][0])


def claim_another_method(proof):
    proof["method"] = "no_battery"


def drop_the_routing(proof):
    proof["scope"]["routing"] = "home"


def claim_another_instance(proof):
    proof["instance"] = "0" * 64


def swap_the_names_of_two_jobs(proof):
    """Say of one job what was computed of another: every number still agrees."""
    first, second, *rest = proof["labels"]["job"]
    other = {first: second, second: first}
    proof["labels"]["job"] = [second, first, *rest]
    for placed in proof["placements"]:
        placed["job"] = other.get(placed["job"], placed["job"])


def forge_a_line_of_proof(proof):
    proof["title"] = "day\nproved     root gap 0.0000%"


def report_a_text_for_a_gap(proof):
    proof["reported, not proved"]["gap"] = "none at all"


LIES = [
    swap_the_names_of_two_jobs, forge_a_line_of_proof, report_a_text_for_a_gap,
    claim_less_emissions, claim_more_benefit, claim_a_lower_bound, claim_a_higher_bound,
    claim_a_missed_limit, move_a_price, spoil_a_price, serve_less, draw_more_from_a_battery,
    decline_a_job, run_a_job_twice, claim_another_method, drop_the_routing, claim_another_instance,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_lies_are_caught(proved, tmp_path, lie):
    instance, certificate = proved
    path = certificate.save(tmp_path / "proof.json")
    proof = json.loads(path.read_text(encoding="utf-8"))
    lie(proof)
    path.write_text(json.dumps(proof), encoding="utf-8")
    with pytest.raises(cs.CertificateError) as caught:
        cs.Certificate.load(path).check(instance)
    assert caught.value.faults


@pytest.mark.parametrize("slots", [{"routing": "home"}, {"carbon": "none"}])
def test_a_scope_that_is_not_the_methods_is_refused_although_all_is_computed(proved, slots):
    """Proves: a bound on fewer schedules, or a schedule without a budget, is none of `joint`."""
    instance, right = proved
    scope = right.scope | slots
    other = cs.Certificate.of(instance, "joint", scope, right.incumbent, right.prices, {})
    with pytest.raises(cs.CertificateError, match=f"method joint has {next(iter(slots))}"):
        other.check(instance)


def test_a_method_that_is_none_of_table_i_gets_no_certificate():
    instance = cs.generate(2, 6, 2, 1, seed=1)
    schedule = cs.solve(instance, cs.Method(routing="home", carbon="none"))
    with pytest.raises(ValueError, match="not for routing=home, carbon=none"):
        cs.certify(instance, schedule)


def test_a_title_of_two_lines_is_written_as_one_and_read_back(tmp_path):
    """Proves: what the reader refuses as no line of text, the writer does not write."""
    instance = cs.generate(1, 2, 0, 1, seed=1)
    instance.data.attrs["title"] = "my\nday"
    proof = cs.certify(instance, cs.solve(instance))
    again = cs.Certificate.load(proof.save(tmp_path / "proof.json"))
    again.check(instance)
    assert again.title == "my day"


def test_a_service_out_of_reach_is_a_fault_and_no_crash(proved):
    instance, right = proved
    far = instance.replace(latency_limit=0 * instance.data.latency_limit)
    other = replace(right, instance=digest(far))
    with pytest.raises(cs.CertificateError, match="no site within the latency limit"):
        other.check(far)


def test_other_prices_with_their_own_bound_are_no_lie(proved, tmp_path):
    instance, certificate = proved
    zero = xr.zeros_like(certificate.prices)
    parts = (certificate.method, certificate.scope, certificate.incumbent, zero)
    other = cs.Certificate.of(instance, *parts, {})
    assert other.bound > certificate.bound
    cs.Certificate.load(other.save(tmp_path / "proof.json")).check(instance)


def test_a_workload_that_first_fit_cannot_place_is_a_misfit():
    """The split of `energy_only` has no power for 3 of 8 MW."""
    instance = cs.Instance(plain(1, 1, 0, 1, demand=8, import_limit=5))
    nothing = Incumbent((), xr.Dataset())
    (said,) = certificates._misfits(instance, nothing)
    assert "does not fit" in said and "3 MW at site A" in said


def test_energy_only_means_first_fit(default):
    """A workload of one's own is no certificate of the method that fixes it."""
    joint = cs.certify(default, cs.solve(default, "joint"), prices=xr.Dataset())
    scope = joint.scope | {"workload": "first fit"}
    claimed = cs.Certificate.of(default, "energy_only", scope, joint.incumbent, joint.prices, {})
    assert any("first fit" in miss for miss in claimed.missed)
    assert any("proportion" in miss for miss in claimed.missed)


def test_a_changed_instance_is_refused(proved):
    instance, certificate = proved
    dearer = instance.replace(import_price=instance.data.import_price * (1 + 1e-12))
    with pytest.raises(cs.CertificateError, match="another instance"):
        certificate.check(dearer)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "another"),
        ("objective", "1e999999999"),
        ("objective", 12.5),
        ("bound", "nan"),
        ("placements", [{"job": "nobody", "site": "nowhere", "start": "never"}]),
        ("decisions", {"route": []}),
        ("prices", None),
        ("method", "magic"),
        ("scope", {}),
        ("labels", {"site": ["A"], "time": [], "job": [], "service": []}),
    ],
)
def test_a_malformed_file_is_no_certificate(proved, tmp_path, key, value):
    path = proved[1].save(tmp_path / "proof.json")
    proof = json.loads(path.read_text(encoding="utf-8")) | {key: value}
    path.write_text(json.dumps(proof), encoding="utf-8")
    with pytest.raises(cs.CertificateError, match=r"proof\.json"):
        cs.Certificate.load(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{", b"null", b"[" * 100_000])
def test_what_is_no_json_is_no_certificate(tmp_path, content):
    (tmp_path / "proof.json").write_bytes(content)
    with pytest.raises(cs.CertificateError, match=r"proof\.json"):
        cs.Certificate.load(tmp_path / "proof.json")


# ------------------------------------------------------------------------- without a solver


def check_in_another_process(*words: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", BLOCKED, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


def test_a_check_needs_neither_linopy_nor_a_solver(proved, tmp_path):
    instance, certificate = proved
    folder, path = instance.save(tmp_path / "fleet"), certificate.save(tmp_path / "proof.json")
    done = check_in_another_process(path, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == certificate.report()

    proof = json.loads(path.read_text(encoding="utf-8"))
    claim_a_lower_bound(proof)
    (tmp_path / "lie.json").write_text(json.dumps(proof), encoding="utf-8")
    done = check_in_another_process(tmp_path / "lie.json", folder)
    assert done.returncode == 1 and "bound is stated as" in done.stderr
    done = check_in_another_process(tmp_path / "none.json", folder)
    assert done.returncode == 2 and "Traceback" not in done.stderr


PROVING = (
    "bounds.lagrangian", "proof.check", "proof.certificate", "proof.exact_bound", "proof.rational",
    "proof.exact_schedule", "proof.file", "proof.restated", "proof.rounding",
)  # fmt: skip


@pytest.mark.parametrize("module", PROVING)
def test_a_proof_imports_nothing_of_the_model_not_even_indirectly(module):
    """Proves: each module by itself, in a process where nothing else was imported."""
    script = f"""if True:
        import sys
        import carbonsched.{module}
        model = ("families", "tighten", "build", "solver", "highs")
        names = {{"linopy", "highspy", *(f"carbonsched.core.{{name}}" for name in model)}}
        assert not names & set(sys.modules), names & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=120)


def test_importing_the_package_imports_no_solver():
    """Nor does a module hide the function of its name once it is imported."""
    script = """if True:
        import sys
        import carbonsched as cs
        assert not {"linopy", "highspy", "xarray"} & set(sys.modules)
        from carbonsched.judge.report import Check
        import carbonsched.front
        assert callable(cs.verify) and callable(cs.solve) and callable(cs.table)
        assert set(cs.__all__) <= set(dir(cs))
        assert all(hasattr(cs, name) for name in cs.__all__)
    """
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=120)


def test_on_the_command_line(rich, tmp_path):
    instance, schedule = rich
    folder, day = instance.save(tmp_path / "fleet"), schedule.save(tmp_path / "day.nc")
    result = call("certify", folder, day, "--out", tmp_path / "proof.json")
    assert result.exit_code == 0, result.output
    assert "root gap" in result.output and "proof.json" in result.output
    cs.Certificate.load(tmp_path / "proof.json").check(instance)
    assert call("certify", folder, tmp_path / "none.nc").exit_code == 2


def test_who_reads_half_of_the_report_changes_no_verdict(proved, tmp_path, monkeypatch):
    instance, certificate = proved
    folder = instance.save(tmp_path / "fleet")
    proof = certificate.save(tmp_path / "proof.json")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as left:
        monkeypatch.setattr(sys, "stdout", left)
        assert check([str(proof), str(folder)]) == 0


@pytest.mark.parametrize("method", ["joint", "energy_only"])
def test_the_gap_is_of_the_exact_turnover(default, method, tmp_path):
    """A revenue that every schedule has makes no certificate look better."""
    gaps = []
    for times in (1, 50):
        instance = default.replace(value=times * default.data.value)
        schedule = cs.solve(instance, method, gap=0.01)
        proof = cs.certify(instance, schedule)
        assert float(proof.turnover) == pytest.approx(schedule.turnover, rel=1e-6)
        proof.check(instance)
        again = cs.Certificate.load(proof.save(tmp_path / f"{method}-{times}.json"))
        assert again.turnover == proof.turnover and again.gap == proof.gap
        again.check(instance)
        with pytest.raises(cs.CertificateError, match="turnover is stated as"):
            replace(again, turnover=2 * again.turnover).check(instance)
        gaps.append(proof.gap)
    assert gaps[0] == pytest.approx(gaps[1], abs=1e-6)


def test_swapped_labels_are_told_once(tmp_path):
    """Decisions and prices have the same sites: that these are others is one fault."""
    instance = cs.generate(2, 4, 1, 1)
    path = tmp_path / "certificate.json"
    cs.certify(instance, cs.solve(instance)).save(path)
    said = json.loads(path.read_text())
    said["labels"]["site"].reverse()
    path.write_text(json.dumps(said))
    with pytest.raises(cs.CertificateError) as error:
        cs.Certificate.load(path).check(instance)
    assert list(error.value.faults) == ["site: other labels than the instance has"]
