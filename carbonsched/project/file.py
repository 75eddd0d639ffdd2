"""A project file read: every fault of what is written in it and in its tables, at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

from carbonsched.currency import DEFAULT
from carbonsched.errors import InstanceError, extra
from carbonsched.io.files import UnreadableError, read_text
from carbonsched.project import faults as found
from carbonsched.project import nodes, toml
from carbonsched.project.amounts import Money
from carbonsched.project.entries import KINDS, Table, unfolded
from carbonsched.project.model import Job, ProjectFile, Service, Site, names_of
from carbonsched.project.nodes import Fault, MappingNode, fault, place, plain
from carbonsched.project.tables import beside
from carbonsched.sources.units import Rate

with extra("sources", "reading a project file"):
    from pydantic import TypeAdapter, ValidationError

MOST_BYTES = 2**22
_ENTRIES: dict[str, Any] = {"sites": Site, "jobs": Job, "services": Service}


@dataclass(frozen=True)
class Project:
    """A project file as it is written, checked, with amounts in the model's units.

    Attributes
    ----------
    path : Path
    given : ProjectFile
        What it says, defaults filled in.
    tables : tuple of Table
        Tables of entries of which it says whose they are.
    """

    path: Path
    given: ProjectFile
    root: MappingNode
    tables: tuple[Table, ...] = ()

    def file(self, name: str) -> Path:
        """Return where a file is that it names."""
        return beside(self.path.parent, name)

    @property
    def money(self) -> Money:
        """Its currency and rates."""
        given = self.given
        rates = {
            code: Rate(
                rate.value, given.currency, ", ".join(filter(None, (rate.date, rate.source)))
            )
            for code, rate in given.rates.items()
        }
        return Money(given.currency, rates)

    def fault(self, path: tuple[str | int, ...], told: str) -> Fault:
        """Return a fault of an entry, where it is written."""
        node, seen = place(self.root, path)
        entry = found.named(seen)
        return fault(node, f"{entry}: {told}" if entry else told)

    def __repr__(self) -> str:
        given = self.given
        sizes = f"{len(given.sites)} sites, {len(given.jobs)} jobs, {len(given.services)} services"
        return f"<Project {given.title!r}: {sizes}>"


def read(path: str | Path) -> Project:
    """Read a project file and its tables; the files of series are not opened yet.

    Parameters
    ----------
    path : path
        A YAML file, or one of TOML that says the same and ends in ``.toml``; files that it names
        are relative to it.

    Raises
    ------
    InstanceError
        Lists every fault, each with file and line.
    FileNotFoundError
        Nothing is at that path.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name, text in cs.project.template().items():
    ...         _ = (Path(folder) / name).write_text(text)
    ...     cs.project.read(Path(folder) / "fleet.yaml")
    <Project 'My fleet (made-up numbers)': 3 sites, 6 jobs, 2 services>
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"nothing at {path}: `carbonsched init` writes a project file")
    try:
        text = read_text(path, MOST_BYTES)
    except UnreadableError as error:
        raise InstanceError([str(error)], str(path)) from error
    form = toml if path.suffix.lower() == ".toml" else nodes
    root, faults = form.compose(normalize("NFC", text), path.name)  # "ü" is one letter
    require_none(faults, path)
    assert root is not None
    whole = unfolded(root, path.parent)
    root, faults = whole.root, whole.faults
    said, partial = plain(root), bool(whole.lacking)
    money, bad = _money(said, root)
    faults += [*bad, *_references(said, root, known="sites" not in whole.lacking)]
    try:
        given = ProjectFile.model_validate(said, context=money)
    except ValidationError as error:
        faults += _of_defaults(said, root, money)
        shared = {(one.line, one.told.partition(": ")[2]) for one in faults}
        others = found.told(error, root, money, partial=partial)
        faults += [one for one in others if (one.line, one.told.partition(": ")[2]) not in shared]
        require_none(faults, path)
        raise
    require_none(faults + _of_defaults(said, root, money), path)
    return Project(path, given, root, tuple(whole.tables))


def require_none(faults: list[Fault], path: Path) -> None:
    """Raise InstanceError if there are faults; each is told once, in the order of the lines."""
    if faults:
        first = path.name
        ordered = sorted(faults, key=lambda one: (one.file != first, one.file, one.line))
        raise InstanceError(list(dict.fromkeys(map(str, ordered))), str(path))


def _money(said: dict[str, Any], root: MappingNode) -> tuple[Money, list[Fault]]:
    """Return currency and rates as far as they are sound, for whatever amounts there are."""
    currency, rates = said.get("currency", DEFAULT), said.get("rates", {})
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isalpha()):
        return Money(), []
    sound, faults = dict[str, Rate](), list[Fault]()
    for code, rate in rates.items() if isinstance(rates, dict) else ():
        value = rate.get("value") if isinstance(rate, dict) else None
        if code == currency:
            node, _ = place(root, ("rates", code))
            faults.append(fault(node, f"rates.{code}: it is the currency of the project"))
        elif not (isinstance(code, str) and len(code) == 3 and code.isupper()):
            node, _ = place(root, ("rates", code))
            faults.append(fault(node, f"rates.{code}: expected an ISO code such as EUR"))
        elif isinstance(value, int | float) and value > 0:
            sound[code] = Rate(float(value), currency, "as stated")
    return Money(currency, sound), faults


def _of_defaults(said: dict[str, Any], root: MappingNode, money: Money) -> list[Fault]:
    """Return the faults of defaults, whether or not an entry takes them."""
    faults: list[Fault] = []
    defaults = said.get("defaults")
    defaults = defaults if isinstance(defaults, dict) else {}
    for key in KINDS:
        given = defaults.get(key)
        if isinstance(given, dict):
            try:
                TypeAdapter(_ENTRIES[key]).validate_python(given, context=money)
            except ValidationError as error:
                faults += found.told_of_defaults(_ENTRIES[key], error, root, key)
    return faults


def _references(said: dict[str, Any], root: MappingNode, *, known: bool) -> Iterator[Fault]:
    """Yield where a site is named that there is not, if all are known, and jobs that never pay."""
    sites = _entries(said, "sites")
    for key, at in (("jobs", "jobs"), ("services", "services"), ("job_logs", "jobs")):
        for name, one in _entries(said, key).items():
            named = [one["home"]] if "home" in one else names_of(one.get("allowed", ()))
            if not known or not isinstance(named, list) or named == ["all"]:
                named = []
            for site in [site for site in named if isinstance(site, str) and site not in sites]:
                node, seen = place(root, (key, name, "home" if "home" in one else "allowed"))
                told = f"{found.named(seen)}: no site {site}{found.nearest(site, sites)}"
                yield fault(node, told)
            running = one.get("running")
            there = running.get("site") if isinstance(running, dict) else None
            if known and isinstance(there, str) and there not in sites:
                node, seen = place(root, (key, name, "running", "site"))
                told = f"{found.named(seen)}: no site {there}{found.nearest(there, sites)}"
                yield fault(node, told)
            required = str(one.get("required")).lower() in ("true", "1", "yes", "y", "on", "t")
            sure = required or running is not None
            if at == "jobs" and "reward" not in one and not sure:
                node, seen = place(root, (key, name))
                told = "reward is missing: without one a job never pays; or write `required: true`"
                yield fault(node, f"{found.named(seen)}: {told}")


def _entries(said: dict[str, Any], key: str) -> dict[Any, dict[str, Any]]:
    """Return the entries of a kind that are entries, by name or place."""
    given = said.get(key, {})
    pairs = enumerate(given) if isinstance(given, list) else given.items()
    return {name: one for name, one in pairs if isinstance(one, dict)}
