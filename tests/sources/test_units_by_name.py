"""Units by name, against factors known by heart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.sources.units import Rate, convert, currency_of, standard

KG = 0.45359237  # a pound, by definition


@pytest.mark.parametrize(
    ("unit", "to", "factor"),
    [
        ("g/kWh", "kg/MWh", 1),
        ("gCO2eq/kWh", "t/MWh", 1e-3),
        ("gCO₂eq/kWh", "tCO2e/MWh", 1e-3),
        ("kg CO2/MWh", "t/MWh", 1e-3),
        ("lb/MWh", "t/MWh", KG / 1000),
        ("lbs/MWh", "kg/MWh", KG),
        ("ct/kWh", "EUR/MWh", 10),
        ("EUR/kWh", "€/MWh", 1000),
        ("$/MWh", "USD/kWh", 1e-3),
        ("£/MWh", "pence/kWh", 0.1),
        ("short_ton", "t", KG * 2),
        ("short tons CO2/MWh", "t/MWh", KG * 2),
        ("long_ton", "kg", KG * 2240),
        ("metric tons", "kg", 1000),
        ("tonnes", "t", 1),
        ("A$/MWHr", "AUD/kwh", 1e-3),
        ("US$/MWh", "¢/kWh", 0.1),
        ("0.01*AUD/kWh", "AUD/MWh", 10),
        ("W", "MW", 1e-6),
        ("kW", "MW", 1e-3),
        ("%", "1", 0.01),
        ("m/s", "km/h", 3.6),
        ("W/m²", "kW/m^2", 1e-3),
    ],
)
def test_units_convert_by_name(unit, to, factor):
    values, told = convert(np.array([0.0, 1.0, -250.0]), unit, to)
    assert values == pytest.approx(np.array([0.0, 1.0, -250.0]) * factor, rel=1e-12)
    assert told == f"{unit} to {to}"


def test_temperatures_have_another_zero():
    assert convert(np.array([20.0]), "°C", "K")[0] == pytest.approx([293.15])
    assert convert(np.array([32.0]), "°F", "degC")[0] == pytest.approx([0.0], abs=1e-9)


@pytest.mark.parametrize(
    "unit", ["furlongs/fish", "c/kWh", "EUR/MWh/", "[x]", "__import__('os')", "1/0"]
)
def test_what_is_no_unit_is_said(unit):
    with pytest.raises(ValueError, match="is not known"):
        standard(unit)


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("ton", "write t for tonnes, or short_ton"),
        ("tons", "write t for tonnes, or short_ton"),
        ("Tons CO2/MWh", "write t for tonnes, or short_ton"),
        ("kton", "write t for tonnes, or short_ton"),
        ("kVA", "apparent power: multiply it by the power factor"),
        ("MVA", "apparent power"),
        ("USD/kVA", "apparent power"),
        ("kvar", "reactive power"),
        ("hp", "write kW"),
    ],
)
def test_what_fits_and_means_another_thing_is_refused(unit, told):
    with pytest.raises(ValueError, match=told):
        standard(unit)


def test_different_things_do_not_convert():
    with pytest.raises(ValueError, match="measure different things"):
        convert(np.ones(1), "g/kWh", "EUR/MWh")
    with pytest.raises(ValueError, match="measure different things"):
        convert(np.ones(1), "MW", "MWh")


def test_a_currency_needs_a_rate_and_takes_its_inverse():
    rates = {"EUR": Rate(1.25, "USD", "1 May 2024, ECB")}
    assert convert(np.array([10.0]), "ct/kWh", "USD/MWh", rates)[0] == pytest.approx([125.0])
    back, told = convert(np.array([125.0]), "$/MWh", "EUR/MWh", rates)
    assert back == pytest.approx([100.0])
    assert told == "$/MWh to EUR/MWh at 1 EUR = 1.25 USD (1 May 2024, ECB)"
    for wrong in (None, {"GBP": Rate(1.2, "USD", "today")}, {"EUR": Rate(0.86, "GBP", "today")}):
        with pytest.raises(ValueError, match="no rate says what one EUR is worth in USD"):
            convert(np.ones(1), "EUR/MWh", "USD/MWh", wrong)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_is_positive_and_dated(value):
    with pytest.raises(ValueError, match="above 0"):
        Rate(value, "USD", "today")
    with pytest.raises(ValueError, match="of which day"):
        Rate(1.0, "USD", " ")


def test_the_currency_of_a_unit():
    assert [currency_of(u) for u in ("€/MWh", "p/kWh", "t/MWh", "AUD/MWh")] == [
        "EUR", "GBP", None, "AUD",
    ]  # fmt: skip


@given(st.floats(-1e6, 1e6), st.floats(0.01, 100.0))
def test_there_and_back_is_the_same(value, rate):
    rates = {"GBP": Rate(rate, "USD", "a day")}
    there, _ = convert(np.array([value]), "p/kWh", "USD/MWh", rates)
    assert there == pytest.approx([value * 10 * rate], rel=1e-9)
    back, _ = convert(there, "USD/MWh", "p/kWh", rates)
    assert back == pytest.approx([value], rel=1e-9, abs=1e-9)
