"""Solve many synthetic instances, and keep the tables that the book reads in `data/results`.

    python data/scripts/run_ensemble.py

Three sweeps: `ensemble.csv`, random instances of the paper's size by the six methods of Table I;
`scenarios.csv`, some of them and the default instance in every named scenario; `scaling.csv`,
growing sizes in both job formulations, one case at a time so that runtimes can be compared.
Finished rows are kept in a cache, so that a run that was stopped goes on where it ended;
`--cluster` names a Dask scheduler to work on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum, auto
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

import carbonsched as cs
from carbonsched.io import replacing
from carbonsched.study.scenarios import SCENARIOS

SEEDS = range(1000, 1200)  # no seed that any parameter was chosen by
SCENARIO_SEEDS = range(1000, 1060)
SCALING_SEEDS = range(5)
GAP, SCALING_GAP, SCALING_LIMIT = 1e-4, 1e-2, 60.0  # the paper's gap and less than its limit
BASE = {"sites": 3, "periods": 24, "jobs": 6}
GROWTH = {"sites": (1, 2, 3, 4, 6, 8), "periods": (12, 24, 48, 96), "jobs": (3, 6, 12, 24, 48)}


class Sweep(StrEnum):
    """The three tables."""

    ensemble = auto()
    scenarios = auto()
    scaling = auto()


def member(seed: int) -> cs.Instance:
    """Return one instance of the ensemble: the paper's size, a loose budget, any load."""
    utilisation = float(np.random.default_rng(seed).uniform(0.3, 0.9))
    return cs.generate(seed=seed, utilisation=utilisation)


def describe(instance: cs.Instance) -> dict[str, float]:
    """Return what may explain how the methods compare on an instance."""
    data = instance.data
    hours = float(data.step_hours)
    load = (data.power_per_unit * data.demand).sum("service") * hours
    jobs = float((data.power * data.duration).sum()) * hours
    energy = float(load.sum()) + jobs
    price, carbon = data.import_price.mean("time"), data.carbon_intensity.mean("time")
    steady = np.corrcoef(price, carbon)[0, 1]
    return {
        "generation_share": float(data.generation_available.sum()) * hours / energy,
        "battery_share": float(data.battery_energy.sum()) / (energy / data.sizes["time"]),
        "job_share": jobs / energy,
        "load_share": energy / (float(data.it_capacity.sum()) * data.sizes["time"] * hours),
        "price_spread": float(price.std() / price.mean()),
        "carbon_spread": float(carbon.std() / carbon.mean()),
        "price_carbon_correlation": float(steady),
        "open_routes": float((data.latency <= data.latency_limit).mean()),
    }


def fewer_sites(instance: cs.Instance, count: int) -> cs.Instance:
    """Return the instance with its first sites only, and all of its workload."""
    data = instance.data.isel(site=slice(count))
    here = data.home.isin(data.site.values)
    return cs.Instance(data.assign(home=data.home.where(here, data.site.values[0])))


def grown() -> Iterator[tuple[str, Callable[[], cs.Instance]]]:
    """Yield makers of instances of growing size; sites are added beside one and the same load."""
    for seed in SCALING_SEEDS:
        fleet = cs.generate(**BASE | {"sites": max(GROWTH["sites"])}, seed=seed, utilisation=0.35)
        for count in GROWTH["sites"]:
            yield f"sites={count},seed={seed}", partial(fewer_sites, fleet, count)
        for what in ("periods", "jobs"):
            for value in GROWTH[what]:
                size = BASE | {what: value}
                yield f"{what}={value},seed={seed}", partial(cs.generate, **size, seed=seed)


def made(
    makers: Iterable[tuple[str, Callable[[], cs.Instance]]],
) -> tuple[dict[str, cs.Instance], pd.DataFrame]:
    """Make instances; one that its maker refuses becomes a row that says why."""
    instances, refused = {}, []
    for name, make in makers:
        try:
            instances[name] = make()
        except (cs.InstanceError, cs.InfeasibleError) as error:
            row = {"instance": name, "method": "joint", "formulation": "start"}
            status = "refused" if isinstance(error, cs.InstanceError) else "infeasible"
            refused.append(row | {"status": status, "message": str(error)})
    return instances, pd.DataFrame(refused)


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table, atomically."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
    typer.echo(f"{path}: {len(table)} rows")


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/results"),
    cache: Annotated[Path, typer.Option(help="Folder of finished rows.")] = Path(".cache/sweeps"),
    cluster: Annotated[str | None, typer.Option(help="Address of a Dask scheduler.")] = None,
    only: Annotated[Sweep | None, typer.Option(help="One of the three.")] = None,
) -> None:
    """Run the three sweeps, or one of them."""
    on = {"cache": cache, "cluster": cluster}
    if only in (None, Sweep.ensemble):
        ensemble(out, **on)
    if only in (None, Sweep.scenarios):
        scenarios(out, **on)
    if only in (None, Sweep.scaling):
        scaling(out, **on)


def ensemble(out: Path, **on: object) -> None:
    """Solve random instances by the six methods."""
    members = {f"seed={seed}": member(seed) for seed in SEEDS}
    table = cs.sweep(members, cs.METHODS, **on, gap=GAP)
    traits = pd.DataFrame({name: describe(made) for name, made in members.items()}).T
    write(table.join(traits, on="instance"), out / "ensemble.csv")


def scenarios(out: Path, **on: object) -> None:
    """Solve some of them, and the default instance, in every scenario."""
    bases = {"default": cs.load("data/default")}
    bases |= {f"seed={seed}": member(seed) for seed in SCENARIO_SEEDS}
    changed, refused = made(
        (f"{name};{scenario}", partial(change, base))
        for name, base in bases.items()
        for scenario, change in SCENARIOS.items()
    )
    table = cs.sweep(changed, **on, gap=GAP)
    write(pd.concat([table, refused], ignore_index=True), out / "scenarios.csv")


def scaling(out: Path, **on: object) -> None:
    """Solve growing sizes in both formulations, one case at a time."""
    sizes, refused = made(grown())
    options = {"gap": SCALING_GAP, "time_limit": SCALING_LIMIT, "workers": 1}
    options |= {"gap_of": "objective", "polish": False}  # as the paper solves
    table = cs.sweep(sizes, formulations=cs.FORMULATIONS, **on, **options)
    write(pd.concat([table, refused], ignore_index=True), out / "scaling.csv")


if __name__ == "__main__":
    typer.run(main)
