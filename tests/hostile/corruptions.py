"""Ways in which a folder can be wrong, by name: what is done to it, and what must come of it.

Every entry starts from the folder that `base()` saves. "error": `InstanceError` with all of the
words. "same": what is loaded is what is loaded from the folder untouched. "warns": it is loaded,
and a `SuspiciousValueWarning` has all of the words.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from by_hand import plain

import carbonsched as cs

Damage = Callable[[Path], object]


@dataclass(frozen=True)
class Corruption:
    """What is done to a folder, what comes of it, and the words that say so."""

    damage: Damage
    outcome: str
    words: tuple[str, ...] = ()


REGISTRY: dict[str, Corruption] = {}


def base() -> cs.Instance:
    """Return a small instance with timestamps in which every table has rows."""
    values = {
        "cooling": 1.2, "export_limit": 20, "export_price": 5, "generation_available": 3,
        "generation_cost": 4, "battery_energy": 8, "battery_min": 1, "charge_limit": 4,
        "discharge_limit": 4, "charge_efficiency": 0.9, "discharge_efficiency": 0.9,
        "battery_initial": 2, "battery_cost": 1, "import_limit": 200, "duration": 2,
        "demand": 20, "value": 150, "startup_cost": 3, "carbon_budget": 500,
        "import_price": [[30, 35, 40, 45], [50, 55, 60, 65]],
    }  # fmt: skip
    data = plain(2, 4, 2, 1, **values)
    times = pd.date_range("2025-10-25T23:00", periods=4, freq="h")
    data = data.drop_vars(["release", "deadline"]).assign_coords(time=times)
    data["release"] = ("job", np.repeat(times[:1], 2))
    data["deadline"] = ("job", np.repeat(times[-1:], 2))
    return cs.Instance(data)


# ------------------------------------------------------------------------------- the tools


def raw(name: str, change: Callable[[bytes], bytes]) -> Damage:
    """Change the bytes of a file."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def text(name: str, change: Callable[[str], str]) -> Damage:
    """Change the text of a file."""
    return raw(name, lambda content: change(content.decode()).encode())


def lines(name: str, change: Callable[[list[str]], list[str]]) -> Damage:
    """Change the lines of a file, the header being the first."""
    return text(name, lambda content: "\n".join(change(content.splitlines())) + "\n")


def cells(name: str, change: Callable[[list[list[str]]], list[list[str]]]) -> Damage:
    """Change the cells of a table."""

    def changed(content: str) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(
            change(list(csv.reader(io.StringIO(content))))
        )
        return out.getvalue()

    return text(name, changed)


def cell(name: str, row: int, column: str, value: str) -> Damage:
    """Set one cell; rows count as lines do, the header is row 1."""

    def changed(table: list[list[str]]) -> list[list[str]]:
        table[row - 1][table[0].index(column)] = value
        return table

    return cells(name, changed)


def column(name: str, which: str, change: Callable[[str], str]) -> Damage:
    """Change every cell of a column."""

    def changed(table: list[list[str]]) -> list[list[str]]:
        at = table[0].index(which)
        return [table[0]] + [[*r[:at], change(r[at]), *r[at + 1 :]] for r in table[1:]]

    return cells(name, changed)


def times(change: Callable[[str], str]) -> Damage:
    """Change every timestamp of every table."""

    def damage(folder: Path) -> None:
        for name in ("site_time.csv", "service_time.csv"):
            column(name, "time", change)(folder)
        for which in ("release", "deadline"):
            column("job.csv", which, change)(folder)

    return damage


def package(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Change what `datapackage.json` holds."""

    def damage(folder: Path) -> None:
        held = json.loads((folder / "datapackage.json").read_text())
        change(held)
        (folder / "datapackage.json").write_text(json.dumps(held))

    return damage


def resource(held: dict[str, Any], path: str) -> dict[str, Any]:
    return next(r for r in held["resources"] if r["path"] == path)


def column_of(held: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    return next(f for f in resource(held, path)["schema"]["fields"] if f["name"] == name)


def instead(name: str, make: Callable[[Path], object]) -> Damage:
    """Put something else in a file's place."""

    def damage(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return damage


def scaled(name: str, which: str, factor: float) -> Damage:
    return column(name, which, lambda value: repr(float(value) * factor))


def sparse(size: int) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        path.touch()
        os.truncate(path, size)

    return make


def add(name: str, damage: Damage, *words: str, outcome: str = "error") -> None:
    assert name not in REGISTRY, name
    REGISTRY[name] = Corruption(damage, outcome, words)


same = partial(add, outcome="same")
warns = partial(add, outcome="warns")

# ------------------------------------------------------------------------------- cells

CAPACITY = "site.csv, row 3, column it_capacity"
for name, value, complaint in (
    ("text for a number", "two hundred", "is not a number (MW)"),
    ("empty cell", "", "an empty cell"),
    ("blank cell", "  ", "is not a number"),
    ("space before a number", " 100", "is not a number"),
    ("decimal comma", "99,5", "write a decimal point"),
    ("thousands separator", "1,000.0", "no separators"),
    ("thousands in Swiss style", "1'000.0", "is not a number"),
    ("underscores", "1_000", "is not a number"),
    ("hexadecimal", "0x64", "is not a number"),
    ("number with its unit", "100 MW", "is not a number"),
    ("percentage", "90%", "is not a number"),
    ("currency sign", "$100", "is not a number"),
    ("digits of another script", "١٠٠", "is not a number"),
    ("minus sign of typography", "−5", "is not a number"),
    ("two numbers", "1.0.0", "is not a number"),
    ("not a number as text", "nan", "is not a finite number"),
    ("infinity as text", "inf", "is not a finite number"),
    ("infinity where there is a limit", "INF", "is not a finite number"),
    ("missing as text", "NA", "is not a number"),
    ("null as text", "null", "is not a number"),
    ("beyond floating point", "1e400", "is too large for a number"),
    ("below floating point", "1e-400", "is too small for a number"),
    ("ten thousand digits", "9" * 10_000, "is too large for a number"),
    ("spreadsheet error", "#REF!", "is not a number"),
    ("spreadsheet formula", "=A1*2", "is not a number"),
    ("true for a number", "True", "is not a number"),
    ("quoted newline in a number", "1\n00", "is not a number"),
    ("escape sequence", "\x1b[31m100", "is not a number"),
):
    add(name, cell("site.csv", 3, "it_capacity", value), CAPACITY, complaint)

add(
    "fraction of a period",
    cell("job.csv", 2, "duration", "1.5"),
    "job.csv, row 2, column duration",
    "whole",
)
add("integer without end", cell("job.csv", 2, "duration", "9" * 30), "column duration", "whole")
add(
    "neither true nor false",
    cell("job_site.csv", 2, "allowed", "maybe"),
    "job_site.csv, row 2, column allowed",
)
add(
    "label of blanks",
    cell("service.csv", 2, "home", " "),
    "service.csv, row 2, column home",
    "plain",
)
add(
    "label with a newline",
    cell("site.csv", 2, "site", "A\nB"),
    "site.csv, row 2, column site",
    "plain",
)
add(
    "label with an escape sequence",
    cell("site.csv", 2, "site", "\x1b[2J"),
    "site.csv, row 2, column site",
)
add(
    "huge magnitude",
    cell("site.csv", 3, "it_capacity", "1e300"),
    "it_capacity[site=B] = 1e+300 MW",
    "too large",
)
add(
    "negative capacity",
    cell("site.csv", 3, "it_capacity", "-1"),
    "it_capacity[site=B] = -1.0 MW",
    "at least 0 (site.csv, row 3, column it_capacity)",
)
add(
    "efficiency above one",
    cell("site.csv", 2, "charge_efficiency", "95"),
    "charge_efficiency[site=A]",
    "at most 1",
)
add(
    "home nobody knows",
    cell("service.csv", 2, "home", "Z"),
    "home[service=s0] = Z: not a label of site (service.csv, row 2, column home)",
)
add(
    "release after the deadline",
    lambda f: (
        column("job.csv", "release", lambda t: "2025-10-26T01:00:00Z")(f),
        column("job.csv", "deadline", lambda t: "2025-10-25T23:00:00Z")(f),
    ),
    "job j1: runs 2 periods, its window from release to deadline holds 0 (job.csv, row 3, column",
)
add(
    "negative price of cooling in one hour",
    cell("site_time.csv", 4, "cooling", "-1.2"),
    "must be at least 1 (site_time.csv, row 4, column cooling)",
)
add(
    "negative budget",
    cell("instance.csv", 2, "carbon_budget", "-500"),
    "carbon_budget = -500.0 tCO2e: must be at least 0 (instance.csv, row 2, column carbon_budget)",
)
add(
    "cell longer than a table",
    cell("site.csv", 3, "it_capacity", "1" * 200_000),
    "site.csv, row 3",  # not CSV, or too large a number where a library has raised CSV's limit
)
same("whole number with a point", cell("job.csv", 2, "duration", "2.0"))
same("number in scientific notation", cell("site.csv", 3, "it_capacity", "1E+2"))
same("number without a fraction", cell("site.csv", 3, "it_capacity", "100"))
same("number with zeros", cell("site.csv", 3, "it_capacity", "0100.000"))
same("true in capitals", column("job_site.csv", "allowed", str.upper))
same("true as one", column("job_site.csv", "allowed", lambda value: "1"))

# ------------------------------------------------------------------------------- encodings

add("UTF-16", raw("job.csv", lambda b: b.decode().encode("utf-16")), "job.csv, row 1", "zero byte")
add("UTF-32", raw("job.csv", lambda b: b.decode().encode("utf-32")), "job.csv, row 1", "zero byte")
add(
    "Latin-1",
    raw("job.csv", lambda b: b.replace(b"j0", b"caf\xe9")),
    "job.csv, row 2",
    "byte 0xe9",
    "UTF-8",
)
add(
    "Latin-1 package",
    raw("datapackage.json", lambda b: b.replace(b"MW", b"\xb5W")),
    "datapackage.json",
    "0xb5",
)
add(
    "zero byte",
    raw("site.csv", lambda b: b.replace(b"\nB", b"\n\0B")),
    "site.csv, row 3",
    "zero byte",
)
add(
    "overlong UTF-8",
    raw("site.csv", lambda b: b.replace(b"\nB", b"\n\xc0\x80")),
    "site.csv, row 3",
    "0xc0",
)
add(
    "half a surrogate in UTF-8",
    raw("site.csv", lambda b: b.replace(b"\nB", b"\n\xed\xa0\x80")),
    "site.csv, row 3",
)
add(
    "text cut in the middle of a letter",
    raw("site.csv", lambda b: b + b"\xe2\x82"),
    "site.csv, row 4",
    "UTF-8",
)
add("random bytes", raw("site.csv", lambda b: bytes(range(1, 256)) * 9), "site.csv, row 2", "UTF-8")
add("a compressed file", raw("site.csv", lambda b: b"\x1f\x8b\x08" + b), "site.csv, row 1", "UTF-8")
same("UTF-8 with a byte-order mark", raw("job.csv", lambda b: b"\xef\xbb\xbf" + b))
same("package with a byte-order mark", raw("datapackage.json", lambda b: b"\xef\xbb\xbf" + b))
same("line ends of Windows", text("site_time.csv", lambda t: t.replace("\n", "\r\n")))
same("line ends of an old Macintosh", text("site_time.csv", lambda t: t.replace("\n", "\r")))

# ------------------------------------------------------------------------------- tables

add("semicolons", text("site.csv", lambda t: t.replace(",", ";")), "site.csv, row 1", "';'")
add("tabs", text("site.csv", lambda t: t.replace(",", "\t")), "site.csv, row 1", "'\\t'")
add("empty file", text("site.csv", lambda t: ""), "site.csv, row 1", "no header")
add("blank lines only", text("site.csv", lambda t: "\n\n\n"), "site.csv", "no header")
add("header only", lines("site.csv", lambda ls: ls[:1]), "label A is not in site.csv")
add(
    "no header",
    lines("site.csv", lambda ls: ls[1:]),
    "site.csv, row 1, column it_capacity: missing",
)
add(
    "header twice", lines("site.csv", lambda ls: ls[:1] + ls), "site.csv, row 2, column it_capacity"
)
add(
    "missing column",
    cells("site.csv", lambda t: [r[:-1] for r in t]),
    "site.csv, row 1, column battery_cost: missing",
)
add(
    "extra column",
    cells("site.csv", lambda t: [[*r, "x"] for r in t]),
    "site.csv, row 1, column 'x'",
    "not described",
)
add(
    "column twice",
    cells("site.csv", lambda t: [[*r, r[-1]] for r in t]),
    "column 'battery_cost': given 2 times",
)
add(
    "column in capitals",
    text("site.csv", lambda t: t.replace("it_cap", "IT_cap")),
    "column it_capacity: missing",
)
add(
    "cell missing",
    lines("site.csv", lambda ls: [*ls[:2], ls[2].rpartition(",")[0]]),
    "site.csv, row 3, column battery_cost",
    "13 cells",
)
add(
    "cell too many",
    lines("site.csv", lambda ls: [*ls[:2], ls[2] + ",7"]),
    "site.csv, row 3",
    "15 cells, expected 14",
)
add("cut in the middle of a row", text("site.csv", lambda t: t[:-30]), "site.csv, row 3", "cells")
add(
    "quote left open",
    lines("site.csv", lambda ls: [ls[0], '"' + ls[1], ls[2]]),
    "site.csv",
    "not CSV",
)
add(
    "text after a quote",
    lines("site.csv", lambda ls: [ls[0], '"A"x' + ls[1][1:], ls[2]]),
    "site.csv, row 2",
    "not CSV",
)
add(
    "duplicate row",
    lines("job_site.csv", lambda ls: [*ls, ls[1]]),
    "job_site.csv, row 6",
    "same job and site as in row 2",
)
add("duplicate site", lines("site.csv", lambda ls: [*ls, ls[1]]), "site.csv, row 4", "as in row 2")
add(
    "missing row",
    lines("job_site.csv", lambda ls: ls[:-1]),
    "job_site.csv: no row for job=j1, site=B",
)
add(
    "missing hour",
    lines("service_time.csv", lambda ls: ls[:2] + ls[3:]),
    "service_time.csv: no row for service=s0, time=2025-10-26",
)
add(
    "text in every cell of a column",
    column("site_time.csv", "import_price", lambda value: "dear"),
    "site_time.csv, row 2, column import_price: 'dear' is not a number",
    "site_time.csv, column import_price: 3 more such cells",
)
add(
    "a cell too many in every row",
    lines("site_time.csv", lambda ls: [ls[0], *(line + ",7" for line in ls[1:])]),
    "site_time.csv, row 6",
)
add(
    "another table of one column",
    lambda f: (f / "site.csv").write_text("city\nA\nB\n"),
    "site.csv, row 1, column site: missing",
    "column 'city': not described",
)
add(
    "a row of empty cells",
    lines("site.csv", lambda ls: [*ls, "," * ls[0].count(",")]),
    "site.csv, row 4: no value in any cell",
    "1 fault\n",
)
add(
    "an unquoted decimal comma",
    lines("site_time.csv", lambda ls: [*ls[:2], ls[2].replace("1.2", "1,2", 1), *ls[3:]]),
    "site_time.csv, row 3",
    "column cooling: 8 cells, expected 7 (a decimal comma?): write '1,2' with a decimal point",
)
add(
    "every row twice",
    lines("site_time.csv", lambda ls: ls + ls[1:]),
    "site_time.csv, row 10, column site and time: the same site and time as in row 2",
    "site_time.csv: 3 more rows given twice",
)
add(
    "most rows missing",
    lines("site_time.csv", lambda ls: ls[:2]),
    "site_time.csv: no row for site=A, time=2025-10-26",
    "site_time.csv: 2 more rows missing",
)
add(
    "many labels that nobody knows",
    lines("service_site.csv", lambda ls: ls + [f"s0,x{k}" + ls[1][4:] for k in range(7)]),
    "service_site.csv, row 4, column site: label x0 is not in site.csv",
    "service_site.csv, column site: 2 more such labels",
)
add(
    "missing job",
    lines("job.csv", lambda ls: ls[:-1]),
    "job_site.csv, row 4, column job: label j1 is not in job.csv",
)
add(
    "unknown label",
    cell("service_site.csv", 3, "site", "planes"),
    "service_site.csv, row 3, column site: label planes",
)
add(
    "label in another case",
    cell("service_site.csv", 3, "site", "b"),
    "service_site.csv, row 3, column site: label b",
)
add(
    "two values for one",
    lines("instance.csv", lambda ls: [*ls, ls[1]]),
    "instance.csv: 2 rows, expected one",
)
add(
    "no value for one",
    lines("instance.csv", lambda ls: ls[:1]),
    "instance.csv: 0 rows, expected one",
)
add(
    "headers of two columns swapped",
    text(
        "site.csv",
        lambda t: t.replace(
            "charge_efficiency,discharge_efficiency,battery_initial",
            "battery_initial,discharge_efficiency,charge_efficiency",
        ),
    ),
    "charge_efficiency[site=A] = 2.0: must be at most 1",
)
add(
    "headers of keys swapped",
    text("job_site.csv", lambda t: t.replace("job,site", "site,job")),
    "job_site.csv, row 2, column site",
    "label j0",
)
add(
    "a table of another file",
    lambda f: (f / "job.csv").write_bytes((f / "site.csv").read_bytes()),
    "job.csv, row 1",
)
same("rows in another order", lines("site_time.csv", lambda ls: ls[:1] + ls[:0:-1]))
same("columns in another order", cells("site_time.csv", lambda t: [r[::-1] for r in t]))
same("blank lines between", text("site_time.csv", lambda t: t.replace("\n", "\n\n")))
same(
    "every cell quoted",
    cells("site.csv", lambda t: t)
    and text(
        "site.csv",
        lambda t: (
            "\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in t.splitlines()) + "\n"
        ),
    ),
)
same("no newline at the end", text("site.csv", str.rstrip))

# ------------------------------------------------------------------------------- times

add(
    "time of day only",
    cell("site_time.csv", 3, "time", "03:00"),
    "site_time.csv, row 3, column time",
    "timestamp",
)
add(
    "day before month",
    cell("site_time.csv", 3, "time", "26/10/2025 00:00"),
    "site_time.csv, row 3, column time",
)
add(
    "day that does not exist",
    cell("site_time.csv", 3, "time", "2025-02-30T00:00:00Z"),
    "site_time.csv, row 3, column time",
)
add(
    "hour that does not exist",
    cell("site_time.csv", 3, "time", "2025-10-26T25:00:00Z"),
    "site_time.csv, row 3, column time",
)
add(
    "year without calendar",
    cell("site_time.csv", 3, "time", "9999-10-26T00:00:00Z"),
    "site_time.csv, row 3",
    "years",
)
add(
    "seconds since 1970",
    cell("site_time.csv", 3, "time", "1761436800"),
    "site_time.csv, row 3, column time",
)
add(
    "name of a time zone",
    cell("site_time.csv", 3, "time", "2025-10-26T00:00:00 CET"),
    "site_time.csv, row 3, column time",
)
add(
    "one time without a zone",
    cell("site_time.csv", 3, "time", "2025-10-26T00:00:00"),
    "site_time.csv, row 3, column time",
    "no time zone",
)
add(
    "one time in another zone",
    cell("site_time.csv", 3, "time", "2025-10-26T00:00:00+02:00"),
    "no row for",
)
add(
    "one table in another zone",
    column("service_time.csv", "time", lambda t: t.replace("Z", "+01:00")),
    "no row for",
)
add(
    "job released a century late",
    cell("job.csv", 2, "release", "2125-10-25T23:00:00Z"),
    "job j0: runs 2 periods, its window from release to deadline holds 0 (job.csv, row 2",
)
add(
    "one table without zones",
    column("service_time.csv", "time", lambda t: t.removesuffix("Z")),
    "service_time.csv, row 2, column time: times have no time zone, and job.csv has them with one",
    "1 fault\n",
)
add(
    "one column without zones",
    column("job.csv", "deadline", lambda t: t.removesuffix("Z")),
    "job.csv, row 2, column deadline: times have no time zone, and job.csv has them with one",
)
add(
    "one table with zones",
    lambda f: (
        times(lambda t: t.removesuffix("Z"))(f),
        column("site_time.csv", "time", lambda t: t + "Z")(f),
    ),
    "job.csv, row 2, column release: times have no time zone, and site_time.csv has them with one",
    "service_time.csv, row 2, column time",
    "3 faults\n",
)
add(
    "a time zone that nobody knows",
    package(lambda p: p.update(timezone="Mars/Olympus")),
    "datapackage.json: timezone 'Mars/Olympus': no known time zone, write UTC or one like Europe",
)
for name, zone in (
    ("that is a path", "../../etc/passwd"),
    ("that is a folder", "Europe"),
    ("that is a number", 7),
    ("without end", "x" * 5000),
    ("with a zero byte", "UTC\0"),
):
    add(
        f"a time zone {name}",
        package(lambda p, zone=zone: p.update(timezone=zone)),
        "datapackage.json: timezone",
        "no known time zone",
    )
add(
    "integers for times",
    column("service_time.csv", "time", lambda t: "1"),
    "service_time.csv, row 2, column time: '1' is a number, and datapackage.json says datetime",
    "say integer in datapackage.json for time, release and deadline",
)


def numbered(folder: Path) -> None:
    """Make it a folder of period numbers."""
    data = base().data.assign_coords(time=np.arange(4))
    window = {"release": ("job", np.array([0, 0])), "deadline": ("job", np.array([3, 3]))}
    cs.Instance(data.assign(window)).save(folder)


for which, table, dim in (("time", "site_time.csv", 2), ("deadline", "job.csv", 3)):
    add(
        f"a timestamp for a period number of {which}",
        lambda f, table=table, which=which, dim=dim: (
            numbered(f),
            cell(table, dim, which, "2025-10-26T00:00:00Z")(f),
        ),
        f"{table}, row {dim}, column {which}: '2025-10-26T00:00:00Z' is a date, and "
        "datapackage.json says integer: write period numbers in every table",
    )
add(
    "a date for a duration",
    cell("job.csv", 2, "duration", "2025-10-26"),
    "job.csv, row 2, column duration: '2025-10-26' is not a whole number",
)
add(
    "timestamps in one table and period numbers in another",
    lambda f: (
        column("job.csv", "release", lambda t: "0")(f),
        package(lambda p: column_of(p, "job.csv", "release").update(type="integer"))(f),
    ),
    "datapackage.json: time: integer for release of job.csv and datetime for deadline of job.csv",
    "times are all of one type",
)
# Local time in Berlin, as clocks show it: 02:00 comes twice in the night of 26 October 2025.
LOCAL = dict(
    zip(("25T23", "26T00", "26T01", "26T02"), ("26T01", "26T02", "26T02", "26T03"), strict=True)
)
OFFSET = dict(zip(LOCAL, ("+02:00", "+02:00", "+01:00", "+01:00"), strict=True))
add(
    "an hour twice at the end of summer time",
    times(lambda t: f"2025-10-{LOCAL[t[8:13]]}:00:00"),
    "site_time.csv, row 4",
    "same site and time as in row 3",
)
add("an hour skipped at its beginning", times(lambda t: t.replace("26T02", "26T03")), "uneven step")
same("local time with offsets", times(lambda t: f"2025-10-{LOCAL[t[8:13]]}:00:00{OFFSET[t[8:13]]}"))
same("times without a zone", times(lambda t: t.removesuffix("Z")))
same("no zone in the package", package(lambda p: p.pop("timezone")))
same(
    "local time, and its zone in the package",
    lambda f: (
        # an hour ahead of UTC, and no summer time
        times(lambda t: (pd.Timestamp(t) + pd.Timedelta(hours=1)).isoformat()[:19])(f),
        package(lambda p: p.update(timezone="Africa/Lagos"))(f),
    ),
)
add(
    "local time that comes twice",
    lambda f: (
        times(lambda t: f"2025-10-{LOCAL[t[8:13]]}:00:00")(f),
        package(lambda p: p.update(timezone="Europe/Berlin"))(f),
    ),
    "site_time.csv, row 3, column time: '2025-10-26T02:00:00' is not one moment in Europe/Berlin",
    "write every time of the folder with its offset",
)
same("times with a blank", times(lambda t: t.replace("T", " ")))
same("times without seconds", times(lambda t: t.replace(":00Z", "Z")))

# ------------------------------------------------------------------------------- names

COMPOSED = "D\u00fcsseldorf"
DECOMPOSED = "Du\u0308sseldorf"


def renamed(*spellings: tuple[str, str]) -> Damage:
    """Give site A another name: in these tables, spelt so."""

    def damage(folder: Path) -> None:
        for name, spelt in spellings:
            for which in ("site", "home"):
                rows = (folder / name).read_text().splitlines()
                if which in rows[0].split(","):
                    column(name, which, lambda old, s=spelt: s if old == "A" else old)(folder)

    return damage


OF_SITES = ("site.csv", "site_time.csv", "job_site.csv", "service_site.csv", "service.csv")
add(
    "a site by two names that look alike to nobody",
    renamed(*((name, "Dusseldorf" if name == "service.csv" else COMPOSED) for name in OF_SITES)),
    "home[service=s0] = Dusseldorf: not a label of site",
)
add(
    "the nearest name is told",
    cell("service_site.csv", 2, "site", "AA"),
    "label AA is not in site.csv, the table of site; A is",
)
add(
    "two sites of one name, composed and decomposed",
    lambda f: (
        renamed(*((name, COMPOSED) for name in OF_SITES))(f),
        column("site.csv", "site", lambda old: DECOMPOSED if old == "B" else old)(f),
    ),
    "site.csv, row 3, column site: the same site as in row 2",
)

# ------------------------------------------------------------------------------- magnitudes

warns(
    "a site of 200,000 MW",
    cell("site.csv", 3, "it_capacity", "200000"),
    "it_capacity[site=B] is 200,000 MW",
    "1e-05 to 50,000 MW",
)
for which, factor in (
    ("it_capacity", 1e3),
    ("import_limit", 1e3),
    ("export_limit", 1e3),
    ("generation_available", 1e3),
    ("battery_energy", 1e3),
    ("charge_limit", 1e3),
    ("discharge_limit", 1e3),
):
    table = "site_time.csv" if which == "generation_available" else "site.csv"
    warns(
        f"{which} of one site in kW",
        lambda f, table=table, which=which, factor=factor: cells(
            table,
            lambda rows: (
                [rows[0]]
                + [
                    [
                        repr(float(c) * factor) if n == which and r[0] == "B" else c
                        for n, c in zip(rows[0], r, strict=True)
                    ]
                    for r in rows[1:]
                ]
            ),
        )(f),
        f"{which}[site=B]",
        "is the unit right?",
    )
warns(
    "a site of 5,000 MW at a grid connection of 200",
    cell("site.csv", 3, "it_capacity", "5000"),
    "it_capacity[site=B] = 5,000 MW is 24 times "
    "import_limit + generation_available + discharge_limit = 207: expected at most 10 times",
)
warns(
    "a grid connection in kW",
    scaled("site.csv", "import_limit", 1e3),
    "import_limit[site=A] is 200,000 MW",
)
warns(
    "a carbon intensity in kg",
    scaled("site_time.csv", "carbon_intensity", 1e3),
    "carbon_intensity[site=A] is 500 tCO2e/MWh",
    "0.001 to 3 tCO2e/MWh",
)
warns(
    "a carbon intensity in g of one hour",
    cell("site_time.csv", 3, "carbon_intensity", "400"),
    "carbon_intensity[site=A, time=2025-10-26 00:00:00] = 400 tCO2e/MWh",
)
warns(
    "prices in cents",
    scaled("site_time.csv", "import_price", 100),
    "import_price[site=A] is 3,500 USD/MWh",
)
warns(
    "prices per kWh",
    scaled("site_time.csv", "import_price", 1e-3),
    "import_price[site=A] is 0.035 USD/MWh",
)
warns(
    "latency in seconds",
    scaled("service_site.csv", "latency", 1e-3),
    "latency[service=s0] is 0.001 ms",
)
warns(
    "latency in microseconds",
    lambda f: (
        scaled("service_site.csv", "latency", 1e4)(f),
        scaled("service.csv", "latency_limit", 1e4)(f),
    ),
    "latency[service=s0] is 10,000 ms",
    "latency_limit",
)
warns(
    "power in W",
    lambda f: scaled("site_time.csv", "generation_available", 1e6)(f),
    "generation_available[site=A] is 3e+06 MW",
)
warns(
    "battery in kWh",
    lambda f: scaled("site.csv", "battery_energy", 1e5)(f),
    "battery_energy[site=A] is 800,000 MWh",
)
warns(
    "cooling in per cent", scaled("site_time.csv", "cooling", 100), "cooling[site=A] is 120 MW/MW"
)
warns(
    "tiny magnitude",
    scaled("site.csv", "it_capacity", 1) and cell("site.csv", 3, "generation_cost", "1e-300"),
    "generation_cost[site=B] is 1e-300 USD/MWh",
)

# ------------------------------------------------------------------------------- the package

add("no package", lambda f: (f / "datapackage.json").unlink(), "datapackage.json: missing")
add("not JSON", text("datapackage.json", lambda t: t[:-20]), "datapackage.json: not JSON")
add("empty package", text("datapackage.json", lambda t: ""), "datapackage.json: not JSON")
add(
    "JSON of a list",
    text("datapackage.json", lambda t: "[]"),
    "datapackage.json: expected an object",
)
add(
    "deep JSON",
    text("datapackage.json", lambda t: "[" * 100_000),
    "datapackage.json: nested too deeply",
)
add(
    "key given twice",
    text("datapackage.json", lambda t: '{"resources": [],' + t[1:]),
    "given more than once: 'resources'",
)
add("no resources", package(lambda p: p.pop("resources")), "datapackage.json: expected an object")
add(
    "resources of another type",
    package(lambda p: p.update(resources={"a": 1})),
    "a list of resources",
)
add("no tables at all", package(lambda p: p.update(resources=[])), "it_capacity: missing")
add(
    "a resource that is a text",
    package(lambda p: p["resources"].append("site.csv")),
    "resource 9 (None)",
    "an object",
)
add(
    "a resource without a path",
    package(lambda p: p["resources"][0].pop("path")),
    "resource 1",
    "path",
)
add(
    "a resource with many paths",
    package(lambda p: p["resources"][0].update(path=["a.csv", "b.csv"])),
    "expected a path",
)
add(
    "a resource without a schema",
    package(lambda p: p["resources"][0].pop("schema")),
    "expected a schema",
)
add(
    "fields of another type",
    package(lambda p: p["resources"][0]["schema"].update(fields="all")),
    "list of fields",
)
add(
    "a field without a name",
    package(lambda p: p["resources"][0]["schema"]["fields"][0].pop("name")),
    "to have a name",
)
add(
    "a field described twice",
    package(
        lambda p: p["resources"][0]["schema"]["fields"].append(
            p["resources"][0]["schema"]["fields"][0]
        )
    ),
    "described twice",
)
add(
    "a field of another type",
    package(lambda p: column_of(p, "site.csv", "it_capacity").update(type="string")),
    "'it_capacity': type 'string', expected number",
)
add(
    "a field of no type",
    package(lambda p: column_of(p, "site.csv", "it_capacity").update(type=None)),
    "type None, expected number",
)
add(
    "a unit off by 1,000",
    package(lambda p: column_of(p, "job.csv", "power").update(unit="kW")),
    "power: given in kW, expected MW",
)
add(
    "a unit that is a number",
    package(lambda p: column_of(p, "job.csv", "power").update(unit=7)),
    "unit to be a text",
)
add(
    "a key nobody knows",
    package(lambda p: resource(p, "site.csv")["schema"].update(primaryKey=["plant"])),
    "not a dimension of the model: 'plant'",
)
add(
    "a key of another type",
    package(lambda p: resource(p, "site.csv")["schema"].update(primaryKey={"a": []})),
    "primaryKey",
)
add(
    "a key too few",
    package(lambda p: resource(p, "job_site.csv")["schema"].update(primaryKey=["job"])),
    "datapackage.json",
    "job_site.csv",
)
add(
    "a table described twice",
    package(lambda p: p["resources"].append(p["resources"][1])),
    "given by 2 tables",
)
add(
    "a table too few",
    package(lambda p: p["resources"].remove(resource(p, "site_time.csv"))),
    "cooling: missing",
)
add(
    "a variable nobody knows",
    package(lambda p: column_of(p, "site.csv", "it_capacity").update(name="pue")),
    "'pue' is not a variable",
)
same(
    "a key as a text",
    package(lambda p: resource(p, "site.csv")["schema"].update(primaryKey="site")),
)
same(
    "properties of another program",
    package(lambda p: p["resources"][0].update(dialect={"csv": {"delimiter": ";"}}, bytes=-1)),
)

# ------------------------------------------------------------------------------- files and paths

for name, path in (
    ("path to the folder above", "../site.csv"),
    ("absolute path", "/etc/passwd"),
    ("path by a URL", "https://example.org/site.csv"),
    ("path of Windows", "..\\site.csv"),
    ("path by a drive", "C:site.csv"),
    ("path of a hidden file", ".site.csv"),
    ("path with a zero byte", "site\0.csv"),
    ("path of nothing", ""),
):
    add(
        name,
        package(lambda p, path=path: resource(p, "site.csv").update(path=path)),
        "datapackage.json, resource 7",
        "CSV table in the folder",
    )


def outside(path: Path) -> None:
    other = path.parent.with_name(f"{path.parent.name}-outside.csv")
    other.write_text("secret\n")
    path.symlink_to(other)


add("missing file", lambda f: (f / "site.csv").unlink(), "site.csv: missing")
add(
    "path longer than a disk takes",
    package(lambda p: resource(p, "site.csv").update(path="x" * 5000 + ".csv")),
    "cannot be opened",
)
add(
    "link out of the folder",
    instead("site.csv", outside),
    "site.csv: a link that leads out of the folder",
)
add(
    "link to nowhere",
    instead("site.csv", lambda p: p.symlink_to("nothing.csv")),
    "site.csv: missing",
)
add("links in a circle", instead("site.csv", lambda p: p.symlink_to(p.name)), "site.csv: ")
add(
    "link to a device",
    instead("site.csv", lambda p: p.symlink_to("/dev/zero")),
    "site.csv: a link that leads out",
)
add("folder for a file", instead("site.csv", Path.mkdir), "site.csv: not a regular file")
add("pipe for a file", instead("site.csv", os.mkfifo), "site.csv: not a regular file")
add(
    "folder for the package",
    instead("datapackage.json", Path.mkdir),
    "datapackage.json: not a regular file",
)
add(
    "pipe for the package",
    instead("datapackage.json", os.mkfifo),
    "datapackage.json: not a regular file",
)
add(
    "a table of a terabyte",
    instead("site.csv", sparse(2**40)),
    "site.csv: 1,099,511,627,776 bytes, at most",
)
add(
    "a package of a gigabyte",
    instead("datapackage.json", sparse(2**30)),
    "datapackage.json: 1,073,741,824 bytes, at most",
)
add("zero bytes for a table", instead("site.csv", sparse(2**20)), "site.csv, row 1", "zero byte")
same(
    "link within the folder",
    lambda f: ((f / "site.csv").rename(f / "other"), (f / "site.csv").symlink_to("other")),
)
same("files nobody asked for", lambda f: (f / "notes.csv").write_bytes(b"\xff\0"))
same(
    "left over from a killed save",
    lambda f: ((f / ".saving-x").mkdir(), (f / ".saving-x" / "site.csv").write_text("half")),
)

# ------------------------------------------------------------------------------- what may be given


def more(table: str, name: str, kind: str, *values: object) -> Damage:
    """Add a column, with these values and the last of them from there on."""

    def damage(folder: Path) -> None:
        package(
            lambda held: resource(held, table)["schema"]["fields"].append(
                {"name": name, "type": kind}
            )
        )(folder)

        def changed(rows: list[list[str]]) -> list[list[str]]:
            cells = [*values, *[values[-1]] * len(rows)]
            return [[*rows[0], name]] + [
                [*r, str(c)] for r, c in zip(rows[1:], cells, strict=False)
            ]

        cells(table, changed)(folder)

    return damage


def less(table: str, name: str) -> Damage:
    """Take a column out."""

    def damage(folder: Path) -> None:
        def described(held: dict[str, Any]) -> None:
            schema = resource(held, table)["schema"]
            schema["fields"] = [f for f in schema["fields"] if f["name"] != name]

        def changed(rows: list[list[str]]) -> list[list[str]]:
            at = rows[0].index(name)
            return [[*r[:at], *r[at + 1 :]] for r in rows]

        package(described)(folder)
        cells(table, changed)(folder)

    return damage


def over_time(*values: object) -> Damage:
    """Give the import limit over time."""

    def damage(folder: Path) -> None:
        less("site.csv", "import_limit")(folder)
        more("site_time.csv", "import_limit", "number", *values)(folder)

    return damage


same("the default, given", more("site.csv", "battery_final", "number", 2.0))
same("no job required, given", more("job.csv", "required", "boolean", "false"))
add(
    "more left than the battery holds",
    more("site.csv", "battery_final", "number", 2, 9),
    "battery_final[site=B] = 9.0 MWh: above battery_energy (site.csv, row 3, column battery_final)",
)
add(
    "text for what need not be given",
    more("site.csv", "battery_final", "number", 2, "full"),
    "site.csv, row 3, column battery_final: 'full' is not a number (MWh)",
)
add(
    "required perhaps",
    more("job.csv", "required", "boolean", "maybe", "true"),
    "job.csv, row 2, column required: 'maybe' is neither true nor false",
)
add(
    "a limit over time and over sites",
    more("site_time.csv", "import_limit", "number", 200),
    "import_limit: given by 2 tables",
)
add(
    "a limit over time with a hole",
    over_time(200, 200, "", 200),
    "site_time.csv, row 4, column import_limit: an empty cell",
)
add(
    "a negative limit at one time",
    over_time(200, -1, 200),
    "import_limit[site=A, time=2025-10-26 00:00:00] = -1.0 MW: must be at least 0",
    "(site_time.csv, row 3, column import_limit)",
)
add(
    "a limit nowhere",
    less("site.csv", "import_limit"),
    "import_limit: missing",
)
