"""Numbers without a unit: as which they were taken, and which look as if another was meant.

A table's column says so once. In an entry a bare number is usual, and told only from a size on that
few fleets have and every fleet in kW does: `LARGE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from carbonsched.project.amounts import Money, Of
from carbonsched.project.faults import named
from carbonsched.project.gathered import At
from carbonsched.project.model import Battery, Job, Plant, Running, Service, Site
from carbonsched.project.nodes import (
    MappingNode,
    Node,
    RowMark,
    ScalarNode,
    SequenceNode,
    location,
)

_POWER = ("it_capacity", "import_limit", "export_limit", "generation_available", "charge_limit",
          "discharge_limit")  # fmt: skip
_ENERGY = ("battery_energy", "battery_min", "battery_initial", "battery_final")
# MW and MWh: a campus of data centers has some hundred MW, one training job less.
LARGE = dict.fromkeys(_POWER, 500.0) | dict.fromkeys(_ENERGY, 2000.0) | {"power": 100.0}
_KINDS: dict[str, Any] = {"sites": Site, "jobs": Job, "services": Service}
_WITHIN: dict[str, Any] = {"battery": Battery, "running": Running}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_OTHERS = {"MW": "kW", "MWh": "kWh", "tCO2e/MWh": "g/kWh", "periods": "h"}  # what people have
_NONE = ("1", "MW/MW", "unit")  # units of what has none


@dataclass(frozen=True)
class Bare:
    """A number that is written without a unit: whose, of what, and where."""

    at: At
    of: Of
    text: str
    node: Node


def columns_told(root: MappingNode, money: Money) -> list[str]:
    """Return, of each column of a table without a unit, as which unit it was taken."""
    told: dict[str, None] = {}
    for bare in _bare(root):
        mark, unit = bare.node.start_mark, money.unit(bare.of.unit).replace("MW/unit", "MW")
        if not isinstance(mark, RowMark) or bare.of.unit in _NONE:
            continue
        key = ".".join(map(str, bare.at[2:]))
        other = _OTHERS.get(unit)
        hint = f"; name it `{key} [{other}]` if it is in {other}" if other else ""
        told[f"{mark.name}: column {key} has no unit: taken as {unit}{hint}"] = None
    return list(told)


def doubts(root: MappingNode) -> list[str]:
    """Return which numbers without a unit are so large that another unit may be meant."""
    found: dict[str, list[Bare]] = {}
    for bare in _bare(root):
        if float(bare.text) >= LARGE.get(bare.of.quantity, float("inf")):
            found.setdefault(bare.of.quantity, []).append(bare)
    return [_doubt(quantity, of) for quantity, of in found.items()]


def _doubt(quantity: str, found: list[Bare]) -> str:
    first, unit = found[0], found[0].of.unit
    more = f", and {len(found) - 1} more of {LARGE[quantity]:g} {unit} and above" * (len(found) > 1)
    where = f"{location(first.node)}: {named(first.at)}: {first.text} has no unit"
    either = f"write `{first.text} {_OTHERS[unit]}` if that is meant, or else `{first.text} {unit}`"
    return f"{where} and was taken as {unit}{more}: {either}"


def _bare(root: MappingNode) -> Iterator[Bare]:
    """Yield each number without a unit once, in the order of the entries."""
    seen: set[int] = set()
    for kind, entries in root.value:
        if kind.value not in _KINDS or not isinstance(entries, MappingNode):
            continue
        for name, entry in entries.value:
            for bare in _of_entry(entry, _KINDS[kind.value], (kind.value, name.value)):
                if id(bare.node) not in seen:  # a default is one, however many entries take it
                    seen.add(id(bare.node))
                    yield bare


def _of_entry(entry: Node, model: Any, at: At) -> Iterator[Bare]:
    for key, value in entry.value if isinstance(entry, MappingNode) else ():
        field = model.model_fields.get(key.value)
        here = (*at, key.value)
        if field is None:
            continue
        if key.value == "generation" and isinstance(value, MappingNode):
            for name, plant in value.value:
                yield from _of_entry(plant, Plant, (*here, name.value))
        elif key.value in _WITHIN:
            yield from _of_entry(value, _WITHIN[key.value], here)
        for of in (meta for meta in field.metadata if isinstance(meta, Of)):
            items = value.value if isinstance(value, SequenceNode) else [value]
            for item in items:
                if isinstance(item, ScalarNode) and _NUMBER.fullmatch(item.value.strip()):
                    yield Bare(here, of, item.value.strip(), item)
