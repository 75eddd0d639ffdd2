"""Write the table of the benchmark's instances: how each is made, its digest, and its counts.

    python data/scripts/make_benchmark.py

`data/benchmark/instances.toml` is all that is kept of them; `carbonsched bench make` makes each
anew. What is drawn has seeds, and what is infeasible is so by a budget below the least that
serves all demand, which is found here and stated as the least remedy. Rows that are there and
are made as before keep their counts, so that a second run takes seconds.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

import carbonsched as cs
from carbonsched.bench.recipe import by
from carbonsched.io import replacing
from carbonsched.io.digest import digest

OWN = "CC0-1.0"
REAL = (
    "ODbL-1.0 AND MIT AND Apache-2.0 AND LicenseRef-US-public-domain AND "
    "LicenseRef-BMRS-open-data AND CC-BY-4.0 AND LicenseRef-AEMO"
)
SMALL, MEDIUM = 10_000, 100_000  # variables of the `start` formulation
COUNTED = 4_000_000  # places a job could start at; above, variables are not counted
GRID = (  # sites, periods, jobs, seed
    (4, 48, 20, 0), (4, 48, 40, 1), (6, 72, 20, 2), (6, 72, 40, 3), (8, 72, 60, 4),
    (10, 72, 40, 5), (6, 168, 50, 6), (8, 168, 100, 7), (10, 168, 200, 8), (20, 168, 200, 9),
    (50, 168, 500, 10), (100, 168, 1000, 11),
)  # fmt: skip
DAYS = ("2023-02-15", "2023-06-21", "2023-11-08")
WEEKS = ("2023-01-09", "2023-02-06", "2023-04-17", "2023-05-22", "2023-07-17", "2023-10-09")
MONTHS = {"january": ("2023-01-01", 31), "april": ("2023-04-01", 30), "july": ("2023-07-01", 31),
          "october": ("2023-10-01", 31)}  # fmt: skip
LOW, HIGH, LOOSE = 0.9, 1.0001, 1.03  # of the least budget


def drawn(seed: int, **sizes: Any) -> dict[str, Any]:
    """Return a recipe of the paper's size, or of others."""
    return {"generate": {"sites": 3, "periods": 24, "jobs": 6, "services": 3, "seed": seed} | sizes}


def plain() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield name, kind, description and recipe of the instances that are made as they are."""
    for seed in range(8):
        yield f"paper-{seed}", "paper", "A random day of the paper's size", drawn(seed)
    told = "The default instance, calibrated to Table I of the paper"
    yield "paper-table1", "paper", told, {"example": "default"}
    inverted = {"parameter": "export_price", "of": "import_price", "times": 1.2}
    negative = [{"parameter": name, "add": -80.0} for name in ("import_price", "export_price")]
    for seed in range(20, 24):
        told = "Exports paid 1.2 times the import price: states of the grid are needed"
        yield f"inverted-{seed}", "states", told, drawn(seed) | {"changes": [inverted]}
        told = "Prices lowered by 80 USD/MWh, many of them negative: states of grid and battery"
        yield f"negative-{seed}", "states", told, drawn(seed) | {"changes": negative}
    alike = [
        {"parameter": name, "equal": value}
        for name, value in {
            "it_capacity": 100.0, "cooling": 1.2, "import_limit": 150.0, "import_price": 60.0,
            "export_price": 40.0, "carbon_intensity": 0.3, "power": 10.0, "reward": 20000.0,
            "startup_cost": 200.0,
        }.items()
    ]  # fmt: skip
    for seed in range(30, 34):
        told = "Sites, prices and jobs alike: many schedules earn the same"
        jobs = 12 if seed < 32 else 24
        yield f"alike-{seed}", "degenerate", told, drawn(seed, jobs=jobs) | {"changes": alike}
    for seed, hours in ((40, 24), (41, 24), (42, 72), (43, 168)):
        sizes = {"periods": 4 * hours, "step_hours": 0.25, "start": "2025-03-30"}
        told = f"Steps of 15 minutes over {hours} hours"
        yield f"quarter-{seed}", "quarter-hours", told, drawn(seed, **sizes)
    for sites, periods, jobs, seed in GRID:
        name = f"fleet-{sites}x{periods}x{jobs}"
        sizes = {"sites": sites, "periods": periods, "jobs": jobs, "services": min(sites, 6)}
        told = f"A random fleet: {sites} sites, {periods} hours, {jobs} jobs"
        yield name, "fleets", told, drawn(seed, **sizes, utilisation=0.7)
    for kind, spans in (("day", DAYS), ("week", WEEKS)):
        for start in spans:
            window = {"start": start, "days": 1 if kind == "day" else 7}
            told = f"Six real sites, the {kind} from {start}, UTC"
            yield f"{kind}-{start}", "real", told, {"example": "real-year", "window": window}
    for month, (start, days) in MONTHS.items():
        window = {"start": start, "days": days}
        told = f"Six real sites, {month.capitalize()} 2023, UTC"
        yield f"month-{month}", "real", told, {"example": "real-year", "window": window}
    yield "year-2023", "real", "Six real sites, the year 2023, UTC", {"example": "real-year"}


def budgeted(cache: dict[str, float]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield the instances of a tight budget, of one too small, and of one remedied."""
    cases = {f"{seed}": drawn(seed) for seed in range(50, 54)}
    cases["day"] = {"example": "real-year", "window": {"start": "2023-03-15", "days": 1}}
    for label, make in cases.items():
        if label not in cache:
            cache[label] = least_budget(make)
        shares = {"short": LOW, "remedied": HIGH, "tight": LOOSE}
        words = {
            "short": "A carbon budget of nine tenths of the least that serves all demand",
            "remedied": "A carbon budget a ten-thousandth above the least that serves all demand",
            "tight": "A carbon budget 3 % above the least that serves all demand",
        }
        for kind, share in shares.items():
            budget = round(cache[label] * share, 3)
            change = {"parameter": "carbon_budget", "equal": budget}
            yield f"{kind}-{label}", kind, words[kind], make | {"changes": [change]}


def least_budget(make: dict[str, Any]) -> float:
    """Return the least carbon budget with which an instance has a schedule, tCO2e."""
    none = by(make, "none").replace(carbon_budget=0.0)
    found = cs.diagnose(none)
    return next(r.amount for r in found.remedies if r.parameter == "carbon_budget")


def counts(instance: cs.Instance) -> dict[str, Any]:
    """Return sizes of an instance, and of its model where that is small enough to build."""
    data = instance.data
    sizes = {f"{dim}s": data.sizes[dim] for dim in ("site", "time", "job", "service")}
    sizes["periods"] = sizes.pop("times")
    told = sizes | {"hours": sizes["periods"] * data.step_hours.item()}
    if sizes["sites"] * sizes["periods"] * sizes["jobs"] <= COUNTED:
        model = cs.build(instance)
        told |= {
            "variables": int(model.nvars),
            "binaries": int(sum(model.variables[v].size for v in model.variables.binaries)),
            "constraints": int(model.ncons),
        }
    return told


def size_of(traits: dict[str, Any]) -> str:
    """Return the size class."""
    many = traits.get("variables", MEDIUM)
    return "small" if many < SMALL else "medium" if many < MEDIUM else "large"


def toml(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


HEAD = """# The instances of the benchmark, written by data/scripts/make_benchmark.py.
# Problem type: MILP, maximisation of (1) under (2)-(16). Sector: data centers and power.
# Modelling framework: linopy (carbonsched). Sizes: by variables of the `start` formulation, small
# below 10,000, medium below 100,000, large above. `sha256` is of labels and values, see
# carbonsched/io/digest.py. Statements to carry along with the real data: data/LICENSES.md.
"""


def main(
    out: Annotated[Path, typer.Option(help="Table.")] = Path("data/benchmark/instances.toml"),
) -> None:
    """Make every instance and write the table."""
    before: dict[str, Any] = {}
    if out.exists():
        rows = tomllib.loads(out.read_text(encoding="utf-8"))["instance"]
        before = {row["name"]: row for row in rows}
    known = {
        name.removeprefix("short-"): row["traits"]["least_budget"]
        for name, row in before.items()
        if row["kind"] == "short"
    }
    parts = [HEAD]
    for name, kind, description, make in (*plain(), *budgeted(known)):
        instance = by(make, name)
        row: dict[str, Any] = {"name": name, "kind": kind, "description": description}
        former = before.get(name, {})
        same = former.get("sha256") == digest(instance)
        traits = former["traits"] if same else counts(instance)
        if kind == "short":
            traits |= {"least_budget": known[name.removeprefix("short-")]}
            over = traits["least_budget"] - instance.data.carbon_budget.item()
            traits |= {"remedy": f"raise carbon_budget by {over:.3f} tCO2e"}
        row |= {
            "size": size_of(traits),
            "licence": REAL if "example" in make and make["example"] != "default" else OWN,
            "sha256": digest(instance),
            "feasible": kind != "short",
            "make": make,
            "traits": traits,
        }
        parts.append("[[instance]]\n" + "\n".join(f"{k} = {toml(v)}" for k, v in row.items()))
        typer.echo(f"{name}  {row['size']}  {traits.get('variables', 'not counted')}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        temporary.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    typer.echo(f"{out}: {len(parts) - 1} instances")


if __name__ == "__main__":
    typer.run(main)
