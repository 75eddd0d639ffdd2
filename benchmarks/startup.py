"""Measure what a user waits for, in two checkouts side by side: commands and calls.

    python benchmarks/startup.py BEFORE AFTER [--rounds 11] [--csv FILE]

BEFORE and AFTER are folders with a copy of this repository each, run by the Python that runs this
script. Each round runs every case in both, one right after the other and in turns first, so that
whatever else the machine does falls on both: compare ratios, the seconds are of this machine and
hour. Commands (`--help`, `solve data/default`) are whole processes; calls (load, build, solve,
Schedule.load) are medians within a process of their own, once everything is imported.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from statistics import median, quantiles

from table import write

# What `pip` would write as the console script, and the calls to time.
COMMAND = """
import sys
from {module} import {name}
sys.exit({name}())
"""
CALLS = """
import json, sys, time
from statistics import median
import carbonsched as cs

folder, path, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3])
instance = cs.load(folder)
cs.solve(instance).save(path)
calls = {
    "cs.load(folder)": lambda: cs.load(folder),
    "cs.build(instance)": lambda: cs.build(instance),
    "cs.solve(instance)": lambda: cs.solve(instance),
    "cs.Schedule.load(path)": lambda: cs.Schedule.load(path),
}
seconds = {name: [] for name in calls}
for _ in range(repeats):
    for name, call in calls.items():
        begun = time.perf_counter()
        call()
        seconds[name].append(time.perf_counter() - begun)
print(json.dumps({"from": cs.__file__, **{n: median(s) for n, s in seconds.items()}}))
"""
REPEATS = 7  # of each call within a process


def python(checkout: Path, code: str, *words: object, at: Path) -> str:
    """Run code with the package of a checkout and return what it prints."""
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", code, *map(str, words)]
    ended = subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{checkout}: {' '.join(map(str, words))} failed\n{ended.stderr}")
    return ended.stdout


def console_script(checkout: Path) -> str:
    """Return the code that the command `carbonsched` of a checkout runs."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["scripts"]["carbonsched"].partition(":")
    return COMMAND.format(module=module, name=name)


def measured(checkout: Path, folder: Path) -> dict[str, float]:
    """Return the seconds of every case, once."""
    script, default = console_script(checkout), checkout / "data" / "default"
    commands = {
        "carbonsched --help": ("--help",),
        "carbonsched solve data/default": ("solve", default, "--out", folder / "command.nc"),
    }
    seconds = {}
    for name, words in commands.items():
        for written in folder.glob("command.*"):  # by the round before: no command replaces it
            written.unlink()
        begun = time.perf_counter()
        python(checkout, script, *words, at=folder)
        seconds[name] = time.perf_counter() - begun
    told = json.loads(python(checkout, CALLS, default, folder / "call.nc", REPEATS, at=folder))
    if not Path(told.pop("from")).is_relative_to(checkout):
        raise SystemExit(f"{checkout}: another carbonsched was imported")
    return seconds | told


def compared(before: list[dict[str, float]], after: list[dict[str, float]]) -> list[dict[str, str]]:
    """Return a row a case: medians in seconds, the median ratio of the pairs and its quartiles."""
    rows = []
    for case in before[0]:
        pairs = [(b[case], a[case]) for b, a in zip(before, after, strict=True)]
        ratios = [a / b for b, a in pairs]
        low, _, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        numbers = {
            "before_s": median(b for b, _ in pairs),
            "after_s": median(a for _, a in pairs),
            "ratio": median(ratios),
            "ratio_lower_quartile": low,
            "ratio_upper_quartile": high,
        }
        rows.append({"case": case} | {name: f"{value:.3f}" for name, value in numbers.items()})
    return rows


def main() -> None:
    """Measure, print a table, and write it to a file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--csv", type=Path, help="file for the table")
    given = parser.parse_args()
    checkouts = given.before.resolve(), given.after.resolve()
    runs: dict[Path, list[dict[str, float]]] = {checkout: [] for checkout in checkouts}
    with tempfile.TemporaryDirectory(prefix="carbonsched-startup-") as folder:
        for checkout in checkouts:  # compiled, and read from the disk, before the clock runs
            measured(checkout, Path(folder))
        for k in range(given.rounds):
            for checkout in checkouts[:: 1 if k % 2 else -1]:
                runs[checkout].append(measured(checkout, Path(folder)))
    rows = compared(*(runs[checkout] for checkout in checkouts))
    print(f"{'':32}{'before [s]':>12}{'after [s]':>12}{'ratio':>8}  quartiles")
    for row in rows:
        case, before, after, ratio, low, high = row.values()
        print(f"{case:32}{before:>12}{after:>12}{ratio:>8}  {low} to {high}")
    if given.csv:
        write(given.csv, rows)


if __name__ == "__main__":
    main()
