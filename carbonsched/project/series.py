"""One quantity over the periods of a project: a number, a list, a tariff, or a file's series."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.core.schema import PARAMETERS
from carbonsched.errors import InstanceError
from carbonsched.io.zones import zone_of
from carbonsched.project.amounts import PLAIN, unit_of
from carbonsched.project.faults import named
from carbonsched.project.forms import Dated, Requests, SeriesFile, TimeOfUse, Written
from carbonsched.project.gathered import At, Gathered, Source
from carbonsched.project.tables import in_sheet
from carbonsched.project.tariff import prices
from carbonsched.sources import Profile, Series, profile, read, read_requests
from carbonsched.sources.log_profile import JobProfile, RequestProfile
from carbonsched.sources.profile import P, find
from carbonsched.sources.units import is_power


class Reader:
    """Reads what entries say of quantities over the same periods."""

    def __init__(self, gathered: Gathered, times: pd.DatetimeIndex, step: pd.Timedelta) -> None:
        self.gathered, self.times, self.step = gathered, times, step
        self.project = gathered.project
        self.hours = step.total_seconds() / 3600
        self.ratings: dict[At, tuple[float, ...]] = {}  # MW, as a file says of its plant

    def values(self, path: At, given: Any, quantity: str, zone: str | None) -> Any:
        """Return a number, or an array over `time`, in the model's unit; 0 where it is at fault.

        Parameters
        ----------
        path : tuple
            Of the entry that says it.
        given : float, list of float, SeriesFile, TimeOfUse or Requests
        quantity : str
            Its name in the schema, or "factor".
        zone : str, optional
            Of the site; for what says no zone of its own.
        """
        with self.gathered.at(path, _file_of(given)):
            if isinstance(given, list):
                if len(given) != len(self.times):
                    raise ValueError(f"{len(given)} values for {len(self.times)} periods")
                return np.asarray(given)
            if isinstance(given, TimeOfUse):
                return prices(given, self.times, self.step, self._clock(zone))
            if isinstance(given, SeriesFile):
                return self._from_file(path, given, quantity)
            if isinstance(given, Requests):
                return self._requests(path, given)
            return given
        return 0.0

    def profile(self, name: str, model: type[P]) -> P:
        """Return a profile by its name, or of a file that is one, relative to the project."""
        try:
            return find(self.project.file(name) if name.endswith(".toml") else name, model)
        except InstanceError as error:
            told = [f"profile {name}: {fault}" for fault in error.faults]
            raise InstanceError(told, name) from error

    def log_profile(self, given: Written, name: str, model: type[P]) -> P:
        """Return the profile of a log or of latencies, with the marks that the entry says."""
        found = self.profile(name, model)
        said: dict[str, Any] = {"text": found.text.written(given.decimal, given.thousands)}
        if isinstance(found, JobProfile | RequestProfile) and isinstance(given, Dated):
            said["time"] = found.time.dated(given.format)
        return found.model_copy(update=said)

    def _clock(self, zone: str | None) -> tzinfo:
        name = zone or self.project.given.horizon.zone
        return zone_of(name) if name else UTC

    def _from_file(self, path: At, given: SeriesFile, quantity: str) -> np.ndarray:
        """Return the values of a file, in the model's unit; of demand, as they are."""
        series = read(
            self.project.file(given.file),
            self.profile(given.profile, Profile) if given.profile else _own_table(quantity),
            column=given.column,
            zone=given.zone,
            unit=given.unit,
            interval=given.interval,
            select=given.select,
            year=given.year,
            sheet=given.sheet,
            decimal=given.decimal,
            thousands=given.thousands,
            format=given.format,
        )
        if quantity == "factor" and is_power(series.unit):
            raise ValueError(_no_share(series))
        if quantity != "demand":
            unit = self.project.money.unit(unit_of(quantity))
            series = series.to(PLAIN.get(unit, unit), self.project.money.rates)
        series = self._placed(series, given.most_missing)
        if quantity == "factor" and series.data.max() > MOST_OF_ONE:
            told = f"a share of up to {series.data.max().item():g}: is its unit %? Then say so"
            raise ValueError(told)
        self.ratings[path] = tuple(size / 1000 * given.times for size in series.ratings)
        about = quantity, *given.credited(series.source, series.licence)
        return self._told(path, given.file, about, series, given.times)

    def _told(
        self, path: At, file: str, about: tuple[str, str, str], series: Series, times: float
    ) -> np.ndarray:
        """Return the values of a series, times a factor, and keep what is said of it."""
        quantity, source, licence = about
        given = quantity if quantity in PARAMETERS else "generation_available"
        notes = series.notes if times == 1 else (*series.notes, f"Multiplied by {times:g}.")
        self.gathered.sources.append(Source(named(path), file, (given,), source, licence, notes))
        return series.data.values * times

    def _placed(self, series: Series, most_missing: int) -> Series:
        try:
            return series.on(self.times, most_missing=most_missing, step=self.step)
        except InstanceError as error:
            if not series.overlaps(self.times, self.step):
                raise  # another year's file is no gap to fill
            told = f"more than {most_missing} missing periods in a row are not filled"
            raise InstanceError([*error.faults, f"{told}: see `most_missing`"]) from error

    def _requests(self, path: At, given: Requests) -> np.ndarray:
        """Return the requests of a log in each period, times a factor."""
        series = read_requests(
            self.project.file(given.requests),
            self.log_profile(given, given.profile, RequestProfile),
            self.times,
            self.hours,
            zone=given.zone,
            begin=given.begin,
            per=given.per,
        )
        series = self._placed(series, given.most_missing)
        length = f"{self.hours:g} h"
        told = f"Demand is what arrives in a period of {length}: power_per_unit and value go by it."
        series = replace(series, notes=(*series.notes, told))
        about = "demand", *given.credited(series.source, series.licence)
        return self._told(path, given.requests, about, series, given.times)


def _file_of(given: Any) -> str | None:
    """Return the file that a value comes from, with its sheet, if it comes from one."""
    if isinstance(given, Requests):
        return given.requests
    return in_sheet(given.file, given.sheet) if isinstance(given, SeriesFile) else None


def _no_share(series: Series) -> str:
    """Say how to give the power of a plant, which stands where a share of it is expected."""
    size = f"{min(series.ratings):g} kW" if series.ratings else "1 kW"
    return (
        f"column {series.data.name!r} is power, in {series.unit}, and `factor` a share: name the "
        f"file as `output`, and beside it say `rated: {size}`, the size of the plant that it is of"
    )


MOST_OF_ONE = 1.2  # of a share: a plant may give a little more than its size
_BARE = ("factor", "cooling", "demand")  # whose tables need no unit
_KINDS = {
    "import_price": "price",
    "export_price": "price",
    "carbon_intensity": "carbon_intensity",
    "factor": "capacity_factor",
}


def _own_table(quantity: str) -> Profile:
    """Return the profile of a table without one: a column of times, and columns of values."""
    form, kind = profile("tidy"), _KINDS.get(quantity, "power")
    unit = "dimensionless" if quantity in _BARE else None
    values = form.values.model_copy(update={"unit": unit})
    own = {"kind": kind, "source": "", "licence": "", "values": values}
    return form.model_copy(update=own)
