"""Measure one sweep on one worker and on two, their start included, and where the rest goes.

    python benchmarks/workers.py

`workers.csv`: seconds by cases and workers, each sweep in a process of its own. `work` is what the
processes spent on the processor: as much as one worker's, and what a second one's start and a
shared memory add. `idle` is what the workers' cores waited, for imports at the start and for the
last case at the end. Seconds belong to the machine, and to what else it does; of `work` next to
nothing.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing import forkserver
from pathlib import Path

from table import write

import carbonsched as cs

METHODS = ("joint", "no_battery", "no_routing")
SEEDS = (8, 32)
WORKERS = (1, 2)


def measured(seeds: int, workers: int) -> dict[str, float]:
    """Return the seconds of a sweep, and those of the processor in the processes it starts."""
    fleet = {f"seed={seed}": cs.generate(seed=seed) for seed in range(seeds)}
    with tempfile.TemporaryDirectory() as cache:
        begun = time.perf_counter()
        cs.sweep(fleet, METHODS, cache=cache, workers=workers, gap=0, progress=False)
        seconds = time.perf_counter() - begun
    forkserver._forkserver._stop()  # whose children count once it has ended
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "work": used.ru_utime + used.ru_stime}


def main() -> None:
    """Measure every number of cases with every number of workers, and say what one more won."""
    rows = []
    for seeds in SEEDS:
        for workers in WORKERS:
            asked = [sys.executable, __file__, str(seeds), str(workers)]
            answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
            took = json.loads(answer.splitlines()[-1])
            idle = workers * took["seconds"] - took["work"]
            row = {"cases": seeds * len(METHODS), "workers": workers} | took | {"idle": idle}
            rows.append({k: round(v, 1) if isinstance(v, float) else v for k, v in row.items()})
            if workers == 1:
                one = took
                continue
            won, more = one["seconds"] / took["seconds"], took["work"] - one["work"]
            print(
                f"{row['cases']} cases: {won:.2f} times as fast on {workers} workers; of their "
                f"{workers * took['seconds']:.1f} s {one['work']:.1f} s are one worker's work, "
                f"{more:.1f} s more work, {idle:.1f} s waiting",
                flush=True,
            )
    write(Path(__file__).parent / "workers.csv", rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measured(*map(int, sys.argv[1:]))))
    else:
        main()
