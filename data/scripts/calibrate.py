"""Fit the knobs of `data/default` to the outcomes of the paper's Table I.

    python data/scripts/calibrate.py

CMA-ES looks for values of `make_default.KNOBS`, within their ranges, for which the six methods
reach the published objectives and emissions. From the best of them least squares go on: near it
the outcomes are piecewise linear in most knobs. Each method's model is built once and then moved
in place from trial to trial. Of plans that earn the same the one with the least emissions counts,
so that what a trial yields hangs neither on the trials before it nor on the solver, and the same
seed leads to the same values. Last, the least share of the revenue of inference is moved to jobs
for which Fig. 1(a) holds; the table cannot tell. `--no-search` starts from what a search has left.

What is written to `data/calibration`: `knobs.csv`, the values as searched and in the end, and
their ranges; `residuals.csv`, published and reached outcomes, solved afresh; `log.csv`, the best
and median misfit of every generation; `refinement.csv`, the largest of every round.

The carbon row (16) is left out of the fit: the budget is above every row of the table.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from make_default import KNOBS, SPLIT, make, read_knobs
from scipy.optimize import lsq_linear
from tqdm.auto import tqdm

import carbonsched as cs
from carbonsched.core.family import accounts
from carbonsched.io import replacing
from carbonsched.study.scenarios import SCENARIOS

PUBLISHED = Path(__file__).parents[1] / "paper" / "table1.csv"
# no_carbon is joint without a row that does not bind
FITTED = ("joint", "compute_only", "energy_only", "no_battery", "no_routing")
HAIR = 1e-4  # USD/tCO2e in a trial, which costs less than 0.5 USD and decides between equal plans
CHECK_GAP = 1e-6  # tight: a gap of 1 % would be noise of 1 %
DIGITS, FINE = 4, 7  # significant, of what is searched and of what is refined
NEAR = 1e-3  # largest difference from the table that is aimed at
RIDGE = 1e-3  # of a difference, for a hundred per cent of a range: no knob moves without need
MARGIN = 0.01  # of the base objective, by which Fig. 1(a) has to hold
INFEASIBLE = 10.0  # misfit of a trial in which a method has no schedule


def decode(point: np.ndarray, digits: int = DIGITS) -> dict[str, float]:
    """Return the knobs' values, rounded, at a point of the unit cube."""
    low = np.array([knob.low for knob in KNOBS.values()])
    high = np.array([knob.high for knob in KNOBS.values()])
    values = low + np.clip(point, 0, 1) * (high - low)
    return {name: float(f"{value:.{digits}g}") for name, value in zip(KNOBS, values, strict=True)}


def encode(values: Mapping[str, float]) -> np.ndarray:
    """Return the point of the unit cube where the knobs have some values."""
    return np.array([(values[n] - k.low) / (k.high - k.low) for n, k in KNOBS.items()])


@cache
def reoptimisers() -> dict[str, cs.Reoptimiser]:
    """Return one model a method, kept from trial to trial in each process."""
    return {
        name: cs.Reoptimiser(
            replace(cs.METHODS[name], carbon="none"), gap=0.0, time_limit=20, warm=False
        )
        for name in FITTED
    }


def outcomes(instance: cs.Instance) -> pd.DataFrame:
    """Return objective, USD, and emissions, tCO2e, of the fitted methods.

    Of equal plans they are those of the one that emits least.
    """
    data, rows = instance.data, {}
    leanest = instance.replace(
        import_price=data.import_price + HAIR * data.carbon_intensity,
        generation_cost=data.generation_cost + HAIR * data.generation_carbon,
    )
    for method, reoptimiser in reoptimisers().items():
        reoptimiser.update(leanest)
        if not reoptimiser.run().status.is_ok:
            raise cs.InfeasibleError(f"{method} has no schedule at this trial")
        solved = reoptimiser.model
        emissions = float(accounts(cs.FAMILIES, data, solved.solution)[1].sum())
        rows[method] = {
            "objective": float(solved.objective.value) + HAIR * emissions, "emissions": emissions
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
    import cma  # which takes a second: only a search needs it

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


def twelve(values: Mapping[str, float]) -> np.ndarray:
    """Return the residuals of Table I: `no_carbon` is `joint`, and has its own published row."""
    reached = outcomes(make(values))
    reached.loc["no_carbon"] = reached.loc["joint"]
    return residuals(reached).to_numpy().ravel()


def slopes(
    values: Mapping[str, float],
    step: float = 0.01,
    of: Collection[str] | None = None,
    each: Callable[..., Iterable[np.ndarray]] = map,
) -> pd.DataFrame:
    """Return what the residuals of `twelve` change by for the whole range of each knob, or some.

    `each` is how the knobs are gone through: `map`, or that of a pool.
    """
    names = list(of or KNOBS | {"split": SPLIT})
    columns = each(partial(_slope, values, twelve(values), step), names)
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def _slope(values: Mapping[str, float], rest: np.ndarray, step: float, name: str) -> np.ndarray:
    """Return the slope along one knob, towards that end of its range where there is room."""
    knob = (KNOBS | {"split": SPLIT})[name]
    width = knob.high - knob.low
    at = values.get(name, knob.start)
    way = step if at + step * width <= knob.high else -step
    return (twelve({**values, name: at + way * width}) - rest) / way


def refine(
    values: Mapping[str, float],
    rounds: int = 60,
    each: Callable[..., Iterable[np.ndarray]] = map,
) -> tuple[dict[str, float], pd.DataFrame]:
    """Lower the residuals by least squares in a region that grows and shrinks (Gauss-Newton).

    Where a plan changes from one knob's value to the next, an outcome has a kink or, as emissions
    have in a price, a step. So slopes are taken over the width of the region, and a move that
    does not help halves it.

    Returns
    -------
    tuple of dict and DataFrame
        The values, and of every round the largest and the root mean square residual and the width
        of the region, of a range.
    """
    point, width, log = encode(values), 0.04, []
    found = twelve(decode(point, FINE))
    for turn in range(rounds):
        log.append((turn, np.abs(found).max(), np.sqrt((found**2).mean()), width))
        if np.abs(found).max() <= NEAR / 2 or width < 1e-5:
            break
        slope = slopes(decode(point, FINE), width / 2, KNOBS, each).to_numpy()
        count = len(point)
        move = lsq_linear(
            np.vstack([slope, RIDGE * np.eye(count)]),
            np.concatenate([-found, np.zeros(count)]),
            bounds=(np.maximum(-point, -width) - 1e-12, np.minimum(1 - point, width) + 1e-12),
        ).x
        tried = [np.clip(point + share * move, 0, 1) for share in (1.0, 0.4)]
        left = [twelve(decode(p, FINE)) for p in tried]
        best = int(np.argmin([(r**2).mean() for r in left]))
        if (left[best] ** 2).mean() < (found**2).mean():
            point, found = tried[best], left[best]
            width *= 1.5 if best == 0 else 0.7
        else:
            width /= 2
    columns = ["round", "largest", "root_mean_square", "width"]
    return decode(point, FINE), pd.DataFrame(log, columns=columns)


def figure_one(instance: cs.Instance) -> pd.Series:
    """Return the objectives of the scenarios that the paper's Fig. 1(a) speaks of, USD."""
    names = (
        "base", "training_dominant", "generation_rich", "inference_dominant", "peak_demand"
    )  # fmt: skip
    solved = {name: cs.solve(SCENARIOS[name](instance), gap=1e-5) for name in names}
    return pd.Series({name: schedule.objective for name, schedule in solved.items()})


def statements(objective: pd.Series) -> pd.Series:
    """Return by how much each statement of Fig. 1(a) holds, of the base objective.

    Training-dominant and generation-rich settings are better than the base, inference-dominant
    and peak-demand ones worse.
    """
    change = objective.drop("base") / objective.base - 1
    better = change.index.isin(["training_dominant", "generation_rich"])
    return change.where(better, -change)


def least_split(values: Mapping[str, float], step: float = 0.01) -> float:
    """Return the least share of the revenue of inference for which Fig. 1(a) holds."""
    for share in np.arange(SPLIT.low, SPLIT.high + step / 2, step).round(4):
        held = statements(figure_one(make({**values, "split": float(share)})))
        if held.min() >= MARGIN:
            return float(share)
    raise ValueError(f"no share up to {SPLIT.high} makes the four statements hold")


def check(instance: cs.Instance) -> pd.DataFrame:
    """Solve all six methods afresh, verified, and set them beside the published table."""
    published = pd.read_csv(PUBLISHED, index_col="method")[["objective", "emissions"]]
    solved = {method: cs.solve(instance, method, gap=CHECK_GAP) for method in cs.METHODS}
    reached = pd.DataFrame(
        {m: {"objective": s.objective, "emissions": s.emissions} for m, s in solved.items()}
    ).T
    table = published.add_prefix("published_").join(reached.round(1).add_prefix("reached_"))
    return table.join((100 * residuals(reached)).round(3).add_suffix("_residual_percent"))


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/calibration"),
    seed: Annotated[int, typer.Option(help="Of CMA-ES.")] = 1,
    evaluations: Annotated[int, typer.Option(help="Trials at most.")] = 2600,
    step: Annotated[float, typer.Option(help="First step, of each range.")] = 0.15,
    workers: Annotated[int, typer.Option(help="Processes.")] = 2,
    target: Annotated[float, typer.Option(help="Misfit at which to stop.")] = 0.002,
    search: Annotated[bool, typer.Option(help="Search first, or start from the last one.")] = True,
) -> None:
    """Fit the knobs and write them with their residuals and the logs."""
    files = {}
    if search:
        start = encode({name: knob.start for name, knob in KNOBS.items()})
        best, log = fit(start, seed, evaluations, step, workers, target)
        searched = decode(best)
        files["log"] = log.assign(seed=seed).round(6)
    else:
        searched = read_knobs(out / "knobs.csv", "searched")
    with ProcessPoolExecutor(workers) as pool:
        knobs, rounds = refine(searched, each=pool.map)
    knobs["split"] = least_split(knobs)
    ranges = KNOBS | {"split": SPLIT}
    table = pd.DataFrame(ranges, index=["low", "start", "high", "unit", "why"]).T
    table.insert(0, "value", pd.Series(knobs))
    table.insert(1, "searched", pd.Series(searched | {"split": SPLIT.start}))
    found = check(make(knobs))
    files["knobs"] = table.rename_axis("knob").reset_index()
    files["residuals"] = found.rename_axis("method").reset_index()
    files["refinement"] = rounds.round(6)
    files["slopes"] = slopes(knobs).round(12)
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in files.items():
        with replacing(out / f"{name}.csv") as temporary:
            frame.to_csv(temporary, index=False)
    typer.echo(found.to_string())


if __name__ == "__main__":
    typer.run(main)
