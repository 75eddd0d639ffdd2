"""What a project file does not say, and what holds instead, in words."""

from __future__ import annotations

from collections.abc import Iterator

from carbonsched.project.amounts import Money, Of
from carbonsched.project.forms import Entry
from carbonsched.project.gathered import shown
from carbonsched.project.model import ProjectFile

_SAID = "by default "
_DECIDED = {"release", "deadline", "required", "allowed", "startup_cost"}  # of a running job
_EACH_WAY = {"charge_efficiency", "discharge_efficiency"}


def defaults_of(given: ProjectFile, money: Money) -> Iterator[str]:
    """Yield each default that holds, and for whom."""
    yield from map(money.unit, _told(given))


def _told(given: ProjectFile) -> Iterator[str]:
    yield from _unsaid(given)
    for kind in ("sites", "jobs", "services"):
        told: dict[str, list[str]] = {}
        for name, entry in getattr(given, kind).items():
            for what in _all(entry):
                told.setdefault(what, []).append(name)
        for what, names in told.items():
            every = len(names) == len(getattr(given, kind)) > 1
            yield f"{what}: {f'all {kind}' if every else shown(names)}"
    for log in given.job_logs:
        yield from (f"{what}: jobs of {log.file}" for what in _unsaid(log))


def _all(entry: Entry, prefix: str = "") -> Iterator[str]:
    """Yield the defaults of an entry, and of entries within it."""
    yield from _unsaid(entry, prefix)
    for key in type(entry).model_fields:  # in their order: that of a set is another each run
        if key not in entry.model_fields_set:
            continue
        value = getattr(entry, key)
        if key == "battery":
            yield from _all(value, f"{prefix}{key}.")
        elif key == "generation":
            for name, plant in value.items():
                yield from _all(plant, f"{prefix}{name}.")


def _unsaid(entry: Entry, prefix: str = "") -> Iterator[str]:
    for key, field in type(entry).model_fields.items():
        if key in entry.model_fields_set | _said_otherwise(entry):
            continue
        about = field.description or ""
        if _SAID in about:
            yield f"{prefix}{key} {about.partition(_SAID)[2]}"
        elif isinstance(field.default, str):
            yield f"{prefix}{key} {field.default}"
        elif isinstance(field.default, bool):
            yield f"{prefix}{key} {str(field.default).lower()}"
        elif isinstance(field.default, int | float):
            of = [meta for meta in field.metadata if isinstance(meta, Of)]
            unit = of[0].unit if of else ""
            yield f"{prefix}{key} {field.default:g} {unit}".removesuffix(" 1").rstrip()


def _said_otherwise(entry: Entry) -> set[str]:
    """Return the keys whose value follows from another: efficiencies, or what running leaves."""
    follows = {"round_trip_efficiency"} if entry.model_fields_set & _EACH_WAY else _EACH_WAY
    return follows | _DECIDED if getattr(entry, "running", None) else follows
