"""What a command line names: instances, families beside the paper's, options of the solver."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from datetime import tzinfo
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import carbonsched as cs
from carbonsched.cli.outputs import (
    CERTIFICATE,
    SCENARIO_PLAN,
    SCENARIOS,
    SCHEDULE,
    SUMMARY,
    TABLE,
    kind_of,
)
from carbonsched.cli.terminal import GivenError
from carbonsched.errors import InstanceError

if TYPE_CHECKING:
    from carbonsched.core.family import Family
    from carbonsched.core.instance import Instance

GROUP = "carbonsched.families"  # the entry points by which a package offers a family
PROJECT = (".yaml", ".yml", ".toml")  # what a project file ends in


_INSTEAD = {  # what shows an output that is given as an instance
    SCHEDULE: "`carbonsched show {path}` shows its plan",
    SCENARIO_PLAN: "`carbonsched show {path}` shows it",
    SCENARIOS: "`carbonsched stochastic {path}` plans for them",
    SUMMARY: "the schedule is in the file of the same name that ends in .nc",
    CERTIFICATE: "`python -m carbonsched.check {path} INSTANCE` checks it",
    TABLE: "it is text to read",
}


def load(path: Path, families: Iterable[Family]) -> Instance:
    """Return the instance at a path, or the one that a project file makes.

    Raises
    ------
    InstanceError
        As `carbonsched.load`; of what a command wrote that is no instance it says what it is.
    FileNotFoundError
        Nothing is there.
    """
    if path.suffix in PROJECT and not path.is_dir():
        return cs.project.build(path).instance.with_families(families)
    try:
        return cs.load(path, families)
    except InstanceError as error:
        if (kind := kind_of(path)) is None:
            raise
        instead = _INSTEAD[kind].format(path=path)
        told = f"this is a {kind.words}, no instance: {instead}"
        raise InstanceError([told], str(path)) from error


def clocks_of(instance: Instance, zone: str | None) -> dict[str, tzinfo]:
    """Return by whose clocks the instants of each site are told; UTC of a site without.

    Raises
    ------
    GivenError
        There is no such zone.
    InstanceError
        What the instance states of its sites' zones is at fault.
    """
    from carbonsched.io.zones import zone_of
    from carbonsched.output.zones import zones_of

    if zone is None:
        return zones_of(instance.data)
    try:
        return dict.fromkeys(instance.data.site.values, zone_of(zone))
    except ValueError as error:
        raise GivenError(str(error)) from error


def families_of(names: Iterable[str] | None) -> list[Family]:
    """Return the families that a command line names: the only way in which it runs their code.

    A bare name is an entry point of `GROUP`, or else a module whose object is called `family`;
    `module:name` is the object `name` of a module. A module is looked for where Python's own are,
    and then in the current folder.

    Raises
    ------
    GivenError
        There is no such family, and why.
    """
    return [_family(name) for name in dict.fromkeys(names or ())]


def _family(name: str) -> Family:
    from importlib.metadata import entry_points

    from carbonsched.core.family import Family

    offered = [point for point in entry_points(group=GROUP) if point.name == name]
    module, _, attribute = (offered[0].value if offered else name).partition(":")
    attribute = attribute or "family"
    if not all(part.isidentifier() for part in module.split(".")):
        raise GivenError(f"family {name!r}: write NAME or MODULE:NAME")
    here, known = os.getcwd(), sys.path.copy()
    try:
        if not {"", here} & set(known):
            sys.path.append(here)  # last: nothing in this folder stands in for a package
        source: Any = import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if not f"{module}.".startswith(f"{missing}."):
            raise GivenError(f"family {name}: {module} needs {missing}, not installed") from error
        other = "" if ":" in name or offered else f"no package offers it in {GROUP!r}, and "
        raise GivenError(
            f"family {name}: {other}there is no module {missing}, installed or in this folder"
        ) from error
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}"
        raise GivenError(f"family {name}: importing {module} failed ({said})") from error
    finally:
        sys.path[:] = known
    try:
        family = attrgetter(attribute)(source)
    except AttributeError as error:
        raise GivenError(f"family {name}: {error}") from error
    if not isinstance(family, Family):
        kind = "a class: name an object of it" if isinstance(family, type) else repr(family)
        raise GivenError(f"family {name}: {attribute} of {module} is no family but {kind}")
    return family


def stated(own: Iterable[Family]) -> tuple[Family, ...]:
    """Return the paper's families and those of the command line.

    Raises
    ------
    GivenError
        Two have the same name.
    """
    from carbonsched.core.build import require_families
    from carbonsched.core.families import FAMILIES

    try:
        return require_families((*FAMILIES, *own))
    except TypeError as error:
        raise GivenError(str(error)) from error


def options_of(pairs: Iterable[str] | None) -> dict[str, Any]:
    """Return KEY=VALUE as options; a value is a number, true, false, or else a text.

    Raises
    ------
    GivenError
        There is no key.

    Examples
    --------
    >>> options_of(["threads=2", "presolve=off", "parallel=on", "mip_feasibility_tolerance=1e-7"])
    {'threads': 2, 'presolve': 'off', 'parallel': 'on', 'mip_feasibility_tolerance': 1e-07}
    """
    options: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, text = pair.partition("=")
        if not (key and equals):
            raise GivenError(f"option {pair!r}: write KEY=VALUE")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        options[key] = value if isinstance(value, bool | int | float) else text
    return options
