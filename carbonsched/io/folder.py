"""A folder of CSV tables: read with every fault named, written as one step.

A save writes everything to a folder of its own within the folder, renames that (from this moment
on the new version counts), and then moves file by file into place. A reader that finds the moving
unfinished, because the process was killed, reads what has not been moved yet from where it is; the
next save finishes it. So there is always one whole version, the former or the new one.

Of several processes that save, one at a time comes from the renaming to the last move. A reader
does not wait: it looks whether a file was replaced between its first look and its last, and then
reads all again. So nobody reads tables of two versions.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.schema import PARAMETERS, Quantity
from carbonsched.errors import InstanceError
from carbonsched.io import cells, package, tables
from carbonsched.io.files import (
    PATIENCE,
    PAUSE,
    UnreadableError,
    alone,
    followed,
    read_text,
    remove_leftovers,
    to_disk,
)
from carbonsched.io.stated import stated

MOST_BYTES = 2**28  # of one table; a hundred sites over a year of hours take a quarter of it
_SAVING, _SAVED, _LOCK = ".saving-", ".saved", ".saving.lock"


@dataclass(frozen=True)
class Content:
    """What was read: the data, and of a folder the tables, by the variables that they give."""

    data: xr.Dataset
    tables: dict[str, tuple[package.Table, cells.Cells]] = field(default_factory=dict)

    def cell(self, name: str, at: Mapping[str, object] | None) -> str:
        """Return the file, row and column of a value, as "site.csv, row 3, column it_capacity".

        It is empty of what is in no table, and where no labels are given.
        """
        if name not in self.tables or at is None:
            return ""
        return tables.cell(*self.tables[name], name, at)


def read_folder(folder: Path, known: Mapping[str, Quantity] = PARAMETERS) -> Content:
    """Read a folder of CSV tables described by its `datapackage.json`.

    Parameters
    ----------
    folder : Path
    known : mapping of str to Quantity
        What the tables may give.

    Raises
    ------
    InstanceError
        Lists every fault of the files, each with file, row and column; or other processes saved
        there all the time.
    """
    attrs, parsed = _tables(folder, known)
    coords = tables.labels(parsed)
    if faults := tables.misfits(parsed, coords):
        raise InstanceError(faults, str(folder))
    values = {
        name: array
        for table, read in parsed
        for name, array in tables.arrays(table, read, coords).items()
    }
    by_name = {name: (table, read) for table, read in parsed for name in table.quantities}
    return Content(xr.Dataset(values, coords, attrs), by_name)


def _tables(folder: Path, known: Mapping[str, Quantity]) -> tuple[dict[str, Any], tables.Tables]:
    """Return the attributes and the cells of every table, or raise with the faults of all.

    All are of one version: whoever saves meanwhile, all is read again.
    """
    end = time.monotonic() + PATIENCE
    while True:
        marks: dict[str, _Mark] = {}
        attrs, parsed, faults = _tables_now(folder, known, marks)
        if all(_mark(folder, name) == mark for name, mark in marks.items()):
            break
        if time.monotonic() > end:
            told = f"changed again and again while it was read, for {PATIENCE:g} s: load it later"
            raise InstanceError([told], str(folder))
        time.sleep(PAUSE)
    if faults:
        raise InstanceError(faults, str(folder))
    return attrs, parsed


def _tables_now(
    folder: Path, known: Mapping[str, Quantity], marks: dict[str, _Mark]
) -> tuple[dict[str, Any], tables.Tables, list[str]]:
    """Return attributes, tables and faults; `marks` gets each file's, from before it is read."""

    def read(name: str, most: int) -> str:
        marks[name] = _mark(folder, name)
        return read_text(_inside(folder, name), most)

    try:
        text = read(package.FILE, package.MOST_BYTES)
    except UnreadableError as error:
        return {}, [], [f"{package.FILE}: {error}"]
    attrs, described, faults = package.parse(text, known)
    parsed: tables.Tables = []
    for table in described if not faults else ():
        try:
            text = read(table.path, MOST_BYTES)
        except UnreadableError as error:
            joint = ", " if str(error).startswith("row") else ": "
            faults.append(f"{table.path}{joint}{error}")
            continue
        cells_read, bad = cells.parse(text, table)
        faults += bad
        parsed.append((table, cells_read))
    return attrs, parsed, faults


_Mark = tuple[int, ...] | None


def _mark(folder: Path, name: str) -> _Mark:
    """Return what changes when a file is replaced or written to; None if there is no such file."""
    for path in (folder / _SAVED / name, folder / name):
        with suppress(OSError):
            about = path.stat()
            return about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns
    return None


def _inside(folder: Path, name: str) -> Path:
    """Return where a file of the folder is; a link may not lead out of it."""
    unmoved = folder / _SAVED / name
    try:
        path = unmoved if unmoved.exists() else folder / name
        real = path.resolve()
    except (OSError, RuntimeError) as error:  # links in a circle, a name too long
        raise UnreadableError(f"cannot be opened ({error})") from error
    if path.is_symlink() and not real.is_relative_to(folder.resolve()):
        raise UnreadableError("a link that leads out of the folder")
    return path


def write_folder(instance: Instance, folder: Path) -> None:
    """Write an instance as CSV tables and `datapackage.json`, as one step.

    Killed or failing at any moment, it leaves the former version whole, or the new one; of several
    that save at once, it leaves one whole. Tables that a former instance in the folder had and this
    one has not are removed, other files kept. A link is followed.

    Raises
    ------
    FileExistsError
        The folder holds a data package that is no instance's, or is a file.
    TimeoutError
        Another process has been saving there all the time.
    OSError
        Writing failed, on a full disk for instance, and the former version is whole; or links lead
        in a circle.
    """
    folder = followed(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is not a folder: not touched")
    _tables_of(folder)
    data = stated(instance, sourced=True)
    about, described = package.describe(data, instance.quantities)
    made = _missing_parents(folder)
    folder.mkdir(parents=True, exist_ok=True)
    remove_leftovers(folder, f"{_SAVING}*")
    saving = Path(tempfile.mkdtemp(prefix=_SAVING, dir=folder))
    try:
        for names, resource in described:
            _write_table(data, names, resource, saving / resource["path"])
        whole = about | {"resources": [resource for _, resource in described]}
        text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
        (saving / package.FILE).write_text(text, encoding="utf-8")
        for path in saving.iterdir():
            to_disk(path)
            path.chmod(0o644)
        with alone(folder / _LOCK):
            _settle(folder)  # what a killed save has left
            _tables_of(folder)
            _count_from_now(saving, folder)
            _settle(folder)
    except BaseException:
        shutil.rmtree(saving, ignore_errors=True)
        for empty in made:
            with suppress(OSError):  # another process has saved there meanwhile
                empty.rmdir()
        raise


def _count_from_now(saving: Path, folder: Path) -> None:
    """Make what was written the version that counts."""
    try:
        os.rename(saving, folder / _SAVED)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        told = f"{folder}: another process is saving there, and nothing is saved; try again"
        raise FileExistsError(told) from error


def _missing_parents(folder: Path) -> list[Path]:
    """Return the folders that are still to be made, the innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def frames(instance: Instance) -> dict[str, pd.DataFrame]:
    """Return the tables of an instance by the names of their files, a variable a column.

    The unit of each column is in `attrs["units"]`; what has no limit is infinite.
    """
    data = stated(instance, sourced=True)
    _, described = package.describe(data, instance.quantities)
    tables = {}
    for names, resource in described:
        fields = resource["schema"]["fields"]
        frame = tables[Path(resource["path"]).stem] = _frame(data, names, resource)
        frame.attrs["units"] = {f["name"]: f["unit"] for f in fields if "unit" in f}
    return tables


def _frame(data: xr.Dataset, names: list[str], resource: dict[str, Any]) -> pd.DataFrame:
    scalars = {name: [data[name].values[()]] for name in names if not data[name].dims}
    frame = pd.DataFrame(scalars) if scalars else data[names].to_dataframe()
    wanted = [field["name"] for field in resource["schema"]["fields"]]
    return frame.reset_index().reindex(columns=wanted)


def _write_table(data: xr.Dataset, names: list[str], resource: dict[str, Any], path: Path) -> None:
    frame = _frame(data, names, resource)
    for column in frame.select_dtypes("datetime"):
        # The shortest that is exact: seconds, or all nine digits of a fraction.
        times = np.asarray(frame[column], dtype="datetime64[ns]")
        whole = (times == times.astype("datetime64[s]")).all()
        frame[column] = np.char.add(np.datetime_as_string(times, "s" if whole else "ns"), "Z")
    frame.replace(np.inf, "INF").to_csv(path, index=False)


def _settle(folder: Path) -> None:
    """Move what a save has left to be moved into place; the package comes last."""
    saved = folder / _SAVED
    if not saved.is_dir():
        return
    if (saved / package.FILE).is_file():  # or else all was moved, as it is the last
        new, former = _tables_of(saved), _tables_of(folder)
        for name in sorted(new):
            if (saved / name).is_file():
                os.replace(saved / name, folder / name)
        for obsolete in former - new:
            (folder / obsolete).unlink(missing_ok=True)
        os.replace(saved / package.FILE, folder / package.FILE)
    saved.rmdir()


def _tables_of(folder: Path) -> set[str]:
    """Return the tables of the instance that is in a folder; refuse anybody else's package."""
    if not (folder / package.FILE).exists():
        return set()
    ours, paths = False, set[str]()
    try:
        held = json.loads(read_text(folder / package.FILE, package.MOST_BYTES))
        ours = held["name"] == package.NAME
        paths = {str(resource["path"]) for resource in held["resources"]}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        ours = False
    if not ours:
        raise FileExistsError(f"{folder} holds a {package.FILE} that is no instance's: not touched")
    return {path for path in paths if Path(path).name == path and path.endswith(".csv")}
