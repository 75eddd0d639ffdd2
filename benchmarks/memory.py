"""Measure what building takes: peak memory against nonzeros, over five sizes of each form.

    python benchmarks/memory.py [--csv FILE]

A week of quarter hours in which one job lasts as long as all others together: memory must go by
the nonzeros of the model, and not by the longest job times all jobs. Each size is built in a
process of its own, so that its peak is its own; what Python and its libraries take is subtracted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from table import write

SIZES = {  # sites and short jobs; in form "paper" every job may run and end in every period, too
    "start": [(1, 50), (1, 100), (2, 100), (2, 200), (4, 400)],
    "paper": [(1, 25), (1, 50), (1, 100), (2, 100), (2, 200)],
}
CODE = """
import json, resource, sys
import numpy as np, xarray as xr
import carbonsched as cs

form, sites, jobs = sys.argv[1], *map(int, sys.argv[2:])
instance = cs.generate(sites, 672, jobs + 1, 1, 0)
data = instance.data.copy(deep=True)
data["step_hours"] = data.step_hours * 0 + 0.25
short, long = 4, 600
data["duration"] = xr.full_like(data.duration, short)
data["duration"][0] = long
data["allowed"] = xr.full_like(data.allowed, True)
data["release"] = xr.full_like(data.release, data.time.values[0])
data["deadline"] = xr.full_like(data.deadline, data.time.values[-1])
instance = cs.Instance(data)
cs.build(cs.generate(1, 4, 1, 1, 0), form)  # all is imported
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
model = cs.build(instance, form)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({
    "variables": int(model.nvars), "nonzeros": int(model.matrices.A.nnz),
    "peak_mb": round((peak - before) / 1024, 1),
}))
"""


def measured(form: str, sites: int, jobs: int) -> dict[str, object]:
    """Return the size of a model and the peak of building it, MB."""
    command = [sys.executable, "-c", CODE, form, str(sites), str(jobs)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    said = json.loads(ended.stdout)
    each = said["peak_mb"] * 1024**2 / said["nonzeros"]
    return {
        "formulation": form,
        "sites": sites,
        "jobs": jobs + 1,
        **said,
        "bytes_per_nonzero": round(each),
    }


def main() -> None:
    """Measure, print a table, and write it to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--csv", type=Path, help="file for the table")
    given = parser.parse_args()
    rows = [measured(form, *size) for form, sizes in SIZES.items() for size in sizes]
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    if given.csv:
        write(given.csv, rows)


if __name__ == "__main__":
    main()
