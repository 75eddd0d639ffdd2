"""One quantity over the periods of a project: a number, a list, a tariff, or a file's series."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.core.schema import PARAMETERS
from carbonsched.errors import InstanceError
from carbonsched.io.zones import zone_of
from carbonsched.project.amounts import PLAIN, unit_of
from carbonsched.project.faults import named
from carbonsched.project.forms import Requests, SeriesFile, TimeOfUse
from carbonsched.project.gathered import At, Gathered, Source
from carbonsched.project.tariff import prices
from carbonsched.sources import Profile, Series, profile, read, read_requests


class Reader:
    """Reads what entries say of quantities over the same periods."""

    def __init__(self, gathered: Gathered, times: pd.DatetimeIndex, step: pd.Timedelta) -> None:
        self.gathered, self.times, self.step = gathered, times, step
        self.project = gathered.project
        self.hours = step.total_seconds() / 3600

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
        with self.gathered.at(path, given.file if isinstance(given, SeriesFile) else None):
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

    def profile(self, name: str) -> str | Path:
        """Return a profile's name, or where the file is that is one, relative to the project."""
        return self.project.folder / name if name.endswith(".toml") else name

    def _clock(self, zone: str | None) -> tzinfo:
        name = zone or self.project.given.horizon.zone
        return zone_of(name) if name else UTC

    def _from_file(self, path: At, given: SeriesFile, quantity: str) -> np.ndarray:
        """Return the values of a file, in the model's unit; of demand, as they are."""
        bare = quantity in _BARE
        try:
            series = read(
                self.project.folder / given.file,
                self.profile(given.profile) if given.profile else _own_table(quantity),
                column=given.column,
                zone=given.zone,
                unit=given.unit or ("dimensionless" if bare and not given.profile else None),
                interval=given.interval,
                select=given.select,
                year=given.year,
                sheet=given.sheet,
            )
            if quantity != "demand":
                unit = self.project.money.unit(unit_of(quantity))
                series = series.to(PLAIN.get(unit, unit), self.project.money.rates)
            series = self._placed(series, given.most_missing)
        except InstanceError as error:
            told = [f"{given.file}: {fault}" for fault in error.faults]
            raise InstanceError(told, given.file) from error
        if quantity == "factor" and series.data.max() > _MOST_OF_ONE:
            told = f"a share of up to {series.data.max().item():g}: is its unit %? Then say so"
            raise InstanceError([f"{given.file}: {told}"], given.file)
        about = given.source or series.source, given.licence or series.licence
        return self._told(path, given.file, (quantity, *about), series, given.times)

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
            self.project.folder / given.requests,
            self.profile(given.profile),
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
        about = ("demand", series.source, series.licence)
        return self._told(path, given.requests, about, series, given.times)


_MOST_OF_ONE = 1.2  # of a share: a plant may give a little more than its size
_BARE = ("factor", "cooling", "demand")  # whose tables need no unit
_KINDS = {
    "import_price": "price",
    "export_price": "price",
    "carbon_intensity": "carbon_intensity",
    "factor": "capacity_factor",
}


def _own_table(quantity: str) -> Profile:
    """Return the profile of a table without one: a column of times, and columns of values."""
    kind = _KINDS.get(quantity, "power")
    return profile("tidy").model_copy(update={"kind": kind, "source": "", "licence": ""})
