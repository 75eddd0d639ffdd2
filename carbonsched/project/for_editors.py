"""The project file as JSON Schema, by which an editor completes keys and says what they mean."""

from __future__ import annotations

from typing import Any

from carbonsched.project.entries import KINDS
from carbonsched.project.model import ProjectFile

_TABLE = {
    "type": "object",
    "description": "a table, one row an entry, columns called as its keys; what else is written "
    "here holds for every row",
    "properties": {
        "file": {"type": "string", "description": "CSV file or workbook"},
        "sheet": {"type": "string", "description": "sheet of a workbook"},
        "source": {"type": "string", "description": "who made the table"},
        "licence": {"type": "string", "description": "terms of the table"},
    },
    "required": ["file"],
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a project file.

    What an entry need not say because `defaults` may is not required by it: reading the file tells.

    Examples
    --------
    >>> json_schema()["properties"]["horizon"]
    {'$ref': '#/$defs/Horizon'}
    """
    schema = ProjectFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    kinds, properties = schema["$defs"], schema["properties"]
    for kind in ("Site", "Plant", "Battery", "Job", "JobLog", "Service"):
        for key, said in kinds[kind]["properties"].items():
            kinds[kind]["properties"][key] = _widened(key, said)
    log = properties.pop("job_logs")["items"]
    for key, kind in KINDS.items():
        name = kind.capitalize()
        own = kinds[name]
        own.pop("required", None)
        named = own["properties"] | {"name": {"type": "string"}}
        tables = [_TABLE, log] if kind == "job" else [_TABLE]
        listed = [*tables, own | {"properties": named, "required": ["name"]}]
        properties[key] = {
            "description": own.get("description", ""),
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {
                        "anyOf": [{"$ref": f"#/$defs/{name}"}, {"type": "null"}]
                    },
                },
                *tables,
                {"type": "array", "items": {"anyOf": listed}},
            ],
        }
        kinds["Defaults"]["properties"][key] = {"$ref": f"#/$defs/{name}"}
    for kind in ("Plant", "Battery", "SeriesFile"):  # whose other keys the defaults may have
        kinds[kind].pop("required", None)
    return schema


_NONE = {"enum": ["none", None]}  # which undoes a default
_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_ALSO = {"coordinates": [_PAIR], "allowed": [{"type": "string"}], "states": [{"type": "string"}],
         "kw_per_gpu": [{"type": "string"}], "at_least_hours": [{"type": "string"}]}  # fmt: skip


def _widened(key: str, said: dict[str, Any]) -> dict[str, Any]:
    """Return what a key may be, with the short forms that are read before the validator."""
    outer = {name: said[name] for name in ("description", "default") if name in said}
    return {**outer, "anyOf": [said, *_ALSO.get(key, ()), _NONE]}
