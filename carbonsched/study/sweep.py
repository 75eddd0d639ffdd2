"""Instances by methods to one tidy table: cached, resumable, parallel, and with failures as rows.

Every case is one row and one small file in the cache, named by the content of all that decides
it: the instance's numbers and labels, the method, the formulation, the options and the versions of
carbonsched, linopy and the solver. A row is written the moment it is known, atomically, so a sweep
that was killed goes on where it ended. What crashed is no result: it is shown, and tried again by
the next sweep.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import Client, LocalCluster, as_completed

from carbonsched.core.formulation import Formulation, choose
from carbonsched.core.instance import Instance
from carbonsched.core.progress import progress_bar
from carbonsched.core.schedule import Schedule
from carbonsched.core.solver import DIRECT
from carbonsched.errors import CarbonschedError, kind_of
from carbonsched.front import fitting_engine, solve, versions
from carbonsched.io import replacing
from carbonsched.io.digest import digest
from carbonsched.operate.reoptimise import Reoptimiser

_KEPT: dict[str, Reoptimiser] = {}
TIMES = ("runtime", "build_time")  # the columns that differ from run to run


def solve_row(
    instance: Instance, method: str, formulation: str | Formulation, options: dict[str, Any]
) -> dict[str, Any]:
    """Solve one case and return its row; a failure is a row with its kind and its message."""
    try:
        schedule = _solved(instance, method, formulation, options)
    except (CarbonschedError, ValueError) as error:
        return {"status": kind_of(error), "message": str(error)}
    return {
        "status": schedule.status,
        "message": "",
        "objective": schedule.objective,
        "emissions": schedule.emissions,
        "bound": schedule.bound,
        "gap": schedule.gap,
        "jobs": int(schedule.data.start.sum()),
        **{f"benefit_{term}": value for term, value in schedule.benefit.items()},
        "runtime": schedule.runtime,
        "build_time": schedule.build_time,
    }


def _solved(instance: Instance, chosen: Formulation, options: dict[str, Any]) -> Schedule:
    """Solve a case, in place of one before it if only numbers moved.

    Each process keeps a model for every choice of method, formulation and options. It forgets the
    last solution, so that a row depends on its case alone, as its name in the cache says.
    """
    how = dict(options)
    solver, engine = how.get("solver", "highs"), how.pop("engine", "auto")
    named = how.keys() - {"gap", "time_limit", "solver", "verbose"}
    if engine == "auto":
        engine = fitting_engine(instance, chosen, solver, {name: how[name] for name in named})
    if engine != "milp" or solver not in DIRECT:
        return solve(instance, formulation=chosen, engine=engine, progress=False, **how)
    key = repr((chosen, sorted(how.items())))
    kept = _KEPT.pop(key, None) or Reoptimiser(formulation=chosen, warm=False, **how)
    schedule = kept.solve(instance)
    _KEPT[key] = kept  # unless it raised: then the next case starts afresh
    return schedule


def sweep(
    instances: Mapping[str, Instance],
    methods: Iterable[str] = ("joint",),
    formulations: Iterable[str] = ("start",),
    *,
    cache: str | Path,
    cluster: str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Solve every instance by every method and formulation.

    Parameters
    ----------
    instances : mapping of str to Instance
        The key names the instance in the table.
    methods : iterable of str
        Of `carbonsched.METHODS`.
    formulations : iterable of str
        Of `carbonsched.FORMULATIONS`.
    cache : path
        Folder of finished rows; rows found there are not computed again.
    cluster : str, optional
        Address of a Dask scheduler to work on. By default a cluster of processes on this machine
        is started for the sweep, and only if there is anything to compute.
    workers : int, optional
        Processes of the local cluster; by default one a core.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.
    **options
        As in `carbonsched.solve`, but not `progress`.

    Returns
    -------
    pandas.DataFrame
        One row a case, in the order asked for: instance, method, formulation, status, message,
        objective (USD), emissions (tCO2e), bound (USD), gap (1), jobs (accepted), benefit_* (the
        terms of (1), USD), runtime and build_time (s). What a failed case lacks is missing.
    """
    cache, methods, formulations = Path(cache), tuple(methods), tuple(formulations)
    solver = versions(options.get("solver", "highs"))
    keys: dict[tuple[str, str, str], Path] = {}
    for name, instance in instances.items():
        content = digest(instance)
        for method in methods:
            for formulation in formulations:
                chosen = asdict(choose(method, formulation))
                case = json.dumps([content, chosen, options, solver], sort_keys=True)
                row = hashlib.sha256(case.encode()).hexdigest()[:32]
                keys[name, method, formulation] = cache / row[:2] / f"{row}.json"
    rows = {path: row for path in keys.values() if (row := _cached(path)) is not None}
    missing = {path: case for case, path in keys.items() if path not in rows}
    with progress_bar(progress, total=len(keys), unit="case") as bar:
        bar.update(len(keys) - len(missing))
        if missing:
            with _client(cluster, workers) as client:
                for path, row in _computed(client, missing, instances, options):
                    rows[path] = row
                    if row["status"] != "crashed":
                        with replacing(path) as temporary:
                            temporary.write_text(json.dumps(row), encoding="utf-8")
                    bar.update()
    columns = ("instance", "method", "formulation")
    return pd.DataFrame(
        dict(zip(columns, case, strict=True)) | rows[path] for case, path in keys.items()
    )


def _cached(path: Path) -> dict[str, Any] | None:
    """Return a row of the cache; nothing if it is not there, or is no row of a solve."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(row, dict) and row.get("status") not in (None, "crashed")
    return row if known else None


def _computed(
    client: Client,
    missing: Mapping[Path, tuple[str, str, str]],
    instances: Mapping[str, Instance],
    options: dict[str, Any],
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield rows as they are finished; a worker that died for good leaves a row that says so."""
    futures = {
        client.submit(solve_row, instances[name], method, formulation, options, pure=False): path
        for path, (name, method, formulation) in missing.items()
    }
    for future in as_completed(futures):
        error = future.exception()
        path = futures.pop(future)
        if error is None:
            yield path, future.result()
        else:
            yield path, {"status": "crashed", "message": f"{type(error).__name__}: {error}"}


@contextmanager
def _client(cluster: str | None, workers: int | None) -> Iterator[Client]:
    """Connect to a running cluster, or start one of single-threaded processes."""
    if cluster is not None:
        with Client(cluster) as client:
            yield client
        return
    local = LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
    )
    with local, Client(local) as client:
        yield client
