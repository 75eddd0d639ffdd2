"""Units by name, through pint; a currency is one more unit, and changes at a stated, dated rate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np

from carbonsched.errors import extra

with extra("sources", "converting units"):
    import pint

CURRENCIES = frozenset(  # by their codes in ISO 4217
    {
        *("AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT"),
        *("BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD"),
        *("CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK"),
        *("DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP"),
        *("GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD"),
        *("IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD"),
        *("KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD"),
        *("MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN"),
        *("NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG"),
        *("QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP"),
        *("SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND"),
        *("TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES"),
        *("VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW"),
    }
)
_ANY_CASE = frozenset({"AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SEK", "USD"})
_SIGNS = {  # a bare $ is the USD; other dollars are written with a letter, or by their code
    "US$": "USD", "A$": "AUD", "C$": "CAD", "NZ$": "NZD", "€": "EUR", "£": "GBP", "$": "USD",
    "¥": "JPY", "₹": "INR", "zł": "PLN", "Kč": "CZK",
}  # fmt: skip
_CENTS = {"ct": "EUR", "¢": "USD", "p": "GBP", "pence": "GBP"}
_GREENHOUSE = re.compile(r"\s*(?:CO2|CO₂)[\s_-]?(?:eq|equivalent|e)?\.?(?![a-z])", re.IGNORECASE)
_WORDS = {
    "lbs": "lb", "megawatt": "MW", "megawatthour": "MWh", "kilowatthour": "kWh", "%": "percent",
    "mwh": "MWh", "mwhr": "MWh", "kwh": "kWh", "kwhr": "kWh", "kw": "kW", "w": "W", "euro": "EUR",
}  # fmt: skip
_WORDS |= {f"{kind} {ton}": f"{kind}_ton" for kind in ("short", "long") for ton in ("ton", "tons")}
_WORDS |= {f"metric {ton}": "t" for ton in ("ton", "tons")}
_TON = re.compile(r"(?:k|M|kilo|mega)?tons?", re.IGNORECASE)
_OTHER_KIND = {  # units that fit by their dimension, and measure something else
    re.compile(r"[kMG]?VA", re.IGNORECASE): "apparent power: multiply it by the power factor and "
    "write kW",
    re.compile(r"[kMG]?VAr", re.IGNORECASE): "reactive power: write the active power, in kW",
    re.compile(r"mW"): "of a thousandth of a W: write MW",
    re.compile(r"hp"): "of several sizes, that of an engine or of a motor: write kW",
}
_USUAL = (  # what an unknown unit is held against
    *("EUR/MWh", "USD/MWh", "GBP/MWh", "ct/kWh", "EUR/kWh", "USD/kWh", "EUR", "USD", "GBP"),
    *("g/kWh", "kg/kWh", "kg/MWh", "t/MWh", "lb/MWh", "gCO2eq/kWh", "tCO2e/MWh", "kg", "t"),
    *("W", "kW", "MW", "GW", "kWh", "MWh", "GWh", "percent", "degC", "degF", "ms", "s", "min", "h"),
)
_SCALES = {"°c": "degC", "c": "degC", "°f": "degF"}


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency is worth: `Rate(1.0813, "USD", "mean of 2023, ECB")`.

    Attributes
    ----------
    value : float
        Units of `currency` for one.
    currency : str
        ISO code.
    note : str
        Of which day, or mean of which time, and by whom.
    """

    value: float
    currency: str
    note: str

    def __post_init__(self) -> None:
        if not (np.isfinite(self.value) and self.value > 0):
            raise ValueError(f"a rate of exchange is above 0, not {self.value}")
        if not self.note.strip():
            raise ValueError("say of which day a rate of exchange is, and whose")


@cache
def registry() -> Any:
    """Return the units: pint's, currencies, each a dimension of its own, and what is counted."""
    units = pint.UnitRegistry(cache_folder=None)
    for code in CURRENCIES:
        units.define(f"{code} = [currency_{code}]")
    for counted in ("request", "token", "query"):
        units.define(f"{counted} = []")
    return units


def standard(text: str) -> str:
    """Return a unit as pint spells it: signs of currencies, CO2eq and plurals are understood.

    Raises
    ------
    ValueError
        It is no unit that is known.

    Examples
    --------
    >>> [standard(text) for text in ("€/MWh", "gCO₂eq/kWh", "lbs/MWh", "ct/kWh", "$/megawatthour")]
    ['EUR/MWh', 'g/kWh', 'lb/MWh', '0.01*EUR/kWh', 'USD/MWh']
    """
    plain = text.strip()
    if plain.casefold() in _SCALES:
        return _SCALES[plain.casefold()]
    parts = [_part(part) for part in plain.split("/")]
    if parts[0].casefold() in ("c", "cent", "cents"):
        told = "of which currency? Write ct of EUR, ¢ of USD, p of GBP, or such as 0.01*AUD/kWh"
        raise ValueError(f"unit {text!r} is not known: cents {told}")
    for part in re.split(r"[\s*/^]+", "/".join(parts)):
        _refuse_unlike(text, part)
    spelt = "/".join(parts) if plain else "dimensionless"
    try:
        registry().parse_expression(spelt)
    except Exception as error:  # pint raises many kinds, of its own and of Python's tokenizer
        raise ValueError(f"unit {text!r:.80} is not known{_near(plain)}") from error
    return spelt


def _near(text: str) -> str:
    """Say which usual unit is meant by an unknown one, or how units are written."""
    usual = {unit.casefold(): unit for unit in _USUAL}
    text = "".join(text.split()).casefold().replace("watt", "w")
    like = get_close_matches(text, usual, 2, 0.6)
    if like:
        return f": did you mean {' or '.join(usual[unit] for unit in like)}?"
    return ": write such as EUR/MWh, ct/kWh, g/kWh, t/MWh, MW, kW, percent"


def same(spelt: str, other: str) -> bool:
    """Return whether a unit, spelt as pint does, is another one, which need not be known.

    Examples
    --------
    >>> same("EUR/MWh", "€/MWh"), same("EUR/MWh", "Euronen")
    (True, False)
    """
    try:
        return standard(other) == spelt
    except ValueError:
        return False


def _refuse_unlike(text: str, part: str) -> None:
    """Refuse a unit that pint reads, and that its writer most likely means otherwise."""
    if _TON.fullmatch(part):
        raise ValueError(f"unit {text!r} is of several sizes: write t for tonnes, or short_ton")
    for pattern, told in _OTHER_KIND.items():
        if pattern.fullmatch(part):
            raise ValueError(f"unit {text!r} is {told}")


def _part(text: str) -> str:
    part = _GREENHOUSE.sub("", text.strip().replace("_", " ")).strip()
    if part in _CENTS:
        return f"0.01*{_CENTS[part]}"
    for sign, code in _SIGNS.items():
        part = part.replace(sign, code)
    if part in CURRENCIES or part.upper() in _ANY_CASE:
        return part.upper()
    return _WORDS.get(part.casefold(), part)


def currency_of(unit: str) -> str | None:
    """Return the currency that a unit is in, if it is in one.

    Examples
    --------
    >>> currency_of("ct/kWh"), currency_of("g/kWh")
    ('EUR', None)
    """
    return next(iter(CURRENCIES.intersection(re.split(r"\W+", standard(unit)))), None)


def is_power(unit: str) -> bool:
    """Return whether a unit is one of power.

    Examples
    --------
    >>> is_power("kW"), is_power("percent")
    (True, False)
    """
    return registry().Quantity(registry().parse_expression(standard(unit))).check("[power]")


def convert(
    values: np.ndarray, unit: str, to: str, rates: Mapping[str, Rate] | None = None
) -> tuple[np.ndarray, str]:
    """Return values in another unit, and in words what was done.

    Parameters
    ----------
    values : numpy.ndarray
        In `unit`.
    unit, to : str
        Names of units.
    rates : mapping of str to Rate, optional
        By currency, what one is worth.

    Raises
    ------
    ValueError
        A unit is not known, the two measure different things, or there is no rate.

    Examples
    --------
    >>> convert(np.array([100.0]), "€/MWh", "USD/MWh", {"EUR": Rate(1.25, "USD", "1 May 2024")})
    (array([125.]), '€/MWh to USD/MWh at 1 EUR = 1.25 USD (1 May 2024)')
    """
    old, new = currency_of(unit), currency_of(to)
    units, spelt, wanted = registry(), standard(unit), standard(to)
    told, factor = "", 1.0
    if old != new and old and new:
        factor, told = _exchange(old, new, rates or {}, f"{unit} to {to}")
        spelt = spelt.replace(old, new)
    try:
        if "deg" in spelt or "deg" in wanted:
            new_values = units.Quantity(values, spelt).to(wanted).magnitude
        else:
            ratio = units.parse_expression(spelt) / units.parse_expression(wanted)
            new_values = values * (float(ratio.to("dimensionless").magnitude) * factor)
    except pint.DimensionalityError as error:
        raise ValueError(f"{unit} is not {to}: they measure different things") from error
    return np.asarray(new_values, dtype=float), f"{unit} to {to}{told}"


def _exchange(old: str, new: str, rates: Mapping[str, Rate], what: str) -> tuple[float, str]:
    """Return how much of the new currency one of the old is worth, by a rate or its inverse."""
    there, back = rates.get(old), rates.get(new)
    if there and there.currency == new:
        value, told = there.value, f"1 {old} = {there.value:g} {new} ({there.note})"
    elif back and back.currency == old:
        value, told = 1 / back.value, f"1 {new} = {back.value:g} {old} ({back.note})"
    else:
        raise ValueError(f"{what}: no rate says what one {old} is worth in {new}: see `rates`")
    return value, f" at {told}"
