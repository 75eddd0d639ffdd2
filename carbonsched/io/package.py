"""`datapackage.json`: which tables an instance has, their keys, columns, units and sources."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import groupby
from typing import Any

import xarray as xr

from carbonsched.core.schema import DIMENSIONS, PARAMETERS, Quantity
from carbonsched.core.validate import FOREIGN
from carbonsched.io.zones import zone_of

NAME = "carbonsched-instance"
FILE = "datapackage.json"
MOST_BYTES = 2**24  # of datapackage.json; that of a hundred tables is a tenth of a megabyte
_RESERVED = ("profile", "name", "timezone", "resources")
_TYPES = {"float": "number", "int": "integer", "bool": "boolean", "site": "string"}


@dataclass(frozen=True)
class Table:
    """One CSV table as the package describes it: key columns are dimensions, others variables.

    Attributes
    ----------
    types : dict of str to str
        Of each column: "number", "integer", "boolean", "string" or "datetime".
    quantities : dict of str to Quantity
        The variables.
    units : dict of str to str
        Of the variables, as far as given.
    about : dict of str to str
        `source` and `licence`, as far as given.
    zone : tzinfo
        That of times without an offset of their own: the `timezone` of the package, else UTC.
    """

    path: str
    dims: tuple[str, ...]
    types: dict[str, str]
    quantities: dict[str, Quantity]
    units: dict[str, str] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC


class _Faulty(ValueError):
    """What is wrong with one part of the package."""


def parse(
    text: str, known: Mapping[str, Quantity] = PARAMETERS
) -> tuple[dict[str, Any], list[Table], list[str]]:
    """Return the attributes, the tables and the faults of a `datapackage.json`.

    A column that is neither a dimension nor a quantity known is a fault.
    """
    try:
        package = json.loads(text, object_pairs_hook=_once)
    except RecursionError:
        return {}, [], [f"{FILE}: nested too deeply"]
    except ValueError as error:
        return {}, [], [f"{FILE}: not JSON ({error})"]
    if not isinstance(package, dict) or not isinstance(package.get("resources"), list):
        return {}, [], [f"{FILE}: expected an object with a list of resources"]
    tables, faults, zone = [], [], UTC
    try:
        zone = _zone(package.get("timezone", "UTC"))
    except _Faulty as fault:
        faults.append(f"{FILE}: {fault}")
    for number, resource in enumerate(package["resources"]):
        try:
            tables.append(_table(resource, known, zone))
        except _Faulty as fault:
            path = resource.get("path") if isinstance(resource, dict) else None
            faults.append(f"{FILE}, resource {number + 1} ({path!r:.80}): {fault}")
    paths = Counter(table.path for table in tables)
    faults += [f"{FILE}: {path} is described {n} times" for path, n in paths.items() if n > 1]
    owners = Counter(name for table in tables for name in table.quantities)
    faults += [f"{FILE}: {name}: given by {n} tables" for name, n in owners.items() if n > 1]
    attrs = {key: value for key, value in package.items() if key not in _RESERVED}
    return plain_attrs(attrs), tables, faults


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"given more than once: {', '.join(map(repr, repeated[:5]))}")
    return dict(pairs)


def plain_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Keep the attributes that both JSON and NetCDF can hold: texts and finite numbers."""

    def plain(value: object) -> bool:
        if isinstance(value, str):
            return "\0" not in value and not any(0xD800 <= ord(c) < 0xE000 for c in value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return abs(value) < 2**63 if isinstance(value, int) else math.isfinite(value)

    return {str(k): v for k, v in attrs.items() if plain(str(k)) and str(k) and plain(v)}


def _need(condition: bool, complaint: str) -> None:
    if not condition:
        raise _Faulty(complaint)


def _zone(name: object) -> tzinfo:
    """Return a time zone by its name."""
    try:
        return zone_of(name)
    except ValueError as error:
        raise _Faulty(f"timezone {error}") from error


def is_time(name: str, quantities: Mapping[str, Quantity]) -> bool:
    """Return whether a column holds times: the dimension, or a quantity such as `release`."""
    return name == "time" or (name in quantities and quantities[name].kind == "time")


def _table(resource: Any, known: Mapping[str, Quantity], zone: tzinfo) -> Table:
    _need(isinstance(resource, dict), "expected an object")
    path, schema = resource.get("path"), resource.get("schema")
    _need(isinstance(path, str), "expected a path, the name of a CSV table")
    plain = path.isprintable() and path.endswith(".csv") and not path.startswith(".")
    # A path on any system, so that a package means the same everywhere.
    _need(plain and not set(path) & set('/\\:"'), "the path must be a CSV table in the folder")
    _need(isinstance(schema, dict), "expected a schema")
    fields, dims = schema.get("fields"), schema.get("primaryKey", [])
    dims = [dims] if isinstance(dims, str) else dims
    _need(
        isinstance(dims, list) and all(isinstance(dim, str) for dim in dims),
        "expected primaryKey to be a list of dimensions",
    )
    strange = [dim for dim in dims if dim not in DIMENSIONS]
    _need(not strange, f"not a dimension of the model: {', '.join(map(repr, strange))}")
    _need(isinstance(fields, list) and len(fields) > 0, "expected a list of fields")
    types, units = {}, {}
    for column in fields:
        _need(isinstance(column, dict), "expected every field to be an object")
        name, unit = column.get("name"), column.get("unit")
        _need(isinstance(name, str), "expected every field to have a name")
        _need(name not in types, f"column {name!r} is described twice")
        types[name] = _type(name, column.get("type"), tuple(dims), known)
        if unit is not None:
            _need(isinstance(unit, str), f"column {name!r}: expected the unit to be a text")
            units[name] = unit
    missing = [dim for dim in dims if dim not in types]
    _need(not missing, f"no column for the key {', '.join(missing)}")
    about = {}
    for slot, key, attr in (("sources", "title", "source"), ("licenses", "name", "licence")):
        if given := resource.get(slot):
            _need(isinstance(given, list) and isinstance(given[0], dict), f"{slot}: not a list")
            about |= plain_attrs({attr: given[0].get(key)})
    quantities = {name: known[name] for name in types if name not in dims}
    return Table(path, tuple(dims), types, quantities, units, about, zone)


def _type(name: str, given: object, dims: tuple[str, ...], known: Mapping[str, Quantity]) -> str:
    """Return the type of a column, if it is the one the model knows."""
    if name in dims:
        expected = ("datetime", "integer") if name == "time" else ("string",)
    else:
        _need(name in known, f"column {name!r} is not a variable of the model{FOREIGN}")
        quantity = known[name]
        key = " x ".join(quantity.dims) or "nothing: it is one value"
        key += f" or {key} x time" * quantity.varies
        _need(quantity.allows(dims), f"column {name!r}: its key is {key}")
        time = ("datetime", "integer")
        expected = time if quantity.kind == "time" else (_TYPES[quantity.kind],)
    wanted = " or ".join(expected)
    _need(given in expected, f"column {name!r}: type {given!r:.40}, expected {wanted}")
    return str(given)


def describe(
    data: xr.Dataset, known: Mapping[str, Quantity] = PARAMETERS
) -> tuple[dict[str, Any], list[tuple[list[str], dict[str, Any]]]]:
    """Return what the package says of itself, and each table's variables with its descriptor."""
    times = "datetime" if data.indexes["time"].dtype.kind == "M" else "integer"
    tables = list(_groups(data, known))
    shared = Counter(data[names[0]].dims for names in tables)
    described = []
    for names in tables:
        dims = data[names[0]].dims
        label = _label(names) if shared[dims] > 1 else "_".join(map(str, dims)) or "instance"
        quantities = [known[name] for name in names]
        described.append((names, _descriptor(data, quantities, label, times)))
    about = {k: v for k, v in plain_attrs(data.attrs).items() if k not in _RESERVED}
    zone = {"timezone": "UTC"} if times == "datetime" else {}
    return {"profile": "data-package", "name": NAME} | zone | about, described


def _label(names: list[str]) -> str:
    """Return a table's name, from its variables, where its dimensions do not tell it apart."""
    return "_".join(names) if len(names) <= 3 else f"{names[0]}_and_{len(names) - 1}_more"


def _groups(data: xr.Dataset, known: Mapping[str, Quantity]) -> Iterator[list[str]]:
    """Group the variables that are there by dimensions, source and licence."""

    def key(name: str) -> tuple[tuple[str, ...], str, str]:
        dims, attrs = tuple(map(str, data[name].dims)), data[name].attrs
        return dims, str(attrs.get("source", "")), str(attrs.get("licence", ""))

    for _, names in groupby(sorted((name for name in known if name in data), key=key), key):
        yield list(names)


def _descriptor(
    data: xr.Dataset, quantities: list[Quantity], label: str, times: str
) -> dict[str, Any]:
    """Return the Frictionless descriptor of one table."""
    first, required = data[quantities[0].name], {"constraints": {"required": True}}
    dims = [str(dim) for dim in first.dims]
    keys = [{"name": dim, "type": times if dim == "time" else "string"} | required for dim in dims]
    fields = [
        {
            "name": quantity.name,
            "type": _TYPES.get(quantity.kind, times),
            "title": quantity.meaning,
            "unit": data[quantity.name].attrs.get("units", quantity.unit),
        }
        | required
        for quantity in quantities
    ]
    schema = {"fields": keys + fields} | ({"primaryKey": dims} if dims else {})
    resource: dict[str, Any] = {
        "name": label.replace("_", "-"),
        "path": f"{label}.csv",
        "schema": schema,
    }
    about = plain_attrs(first.attrs)
    if "licence" in about:
        resource["licenses"] = [{"name": about["licence"]}]
    if "source" in about:
        resource["sources"] = [{"title": about["source"]}]
    return resource
