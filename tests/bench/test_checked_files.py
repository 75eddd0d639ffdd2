"""What of a submission's files is no proof is told by its name, and what of them is one counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.bench.check import Proved, check, gap, judged
from carbonsched.bench.submission import Submission, SubmissionError
from carbonsched.core.schema import PRICES
from carbonsched.io import write_netcdf

SAID = Submission("one-job", "one", "A. Name", "by hand", "a desk", date(2026, 1, 2), 1.0)
NONE = replace(SAID, infeasible=True)


@pytest.fixture
def instance(make) -> cs.Instance:
    """A job of 10 MW that earns 1,000 USD, for 10 MWh at 10 USD: 900, or no job and nothing."""
    return make(1, 2, 1, 0)


def free(instance: cs.Instance) -> xr.Dataset:
    """Return prices of nothing for everything: at them a job is worth its reward of 1,000 USD."""
    sizes = instance.data.sizes
    prices = {name: (dims, np.zeros([sizes[d] for d in dims])) for name, dims in PRICES.items()}
    return xr.Dataset(prices, {dim: instance.data[dim] for dim in ("site", "time")})


@pytest.fixture
def folder(tmp_path) -> Path:
    SAID.write(tmp_path)
    return tmp_path


def refused(folder: Path, instance: cs.Instance) -> tuple[str, ...]:
    with pytest.raises(SubmissionError) as caught:
        check(folder, instance)
    return caught.value.faults


def test_prices_of_nothing_bound_by_what_all_jobs_earn(instance, folder):
    write_netcdf(free(instance), folder / "prices.nc")
    proved = check(folder, instance)
    assert (proved.value, proved.bound, proved.turnover) == (None, Fraction(1000), None)
    assert (proved.outcome, str(proved)) == ("bound", "[open, 1000] USD")


def test_a_value_beside_a_bound_is_claimed_and_nothing_proves_it(instance, folder):
    replace(SAID, value=Fraction(900), bound=Fraction(1000)).write(folder)
    write_netcdf(free(instance), folder / "prices.nc")
    assert refused(folder, instance) == (
        "submission.toml: a value of 900 is claimed, and nothing proves one",
    )


def test_without_any_proof_it_is_said(instance, folder):
    told = "neither schedule.nc nor certificate.json nor prices.nc: nothing is proved"
    assert refused(folder, instance) == (told,)


def test_prices_that_bound_prove_no_infeasibility(instance, folder):
    NONE.write(folder)
    assert str(check(folder, instance)) == "no schedule: claimed, not proved"
    write_netcdf(free(instance), folder / "prices.nc")
    (folder / "certificate.json").write_text("{}")
    (folder / "more").mkdir()
    assert refused(folder, instance) == (
        "more: no part of a submission",
        "certificate.json: not with a claim that there is no schedule",
        "prices.nc: the bound is not below what every schedule earns, so proves nothing",
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda p: p.drop_vars("final_price"), ["final_price: missing"]),
        (lambda p: p.assign(carbon_price=p.final_price),
         ["carbon_price: expected numbers over nothing"]),
        (lambda p: p.assign(power_price=p.power_price.astype(str)),
         ["power_price: expected numbers over site, time"]),
        (lambda p: p.assign_coords(time=[5, 6]), ["labels of time differ"]),
        (lambda p: p.drop_vars("site"), ["labels of site differ"]),
    ],
)  # fmt: skip
def test_prices_that_are_none_of_the_instance_are_told(instance, folder, change, told):
    write_netcdf(change(free(instance)), folder / "prices.nc")
    assert refused(folder, instance) == tuple(f"prices.nc: {fault}" for fault in told)


@pytest.mark.parametrize("name", ["prices.nc", "certificate.json", "schedule.nc"])
def test_a_file_that_cannot_be_read_is_told_by_its_name(instance, folder, name):
    (folder / name).mkdir()
    found = refused(folder, instance)
    assert found[0] == f"{name}: no part of a submission"
    assert len(found) == 2 and found[1].startswith(f"{name}: ")


def test_a_gap_is_open_without_an_end_and_never_below_zero():
    ends = Fraction(90), Fraction(93), Fraction(300)
    assert gap(*ends) == 0.01 and gap(ends[1], ends[0], ends[2]) == 0.0
    assert gap(*ends[:2], Fraction(0)) == 300.0  # of a hundredth of a dollar
    for place in range(3):
        assert gap(*(None if k == place else end for k, end in enumerate(ends))) == np.inf
    proved = Proved(SAID, *ends)
    assert (proved.outcome, str(proved)) == ("schedule", "[90, 93] USD, 1.0000% of the turnover")
    assert str(replace(proved, submission=NONE, infeasible=True)) == "no schedule"


def test_a_schedule_by_families_of_ones_own_is_not_judged(numbered):
    instance, schedule = numbered
    own = replace(schedule, families=(cs.FAMILIES[0],))
    assert judged(own, instance) == (None, [], ["has families beside the paper's"])
