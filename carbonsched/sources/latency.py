"""Latencies between places: a matrix, a table of pairs, or an estimate from coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.sources.great_circle import great_circle
from carbonsched.sources.log_profile import LatencyProfile
from carbonsched.sources.log_time import SECONDS, many
from carbonsched.sources.profile import find
from carbonsched.sources.text import SHOWN, Table, read_table, some

LIGHT = 299.792458  # km/ms in vacuum
INDEX = 1.468  # of standard single-mode fibre at 1550 nm: light goes 204 km in a ms

_SAME = 1e-9  # ms


def read_latency(
    path: str | Path,
    profile: str | Path | LatencyProfile | None = None,
    *,
    rename: Mapping[str, str] | None = None,
    to_itself: float = 0.0,
) -> pd.DataFrame:
    r"""Read latencies between places.

    Parameters
    ----------
    path : str or Path
        A matrix with the origins in its first column, or a table of pairs.
    profile : str, Path or LatencyProfile, optional
        How it is written; "latency-matrix" if not stated.
    rename : mapping of str to str, optional
        Names in the file: names to use, of origins and of destinations.
    to_itself : float
        Latency in ms of a place to itself where the file leaves it out.

    Returns
    -------
    pandas.DataFrame
        ms, origins by destinations, each way as the file tells it; NaN of pairs it leaves out. Its
        `attrs` have the `notes`, which list these pairs, the `licence` and the `source`.

    Raises
    ------
    InstanceError
        The file is faulty: every fault, by row and column.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "latency.csv"
    >>> _ = file.write_text("Source,East,West\nEast,,71\nWest,73,\n")
    >>> found = read_latency(file, rename={"East": "virginia"})
    >>> found.rename_axis(None)
              virginia  West
    virginia       0.0  71.0
    West          73.0   0.0
    >>> found.attrs["notes"][-1]
    'The directions of 1 of 1 pair differ, at most by 2 ms (West, virginia): each way is kept.'
    """
    known = isinstance(profile, LatencyProfile)
    model = profile if known else find(profile or "latency-matrix", LatencyProfile)
    if not 0 <= to_itself < np.inf:
        raise InstanceError([f"to_itself: {to_itself:g} ms is not 0 or more"], str(path))
    table = read_table(path, model.text)
    named = [table.named(names) for names in (model.origin, model.destination, model.value)]
    faults, notes = list[str](), list(table.notes)
    origin, destination, value = named
    if origin is not None and destination is not None and value is not None:
        found = _pairs(table, origin, destination, value, faults, notes)
    else:
        found = _matrix(table, origin or str(table.frame.columns[0]), faults)
    found = found * (SECONDS[model.unit] * 1e3)
    faults += [
        f"from {one!r} to {other!r}: {found.loc[one, other]:g} ms is less than nothing"
        for one, other in _pairs_where(found < 0)[:SHOWN]
    ]
    if not faults:
        found = _renamed(found, rename or {}, faults)
    if faults:
        raise InstanceError(faults, str(path))
    found.index.name, found.columns.name = "origin", None
    notes += _missing(found)
    found = _with_itself(found, to_itself, notes)
    notes += _directions(found)
    found.attrs = {"notes": tuple(notes), "licence": model.licence, "source": model.source}
    return found


def _matrix(table: Table, origin: str, faults: list[str]) -> pd.DataFrame:
    """Return a wide table."""
    columns = [column for column in table.frame.columns if column and column != origin]
    if not columns:
        raise InstanceError(["it has no destination beside its first column"], table.where)
    names: Any = table.frame[origin]
    faults += [f"row {row}: the origin has no name" for row in names.index[names == ""][:SHOWN]]
    twice = names[names.duplicated() & (names != "")]
    faults += some(
        [f"row {row}: the origin {name!r} is told once more" for row, name in twice.items()],
        len(twice),
    )
    values = pd.DataFrame({column: table.floats(column, faults) for column in columns})
    return values.set_axis(pd.Index(names), axis="index")


def _pairs(
    table: Table, origin: str, destination: str, value: str, faults: list[str], notes: list[str]
) -> pd.DataFrame:
    """Return a table of pairs as a wide one; a pair told twice must be the same."""
    frame: Any = pd.DataFrame(
        {
            "origin": table.frame[origin],
            "destination": table.frame[destination],
            "value": table.floats(value, faults),
        }
    )
    blank = frame[(frame.origin == "") | (frame.destination == "")]
    faults += some([f"row {row}: it has no name of a place" for row in blank.index], len(blank))
    again = frame.duplicated()
    if again.any():
        notes.append(f"Repeats of a pair, the same, are dropped: {many(int(again.sum()), 'row')}.")
    frame = frame[~again]
    twice = frame[frame.duplicated(["origin", "destination"], keep="first")]
    faults += some(
        [
            f"row {row}: from {one!r} to {other!r} is told once more, and not the same"
            for row, one, other in zip(twice.index, twice.origin, twice.destination, strict=True)
        ],
        len(twice),
    )
    frame = frame.drop_duplicates(["origin", "destination"])
    wide = frame.pivot(index="origin", columns="destination", values="value")
    return wide.reindex(
        index=frame.origin.drop_duplicates(), columns=frame.destination.drop_duplicates()
    )


def _pairs_where(mask: pd.DataFrame) -> list[tuple[str, str]]:
    places = zip(*np.nonzero(mask.to_numpy()), strict=True)
    return [(str(mask.index[row]), str(mask.columns[column])) for row, column in places]


def _renamed(found: pd.DataFrame, rename: Mapping[str, str], faults: list[str]) -> pd.DataFrame:
    """Return the table with other names of places."""
    rename = {normalize("NFC", old): normalize("NFC", new) for old, new in rename.items()}
    known = [*dict.fromkeys([*map(str, found.index), *map(str, found.columns)])]
    for name in rename:
        if name not in known:
            like = get_close_matches(name, known, 1, 0.4)
            meant = f": did you mean {like[0]!r}?" if like else ""
            faults.append(f"rename: the file has no place {name!r}{meant}")
    renamed = found.rename(index=rename, columns=rename)
    for axis in (renamed.index, renamed.columns):
        twice = sorted({str(name) for name in axis[axis.duplicated()]})
        faults += [f"rename: two places would be called {name!r}" for name in twice]
    return renamed


def _of_itself(found: pd.DataFrame) -> np.ndarray:
    """Return which cells are of a place to itself."""
    return found.index.to_numpy()[:, None] == found.columns.to_numpy()[None, :]


def _with_itself(found: pd.DataFrame, to_itself: float, notes: list[str]) -> pd.DataFrame:
    """Return the table with a latency of each place to itself."""
    blank = _of_itself(found) & found.isna().to_numpy()
    if blank.any():
        notes.append(
            f"{to_itself:g} ms is taken from a place to itself, where none is told: "
            f"{many(int(blank.sum()), 'place')}."
        )
    return found.mask(blank, to_itself)


def _directions(found: pd.DataFrame) -> list[str]:
    """Say how far the two directions of a pair are apart."""
    both = [name for name in found.index if name in found.columns]
    square = found.loc[both, both].to_numpy()
    apart = np.triu(np.abs(square - square.T))
    pairs = int(
        np.isfinite(np.triu(square + square.T, 1)).sum() - (len(both) * (len(both) + 1)) // 2
    )
    differ = int((apart > _SAME).sum())
    if not differ:
        return []
    one, other = np.unravel_index(np.nanargmax(apart), apart.shape)
    return [
        f"The directions of {differ:,} of {many(pairs, 'pair')} differ, at most by "
        f"{np.nanmax(apart):g} ms ({both[max(one, other)]}, {both[min(one, other)]}): each way is "
        "kept."
    ]


def _missing(found: pd.DataFrame) -> list[str]:
    """List the pairs without a latency; a place that has none at all is told once."""
    itself = _of_itself(found)
    gaps = found.isna() & ~itself
    rows = [str(name) for name in found.index[(gaps | itself).all(axis=1) & gaps.any(axis=1)]]
    columns = [str(name) for name in found.columns[(gaps | itself).all(axis=0) & gaps.any(axis=0)]]
    notes = [
        f"No latency is told {way} {', '.join(names)}."
        for way, names in (("from", rows), ("to", columns))
        if names
    ]
    gaps.loc[rows, :] = False
    gaps.loc[:, columns] = False
    pairs = [f"{one} to {other}" for one, other in _pairs_where(gaps)]
    if pairs:
        more = f" and {len(pairs) - SHOWN:,} more" if len(pairs) > SHOWN else ""
        notes.append(f"Missing: {many(len(pairs), 'pair')}: {', '.join(pairs[:SHOWN])}{more}.")
    return notes


def latency_from_coordinates(
    origins: Mapping[str, tuple[float, float]],
    sites: Mapping[str, tuple[float, float]],
    *,
    path_factor: float = 1.8,
    overhead: float = 1.0,
) -> pd.DataFrame:
    """Estimate round trip times from where places are.

    The round trip is `overhead` + 2 · d · `path_factor` / v: d is the great-circle distance by the
    haversine formula (Sinnott, Virtues of the Haversine, Sky and Telescope 68, 1984) on a sphere of
    6371.0088 km, and v = c / 1.468 the speed of light in standard single-mode fibre, 204 km/ms.

    Parameters
    ----------
    origins, sites : mapping of str to (float, float)
        Latitude and longitude in degrees, north and east.
    path_factor : float
        How much longer the way is than the great circle, 1 or more. Between 15 Azure regions of six
        continents the measured median is 1.8, and most lie from 1.3 to 2.6.
    overhead : float
        ms in equipment, on top of the way.

    Returns
    -------
    pandas.DataFrame
        ms, origins by sites. Its `attrs` have `notes`. An estimate: measured times are better.

    Raises
    ------
    InstanceError
        A coordinate is none, or a factor is out of range.

    Examples
    --------
    >>> places = {"london": (51.51, -0.13), "frankfurt": (50.11, 8.68)}
    >>> latency_from_coordinates(places, places).round(1).rename_axis(None)
               london  frankfurt
    london        1.0       12.2
    frankfurt    12.2        1.0
    """
    faults = [
        f"{name!r}: {pair!r} is no latitude from -90 to 90 and longitude from -180 to 180"
        for name, pair in [*origins.items(), *sites.items()]
        if not (len(pair) == 2 and abs(pair[0]) <= 90 and abs(pair[1]) <= 180)
    ]
    if not 1 <= path_factor < np.inf:
        faults.append(f"path_factor: {path_factor:g} is not 1 or more")
    if not 0 <= overhead < np.inf:
        faults.append(f"overhead: {overhead:g} ms is not 0 or more")
    if faults:
        raise InstanceError(dict.fromkeys(faults), "coordinates")
    distance = great_circle(list(origins.values()), list(sites.values()))
    speed = LIGHT / INDEX
    found = pd.DataFrame(
        overhead + 2 * distance * path_factor / speed,
        index=pd.Index(list(origins), name="origin"),
        columns=list(sites),
    )
    found.attrs["notes"] = (
        f"Latencies are estimated from coordinates: {overhead:g} ms and twice the great circle "
        f"times {path_factor:g} at {speed:.0f} km/ms.",
    )
    return found
