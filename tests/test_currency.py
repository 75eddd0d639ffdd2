"""Money is named as the instance names it, wherever the core tells an amount of it."""

from __future__ import annotations

import dataclasses
import warnings

import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.bounds.relaxation import relaxation_prices
from carbonsched.solver.claims import contradiction
from carbonsched.solver.settings import Settings
from carbonsched.study import sweep as sweeps


def euros(*sizes, **values):
    return plain(*sizes, **values).assign_attrs(currency="EUR")


@pytest.fixture(scope="module")
def solved():
    instance = cs.Instance(euros(1, 2, 1))
    return instance, cs.solve(instance, gap=0)


def test_a_certificate_says_the_currency_it_knows(solved, tmp_path):
    proof = cs.certify(*solved)
    for said in (repr(proof), proof.report()):
        assert " EUR" in said and "USD" not in said
    loaded = cs.Certificate.load(proof.save(tmp_path / "proof.json"))  # which does not state it
    for said in (repr(loaded), loaded.report()):
        assert "of its instance's currency" in said and "USD" not in said
    false = dataclasses.replace(loaded, objective=loaded.objective + 1)
    with pytest.raises(cs.CertificateError, match=r"stated as \S+ EUR"):
        false.check(solved[0])


def test_shadow_prices_and_a_solvers_contradiction(solved):
    instance, schedule = solved
    assert relaxation_prices(instance).power_price.attrs["units"] == "EUR/MWh"
    false = dataclasses.replace(schedule, bound=schedule.objective - 100)
    said = contradiction(false, Settings())
    assert " EUR" in said and "USD" not in said


def test_faults_and_doubts_are_in_the_currency():
    with pytest.raises(cs.InstanceError) as told:
        cs.Instance(euros(1, 2, 1, reward=-5.0, import_price=float("nan")))
    assert "-5.0 EUR:" in str(told.value) and "EUR/MWh" in str(told.value)
    assert "USD" not in str(told.value)
    with pytest.raises(cs.InstanceError, match="EUR/MWh"):
        cs.Instance(euros(1, 2, 1).drop_vars("import_price"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cs.Instance(euros(1, 2, 1, import_price=80_000.0))
    said = " ".join(str(one.message) for one in caught)
    assert "80,000 EUR/MWh" in said and "USD" not in said


def test_a_cell_that_is_no_number_is_told_in_the_currency(solved, tmp_path):
    folder = solved[0].save(tmp_path / "fleet")
    (file,) = [file for file in folder.glob("*.csv") if "reward" in file.read_text("utf-8")]
    file.write_text(file.read_text("utf-8").replace("1000.0", "much"), encoding="utf-8")
    with pytest.raises(cs.InstanceError, match=r"not a number \(EUR\)"):
        cs.load(folder)


def test_a_sweep_says_whose_money(solved, monkeypatch, tmp_path):
    euro, dollar = solved[0], cs.Instance(plain(1, 2, 1))
    monkeypatch.setattr(sweeps, "_cached", lambda path: {"status": "optimal", "objective": 1.0})
    one = cs.sweep({"a": euro}, ["joint"], cache=tmp_path)
    assert one.attrs["units"]["objective"] == "EUR" and "currency" not in one
    two = cs.sweep({"a": euro, "b": dollar}, ["joint"], cache=tmp_path)
    assert list(two.currency) == ["EUR", "USD"] and "objective" not in two.attrs["units"]
