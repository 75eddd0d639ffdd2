"""Measure scenarios solved one by one against the extensive form, side by side.

    python benchmarks/scenarios.py [--limit 120] [--csv FILE]

A real day of six sites, 24 hours and 18 services, fifty of its week's jobs drawn anew, and futures
of its prices, generation and demand. Each is solved to 0.5 % by both engines, one right after the
other and in turn first. A row has the seconds of each (building, dispatch and judging included),
the gap that each reached, and the ratio of the seconds, a lower bound of it where the extensive
form ended at its limit. Compare the two columns of a row; the seconds are of this machine and hour.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from table import write

import carbonsched as cs

SIZES = (10, 50)  # scenarios
SEEDS = (0, 1, 2)
JOBS, HOURS = 50, 24
GAP = 0.005
ENGINES = ("milp", "decomposed")


def day(seed: int) -> cs.Instance:
    """Return the first day of the real week, with jobs of the week that fit into it."""
    rng, week = np.random.default_rng(seed), cs.example("real-week").data
    drawn = rng.integers(0, week.sizes["job"], JOBS)
    data = week.isel(time=slice(HOURS), job=drawn)
    data = data.assign_coords(job=[f"job-{k + 1}" for k in range(JOBS)])
    length = rng.integers(2, 11, JOBS)
    first = np.array([rng.integers(0, HOURS - n + 1) for n in length])
    last = np.array([rng.integers(k + n - 1, HOURS) for k, n in zip(first, length, strict=True)])
    hours = data.time.values
    return cs.Instance(
        data.assign(
            reward=data.reward / data.duration * length,
            duration=("job", length),
            release=("job", hours[first]),
            deadline=("job", hours[last]),
            carbon_budget=week.carbon_budget * HOURS / week.sizes["time"],
        )
    )


def measured(scenarios: cs.Scenarios, engine: str, limit: float) -> dict[str, object]:
    """Return how one engine ends, and after how many seconds."""
    begun = time.perf_counter()
    try:
        plan = cs.solve(scenarios, engine=engine, gap=GAP, time_limit=limit, progress=False)
        said: dict[str, object] = {"status": plan.status, "gap": f"{plan.gap:.5f}"}
    except cs.NoIncumbentError:
        said = {"status": "no plan", "gap": ""}
    said["seconds"] = round(time.perf_counter() - begun, 2)
    return {f"{engine} {name}": value for name, value in said.items()}


def main() -> None:
    """Measure every case, print each row, and write all to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for each solve")
    parser.add_argument("--csv", type=Path, help="file for the table")
    given = parser.parse_args()
    rows = []
    for size in SIZES:
        for k, seed in enumerate(SEEDS):
            scenarios = cs.scenarios(day(seed), count=size, model="noisy", seed=seed)
            found: dict[str, object] = {}
            for engine in ENGINES if k % 2 else ENGINES[::-1]:
                found |= measured(scenarios, engine, given.limit)
            row: dict[str, object] = {"scenarios": size, "jobs": JOBS, "seed": seed}
            row |= {
                key: found[key]
                for engine in ENGINES
                for key in sorted(found)
                if key.startswith(engine)
            }
            ratio = float(str(row["milp seconds"])) / float(str(row["decomposed seconds"]))
            row["ratio"] = f"{ratio:.1f}"
            print(*row.values(), sep="  ", flush=True)
            rows.append(row)
        ratios = [float(str(row["ratio"])) for row in rows if row["scenarios"] == size]
        print(f"{size} scenarios: median ratio {statistics.median(ratios):.1f}", flush=True)
    if given.csv:
        write(given.csv, rows)


if __name__ == "__main__":
    main()
