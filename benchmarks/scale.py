"""Measure large instances by column generation, each beside the energy LP alone.

    python benchmarks/scale.py
    python benchmarks/scale.py --only 20x168x200 --seeds 3 --csv somewhere.csv

`scale.csv`: a row for each instance, written as soon as it is measured; what a file holds already
is not measured again. The energy LP is the model without jobs, built by then; its seconds are the
unit in which `ratio` counts the whole call. Each row has a process of its own, so that its peak
memory is its own. Seconds belong to the machine; CPU seconds also count what both cores do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pandas as pd
from table import write

import carbonsched as cs
from carbonsched.columns.rounds import search_of
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.tighten import tightened
from carbonsched.solver.settings import Settings

SIZES = {  # by name: gap of what can be decided, seconds at most, seeds
    "20x168x200": (0.001, 120.0, 20),
    "50x168x500": (0.001, 120.0, 20),
    "100x168x1000": (0.001, 300.0, 5),
    "200x168x5000": (0.005, 300.0, 1),
    "real-week": (0.01, 120.0, 1),
    "real-month": (0.001, 600.0, 1),
    "real-year": (0.01, 600.0, 1),
}


def made(size: str, seed: int) -> cs.Instance:
    """Return an instance by the name of its size."""
    if size == "real-month":
        return cs.example("real-year").window("2023-03-06", days=30)
    if size.startswith("real"):
        return cs.example(size)
    sites, periods, jobs = map(int, size.split("x"))
    return cs.generate(sites, periods, jobs, seed=seed)


def measured(size: str, seed: int, gap: float, limit: float) -> dict[str, object]:
    """Return the row of one instance."""
    instance, how = made(size, seed), Formulation()
    data = tightened(instance.data, Method(), how)
    master = search_of(data, how, Settings(gap=gap, time_limit=limit)).master
    begun = time.perf_counter()
    master.solve(limit)
    alone = time.perf_counter() - begun
    del master
    begun, worked = time.perf_counter(), time.process_time()
    engine = "auto" if size == "real-week" else "column-generation"
    row: dict[str, object] = {"size": size, "seed": seed, "gap_asked": gap}
    try:
        schedule = cs.solve(instance, engine=engine, gap=gap, time_limit=limit, progress=False)
        row |= {"status": schedule.status, "gap": f"{schedule.gap:.6f}"}
        row |= {"objective": f"{schedule.objective:.2f}", "bound": f"{schedule.bound:.2f}"}
    except cs.CarbonschedError as error:
        row |= {"status": type(error).__name__, "gap": "", "objective": "", "bound": ""}
    seconds = time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return row | {
        "seconds": f"{seconds:.2f}",
        "cpu_seconds": f"{time.process_time() - worked:.2f}",
        "energy_lp_seconds": f"{alone:.3f}",
        "ratio": f"{seconds / alone:.1f}",
        "peak_mb": f"{memory:.0f}",
    }


def main() -> None:
    """Measure what is asked for and not yet known."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--seeds", type=int, help="at most, of each size")
    parser.add_argument("--csv", type=Path, default=Path(__file__).with_name("scale.csv"))
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    if given.csv.exists():
        rows = [{str(k): v for k, v in row.items()} for row in _read(given.csv)]
    known = {(row["size"], int(str(row["seed"]))) for row in rows}
    for size in given.only:
        gap, limit, seeds = SIZES[size]
        for seed in range(min(seeds, given.seeds or seeds)):
            if (size, seed) in known:
                continue
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                rows.append(pool.submit(partial(measured, size, seed, gap, limit)).result())
            print(*rows[-1].values(), sep="  ", flush=True)
            write(given.csv, rows)


def _read(path: Path) -> list[dict[str, str]]:
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


if __name__ == "__main__":
    main()
