"""How a file is written, before any column has a meaning: marks, rows before the header, gaps."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

import pandas as pd

from carbonsched.errors import extra

with extra("sources", "reading files of your own"):
    from pydantic import (
        AfterValidator,
        BaseModel,
        BeforeValidator,
        ConfigDict,
        Field,
        ValidationError,
        model_validator,
    )

GAPS = ("", "-", "--", "n/e", "n/a", "na", "nan", "null", "none", "#n/a")  # whatever the case


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def _span(text: str) -> str:
    try:
        good = pd.Timedelta(text) > pd.Timedelta(0)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{text!r} is no length of time: write 1h, 30min or 5min")
    return text


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]  # one, or several that stand for it
Pattern = Annotated[str, AfterValidator(_pattern)]
Span = Annotated[str, AfterValidator(_span)]


class Part(BaseModel):
    """A table of a profile; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Layout(Part):
    """How a file is written, before any column has a meaning.

    Attributes
    ----------
    separator : str, optional
        Between cells; found out if not stated.
    decimal : "." or ","
        The decimal mark.
    thousands : str, optional
        Between groups of three digits.
    encoding : str, optional
        UTF-8 if not stated, or what a byte order mark says.
    skip : int
        Rows before the header, or before what stands in front of it.
    header : tuple of str
        One of these is a cell of the header row; rows above it are read as "name: value".
    names : tuple of str
        The columns of a file without a header row.
    comment : str, optional
        What a row begins with that is no data.
    until : str, optional
        The table ends before a row with this first cell; "" is an empty row.
    gaps : tuple of str
        What stands for a missing value, beside blanks, "-", "n/e", "N/A", "NaN" and "null".
    sheet : str, optional
        Of a workbook; its first one if not stated.
    json_key : str, optional
        Of a JSON document: where its columns, or its records, are.
    """

    separator: str | None = Field(default=None, min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: Literal[".", ",", " ", "'"] | None = None
    encoding: str | None = None
    skip: int = Field(default=0, ge=0)
    header: Names = ()
    names: tuple[str, ...] = ()
    comment: str | None = Field(default=None, min_length=1)
    until: str | None = None
    gaps: Names = ()
    sheet: str | None = None
    json_key: str | None = None

    def written(self, decimal: str | None, thousands: str | None) -> Self:
        """Return the layout with other marks, where one is given; a decimal mark comes alone.

        Raises
        ------
        ValueError
            A mark is none, or stands for two things.

        Examples
        --------
        >>> Layout(decimal=",", thousands=".").written(".", None).thousands is None
        True
        """
        if decimal is None and thousands is None:
            return self
        marks = {"decimal": decimal or self.decimal, "thousands": thousands}
        try:
            return type(self).model_validate(self.model_dump() | marks)
        except ValidationError as error:
            said = ", ".join(f"{name} {mark!r}" for name, mark in marks.items() if mark)
            told = [fault["msg"].removeprefix("Value error, ") for fault in error.errors()]
            words = "; ".join(text[:1].lower() + text[1:] for text in told)
            raise ValueError(f"{said}: {words}") from error

    @model_validator(mode="after")
    def _marks_differ(self) -> Self:
        marks = [mark for mark in (self.separator, self.decimal, self.thousands) if mark]
        if len(set(marks)) < len(marks) and self.separator != ",":
            raise ValueError("separator, decimal and thousands are different marks")
        if self.thousands == self.decimal:
            raise ValueError(f"{self.decimal!r} is both the decimal mark and between thousands")
        return self
