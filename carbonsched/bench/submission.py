"""A submission: a folder with a schedule, what proves its bound, and who found it how.

- `submission.toml`: the instance, an entry's name, who, when, how, on what machine, in how many
  seconds; and, if one likes, what is claimed.
- `schedule.nc`: a schedule as `carbonsched.Schedule.save` writes it.
- `certificate.json`: what `carbonsched.certify` makes of it; or `prices.nc`: prices alone.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from carbonsched.errors import CarbonschedError
from carbonsched.io.files import UnreadableError, read_text

FORMAT = "carbonsched submission 1"
ABOUT, SCHEDULE, CERTIFICATE, PRICES = (
    "submission.toml",
    "schedule.nc",
    "certificate.json",
    "prices.nc",
)
FILES = (ABOUT, SCHEDULE, CERTIFICATE, PRICES)
SLUG = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_MOST, _LONGEST = 2**16, 200
_TEXTS = ("by", "method", "machine")


class SubmissionError(CarbonschedError, ValueError):
    """A submission is not accepted; `faults` lists every reason."""

    def __init__(self, faults: list[str], where: str) -> None:
        self.faults = tuple(faults)
        super().__init__("\n  - ".join([f"{where}: not accepted", *self.faults]))


@dataclass(frozen=True)
class Submission:
    """What stands in `submission.toml`: all of it stated by who submits, and none of it proved.

    Attributes
    ----------
    instance, entry : str
        Of which instance, and the name under which it is listed.
    by, method, machine : str
        Who, how, on what.
    date : datetime.date
    seconds : float
        Of the whole call that found the schedule.
    value, bound : Fraction or None
        What the schedule is claimed to earn and what no schedule is claimed to exceed, USD.
    infeasible : bool
        Whether it is claimed that there is no schedule.
    versions : dict of str to str
    """

    instance: str
    entry: str
    by: str
    method: str
    machine: str
    date: date
    seconds: float
    value: Fraction | None = None
    bound: Fraction | None = None
    infeasible: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write `submission.toml` into a folder."""
        lines = [f"format = {_quoted(FORMAT)}"]
        for name in ("instance", "entry", *_TEXTS):
            lines.append(f"{name} = {_quoted(getattr(self, name))}")
        lines += [f"date = {self.date.isoformat()}", f"seconds = {float(self.seconds)!r}"]
        for name in ("value", "bound"):
            if (claimed := getattr(self, name)) is not None:
                lines.append(f"{name} = {_decimal(claimed)}")
        lines += ["infeasible = true"] * self.infeasible
        if self.versions:
            lines += ["", "[versions]"]
            lines += [f"{_quoted(k)} = {_quoted(v)}" for k, v in sorted(self.versions.items())]
        (folder / ABOUT).write_text("\n".join(lines) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Submission:
        """Read `submission.toml` of a folder.

        Raises
        ------
        SubmissionError
            Lists every fault of the file.
        """
        where = str(folder / ABOUT)
        try:
            said = tomllib.loads(read_text(folder / ABOUT, _MOST), parse_float=Decimal)
        except (UnreadableError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
            raise SubmissionError([str(error)], where) from error
        if faults := _faults(said):
            raise SubmissionError(faults, where)
        del said["format"]
        for name in ("value", "bound", "seconds"):
            if name in said:
                said[name] = Fraction(said[name])
        said["seconds"] = float(said["seconds"])
        return cls(**said)


def _faults(said: dict[str, Any]) -> list[str]:
    """Return everything that is wrong with what a file says."""
    faults: list[str] = []
    if said.get("format") != FORMAT:
        faults.append(f"format: expected {FORMAT!r}")
    slots = set(Submission.__dataclass_fields__)
    faults += [f"{name}: unknown" for name in said if name not in slots | {"format"}]
    for name in ("instance", "entry"):
        if not (isinstance(said.get(name), str) and SLUG.fullmatch(said[name])):
            faults.append(f"{name}: expected small letters, digits, dots and hyphens")
    for name in _TEXTS:
        if not _line(said.get(name)):
            faults.append(f"{name}: expected one line of at most {_LONGEST} characters")
    if type(said.get("date")) is not date:
        faults.append("date: expected a date, as 2026-11-27")
    if not (_number(said.get("seconds")) and said["seconds"] >= 0):
        faults.append("seconds: expected a number, at least 0")
    for name in ("value", "bound"):
        if name in said and not _number(said[name]):
            faults.append(f"{name}: expected a number")
    if not isinstance(said.get("infeasible", False), bool):
        faults.append("infeasible: expected true or false")
    versions = said.get("versions", {})
    if not (isinstance(versions, dict) and all(map(_line, [*versions, *versions.values()]))):
        faults.append("versions: expected a text for each name")
    return faults


def _line(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isprintable()


def _number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return False
    number = Decimal(value)
    return number.is_finite() and number.adjusted() < 30 and -number.adjusted() < 30


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _decimal(number: Fraction) -> str:
    """Return a decimal as TOML has it: with a point."""
    return f"{Decimal(number.numerator) / Decimal(number.denominator):f}"
