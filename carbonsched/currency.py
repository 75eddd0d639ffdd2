"""The currency of an instance: every amount of money is in one, and outputs say which."""

import re

import xarray as xr

DEFAULT = "USD"
CODE = re.compile(r"[A-Z]{3}")


def currency_of(data: xr.Dataset) -> str:
    """Return the ISO 4217 code of the money in some data: its attribute `currency`, or USD.

    Nothing is converted: the units of the schema that say USD are in this currency.

    Examples
    --------
    >>> currency_of(xr.Dataset(attrs={"currency": "EUR"})), currency_of(xr.Dataset())
    ('EUR', 'USD')
    """
    code = str(data.attrs.get("currency", DEFAULT))
    return code if CODE.fullmatch(code) else DEFAULT


def in_currency(unit: str, currency: str) -> str:
    """Return a unit of the schema, or words with one, in a currency.

    Examples
    --------
    >>> in_currency("USD/MWh", "EUR")
    'EUR/MWh'
    """
    return unit.replace(DEFAULT, currency)
