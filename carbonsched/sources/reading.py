"""A series from a file, by the profile of its source: every fault at once, every rule named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.io.zones import name_of
from carbonsched.sources import columns, rating, regular, units
from carbonsched.sources.profile import Profile, find
from carbonsched.sources.series import Series
from carbonsched.sources.steps import pieces
from carbonsched.sources.text import read_table
from carbonsched.sources.times import begins


def read(
    path: str | Path,
    profile: str | Path | Profile,
    *,
    column: str | None = None,
    zone: str | None = None,
    unit: str | None = None,
    interval: str | None = None,
    select: Mapping[str, Any] | None = None,
    year: int | Sequence[int] | None = None,
    sheet: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    format: str | None = None,
) -> Series:
    r"""Read a series from a file, by the profile of its source.

    Parameters
    ----------
    path : str or Path
        CSV, packed or not, workbook or JSON.
    profile : str, Path or Profile
        The name of one that comes with the package (`carbonsched.sources.profiles`), or a TOML file
        of one's own.
    column : str, optional
        Which column of values, bidding zone, hub or region; needed where there are several.
    zone : str, optional
        The clock of the stamps: an IANA name, "UTC", "+02:00". It must be given if neither the
        profile nor the stamps say it.
    unit : str, optional
        Of the values, if the profile does not say it, or says another.
    interval : "start" or "end", optional
        What of an interval a stamp is, if not as the profile says.
    select : mapping of str, optional
        Which rows of a long table: by column, a value.
    year : int or sequence of int, optional
        For which years a profile without a year is to stand.
    sheet : str, optional
        Of a workbook.
    decimal, thousands : str, optional
        The decimal mark, and the one between groups of three digits, if not as the profile says.
    format : str, optional
        Of the stamps, as `datetime.strptime` takes it, if not as the profile says.

    Raises
    ------
    InstanceError
        Anything is wrong with the file: every fault, by row and column.
    OSError
        It cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "prices.csv"
    >>> lines = ["time,price [EUR/MWh]", "2023-10-29 01:00,5", "2023-10-29 02:00,6"]
    >>> _ = file.write_text("\n".join([*lines, "2023-10-29 02:00,7", "2023-10-29 03:00,8"]))
    >>> prices = read(file, "tidy", zone="Europe/Berlin")
    >>> prices.data.values, prices.unit
    (array([5., 6., 7., 8.]), 'EUR/MWh')
    >>> prices.notes[0][:59]
    'The hour that the clocks of Europe/Berlin repeat on 2023-10'
    """
    form = profile if isinstance(profile, Profile) else find(profile)
    label = str(profile) if not isinstance(profile, Profile) else form.title
    layout = form.text.model_copy(update={"sheet": sheet}) if sheet else form.text
    try:
        layout = layout.written(decimal, thousands)
    except ValueError as error:
        raise InstanceError([str(error)], str(path)) from error
    if interval not in (None, "start", "end"):
        raise InstanceError([f"interval is start or end, not {interval!r}"], str(path))
    wanted = form.time.column or form.time.date or form.time.month
    table = read_table(path, layout, () if layout.header or layout.names else wanted)
    faults = list[str]()
    chosen = {normalize("NFC", name): cell for name, cell in (select or {}).items()}
    column = None if column is None else normalize("NFC", column)
    key, named = columns.key_of(table, form.values, column, chosen)
    if key is not None:
        chosen, column = {**chosen, key: named}, None
    table, notes = columns.selected(table, form.values, chosen, faults)
    found = columns.column_of(table, form, column, faults, notes)
    if faults:
        raise InstanceError(faults, str(path))
    values = table.floats(found.column, faults)
    values, dropped = columns.placeholders(table, form.values, values)
    years = (year,) if isinstance(year, int) else tuple(year or ())
    time = form.time if format is None else form.time.model_copy(update={"format": (format,)})
    when = begins(table, time, faults, zone=zone, interval=interval, years=years)
    stated = unit or found.unit
    if stated is None:
        faults.append(f"column {found.column!r}: neither profile nor file says its unit: give it")
    else:
        try:
            asked = units.standard(stated)
            if found.unit and not units.same(asked, found.unit):
                notes.append(f"Values are taken in {unit}, as asked for; {found.unit} is stated.")
        except ValueError as error:
            faults.append(f"column {found.column!r}: {error}")
    if faults:
        raise InstanceError(faults, str(path))
    rows = table.frame.index.to_numpy()[when.rows]
    times, laid, step, more = regular.laid(
        when.utc, values.to_numpy()[when.rows], rows, when.step, when.zone, faults,
        "sum" if form.kind == "count" else "mean",
    )  # fmt: skip
    if not faults and not np.isfinite(laid).any():
        faults.append(f"column {found.column!r} has no value")
    if faults:
        raise InstanceError(faults, str(path))
    written = np.unique(when.utc[~np.isnat(when.utc)])
    one = when.step is not None or len(pieces(written)) == 1
    unwritten = len(times) - len(written) if one else 0  # of several steps nobody can say
    runs = regular.gaps(times, laid, step)
    if runs:
        count = sum(n for *_, n in runs)
        words = "; ".join(regular.told(runs, when.zone))
        rest = f", {unwritten} of them without a row" if unwritten else ""
        more.append(f"{count} of {len(times)} values are missing{rest}: {words}.")
    zone_name = name_of(when.zone)
    data = xr.DataArray(
        laid,
        coords={"time": times},
        dims="time",
        name=found.name,
        attrs={"unit": stated, "source": form.source, "licence": form.licence},
    )
    return Series(
        name=found.name if key is None else f"{named}, {found.name}",
        data=data,
        unit=str(stated),
        step=step,
        zone=zone_name,
        licence=form.licence,
        source=form.source,
        profile=label,
        notes=(*table.notes, *notes, *dropped, *when.notes, *more),
        kind=form.kind,
        ratings=rating.stated(table.about, form.values),
    )
