"""Show that a change of the code changes no answer: record what it says, change it, compare.

    python benchmarks/unchanged.py record before.json
    python benchmarks/unchanged.py compare before.json after.json

`record` asks the carbonsched that is importable (set PYTHONPATH to ask another checkout) for optima
of random instances and of `data/default`, bounds of `data/real-week`, intervals of column
generation, certificates and what becomes of tampered ones, and for whatever a user reads. It uses
public names only, takes about a quarter of an hour, and `--only` records one kind.

`compare` holds numbers to 1e-6 of their size, or of 1. Emissions are held to 1e-3: an optimum need
not be unique, and its schedules may emit differently. Column generation may end with other columns:
its intervals from objective to bound must overlap, and hold the optimum. Verdicts (what ended how,
kinds of errors, exit codes) must be the same. It ends with 1 if any of this fails. Texts are
compared word by word and listed apart, for they may be changed on purpose.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import replace
from fractions import Fraction
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from tqdm.auto import tqdm

import carbonsched as cs

Case = dict[str, dict[str, Any]]  # part ("numbers", "intervals", "verdicts", "texts"): its values
Change = Callable[[Any], Any]

DATA = Path(cs.__file__).resolve().parents[1] / "data"  # of the checkout that is asked
METHODS = list(cs.METHODS)
EXACTLY = {"gap": 0.0, "time_limit": 600.0, "progress": False}
COLUMNS = EXACTLY | {"engine": "column-generation"}
TOLERANCE, EMISSIONS_TOLERANCE = 1e-6, 1e-3  # relative
OUTCOMES = ["identical", "within tolerance", "overlapping", "different"]

FAULTS: dict[str, Change] = {  # of the data of an instance
    "no dataset": lambda data: "a text",
    "a variable missing": lambda data: data.drop_vars("cooling"),
    "an unknown variable": lambda data: data.assign(colour=1.0),
    "other dimensions": lambda data: data.assign(power=1.0),
    "another unit": lambda data: data.assign(power=data.power.assign_attrs(units="kW")),
    "text for numbers": lambda data: data.assign(latency=data.latency.astype(str)),
    "not a number": lambda data: data.assign(import_price=data.import_price.where(data.time > 2)),
    "negative": lambda data: data.assign(it_capacity=-data.it_capacity),
    "too large": lambda data: data.assign(reward=data.reward * 1e16),
    "fractional": lambda data: data.assign(duration=data.duration + 0.5),
    "numbers for flags": lambda data: data.assign(allowed=data.allowed * 2),
    "labels twice": lambda data: data.assign_coords(site=["A"] * data.sizes["site"]),
    "labels blank": lambda data: data.assign_coords(job=[" "] * data.sizes["job"]),
    "uneven periods": lambda data: data.assign_coords(time=data.time.values**2),
    "unknown labels": lambda data: data.assign(release=data.release + 100, home=data.home + "?"),
    "too long for its window": lambda data: data.assign(duration=data.duration + 100),
    "too large for any site": lambda data: data.assign(power=data.power * 1000),
    "allowed nowhere": lambda data: data.assign(allowed=data.allowed & False),
    "an overfull battery": lambda data: data.assign(battery_initial=data.battery_energy * 2),
    "several": lambda data: data.drop_vars("value").assign(cooling=data.cooling - 1, demand=-1.0),
}
BREAKS: dict[str, Change] = {  # of the decisions of a schedule
    "nothing": lambda data: data,
    "more routed": lambda data: data.assign(route=data.route * 1.1),
    "charge out of nothing": lambda data: data.assign(soc=data.soc + 5),
    "half the import": lambda data: data.assign(grid_import=data.grid_import / 2),
    "export at any time": lambda data: data.assign(grid_export=data.grid_export + 1000),
    "later starts": lambda data: data.assign(start=data.start.roll(time=1)),
    "no job runs": lambda data: data.assign(run=data.run * 0),
    "not a number": lambda data: data.assign(generate=data.generate.where(data.generate > 1)),
    "a decision missing": lambda data: data.drop_vars("soc"),
    "fewer periods": lambda data: data.isel(time=slice(1, None)),
}
TAMPERING: dict[str, Change] = {  # what is put in the place of parts of a certificate's file
    "nothing": lambda file: {},
    "bound": lambda file: {"bound": "0"},
    "objective": lambda file: {"objective": "999999999"},
    "emissions": lambda file: {"emissions": "0.5"},
    "method": lambda file: {"method": METHODS[METHODS.index(file["method"]) - 1]},
    "placements": lambda file: {"placements": file["placements"][1:]},
    "decisions": lambda file: {"decisions": file["decisions"] | {"route": "1"}},
    "prices": lambda file: {
        "prices": {n: np.multiply(p, 2).tolist() for n, p in file["prices"].items()}
    },
    "missed": lambda file: {"missed": ["a limit that is kept"]},
    "instance": lambda file: {"instance": "0" * 64},
    "format": lambda file: {"format": "another"},
}
CALLS: dict[str, Callable[[], Any]] = {  # whose answer or error a user reads
    "instance": lambda: cs.load("default"),
    "instance of one": lambda: cs.generate(1, 1, 1, 1),
    "suspicious value": lambda: small().replace(import_price=small().data.import_price * 1000),
    "replace what is not": lambda: small().replace(colour=1.0),
    "unknown method": lambda: cs.solve(small(), "best"),
    "unknown formulation": lambda: cs.solve(small(), formulation="best"),
    "unknown engine": lambda: cs.solve(small(), engine="best"),
    "unknown solver": lambda: cs.solve(small(), solver="best"),
    "engine against method": lambda: cs.solve(small(), "energy_only", engine="column-generation"),
    "engine against solver": lambda: cs.solve(small(), engine="column-generation", solver="scip"),
    "solve no instance": lambda: cs.solve(small().data),
    "diagnose no instance": lambda: cs.diagnose(small().data),
    "no time": lambda: cs.solve(small(), time_limit=0.0),
    "generate no site": lambda: cs.generate(0),
    "generate too much": lambda: cs.generate(utilisation=2.0),
    "load nothing": lambda: cs.load("nowhere"),
    "load a faulty folder": lambda: cs.load("faulty"),
    "load a schedule as an instance": lambda: cs.load("day.nc"),
    "load an instance as a schedule": lambda: cs.Schedule.load("instance.nc"),
    "load no certificate": lambda: cs.Certificate.load("default/datapackage.json"),
}
HELP = ("", "solve ", "diagnose ", "verify ", "certify ", "table ", "generate ", "info ")
COMMANDS = (
    *(f"cli {command}--help" for command in HELP),
    "cli --version",
    "cli info default",
    "cli info faulty",
    "cli info nowhere",
    "cli diagnose default",
    "cli diagnose infeasible --method energy_only",
    "cli verify default day.nc",
    "cli verify default broken.nc",
    "cli verify infeasible day.nc",
    "cli solve infeasible",
    "cli solve default --out day.txt",
    "cli generate made --sites 2 --periods 4 --seed 3",
    "cli generate made",
    "cli certify default day.nc --out proof.json",
    "check proof.json default",
    "check proof.json infeasible",
)


def draw(seed: int, least: list[int], most: list[int], shares: Any, **how: bool) -> cs.Instance:
    """Return an instance of random sizes; `shares` are ranges of utilisation and budget."""
    rng = np.random.default_rng(seed)
    sizes = map(int, rng.integers(least, most))
    utilisation, budget = map(float, rng.uniform(*shares))
    return cs.generate(*sizes, seed, utilisation=utilisation, budget_share=budget, **how)


def mixed(seed: int) -> cs.Instance:
    """Return a small instance: some have no schedule, some pay more for export than for import."""
    shares = [0.2, 0.1], [1.0, 1.1]
    made = draw(seed, [1, 3, 0, 0], [5, 17, 7, 4], shares, feasible=seed % 4 > 0)
    if seed % 5:
        return made
    return made.replace(import_price=made.data.import_price - 60)


def lacking(seed: int) -> cs.Instance:
    """Return an instance that lacks power, capacity or budget."""
    return draw(seed, [2, 6, 2, 2], [4, 10, 5, 4], ([1.0, 0.01], [1.0, 0.6]), feasible=False)


def small() -> cs.Instance:
    return cs.generate(2, 6, 3, 2, seed=1)


def solved(make: Callable[[], cs.Instance], *how: str, emissions: bool = False) -> Case:
    schedule = cs.solve(make(), *how, **EXACTLY)
    names = ("objective", "bound", "emissions") if emissions else ("objective", "bound")
    numbers = {name: getattr(schedule, name) for name in names}
    return {"numbers": numbers, "verdicts": {"outcome": schedule.status}}


def real_week() -> Case:
    """Solve the week by column generation; bound it by that, and by the linear relaxation."""
    week = cs.load(DATA / "real-week")
    schedule = cs.solve(week, **COLUMNS | {"gap": 0.002})
    relaxed = cs.certify(week, replace(schedule, prices=None))
    return {
        "intervals": {"[objective, bound]": [schedule.objective, schedule.bound]},
        "numbers": {"bound of the relaxation": str(relaxed.bound)},
        "verdicts": {"outcome": schedule.status, "feasible": relaxed.feasible},
    }


def interval(seed: int) -> Case:
    made = draw(seed, [2, 8, 6, 1], [5, 25, 21, 4], ([0.4, 0.3], [0.95, 1.1]))
    found = cs.solve(made, **COLUMNS | {"gap": 0.005})
    best = cs.solve(made, engine="milp", **EXACTLY).objective
    holds = all(
        low <= high or apart(low, high) <= TOLERANCE
        for low, high in ((found.objective, best), (best, found.bound))
    )
    return {
        "intervals": {"[objective, bound]": [found.objective, found.bound]},
        "numbers": {"optimum": best},
        "verdicts": {"outcome": found.status, "interval holds the optimum": holds},
    }


def certificate(seed: int) -> Case:
    """Certify a schedule, then tamper with the file; every version is read and checked."""
    method = METHODS[seed % len(METHODS)]
    how = COLUMNS if seed % 4 == 0 and method != "energy_only" else EXACTLY
    made = cs.generate(2 + seed % 2, 8, 5, 2, seed)
    proof = cs.certify(made, cs.solve(made, method, **how | {"gap": 1e-3}))
    path = proof.save(Path("certificate.json"))
    whole = json.loads(path.read_text(encoding="utf-8"))
    numbers = {name: str(getattr(proof, name)) for name in ("objective", "bound", "emissions")}
    case = {"numbers": numbers, "verdicts": {"feasible": proof.feasible}}
    case["texts"] = {"report": proof.report(), "repr": repr(proof)}
    for name, change in TAMPERING.items():
        path.write_text(json.dumps(whole | change(whole)), encoding="utf-8")
        for part, ended in asked(lambda: cs.Certificate.load(path).check(made)).items():
            case[part] |= {f"tampered: {name}": ", ".join(ended.values())}
    return case


def broken(change: Change) -> Case:
    schedule = cs.Schedule.load("day.nc")
    report = cs.verify(cs.load("default"), replace(schedule, data=change(schedule.data)))
    return {"verdicts": {"ok": report.ok}, "texts": {"report": str(report)}}


def printed(command: str) -> Case:
    module, *words = command.split()
    package = str(Path(cs.__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": package, "COLUMNS": "100", "NO_COLOR": "1"}
    run = [sys.executable, "-m", f"carbonsched.{module}", *words]
    ended = subprocess.run(run, env=environment, capture_output=True, text=True)
    texts = {"output": ended.stdout, "errors": ended.stderr}
    return {"verdicts": {"exit code": ended.returncode}, "texts": texts}


def asked(call: Callable[[], Any]) -> Case:
    """Return the case that a call makes, or else its answer or error, with what it warns of."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", cs.SuspiciousValueWarning)
        try:
            answer = call()
            case = {"verdicts": {"outcome": "an answer"}, "texts": {"message": str(answer)}}
            case = answer if isinstance(answer, dict) else case
        except Exception as error:  # of whatever kind: it must stay the same
            said = "\n".join([str(error), *getattr(error, "__notes__", ())])
            case = {"verdicts": {"outcome": type(error).__name__}, "texts": {"message": said}}
            if isinstance(error, cs.InfeasibleError):
                why = asked(partial(getattr, error, "diagnosis"))
                case["texts"]["diagnosis"] = why["texts"]["message"]
    if noted:
        case.setdefault("texts", {})["warnings"] = "\n".join(str(n.message) for n in noted)
    return case


def questions() -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Yield kind, name and what to ask."""
    for seed in range(200):
        other = METHODS[1 + seed % (len(METHODS) - 1)], ("start", "paper")[seed % 2]
        for how in (("joint", "start"), other):
            name = f"seed {seed}, {', '.join(how)}"
            yield "random instances", name, partial(solved, partial(mixed, seed), *how)
    for method in METHODS:
        day = partial(cs.load, DATA / "default")
        yield "default day", method, partial(solved, day, method, emissions=True)
    yield "real week", "joint", real_week
    for seed in range(1000, 1102):  # two of them have no schedule
        yield "column generation", f"seed {seed}", partial(interval, seed)
    for seed in range(30):
        yield "certificates", f"seed {seed}", partial(certificate, seed)
    for seed in range(18):
        method, make = METHODS[seed % len(METHODS)], partial(lacking, seed)
        yield "infeasible instances", f"seed {seed}, {method}", partial(solved, make, method)
    for name, fault in FAULTS.items():
        yield "faulty instances", name, lambda f=fault: cs.Instance(f(small().data))
    for name, change in BREAKS.items():
        yield "broken schedules", name, partial(broken, change)
    for name, call in CALLS.items():
        yield "calls", name, call
    for command in COMMANDS:
        yield "command line", command, partial(printed, command)


def prepare() -> None:
    """Write to the current folder what calls and commands read."""
    for name in ("default", "faulty"):
        shutil.copytree(DATA / "default", name)
    sites = Path("faulty", "site.csv")
    heading, first, *rest = sites.read_text(encoding="utf-8").splitlines()
    spoilt = first.rpartition(",")[0] + ",much"
    sites.write_text("\n".join([heading, spoilt, *rest, ""]), encoding="utf-8")
    lacking(0).save("infeasible")
    given = cs.load("default")
    given.save("instance.nc")
    schedule = cs.solve(given, **EXACTLY)
    schedule.save("day.nc")
    replace(schedule, data=BREAKS["charge out of nothing"](schedule.data)).save("broken.nc")


def apart(before: Any, after: Any) -> float:
    """Return how far two numbers, or the ends of intervals, lie apart relative to their size."""
    if isinstance(before, list):
        return max(map(apart, before, after))
    a, b = (Fraction(value) if isinstance(value, str) else value for value in (before, after))
    return 0.0 if a == b else float(abs(a - b) / max(abs(a), abs(b), 1))


def judged(part: str, name: str, old: Any, new: Any) -> tuple[str, float]:
    """Return which of `OUTCOMES` a value has, and how far numbers lie apart."""
    if old == new or None in (old, new) or part in ("verdicts", "texts"):
        return OUTCOMES[0 if old == new else -1], 0.0
    distance = apart(old, new)
    if distance <= (EMISSIONS_TOLERANCE if name == "emissions" else TOLERANCE):
        return "within tolerance", distance
    overlap = part == "intervals" and max(old[0], new[0]) <= min(old[1], new[1])
    return "overlapping" if overlap else "different", distance


def flat(cases: dict[str, Case]) -> dict[tuple[str, str, str], Any]:
    """Return every value by part, case and name."""
    return {
        (part, case, name): value
        for case, parts in cases.items()
        for part, named in parts.items()
        for name, value in named.items()
    }


app = typer.Typer(help=__doc__.partition("\n")[0], pretty_exceptions_enable=False)


@app.command()
def record(
    to: Annotated[Path, typer.Argument(help="JSON file to write.")],
    only: Annotated[str, typer.Option(help="Record this kind only.")] = "",
) -> None:
    """Ask the carbonsched that is importable, and write what it says."""
    about = {"package": str(Path(cs.__file__).parent), "carbonsched": cs.__version__}
    about |= {name: version(name) for name in ("numpy", "xarray", "linopy", "highspy")}
    values: dict[str, dict[str, Case]] = {}
    to = to.resolve()
    asking = [question for question in questions() if only in ("", question[0])]
    with tempfile.TemporaryDirectory(prefix="carbonsched-") as folder, chdir(folder):
        prepare()
        for kind, name, call in tqdm(asking):
            values.setdefault(kind, {})[name] = asked(call)
    to.write_text(json.dumps({"about": about, "values": values}, indent=1) + "\n", "utf-8")


@app.command()
def compare(before: Path, after: Path) -> None:
    """Compare what two versions say; end with 1 if an answer differs."""
    old, new = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    rows, answers, texts = [], [], []
    for kind in dict.fromkeys([*old["values"], *new["values"]]):
        first, second = (flat(record["values"].get(kind, {})) for record in (old, new))
        for part, case, name in dict.fromkeys([*first, *second]):
            was, now = (values.get((part, case, name)) for values in (first, second))
            outcome, distance = judged(part, name, was, now)
            shown = name if part in ("numbers", "intervals") else part
            rows.append((f"{kind}: {shown}", outcome, distance))
            if outcome == "different" and part == "texts":
                lines = (("" if text is None else text).splitlines() for text in (was, now))
                change = difflib.unified_diff(*lines, "before", "after", n=0, lineterm="")
                texts.append("\n    ".join([f"{kind}, {case}, {name}:", *change]))
            elif outcome == "different":
                answers.append(f"{kind}, {case}, {name}: {was} before, {now} after")
    frame = pd.DataFrame(rows, columns=["value", "outcome", "apart"])
    table = pd.crosstab(frame.value, frame.outcome).reindex(frame.value.unique())
    table = table.reindex(columns=OUTCOMES, fill_value=0)
    table["largest relative difference"] = frame.groupby("value").apart.max().map("{:.1e}".format)
    print(*(json.dumps(record["about"]) for record in (old, new)), table.to_string(), sep="\n")
    print(f"\n{len(texts)} texts differ", *texts, sep="\n")
    print(f"\n{len(answers)} answers differ", *answers, sep="\n")
    raise typer.Exit(1 if answers else 0)


if __name__ == "__main__":
    app()
