"""Write the packages of the live pages: `python web/packages.py _build/web/live`.

Each is a classic script, so that a page opened from a file can load it. Packages that are there and
made of this code and data are left alone.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np

import carbonsched as cs
from carbonsched.page.package import package, script

ROOT = Path(__file__).parents[1]
DAY = "2023-10-10"  # of the real week


def table_one() -> dict[str, dict[str, float]]:
    """Return what the paper's Table I says, by method."""
    with (ROOT / "data/paper/table1.csv").open(encoding="utf-8") as file:
        return {
            row["method"]: {name: float(row[name]) for name in ("objective", "emissions")}
            for row in csv.DictReader(file)
        }


def day_of(week: cs.Instance, day: str = DAY) -> cs.Instance:
    """Return one day of a longer instance, with its share of the carbon budget.

    Windows end with the day, and a job that has less time in it than it lasts is left out.
    """
    data = week.data
    times = data.indexes["time"]
    chosen = np.flatnonzero(times.values.astype("datetime64[D]") == np.datetime64(day))
    first, last = times.values[chosen[[0, -1]]]
    part = data.isel(time=chosen)
    release = part.release.values.clip(first, None)
    deadline = part.deadline.values.clip(None, last)
    periods = (deadline - release) // np.timedelta64(1, "h") + 1
    part = part.assign(release=("job", release), deadline=("job", deadline)).isel(
        job=np.flatnonzero(periods >= part.duration.values)
    )
    share = len(chosen) / len(times)
    part["carbon_budget"] = part.carbon_budget * 0 + round(float(data.carbon_budget) * share)
    return cs.Instance(part.assign_attrs(title=f"{week.data.attrs['title']}: {day}"))


MADE = {
    "default": lambda: package("default", cs.load(ROOT / "data/default"), paper=table_one()),
    "real-day": lambda: package(
        "real-day", day_of(cs.load(ROOT / "data/real-week")), ["joint"],
        gap=1e-3, time_limit=30.0, reference_gap=1e-3,
    ),
}  # fmt: skip


def state() -> str:
    """Return a fingerprint of the code and the data that packages are made of."""
    known = hashlib.sha256(Path(__file__).read_bytes())
    made_of = ("carbonsched/core", "carbonsched/page")
    for part in (*made_of, "data/default", "data/real-week", "data/paper"):
        for path in sorted((ROOT / part).rglob("*")):
            if path.suffix in (".py", ".csv", ".json"):
                known.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return known.hexdigest()


def main(folder: Path) -> None:
    """Write every package, unless the folder has it of this state."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp, now = folder / "packages.sha256", state()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == now:
        return
    stamp.unlink(missing_ok=True)
    for name, made in MADE.items():
        (folder / f"{name}.js").write_text(script(made()), encoding="utf-8")
    stamp.write_text(now, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
