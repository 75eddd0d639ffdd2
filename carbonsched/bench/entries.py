"""The record: a line for every entry, and of each instance the best interval that is proved."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from carbonsched.bench.check import Proved, gap
from carbonsched.bench.submission import CERTIFICATE, FILES, PRICES, SCHEDULE
from carbonsched.errors import InstanceError
from carbonsched.io.files import UnreadableError, alone, read_text, replacing_all
from carbonsched.proof.rational import written

LIST, BEST = "entries.csv", "best.csv"
_MOST = 2**24
_NUMBERS = ("value", "bound", "turnover")


@dataclass(frozen=True)
class Entry:
    """A line of the record: what a submission proves, and what it states of itself.

    Attributes
    ----------
    outcome : str
        "schedule", "bound", "no schedule", or "no schedule: claimed, not proved".
    value, bound, turnover : Fraction or None
        Proved, USD; a decimal in the file.
    seconds, machine, date, versions, by, method : str
        As stated by who submits.
    sha256 : str
        Of the files that prove it, in the order of their names.
    """

    instance: str
    entry: str
    outcome: str
    value: Fraction | None
    bound: Fraction | None
    turnover: Fraction | None
    seconds: str
    by: str
    method: str
    machine: str
    date: str
    versions: str
    sha256: str

    @property
    def gap(self) -> float:
        """Width of the interval over the turnover; infinite where it is open."""
        return gap(self.value, self.bound, self.turnover)


@dataclass(frozen=True)
class Best:
    """The best interval of an instance: the highest value, the lowest bound, and by which entry."""

    instance: str
    outcome: str
    value: Fraction | None
    value_by: str
    bound: Fraction | None
    bound_by: str
    turnover: Fraction | None
    date: str

    @property
    def gap(self) -> float:
        """Width of the interval over the turnover of its schedule; infinite where it is open."""
        return gap(self.value, self.bound, self.turnover)


def entry_of(proved: Proved, folder: Path) -> Entry:
    """Return the line of a submission that was checked."""
    said = proved.submission
    text = hashlib.sha256()
    for name in sorted({SCHEDULE, CERTIFICATE, PRICES}):
        if (folder / name).exists():
            text.update(name.encode() + (folder / name).read_bytes())
    return Entry(
        said.instance,
        said.entry,
        proved.outcome,
        proved.value,
        proved.bound,
        proved.turnover,
        f"{said.seconds:.2f}",
        said.by,
        said.method,
        said.machine,
        said.date.isoformat(),
        ", ".join(f"{part} {version}" for part, version in sorted(said.versions.items())),
        text.hexdigest(),
    )


def read_entries(folder: Path) -> list[Entry]:
    """Return the lines of a record; of a folder without one, none.

    Raises
    ------
    InstanceError
        The record is no such table, and where.
    """
    path = folder / LIST
    if not path.exists():
        return []
    try:
        rows = list(csv.DictReader(io.StringIO(read_text(path, _MOST))))
        return [Entry(**{name: _cell(name, row[name]) for name in _names(Entry)}) for row in rows]
    except (UnreadableError, KeyError, ValueError, ZeroDivisionError, csv.Error) as error:
        raise InstanceError([f"no record of entries: {error}"], str(path)) from error


def best(entries: Iterable[Entry]) -> list[Best]:
    """Return the best interval of each instance that has an entry.

    Raises
    ------
    InstanceError
        A value is above a bound: one of two proofs is wrong, and which.
    """
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        by_name.setdefault(entry.instance, []).append(entry)
    found, faults = [], []
    for name in sorted(by_name):
        one = _best(name, by_name[name])
        found.append(one)
        none = one.outcome == "no schedule"
        if one.value is not None and (none or (one.bound is not None and one.value > one.bound)):
            against = one.bound_by or "that there is none"
            faults.append(f"{name}: a schedule by {one.value_by} contradicts {against}")
    if faults:
        raise InstanceError(faults, "record")
    return found


def _best(name: str, entries: list[Entry]) -> Best:
    """Return the best interval of one instance; of equals the earliest, then by name."""
    entries = sorted(entries, key=lambda entry: (entry.date, entry.entry))
    valued = [entry for entry in entries if entry.value is not None]
    bounded = [entry for entry in entries if entry.bound is not None]
    high = max(valued, key=lambda entry: entry.value or 0, default=None)
    low = min(bounded, key=lambda entry: entry.bound or 0, default=None)
    outcomes = [entry.outcome for entry in entries]
    order = ("no schedule", "schedule", "bound")
    outcome = next((o for o in order if o in outcomes), outcomes[0])
    from_ = next((entry for entry in entries if entry.outcome == outcome), entries[0])
    return Best(
        name,
        outcome,
        high.value if high else None,
        high.entry if high else "",
        low.bound if low else None,
        low.entry if low else "",
        high.turnover if high else None,
        max(entry.date for entry in (high or from_, low or from_)),
    )


def submit(folder: Path, proved: Proved, home: Path, *, overwrite: bool = False) -> Entry:
    """Keep a checked submission in the folder `home`, and its line in the record there.

    Raises
    ------
    FileExistsError
        There is an entry of that name on that instance, and `overwrite` is false.
    InstanceError
        The record is damaged, or the entry contradicts another one.
    """
    entry = entry_of(proved, folder)
    home.mkdir(parents=True, exist_ok=True)
    with alone(home / ".entries.lock"):
        known = read_entries(home)
        place = home / "entries" / entry.instance / entry.entry
        taken = [e for e in known if (e.instance, e.entry) == (entry.instance, entry.entry)]
        if (taken or place.exists()) and not overwrite:
            told = f"{entry.instance} has an entry {entry.entry}"
            raise FileExistsError(f"{told}: give another name, or --overwrite")
        kept = [other for other in known if other not in taken]
        kept = sorted([*kept, entry], key=lambda e: (e.instance, e.entry))
        found = {one.instance: one for one in best(kept)}  # raises where one contradicts another
        if entry.outcome.startswith("no schedule:") and found[entry.instance].outcome == "schedule":
            told = (
                f"{entry.instance}: {entry.outcome}, and {found[entry.instance].value_by} has one"
            )
            raise InstanceError([told], "record")
        _copied(folder, place)
        write_record(kept, home)
    return entry


def write_record(entries: list[Entry], home: Path) -> None:
    """Write the record and the best intervals that follow from it, both or neither."""
    with replacing_all(home / LIST, home / BEST) as (of_entries, of_best):
        of_entries.write_text(_table(entries, Entry), encoding="utf-8")
        of_best.write_text(_table(best(entries), Best), encoding="utf-8")


def _copied(folder: Path, place: Path) -> None:
    """Copy the files of a submission to a place, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent))
    try:
        for name in FILES:
            if (folder / name).exists():
                shutil.copyfile(folder / name, part / name)
        part.chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        part.rename(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _names(kind: type) -> list[str]:
    return [slot.name for slot in fields(kind)]


def _table(rows: Iterable[Entry | Best], kind: type) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(_names(kind))
    for row in rows:
        table.writerow([_text(getattr(row, name)) for name in _names(kind)])
    return out.getvalue()


def _text(value: Fraction | str | None) -> str:
    if value is None:
        return ""
    return written(value) if isinstance(value, Fraction) else value


def _cell(name: str, text: str) -> Any:
    if name not in _NUMBERS:
        return text
    return Fraction(text) if text else None
