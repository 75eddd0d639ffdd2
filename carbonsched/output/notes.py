"""What an instance says of how its numbers were made: notes and defaults, for people to read."""

from __future__ import annotations

import json

import xarray as xr

ATTRIBUTE = "notes"  # of an instance: JSON, a list of texts


def notes_of(data: xr.Dataset) -> list[str]:
    """Return the notes of an instance; what is no list of texts is one note as it stands.

    Examples
    --------
    >>> notes_of(xr.Dataset(attrs={"notes": '["Multiplied by 2."]'})), notes_of(xr.Dataset())
    (['Multiplied by 2.'], [])
    """
    stated = data.attrs.get(ATTRIBUTE)
    if stated is None:
        return []
    try:
        notes = json.loads(str(stated))
    except (ValueError, RecursionError):
        notes = None
    if isinstance(notes, list) and all(isinstance(note, str) for note in notes):
        return notes
    return [str(stated)]
