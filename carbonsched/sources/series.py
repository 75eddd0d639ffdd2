"""A series from a file by its profile, in a unit of one's choice, onto a horizon's periods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.sources import clock, regular, units
from carbonsched.sources.profile import Profile, Values, find
from carbonsched.sources.text import Table, read_table
from carbonsched.sources.times import begins

SHOWN = 12  # names that an error lists


@dataclass(frozen=True)
class Series:
    """Values at equal steps, with where they come from and every rule that was applied.

    Attributes
    ----------
    name : str
        What is measured, and of what.
    data : xarray.DataArray
        Over `time`, the beginnings of intervals in UTC; NaN in gaps.
    unit : str
        Of the values.
    step : pandas.Timedelta
        Length of an interval.
    zone : str
        The clock of the file, by which local times are told.
    licence, source : str
        Under which terms, and by whom.
    profile : str
        The kind of file.
    notes : tuple of str
        Each rule that was applied, in order.
    kind : str
        What is measured, as the profile says it.
    """

    name: str
    data: xr.DataArray
    unit: str
    step: pd.Timedelta
    zone: str
    licence: str
    source: str
    profile: str
    notes: tuple[str, ...] = ()
    kind: str = "price"

    @property
    def gaps(self) -> list[str]:
        """The missing values, by local time."""
        runs = regular.gaps(self._times, self.data.values, self.step)
        return regular.told(runs, clock.zone_of(self.zone))

    @property
    def _times(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.data["time"].values)

    def to(self, unit: str, rates: Mapping[str, units.Rate] | None = None) -> Series:
        """Return the series in another unit.

        Parameters
        ----------
        unit : str
            Such as "USD/MWh" or "t/MWh".
        rates : mapping of str to Rate, optional
            By currency, what one is worth, of which day and by whom.

        Raises
        ------
        InstanceError
            The unit is not known or measures something else, or no rate is stated.

        Examples
        --------
        >>> watts = made([1.0, 2.0], "MW")
        >>> watts.to("kW").data.values
        array([1000., 2000.])
        """
        try:
            values, told = units.convert(self.data.values, self.unit, unit, rates)
        except ValueError as error:
            raise InstanceError([str(error)], self.name) from error
        if unit == self.unit:
            return self
        return replace(
            self,
            data=self.data.copy(data=values).assign_attrs(unit=unit),
            unit=unit,
            notes=(*self.notes, f"Converted from {told}."),
        )

    def on(
        self,
        times: pd.DatetimeIndex,
        *,
        most_missing: int = 0,
        how: regular.How | None = None,
        step: pd.Timedelta | None = None,
    ) -> Series:
        """Return the series over the periods of a horizon, every one of them known.

        Longer periods take the mean of what they cover, or of counts the sum; shorter ones hold the
        value. A period of which a part is missing is missing.

        Parameters
        ----------
        times : pandas.DatetimeIndex
            Beginnings of the periods, at equal steps, in UTC or with their zone.
        most_missing : int
            How many missing periods in a row may be filled linearly.
        how : "mean" or "sum", optional
            As the kind wants if not stated.
        step : pandas.Timedelta, optional
            The length of a period; needed of a single one.

        Raises
        ------
        InstanceError
            Periods are missing, all of them listed, or are not at equal steps.

        Examples
        --------
        >>> hourly = made([1.0, 3.0, 5.0], "EUR/MWh")
        >>> hourly.on(pd.date_range("2023-01-01", periods=4, freq="30min")).data.values
        array([1., 1., 3., 3.])
        """
        periods = pd.DatetimeIndex(times)
        if periods.tz is not None:
            periods = periods.tz_convert("UTC").tz_localize(None)
        periods = periods.as_unit("ns")
        apart = np.unique(np.diff(periods.asi8))
        length = pd.Timedelta(int(apart[0])) if apart.size and step is None else step
        if length is None or not len(periods) or any(apart != length.value) or length.value <= 0:
            told = "the periods of a horizon are at equal steps, one after the other"
            raise InstanceError([f"{told}; of a single one say `step`"], self.name)
        how = how or ("sum" if self.kind == "count" else "mean")
        edge = most_missing + 1  # what stands just outside the horizon may help to fill a gap
        wide = pd.date_range(
            periods[0] - edge * length, periods=len(periods) + 2 * edge, freq=length, unit="ns"
        )
        values, partly = regular.onto(self._times, self.data.values, self.step, wide, length, how)
        values, filled = regular.bridged(values, most_missing)
        inner = slice(edge, edge + len(periods))
        zone = clock.zone_of(self.zone)
        missing = regular.gaps(periods, values[inner], length)
        if missing:
            words = regular.told(missing, zone, utc=True)
            faults = [f"no value from {one}" for one in words]
            if partly[inner].any():
                faults.append(f"{partly[inner].sum()} of these periods are known in part")
            many = f"more than {most_missing} missing periods in a row are not filled"
            raise InstanceError(faults, f"{self.name}: {many}")
        notes = list(self.notes)
        if length != self.step:
            notes.append(_restepped(self.step, length, how))
        if (filled & partly)[inner].any():
            count = int((filled & partly)[inner].sum())
            notes.append(f"{count} periods with only some of their steps were taken as missing.")
        if filled[inner].any():
            holes = np.where(filled[inner], np.nan, 0.0)
            words = "; ".join(regular.told(regular.gaps(periods, holes, length), zone))
            notes.append(f"{filled[inner].sum()} missing periods filled linearly: {words}.")
        data = xr.DataArray(
            values[inner],
            coords={"time": periods},
            dims="time",
            name=self.name,
            attrs=self.data.attrs,
        )
        return replace(self, data=data, step=length, notes=tuple(notes))


def _restepped(old: pd.Timedelta, new: pd.Timedelta, how: str) -> str:
    if new > old:
        return f"From steps of {_span(old)} to {_span(new)}: the {how} of each period."
    part = "held" if how == "mean" else "split evenly"
    return f"From steps of {_span(old)} to {_span(new)}: each value {part}."


def _span(step: pd.Timedelta) -> str:
    from carbonsched.io.horizon import span

    return span(step / pd.Timedelta(hours=1))


def made(
    values: Sequence[float], unit: str, begin: str = "2023-01-01", step: str = "1h", **more: Any
) -> Series:
    """Return a series of numbers, from `begin` in UTC; `more` are attributes of `Series`.

    Examples
    --------
    >>> made([1.0, 2.0], "USD/MWh").data.sizes["time"]
    2
    """
    length = pd.Timedelta(step)
    times = pd.date_range(begin, periods=len(values), freq=length, unit="ns")
    data = xr.DataArray(
        np.asarray(values, float), coords={"time": times}, dims="time", attrs={"unit": unit}
    )
    stated = {"name": "series", "zone": "UTC", "licence": "", "source": "", "profile": ""} | more
    return Series(data=data, unit=unit, step=length, **stated)


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
) -> Series:
    """Read a series from a file, by the profile of its source.

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

    Raises
    ------
    InstanceError
        Anything is wrong with the file: every fault, by row and column.
    OSError
        It cannot be read.
    """
    form = profile if isinstance(profile, Profile) else find(profile)
    label = str(profile) if not isinstance(profile, Profile) else form.title
    layout = form.text.model_copy(update={"sheet": sheet}) if sheet else form.text
    if interval not in (None, "start", "end"):
        raise InstanceError([f"interval is start or end, not {interval!r}"], str(path))
    wanted = form.time.column or form.time.date or form.time.month
    table = read_table(path, layout, () if layout.header or layout.names else wanted)
    faults = list[str]()
    chosen = dict(select or {})
    key, named = _key_of(table, form.values, column, chosen)
    if key is not None:
        chosen, column = {**chosen, key: named}, None
    table, notes = _selected(table, form.values, chosen, faults)
    found = _column(table, form, column, faults, notes)
    if faults:
        raise InstanceError(faults, str(path))
    values = table.floats(found.column, faults)
    values, dropped = _placeholders(table, form.values, values)
    years = (year,) if isinstance(year, int) else tuple(year or ())
    when = begins(table, form.time, faults, zone=zone, interval=interval, years=years)
    stated = unit or found.unit
    if stated is None:
        faults.append(f"column {found.column!r}: neither profile nor file says its unit: give it")
    else:
        try:
            units.standard(stated)
        except ValueError as error:
            faults.append(str(error))
    if faults:
        raise InstanceError(faults, str(path))
    rows = table.frame.index.to_numpy()[when.rows]
    times, laid, step, more = regular.laid(
        when.utc, values.to_numpy()[when.rows], rows, when.step, when.zone, faults
    )
    if not faults and not np.isfinite(laid).any():
        faults.append(f"column {found.column!r} has no value")
    if faults:
        raise InstanceError(faults, str(path))
    unwritten = len(times) - len(np.unique(when.utc[~np.isnat(when.utc)]))
    runs = regular.gaps(times, laid, step)
    if runs:
        count = sum(n for *_, n in runs)
        words = "; ".join(regular.told(runs, when.zone))
        rest = f", {unwritten} of them without a row" if unwritten else ""
        more.append(f"{count} of {len(times)} values are missing{rest}: {words}.")
    zone_name = clock.name_of(when.zone)
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
    )


@dataclass(frozen=True)
class _Found:
    column: str  # as the file calls it
    name: str  # as a person does
    unit: str | None


def _key_of(
    table: Table, values: Values, column: str | None, select: Mapping[str, Any]
) -> tuple[str | None, str]:
    """Return the key column of a long table of which `column` is a value, and that value."""
    if column is None or table.named([column]):
        return None, ""
    for name in values.keys:
        held = table.named([name])
        if held and name not in select:
            same = table.frame[held].str.casefold() == column.strip().casefold()
            if same.any():
                return name, str(table.frame[held][same].iloc[0])
    return None, ""


def _selected(
    table: Table, values: Values, select: Mapping[str, Any], faults: list[str]
) -> tuple[Table, list[str]]:
    """Return the rows of one series of a long table."""
    frame, notes = table.frame, list[str]()
    given = {table.named([name]): name for name in select}
    for held, name in given.items():
        if held is None:
            faults.append(f"select: there is no column {name!r}")
            continue
        kept = frame[held].str.casefold() == str(select[name]).strip().casefold()
        if not kept.any():
            there = _listed(table.frame[held].unique())
            faults.append(f"select: column {held!r} has no {select[name]!r}; it has {there}")
            return table, notes
        frame = frame[kept]
    for name, allowed in values.select.items():
        held = table.named([name])
        if held is None or held in given:
            continue
        kept = frame[held].str.casefold().isin([one.casefold() for one in allowed])
        if kept.any() and not kept.all():
            notes.append(f"Only rows whose {held} is {' or '.join(allowed)} were taken.")
            frame = frame[kept]
    for name in values.keys:
        held = table.named([name])
        if held is not None and (several := frame[held].nunique()) > 1 and not faults:
            there = _listed(frame[held].unique())
            faults.append(
                f"column {held!r} tells {several} series apart: {there}; choose one by `select` "
                "or `column`"
            )
    return replace(table, frame=frame), notes


def _listed(names: Any) -> str:
    shown = [str(name) for name in names[:SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _column(
    table: Table, form: Profile, column: str | None, faults: list[str], notes: list[str]
) -> _Found:
    """Return which column holds the values: as asked for, or the only one there is."""
    found = _candidates(table, form)
    if column is not None:
        plain = column.strip().casefold()
        for test in (
            lambda one: one.column.casefold() == plain or one.name.casefold() == plain,
            lambda one: plain in one.name.casefold(),
        ):
            fitting = [one for one in found if test(one)]
            if len(fitting) == 1:
                return fitting[0]
        held = table.named([column])
        if held is not None and not fitting:
            return _Found(held, held, form.values.units.get(held, form.values.unit))
    if column is None and len(found) == 1:
        return found[0]
    preferred = table.named([form.values.default or ""])
    if column is None and (usual := [one for one in found if one.column == preferred]):
        others = _listed([one.name for one in found if one is not usual[0]])
        notes.append(
            f"Of the columns of values, {usual[0].name} was taken; there are {others} too."
        )
        return usual[0]
    there = _listed([one.name for one in found] or list(table.frame.columns))
    if column is not None:
        faults.append(f"there is no column {column!r}; there are {there}")
    elif found:
        faults.append(f"there are {len(found)} columns of values: say which `column`: {there}")
    else:
        faults.append(f"none of the columns that the profile knows is there; there are {there}")
    return _Found("", "", None)


def _candidates(table: Table, form: Profile) -> list[_Found]:
    values, found = form.values, list[_Found]()
    times = {" ".join(name.split()).casefold() for name in form.time.columns}
    others = times | {name.casefold() for name in (*values.keys, *values.select)}
    for held in table.frame.columns:
        listed = table.named([held]) in [table.named([name]) for name in values.columns]
        match = re.fullmatch(values.pattern, held) if values.pattern else None
        if " ".join(held.split()).casefold() in others or not (listed or match):
            continue
        groups = match.groupdict() if match else {}
        name = (groups.get("name") or held).strip()
        above = table.about.get(f"{values.units_above}.{held}")
        stated = values.units.get(held, values.units.get(name)) or groups.get("unit") or above
        found.append(_Found(held, name, stated or values.unit))
    return found


def _placeholders(table: Table, values: Values, numbers: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return the numbers without those of rows that another column says are none."""
    notes = list[str]()
    for name, cell in values.placeholder.items():
        held = table.named([name])
        if held is None:
            continue
        sizes = pd.to_numeric(table.frame[held], errors="coerce")
        none = (table.frame[held] == cell) | (sizes == pd.to_numeric(cell, errors="coerce"))
        if none.any():
            notes.append(f"{none.sum()} values whose {held} is {cell} are placeholders: missing.")
            numbers = numbers.mask(none)
    return numbers, notes
