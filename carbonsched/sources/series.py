"""A series with its unit, clock and origin: in another unit, and onto a horizon's periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.io.zones import zone_of
from carbonsched.sources import clock, regular, units


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
    ratings : tuple of float
        By what the file says of the plant it is of: its size, kW, or sizes of which any may be
        meant (of the modules, and of the inverter); empty if it says none.
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
    ratings: tuple[float, ...] = ()

    @property
    def gaps(self) -> list[str]:
        """The missing values, by local time."""
        runs = regular.gaps(self._times, self.data.values, self.step)
        return regular.told(runs, zone_of(self.zone))

    @property
    def _times(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.data["time"].values)

    @property
    def _held(self) -> str:
        """The first and last day, by local time."""
        ends = clock.local([self._times[0], self._times[-1]], zone_of(self.zone))
        return " to ".join(end[:10] for end in ends)

    def overlaps(self, periods: pd.DatetimeIndex, length: pd.Timedelta) -> bool:
        """Return whether any of the periods, in UTC without saying so, lies within the series.

        Examples
        --------
        >>> hour: Any = pd.Timedelta("1h")
        >>> day = made([1.0] * 24, "MW", "2023-01-01")
        >>> [day.overlaps(pd.date_range(f"202{y}-01-01", periods=3), hour) for y in (3, 4)]
        [True, False]
        """
        begin, end = self._times[0], self._times[-1] + self.step
        return bool(periods[0] < end and begin < periods[-1] + length)

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
        length: Any = pd.Timedelta(int(apart[0])) if apart.size and step is None else step
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
        zone = zone_of(self.zone)
        missing = regular.gaps(periods, values[inner], length)
        if missing and not self.overlaps(periods, length):
            (words,) = regular.told(missing, zone, utc=True)
            raise InstanceError([f"no value from {words}: the file holds {self._held}"], self.name)
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

    return span(step.total_seconds() / 3600)


def made(
    values: Sequence[float], unit: str, begin: str = "2023-01-01", step: str = "1h", **more: Any
) -> Series:
    """Return a series of numbers, from `begin` in UTC; `more` are attributes of `Series`.

    Examples
    --------
    >>> made([1.0, 2.0], "USD/MWh").data.sizes["time"]
    2
    """
    length: Any = pd.Timedelta(step)
    times = pd.date_range(begin, periods=len(values), freq=length, unit="ns")
    data = xr.DataArray(
        np.asarray(values, float), coords={"time": times}, dims="time", attrs={"unit": unit}
    )
    stated: dict[str, Any] = {
        "name": "series",
        "zone": "UTC",
        "licence": "",
        "source": "",
        "profile": "",
    } | more
    return Series(data=data, unit=unit, step=length, **stated)
