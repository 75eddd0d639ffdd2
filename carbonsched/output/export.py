"""Plans to hand on, in the formats of others: by the ending of the file's name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

from carbonsched.core.instance import Instance
from carbonsched.errors import extra
from carbonsched.io.files import replacing
from carbonsched.keywords import named_keywords
from carbonsched.output.calendar import calendar
from carbonsched.output.tables import TABLES
from carbonsched.output.targets import targets
from carbonsched.output.workbook import workbook
from carbonsched.schedule import Schedule


def _csv(instance: Instance, schedule: Schedule, table: str) -> bytes:
    frame = TABLES[table](instance, schedule)
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _parquet(instance: Instance, schedule: Schedule, table: str) -> bytes:
    with extra("export", "writing Parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

    frame = TABLES[table](instance, schedule)
    held = pa.Table.from_pandas(frame, preserve_index=False)
    about = {b"made_by": b"carbonsched", b"units": json.dumps(frame.attrs["units"]).encode()}
    content = io.BytesIO()
    pq.write_table(held.replace_schema_metadata((held.schema.metadata or {}) | about), content)
    return content.getvalue()


def _targets(instance: Instance, schedule: Schedule, table: str) -> bytes:
    return (json.dumps(targets(instance, schedule), indent=1, allow_nan=False) + "\n").encode()


FORMATS: dict[str, Callable[[Instance, Schedule, str], bytes]] = {
    ".csv": _csv,
    ".xlsx": lambda instance, schedule, table: workbook(instance, schedule),
    ".parquet": _parquet,
    ".ics": lambda instance, schedule, table: calendar(instance, schedule),
    ".json": _targets,
}


@named_keywords
def export(instance: Instance, schedule: Schedule, path: str | Path, table: str = "flows") -> Path:
    """Write a schedule in a format of others, atomically; the file's ending says which.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Of this instance.
    path : path
        Ending in

        - ``.csv`` or ``.parquet``: one tidy table, units in its head;
        - ``.xlsx``: a workbook of all the tables, and of those of the instance, a sheet each;
        - ``.ics``: a calendar (iCalendar) with an event for each job that runs;
        - ``.json``: load targets by site and interval, see `carbonsched.output.targets`.
    table : {"flows", "jobs", "sites", "inference", "money"}
        Of a CSV or Parquet file: powers by site and period, the plan, energy and carbon by site,
        inference by service, site and period, or the terms of the objective.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        There is no such format or table, the schedule is not one of this instance, or a calendar
        is asked for of numbered periods.
    MissingExtraError
        A package is not installed: ``pip install 'carbonsched[export]'`` brings all.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = cs.export(instance, cs.solve(instance), f"{folder}/sites.csv", table="sites")
    ...     file.read_text().partition(",import")[0]
    'site,it [MWh],facility [MWh]'
    """
    path = Path(path)
    require_format(path, table)
    content = FORMATS[path.suffix.lower()](instance, schedule, table)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path


def require_format(path: Path, table: str = "flows") -> None:
    """Raise ValueError where there is no such format, or no such table."""
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise ValueError(f"{path}: the format is told by the end of the name, one of {known}")
    if table not in TABLES:
        raise ValueError(f"table {table!r}, choose from {', '.join(TABLES)}")
