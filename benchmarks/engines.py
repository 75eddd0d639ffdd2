"""Measure where column generation overtakes the whole model: what `engine="auto"` goes by.

    python benchmarks/engines.py [--limit 60] [--csv FILE]

Random fleets from a handful of placements to some ten thousand, and the two examples, each solved
by both engines to the default gap, one right after the other. A row has the placements, the
seconds of each (building included), what each ended with, and the gap it reached. Compare the two
columns of a row; the seconds are of this machine and hour.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from table import write

import carbonsched as cs
from carbonsched.front import placements

SIZES = [  # sites, periods, jobs
    (2, 24, 6), (3, 24, 15), (3, 48, 20), (4, 48, 40), (6, 72, 40), (6, 96, 60), (6, 168, 50),
    (8, 168, 100), (10, 168, 200),
]  # fmt: skip
SEEDS = (0, 1)
ENGINES = ("milp", "column-generation")


def cases() -> Iterator[tuple[str, cs.Instance]]:
    """Yield the name of each case and its instance."""
    for sites, periods, jobs in SIZES:
        for seed in SEEDS:
            name = f"{sites} x {periods} x {jobs}, seed {seed}"
            yield name, cs.generate(sites, periods, jobs, sites, seed, utilisation=0.7)
    for name in ("default", "real-week"):
        yield name, cs.example(name)


def measured(instance: cs.Instance, engine: str, limit: float) -> dict[str, object]:
    """Return how one engine ends, and after how many seconds."""
    begun = time.perf_counter()
    try:
        schedule = cs.solve(instance, engine=engine, time_limit=limit)
        said = {"status": schedule.status, "gap": f"{schedule.gap:.5f}"}
    except cs.NoIncumbentError:
        said = {"status": "no schedule", "gap": ""}
    said["seconds"] = f"{time.perf_counter() - begun:.2f}"
    return {f"{engine} {name}": value for name, value in said.items()}


def main() -> None:
    """Measure every case, print each row, and write all to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each solve")
    parser.add_argument("--csv", type=Path, help="file for the table")
    given = parser.parse_args()
    rows = []
    for name, instance in cases():
        row: dict[str, object] = {"case": name, "placements": placements(instance.data)}
        for engine in ENGINES:
            row |= measured(instance, engine, given.limit)
        print(*row.values(), sep="  ", flush=True)
        rows.append(row)
    if given.csv:
        write(given.csv, rows)


if __name__ == "__main__":
    main()
