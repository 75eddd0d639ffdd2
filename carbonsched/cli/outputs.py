"""Where a command writes: nothing is replaced unasked, and never what it reads or what is others'.

All is looked at before a command starts to work, and once more when it is about to write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from carbonsched.cli.terminal import GivenError
from carbonsched.errors import InstanceError

_HEAD = 4096  # bytes that tell what a text file is


@dataclass(frozen=True)
class Kind:
    """A kind of file, or of folder, that is written here, and how one is told from others."""

    words: str
    holds: Callable[[Path], bool]
    folder: bool = False


def _begins(*texts: bytes) -> Callable[[Path], bool]:
    def holds(path: Path) -> bool:
        with path.open("rb") as file:
            return file.read(_HEAD).startswith(texts)

    return holds


def _netcdf(attribute: str = "") -> Callable[[Path], bool]:
    """Tell a NetCDF file by an attribute, or an instance by a variable."""

    def holds(path: Path) -> bool:
        from carbonsched.io import SCENARIOS, read_netcdf

        try:
            data = read_netcdf(path)
        except InstanceError:
            return False
        if attribute:
            return attribute in data.attrs
        return "it_capacity" in data and SCENARIOS not in data.attrs

    return holds


def _package(folder: Path) -> bool:
    """Return whether a folder holds an instance, however faulty."""
    from carbonsched.io import package
    from carbonsched.io.files import read_text

    try:
        held = json.loads(read_text(folder / package.FILE, package.MOST_BYTES))
    except (ValueError, RecursionError):
        return False
    return isinstance(held, dict) and held.get("name") == package.NAME


def _made(
    head: bytes, mark: bytes = b"carbonsched", *, behind: bool = False
) -> Callable[[Path], bool]:
    """Tell a file of ours by how it begins and by a mark near its beginning, or near its end."""

    def holds(path: Path) -> bool:
        with path.open("rb") as file:
            begun = file.read(_HEAD)
            if behind:
                file.seek(max(path.stat().st_size - 16 * _HEAD, 0))
                begun, last = begun[: len(head)], file.read()
                return begun == head and mark in last
        return begun.startswith(head) and mark in begun

    return holds


def _workbook(path: Path) -> bool:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as held, held.open("docProps/core.xml") as about:
            return b"<dc:creator>carbonsched</dc:creator>" in about.read(_HEAD)
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError):
        return False


SCHEDULE = Kind("schedule", _netcdf("schedule"))
# as carbonsched.io.PLAN and SCENARIOS, which are not imported before they are needed
SCENARIO_PLAN = Kind("plan over scenarios", _netcdf("scenario_schedule"))
SCENARIOS = Kind("scenarios", _netcdf("scenarios"))
SUMMARY = Kind(  # the second is how those before it began
    "summary of a schedule",
    _begins(b'{\n  "format": "carbonsched summary', b'{\n  "objective": '),
)
CERTIFICATE = Kind("certificate", _begins(b'{"format": "carbonsched certificate'))
TABLE = Kind("table of methods", _begins(b"method,objective"))
FIGURES = {
    ".png": Kind("figure of carbonsched", _made(b"\x89PNG")),
    ".svg": Kind("figure of carbonsched", _made(b"<?xml")),
}
EXPORTS = {
    ".csv": Kind(
        "table of a schedule", _begins(b"start [", b"job,site,start [", b"site,it [", b"term,")
    ),
    ".xlsx": Kind("workbook of a schedule", _workbook),
    ".parquet": Kind("table of a schedule", _made(b"PAR1", behind=True)),
    ".ics": Kind("calendar of a schedule", _made(b"BEGIN:VCALENDAR", b"//carbonsched")),
    ".json": Kind("document of load targets", _begins(b'{\n "format": "carbonsched site targets')),
}
REPORT = Kind(
    "report of a schedule", _made(b"<!DOCTYPE html>", b'name="generator" content="carbonsched')
)
INSTANCE_FILE = Kind("instance", _netcdf())
INSTANCE_FOLDER = Kind("instance", _package, folder=True)


def require_netcdf(out: Path, what: str) -> None:
    """Raise unless something, "the schedule", can be written to a file by its name and here.

    Raises
    ------
    GivenError
        It does not end in .nc.
    MissingExtraError
        What writes such files is not installed.
    """
    if out.suffix != ".nc":
        raise GivenError(f"{out}: {what} is a NetCDF file, name it with .nc at the end")
    from carbonsched.io.netcdf import require_hdf5

    require_hdf5(f"writing {what}")


def require_free(
    outputs: Mapping[Path, Kind], inputs: Iterable[Path] = (), *, overwrite: bool = False
) -> None:
    """Raise unless every output may be written where it is to be.

    Parameters
    ----------
    outputs : mapping of Path to Kind
        What is to be written where.
    inputs : iterable of Path
        What the command reads.
    overwrite : bool
        Whether an output of the same kind may be replaced.

    Raises
    ------
    FileExistsError
        There is something already that may not be replaced, and why.
    OSError
        Nothing can be written there.
    """
    inputs, taken = list(inputs), list[str]()
    for path, kind in outputs.items():
        real = _real(path)
        _require_place(path, real)
        if any(_same(real, _real(given)) for given in inputs):
            raise FileExistsError(f"{path} is what is read here: never replaced")
        if not real.exists() or _empty(real):
            continue
        if real.is_dir() != kind.folder or not (real.is_dir() or real.is_file()):
            wanted = "folder" if kind.folder else "regular file"
            raise FileExistsError(f"{path} is not a {wanted}: not replaced")
        if not overwrite:
            taken.append(str(path))
        elif not kind.holds(real):
            raise FileExistsError(f"{path} holds no {kind.words}: not replaced, whatever is asked")
    if taken:
        verb = "exists" if len(taken) == 1 else "exist"
        raise FileExistsError(f"{' and '.join(taken)} {verb}: give another name, or --overwrite")


def kind_of(path: Path) -> Kind | None:
    """Return which kind of output a file is, if it is one."""
    if not path.is_file():
        return None
    texts = (SUMMARY, CERTIFICATE, TABLE)
    kinds = (SCHEDULE, SCENARIO_PLAN, SCENARIOS) if path.suffix == ".nc" else texts
    return next((kind for kind in kinds if kind.holds(path)), None)


def _real(path: Path) -> Path:
    """Return where a path leads in the end, be there anything or not."""
    try:
        path.stat()
    except FileNotFoundError:
        pass
    except OSError as error:  # links in a circle, a file where a folder should be
        from carbonsched.io.files import followed

        followed(path)  # which tells links in a circle
        raise type(error)(f"{path}: {error.strerror}") from error
    return Path(os.path.realpath(path))


def _require_place(path: Path, real: Path) -> None:
    """Raise unless something can be written where a path leads."""
    nearest = next(parent for parent in real.parents if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: nothing can be written in {nearest}")


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths are one file, by whatever name or link."""
    return one == other or (one.exists() and other.exists() and one.samefile(other))


def _empty(path: Path) -> bool:
    """Return whether there is nothing to lose."""
    if path.is_dir():
        return not any(path.iterdir())
    return path.is_file() and not path.stat().st_size
