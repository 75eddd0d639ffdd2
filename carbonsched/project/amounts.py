"""Amounts as people write them, 500 kW or 60 EUR/MWh, as numbers in the model's units.

A bare number is in the model's unit, money in the project's currency.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from carbonsched.core.schema import PARAMETERS
from carbonsched.currency import DEFAULT, in_currency
from carbonsched.errors import extra
from carbonsched.sources.units import Rate, convert

with extra("sources", "reading a project file"):
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic_core import core_schema

_WRITTEN = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)
_GROUPED = re.compile(r"[,.'’_]?\d")  # what follows a number that is written in groups
_FILE = re.compile(r".*\.(csv|gz|zip|xlsx|json|txt)", re.IGNORECASE | re.DOTALL)
_SIZES = ("capacity", "rated")  # of a plant: one number, where its quantity varies
_UNLIMITED = 1e15  # as `carbonsched.core.validate` has it


@dataclass(frozen=True)
class Share:
    """A part of another amount."""

    of_one: float


@dataclass(frozen=True)
class PerEnergy:
    """Money for each MWh of IT energy."""

    per_mwh: float


@dataclass(frozen=True)
class Lasting:
    """A length of time."""

    hours: float


@dataclass(frozen=True)
class Periods:
    """A length of time in periods."""

    count: int


@dataclass(frozen=True)
class Money:
    """The project's currency, and what others are worth in it."""

    currency: str = DEFAULT
    rates: Mapping[str, Rate] = field(default_factory=dict)

    def unit(self, unit: str) -> str:
        """Return a unit of the model in this currency.

        Examples
        --------
        >>> Money("EUR").unit("USD/MWh")
        'EUR/MWh'
        """
        return in_currency(unit, self.currency)


def amount(text: str, unit: str, money: Money) -> float:
    """Return an amount that is written with a unit, as a number in another unit.

    Raises
    ------
    ValueError
        It is no such amount, and how to write one.

    Examples
    --------
    >>> amount("500 kW", "MW", Money()), amount("6 ct/kWh", "EUR/MWh", Money("EUR"))
    (0.5, 60.0)
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        shown = "as a number" if unit in PLAIN else f"in {unit}"
        raise ValueError(f"{text!r:.80} is no amount: write it {shown}, or with its unit")
    number, own = float(written[1]), written[2]
    if not own:
        return number
    if _GROUPED.match(own):
        raise ValueError(f"{text!r:.80}: digits in groups, or a decimal comma; write 1234.5")
    return float(convert(np.array(number), own, PLAIN.get(unit, unit), money.rates)[0])


@dataclass(frozen=True)
class In:
    """In which unit an amount is that is no quantity of the model, as a number."""

    unit: str

    def __call__(self, given: Any) -> Any:
        """Return an amount that is a text as a number, others as they are."""
        return amount(given, self.unit, Money()) if isinstance(given, str) else given


def unit_of(quantity: str) -> str:
    """Return the model's unit of a quantity; a share has none."""
    return PARAMETERS[quantity].unit if quantity in PARAMETERS else "1"


PLAIN = {"1": "dimensionless", "MW/MW": "dimensionless"}  # units that pint writes otherwise


@dataclass(frozen=True)
class Of:
    """Of which quantity of the model a value is: it is read in its unit, within its bounds.

    Attributes
    ----------
    quantity : str
        Its name in `carbonsched.core.schema.PARAMETERS`, or "factor".
    share, per_energy, lasting : bool
        Whether it may be a share, money for each MWh, or a length of time.
    """

    quantity: str
    share: bool = False
    per_energy: bool = False
    lasting: bool = False

    @property
    def unit(self) -> str:
        """The model's unit."""
        return unit_of(self.quantity)

    @property
    def about(self) -> str:
        """What it means, and its unit."""
        quantity = PARAMETERS.get(self.quantity)
        return f"{quantity.meaning}, {quantity.unit}" if quantity else "a share"

    def read(self, given: Any, info: ValidationInfo) -> Any:
        """Return a number, or a list of numbers, in the model's unit; others as they are."""
        money = info.context if isinstance(info.context, Money) else Money()
        if isinstance(given, bool):
            raise ValueError(
                f"true or false where an amount is expected, in {money.unit(self.unit)}"
            )
        if isinstance(given, str) and _FILE.fullmatch(given.strip()) and self._takes_file(info):
            written = f"write {{file: {given.strip()}}}"
            if info.field_name != "latency":  # of the whole, which no table has
                written += f", or name the column {info.field_name}.file"
            raise ValueError(f"{given!r:.80} is no amount: of a file, {written}")
        if isinstance(given, list):
            return [self._item(item, k, money) for k, item in enumerate(given)]
        return self._one(given, money) if isinstance(given, int | float | str) else given

    def _takes_file(self, info: ValidationInfo) -> bool:
        quantity = PARAMETERS.get(self.quantity)
        over_time = quantity is None or quantity.varies or "time" in quantity.dims
        return (over_time or info.field_name == "latency") and info.field_name not in _SIZES

    def _item(self, given: Any, place: int, money: Money) -> float:
        if isinstance(given, bool) or not isinstance(given, int | float | str):
            raise ValueError(f"item {place + 1} is no amount")
        try:
            return self._bounded(self._plain(given, money), given, money)
        except ValueError as error:
            raise ValueError(f"item {place + 1}: {error}") from error

    def _one(self, given: float | str, money: Money) -> Any:
        if self.lasting:
            return self._length(given, money)
        if self.share and isinstance(given, str) and given.rstrip().endswith("%"):
            return Share(amount(given, "1", money))
        if self.per_energy and isinstance(given, str):
            try:
                return PerEnergy(amount(given, money.unit("USD/MWh"), money))
            except ValueError:
                pass  # an amount of money, or a fault that is told as of one
        if self.quantity == "latency" and given == "coordinates":
            return given
        return self._bounded(self._plain(given, money), given, money)

    def _plain(self, given: float | str, money: Money) -> float:
        if not isinstance(given, str):
            return float(given)
        unit = money.unit(self.unit).replace("MW/unit", "MW").replace("/(unit h)", "/h")
        text = re.sub(r"/\s*unit\b|\bunit\s*\*?\s*", "", given) if unit != self.unit else given
        if self.unit in ("unit", "periods"):
            raise ValueError(f"{given!r:.80}: write a number without a unit")
        return amount(text, unit, money)

    def _length(self, given: float | str, money: Money) -> Lasting | Periods:
        if isinstance(given, str) and not re.fullmatch(r"\d+", given.strip()):
            hours = amount(given, "h", money)
            if not 0 < hours < _UNLIMITED:
                raise ValueError(f"{given!r:.80}: must be above 0 h")
            return Lasting(hours)
        if float(given) < 1 or float(given) % 1:
            raise ValueError(f"{given}: write a whole number of periods, or a time such as 5 h")
        return Periods(int(given))

    def _bounded(self, value: float, given: float | str, money: Money) -> float:
        quantity = PARAMETERS.get(self.quantity)
        low, high = (quantity.lower, quantity.upper) if quantity else (0.0, float("inf"))
        unit = money.unit(self.unit)
        told = given if isinstance(given, str) else f"{given} {unit}".removesuffix(" 1")
        if abs(value) > _UNLIMITED:
            raise ValueError(f"{told}: too large to compute with")
        if value < low or (quantity and quantity.lower_open and value == low):
            relation = "above" if quantity and quantity.lower_open else "at least"
            raise ValueError(f"{told}: must be {relation} {low:g}")
        if value > high:
            raise ValueError(f"{told}: must be at most {high:g}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Read before what the type is validated as."""
        inner: Any = handler(source)  # a union of fifty shapes, which takes a type checker a minute
        return core_schema.with_info_before_validator_function(self.read, inner)

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say that an amount is a number or a text, whose unit an editor cannot check."""
        if self.lasting:
            return dict(_AMOUNT)
        inner = handler(schema.get("schema", schema))  # that of the type itself
        forms = inner.get("anyOf") or inner.get("oneOf") or [inner]
        forms = [form for outer in forms for form in outer.get("oneOf", [outer])]
        entries = [form for form in forms if "$ref" in form]
        lists = [form | {"items": _AMOUNT} for form in forms if form.get("type") == "array"]
        return {"anyOf": _FORMS + lists + entries}


_FORMS: list[dict[str, Any]] = [{"type": "number"}, {"type": "string"}]
_AMOUNT = {"anyOf": _FORMS}
