"""Fit the knobs of `data/default` to the outcomes of the paper's Table I.

    python data/scripts/calibrate.py

CMA-ES looks for values of `make_default.KNOBS`, within their ranges, for which the six methods
reach the published objectives and emissions. Each method's model is built once and then moved in
place from trial to trial. What is written to `data/calibration`: `knobs.csv`, the values and
their ranges; `residuals.csv`, published and reached outcomes, solved afresh; `log.csv`, the best
and median misfit of every generation.

The carbon row (16) is left out of the fit: the budget is above every row of the table.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated

import cma
import numpy as np
import pandas as pd
import typer
from make_default import KNOBS, make
from tqdm.auto import tqdm

import carbonsched as cs
from carbonsched.core.family import accounts
from carbonsched.io import replacing

PUBLISHED = Path(__file__).parents[1] / "paper" / "table1.csv"
# no_carbon is joint without a row that does not bind
FITTED = ("joint", "compute_only", "energy_only", "no_battery", "no_routing")
FIT_GAP, CHECK_GAP = 1e-5, 1e-6  # tight: a gap of 1 % would be noise of 1 %
DIGITS = 4  # significant, of what is written
INFEASIBLE = 10.0  # misfit of a trial in which a method has no schedule


def decode(point: np.ndarray) -> dict[str, float]:
    """Return the knobs' values, rounded, at a point of the unit cube."""
    low = np.array([knob.low for knob in KNOBS.values()])
    high = np.array([knob.high for knob in KNOBS.values()])
    values = low + np.clip(point, 0, 1) * (high - low)
    return {name: float(f"{value:.{DIGITS}g}") for name, value in zip(KNOBS, values, strict=True)}


def encode(values: Mapping[str, float]) -> np.ndarray:
    """Return the point of the unit cube where the knobs have some values."""
    return np.array([(values[n] - k.low) / (k.high - k.low) for n, k in KNOBS.items()])


@cache
def reoptimisers() -> dict[str, cs.Reoptimiser]:
    """Return one model a method, kept from trial to trial in each process."""
    return {
        name: cs.Reoptimiser(replace(cs.METHODS[name], carbon="none"), gap=FIT_GAP, time_limit=20)
        for name in FITTED
    }


def outcomes(instance: cs.Instance) -> pd.DataFrame:
    """Return objective, USD, and emissions, tCO2e, of the fitted methods."""
    rows = {}
    for method, reoptimiser in reoptimisers().items():
        reoptimiser.update(instance)
        if not reoptimiser.run().status.is_ok:
            raise cs.InfeasibleError(f"{method} has no schedule at this trial")
        solved = reoptimiser.model
        _, emitted = accounts(cs.FAMILIES, instance.data, solved.solution)
        rows[method] = {
            "objective": float(solved.objective.value), "emissions": float(emitted.sum())
        }  # fmt: skip
    return pd.DataFrame(rows).T


def residuals(reached: pd.DataFrame) -> pd.DataFrame:
    """Return reached over published outcomes, less one."""
    published = pd.read_csv(PUBLISHED, index_col="method")[["objective", "emissions"]]
    return reached[published.columns] / published.loc[reached.index] - 1


def misfit(point: np.ndarray) -> float:
    """Return the root mean square of the relative residuals."""
    try:
        found = residuals(outcomes(make(decode(point))))
    except cs.CarbonschedError:
        return INFEASIBLE
    return float(np.sqrt((found**2).to_numpy().mean()))


def fit(
    start: np.ndarray, seed: int, evaluations: int, step: float, workers: int, target: float
) -> tuple[np.ndarray, pd.DataFrame]:
    """Run CMA-ES and return the best point and the log."""
    options = {
        "bounds": [0, 1],
        "seed": seed,
        "maxfevals": evaluations,
        "ftarget": target,
        "verbose": -9,
    }
    log, done = [], 0
    with warnings.catch_warnings(), ProcessPoolExecutor(workers) as pool:
        warnings.simplefilter("ignore")
        search = cma.CMAEvolutionStrategy(start, step, options)
        with tqdm(total=evaluations, unit="trial") as bar:
            while not search.stop():
                points = search.ask()
                found = list(pool.map(misfit, points))
                search.tell(points, found)
                done += len(points)
                best = search.result.fbest
                log.append((search.countiter, done, best, np.median(found), search.sigma))
                bar.update(len(points))
                bar.set_postfix(best=f"{best:.4f}")
    columns = ["generation", "trials", "best", "median", "step"]
    return search.result.xbest, pd.DataFrame(log, columns=columns)


def check(instance: cs.Instance) -> pd.DataFrame:
    """Solve all six methods afresh, verified, and set them beside the published table."""
    published = pd.read_csv(PUBLISHED, index_col="method")[["objective", "emissions"]]
    solved = {method: cs.solve(instance, method, gap=CHECK_GAP) for method in cs.METHODS}
    reached = pd.DataFrame(
        {m: {"objective": s.objective, "emissions": s.emissions} for m, s in solved.items()}
    ).T
    table = published.add_prefix("published_").join(reached.round(1).add_prefix("reached_"))
    return table.join((100 * residuals(reached)).round(2).add_suffix("_residual_percent"))


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/calibration"),
    seed: Annotated[int, typer.Option(help="Of CMA-ES.")] = 1,
    evaluations: Annotated[int, typer.Option(help="Trials at most.")] = 3500,
    step: Annotated[float, typer.Option(help="First step, of each range.")] = 0.15,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    target: Annotated[float, typer.Option(help="Misfit at which to stop.")] = 0.002,
) -> None:
    """Fit the knobs and write them with their residuals and the log."""
    start = encode({name: knob.start for name, knob in KNOBS.items()})
    best, log = fit(start, seed, evaluations, step, workers, target)
    knobs = decode(best)
    table = pd.DataFrame(KNOBS, index=["low", "start", "high", "unit", "why"]).T
    table.insert(0, "value", pd.Series(knobs))
    found = check(make(knobs))
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in (
        ("knobs", table.rename_axis("knob").reset_index()),
        ("residuals", found.rename_axis("method").reset_index()),
        ("log", log.assign(seed=seed).round(6)),
    ):
        with replacing(out / f"{name}.csv") as temporary:
            frame.to_csv(temporary, index=False)
    typer.echo(found.to_string())


if __name__ == "__main__":
    typer.run(main)
