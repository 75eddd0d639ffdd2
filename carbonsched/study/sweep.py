"""Instances by methods to one tidy table: cached, resumable, parallel, and with failures as rows.

Every case is one row and one small file in the cache, named by the content of all that decides
it: the instance's numbers and labels, the method, the formulation, the source of added families,
the settings and the versions of carbonsched, linopy and the solver. A row is written the moment it
is known, atomically, so a sweep that was killed goes on where it ended. What crashed is no result:
it is shown, and tried again by the next sweep.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from carbonsched.core.build import fitted, refuse_added, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method, method_of
from carbonsched.currency import currency_of
from carbonsched.errors import extra
from carbonsched.io import replacing
from carbonsched.io.digest import digest
from carbonsched.keywords import keywords, refuse_unknown
from carbonsched.operate.kept import key
from carbonsched.processor import cores
from carbonsched.solver.milp import versions
from carbonsched.solver.progress import progress_bar
from carbonsched.study.case import Way, name_of, solve_row
from carbonsched.study.methods import HOW
from carbonsched.study.processes import side_by_side

TIMES = ("runtime", "build_time")  # the columns that differ from run to run
LABELS = ("instance", "method", "formulation")
# The columns that there are whatever came of the cases; of those solved there are more.
COLUMNS = (
    *LABELS, "status", "message", "objective", "emissions", "bound", "gap", "jobs", *TIMES
)  # fmt: skip


def sweep(
    instances: Mapping[str, Instance],
    methods: Iterable[str | Method] = ("joint",),
    formulations: Iterable[str | Formulation] = ("start",),
    *,
    families: Iterable[Family] = FAMILIES,
    cache: str | Path,
    cluster: str | None = None,
    workers: int | None = None,
    progress: bool | None = None,
    **how: Any,
) -> pd.DataFrame:
    """Solve every instance by every method and formulation.

    Parameters
    ----------
    instances : mapping of str to Instance
        The key names the instance in the table.
    methods : iterable of str or Method
        Names of `carbonsched.METHODS`, or values of your own.
    formulations : iterable of str or Formulation
        Names of `carbonsched.FORMULATIONS`, or values of your own.
    families : iterable of Family
        What states the rows. Added ones travel to the workers with their code; finished rows go by
        the source of the modules that define them.
    cache : path
        Folder of finished rows; rows found there are not computed again.
    cluster : str, optional
        Address of a Dask scheduler to work on. By default processes on this machine are started
        for the sweep, and only if there is anything to compute.
    workers : int, optional
        Processes on this machine; by default one a core.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.
    **how
        `gap`, `gap_of`, `time_limit`, `engine`, `solver`, `verbose`, `explain`, `polish` and
        `options`, as in `carbonsched.solve`.

    Returns
    -------
    pandas.DataFrame
        One row a case, in the order asked for: instance, method, formulation, status, message,
        objective (USD), emissions (tCO2e), bound (USD), gap (1), jobs (accepted), benefit_* (the
        terms of (1), USD), runtime and build_time (s). What a failed case lacks is missing. Units
        are in `attrs["units"]`; where instances are in several currencies, a column `currency`
        says each row's, and those of money are none.

    Raises
    ------
    ValueError
        A method or formulation is unknown, the engine does not take the families, or the source
        of one cannot be read.
    InstanceError
        An instance lacks a parameter of a family that has no default, or holds one of a family
        that is not given.
    TypeError
        There is no such keyword, or something is no family.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> week = {f"seed {k}": cs.generate(2, 4, 1, 1, seed=k) for k in range(2)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = cs.sweep(week, ["joint", "no_battery"], cache=folder, workers=1, progress=False)
    >>> table[["instance", "method", "status"]].values.tolist()[-1]
    ['seed 1', 'no_battery', 'optimal']
    """
    refuse_unknown("sweep", how, {*HOW, *keywords(sweep)})
    cache, families = Path(cache), require_families(families)
    if how.get("engine") == "column-generation":
        refuse_added(families, "column generation", "engine='milp'")
    stated = tuple(map(formulation_of, formulations))
    ways = {
        (method.name, name_of(formulation)): Way.of(method, formulation, families, **how)
        for method in map(method_of, methods)
        for formulation in stated
    }
    solver = versions(how.get("solver", "highs"))
    keys: dict[tuple[str, str, str], Path] = {}
    for name, instance in instances.items():
        content = digest(fitted(instance, families))
        for labels, way in ways.items():
            row = key(content, way.key, way.engine, way.explain, solver)
            keys[name, *labels] = cache / row[:2] / f"{row}.json"
    rows = {path: row for path in keys.values() if (row := _cached(path)) is not None}
    missing = {
        path: (instances[name], ways[method, formulation])
        for (name, method, formulation), path in keys.items()
        if path not in rows
    }
    with progress_bar(progress, total=len(keys), unit="case") as bar:
        bar.update(len(keys) - len(missing))
        if missing:
            for path, row in _computed(cluster, workers, missing):
                rows[path] = row
                if row["status"] != "crashed":
                    with replacing(path) as temporary:
                        temporary.write_text(json.dumps(row), encoding="utf-8")
                bar.update()
    frame = pd.DataFrame(
        [dict(zip(LABELS, case, strict=True)) | rows[path] for case, path in keys.items()]
    )
    lacking = [name for name in COLUMNS if name not in frame]
    frame = frame.reindex(columns=[*frame.columns, *lacking])
    return _with_units(frame, {name: currency_of(own.data) for name, own in instances.items()})


def _with_units(frame: pd.DataFrame, currencies: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows of a sweep with their units; of several currencies each row says its own."""
    money = {name for name in frame if str(name).startswith("benefit_")} | {"objective", "bound"}
    units = {"emissions": "tCO2e", "gap": "1", **dict.fromkeys(TIMES, "s")}
    one = set(currencies.values())
    if len(one) == 1:
        units |= dict.fromkeys(money, one.pop())
    elif one:
        frame.insert(1, "currency", frame.instance.map(currencies))
    frame.attrs["units"] = units
    return frame


def _cached(path: Path) -> dict[str, Any] | None:
    """Return a row of the cache; nothing if it is not there, or is no row of a solve."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    known = isinstance(row, dict) and row.get("status") not in (None, "crashed")
    return row if known else None


def _computed(
    cluster: str | None, workers: int | None, missing: Mapping[Path, tuple[Instance, Way]]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield rows as they are finished; a worker that died for good leaves a row that says so."""
    if cluster is None:
        ended = side_by_side(solve_row, missing, workers or cores())
    else:
        ended = _on_cluster(cluster, missing)
    for path, row in ended:
        if isinstance(row, BaseException):
            row = {"status": "crashed", "message": f"{type(row).__name__}: {row}"}
        yield path, row


def _on_cluster(
    address: str, missing: Mapping[Path, tuple[Instance, Way]]
) -> Iterator[tuple[Path, Any]]:
    """Yield rows, or what is in their place, from a Dask cluster as they are finished."""
    with extra("study", "a sweep"):
        from distributed import Client, as_completed
    with Client(address) as client:
        futures = {
            client.submit(solve_row, instance, way, pure=False): path
            for path, (instance, way) in missing.items()
        }
        for future in as_completed(futures):
            error = future.exception()
            yield futures.pop(future), future.result() if error is None else error
