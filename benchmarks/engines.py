"""Measure the two engines and the choice between them: what `engine="auto"` goes by.

    python benchmarks/engines.py [--limit 60] [--csv FILE] [--only WORDS]

A grid of sizes and kinds: loose and tight sites, states of grid and battery or none, a tight
budget, steps of a quarter of an hour, the paper's size and the real week, to one gap or two. Each
case is solved by both engines and by "auto", one right after the other. A row has the placements,
the processor's seconds of each (building included), what each ended with, and the gap it reached.
With a file each row is written as soon as it is known, and rows that it has are not measured again.

At the end it says where "auto" took longest against the better engine: the quicker of those that
reached the gap asked for, or, where none did, the one that came nearest.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from steps import inverted
from table import write

import carbonsched as cs
from carbonsched.columns.choice import placements

SIZES = [  # sites, periods, jobs
    (2, 24, 6), (3, 24, 15), (3, 48, 20), (4, 48, 40), (6, 72, 40), (6, 96, 60), (8, 168, 100),
]  # fmt: skip
LARGE = (10, 168, 200)
FINE = [(2, 24, 6), (3, 24, 15), (4, 48, 40)]  # to a tenth of the gap too
ENGINES = ("milp", "column-generation", "auto")
GAP = 0.01


def kinds(sites: int, periods: int, jobs: int, seed: int) -> Iterator[tuple[str, cs.Instance]]:
    """Yield what a size is drawn as."""
    loose = cs.generate(sites, periods, jobs, sites, seed, utilisation=0.5)
    yield "loose", loose
    yield "tight", cs.generate(sites, periods, jobs, sites, seed, utilisation=0.9)
    yield "states", inverted(loose)
    yield "budget", cs.generate(sites, periods, jobs, sites, seed, budget_share=0.45)


def cases() -> Iterator[tuple[str, cs.Instance, float]]:
    """Yield the name of each case, its instance, and the gap asked for."""
    for name in ("default", "real-week"):
        yield name, cs.example(name), GAP
    for seed, size in enumerate(SIZES):
        for kind, instance in kinds(*size, seed):
            name = f"{' x '.join(map(str, size))}, {kind}"
            yield name, instance, GAP
            if size in FINE:
                yield f"{name}, to {GAP / 10:.1%}", instance, GAP / 10
    for jobs in (12, 40):
        quarters = cs.generate(3, 96, jobs, 3, jobs, step_hours=0.25)
        yield f"3 x 96 x {jobs}, quarter hours", quarters, GAP
    yield f"{' x '.join(map(str, LARGE))}, tight", cs.generate(*LARGE, 10, utilisation=0.9), GAP


def measured(instance: cs.Instance, gap: float, engine: str, limit: float) -> dict[str, object]:
    """Return how one engine ends, and after how many seconds of the processor."""
    begun = time.process_time()
    try:
        schedule = cs.solve(instance, engine=engine, gap=gap, time_limit=limit)
        said = {"status": schedule.status, "gap": f"{schedule.gap:.5f}"}
    except cs.NoIncumbentError:
        said = {"status": "no schedule", "gap": "inf"}
    except cs.InfeasibleError:
        said = {"status": "infeasible", "gap": "0"}
    said["seconds"] = f"{time.process_time() - begun:.2f}"
    return {f"{engine} {name}": value for name, value in said.items()}


def behind(row: Mapping[str, object]) -> float:
    """Return how many times as long "auto" took as the better engine, or ended as far off."""

    def of(engine: str) -> tuple[float, float]:
        return float(str(row[f"{engine} gap"])), float(str(row[f"{engine} seconds"]))

    asked = float(str(row["gap asked"]))
    engines, (gap, seconds) = [of(name) for name in ENGINES[:2]], of("auto")
    reached = [took for reached, took in engines if reached <= asked]
    if reached:
        return seconds / min(reached) if gap <= asked else float("inf")
    return gap / min(reached for reached, _ in engines)


def known(path: Path | None) -> list[dict[str, object]]:
    """Return the rows that a file has."""
    if path is None or not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [{**row} for row in csv.DictReader(file)]


def told(rows: Iterable[Mapping[str, object]]) -> str:
    """Say where "auto" is farthest behind."""
    worst = sorted(((behind(row), str(row["case"])) for row in rows), reverse=True)
    return "\n".join(f"{ratio:.2f} times the better engine: {case}" for ratio, case in worst[:5])


def main() -> None:
    """Measure every case, print each row, and keep it in a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for each solve")
    parser.add_argument("--csv", type=Path, help="file for the table")
    parser.add_argument("--only", default="", help="measure the cases that have this in their name")
    given = parser.parse_args()
    rows = known(given.csv)
    for name, instance, gap in cases():
        if given.only not in name or name in [row["case"] for row in rows]:
            continue
        row = {"case": name, "placements": placements(instance.data), "gap asked": gap}
        for engine in ENGINES:
            row |= measured(instance, gap, engine, given.limit)
        print(*row.values(), sep="  ", flush=True)
        rows.append(row)
        if given.csv:
            write(given.csv, rows)
    print(told(rows))


if __name__ == "__main__":
    main()
