"""A JSON list of jobs with their attempts, as a table of attempts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.sources.files import MOST_BYTES
from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.text import Table


def read_nested(path: Path, profile: JobProfile) -> tuple[Table, list[int]]:
    """Return a JSON list of jobs as a table, one row an attempt, and which job each is of."""
    from carbonsched.io.files import UnreadableError, read_text

    try:
        given: Any = json.loads(normalize("NFC", read_text(path, MOST_BYTES)))
    except (UnreadableError, ValueError, RecursionError) as error:
        raise InstanceError([f"it is no JSON: {error}"], str(path)) from error
    if not isinstance(given, list) or not all(isinstance(job, dict) for job in given):
        raise InstanceError(["it is no list of jobs"], str(path))
    rows, numbers = list[dict[str, str]](), list[int]()
    gpu_list = profile.gpu_list or ""
    for number, job in enumerate(given, start=1):
        attempts = [one for one in _list(job, profile.records) if isinstance(one, dict)]
        for attempt in attempts or [{}]:
            machines = _list(attempt, profile.machines)
            found = [_list(one, gpu_list) for one in machines if isinstance(one, dict)]
            rows.append(_scalars(job) | _scalars(attempt) | {gpu_list: str(sum(map(len, found)))})
            numbers.append(number)
    frame = pd.DataFrame(rows).fillna("").astype("str")
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return Table(frame, {}, profile.text, str(path)), numbers


def _list(given: Mapping[str, Any], key: str | None) -> list[Any]:
    value = given.get(key or "")
    return value if isinstance(value, list) else []


def _scalars(given: Mapping[str, object]) -> dict[str, str]:
    texts = {key: value for key, value in given.items() if not isinstance(value, dict | list)}
    return {key: "" if value is None else str(value).strip() for key, value in texts.items()}
