"""Solve instances of the benchmark in the ways of this package, and record what is proved.

    python data/scripts/run_benchmark.py [NAME|KIND|SIZE]... [--way WAY]... [--minutes 20]

Small instances first. What is finished is kept in a cache, so that a run that was stopped goes on
where it ended. From the cache follow `data/benchmark/entries.csv` and `best.csv`, `unsolved.csv`
with what found no schedule in its time, and the certificates of the best values of small instances.
"""

from __future__ import annotations

import csv
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.bench.entries import best, read_entries, submit, write_record
from carbonsched.bench.methods import WAYS, installed
from carbonsched.bench.recipe import SIZES, Recipe, chosen, made, recipes
from carbonsched.bench.run import run
from carbonsched.bench.submission import CERTIFICATE, PRICES
from carbonsched.errors import kind_of
from carbonsched.io import replacing

UNSOLVED, CERTIFICATES = "unsolved.csv", "certificates"
HEAD = ["instance", "entry", "status", "seconds", "time_limit"]
MOST_BYTES = 100_000  # of a certificate that is kept
UNPROVED = ("rolling",)  # windows have no bound of the whole, and none is made for them


def unsolved(home: Path) -> list[list[str]]:
    """Return what found no schedule before."""
    path = home / UNSOLVED
    return list(csv.reader(path.open(encoding="utf-8")))[1:] if path.exists() else []


def attempt(recipe: Recipe, way: str, home: Path, limit: float, gap: float, on: str) -> str:
    """Solve one instance in one way, keep what comes of it, and return it in words."""
    folder = home / "submissions" / recipe.name / way
    shutil.rmtree(folder, ignore_errors=True)
    instance, begun = made(recipe), time.perf_counter()
    how = {"time_limit": limit, "gap": gap, "on": on, "proof": way not in UNPROVED}
    try:
        proved = run(recipe.name, instance, way, folder, **how)
    except cs.CarbonschedError as error:
        row = [recipe.name, way, kind_of(error), f"{time.perf_counter() - begun:.1f}", f"{limit:g}"]
        with replacing(home / UNSOLVED) as temporary, temporary.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([HEAD, *unsolved(home), row])
        return f"{row[2]}: {' '.join(str(error).split())}"[:400]
    submit(folder, proved, home, overwrite=True)
    return str(proved)


def publish(home: Path, out: Path, known: dict[str, Recipe]) -> None:
    """Write the record, and the certificates of the best values of small instances."""
    entries = read_entries(home)
    out.mkdir(parents=True, exist_ok=True)
    write_record(entries, out)
    if (home / UNSOLVED).exists():
        shutil.copyfile(home / UNSOLVED, out / UNSOLVED)
    (out / CERTIFICATES).mkdir(exist_ok=True)
    for one in best(entries):
        if known[one.instance].size != "small":
            continue
        own = [e for e in entries if e.instance == one.instance]
        proof, name = PRICES, f"{one.instance}.nc"
        if one.outcome == "schedule":
            proof, name = CERTIFICATE, f"{one.instance}.json"
            own = sorted(own, key=lambda e: (e.value is None, -(e.value or 0)))
        for entry in own:
            source = home / "entries" / entry.instance / entry.entry / proof
            if source.exists() and source.stat().st_size <= MOST_BYTES:
                shutil.copyfile(source, out / CERTIFICATES / name)
                break


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Instances, kinds or sizes.")] = None,
    way: Annotated[list[str] | None, typer.Option(help="By default all installed.")] = None,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/benchmark"),
    home: Annotated[Path, typer.Option(help="Cache.")] = Path(".cache/benchmark"),
    limit: Annotated[float, typer.Option(help="Seconds for each.")] = 60.0,
    gap: Annotated[float, typer.Option(help="Relative gap to stop at.")] = 0.001,
    minutes: Annotated[float, typer.Option(help="Begin nothing after so many.")] = 20.0,
    machine: Annotated[str, typer.Option(help="In words; by default the system's.")] = "",
) -> None:
    """Solve what is not solved yet, small instances first, and write the record."""
    begun, known = time.monotonic(), recipes()
    ways = way or [name for name in WAYS if name in installed()]
    order = sorted(chosen(names, known), key=lambda recipe: SIZES.index(recipe.size))
    done = {(e.instance, e.entry) for e in read_entries(home)}
    done |= {(row[0], row[1]) for row in unsolved(home)}
    for recipe, name in ((recipe, name) for recipe in order for name in ways):
        if (recipe.name, name) in done or time.monotonic() - begun > 60 * minutes:
            continue
        told = attempt(recipe, name, home, limit, gap, machine)
        typer.echo(f"{recipe.name}  {name}  {told}")
    publish(home, out, known)


if __name__ == "__main__":
    typer.run(main)
