"""Where a run stands: what is committed, and what it goes on with; kept in one file, and read."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.io import read_netcdf, write_netcdf
from carbonsched.operate.committed import CARRIED, MISSED, TIMES, nothing
from carbonsched.operate.fallback import Fallback, read_fallback
from carbonsched.operate.horizon import CHOSEN, Horizon
from carbonsched.operate.outlook import Outlook, read_outlook
from carbonsched.operate.record import kept_rows, read_rows
from carbonsched.solver.decisions import running

_NEVER = -1


@dataclass(frozen=True)
class Standing:
    """Where a run stands between two steps.

    Attributes
    ----------
    done : xarray.Dataset
        The decisions of the committed periods, over the horizon's labels.
    outlook, fallback : optional
        As seen from the first period that is not committed.
    looked : int
        The period at which they were made, -1 if never.
    former : xarray.Dataset, optional
        The decisions of the last plan, over positions from its first period.
    rows : list of dict
        What each step knew and did.
    """

    done: xr.Dataset
    outlook: Outlook | None = None
    fallback: Fallback | None = None
    looked: int = _NEVER
    former: xr.Dataset | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The first period that is not committed."""
        return self.done.sizes["time"]

    def spent(self, **seconds: float) -> Standing:
        """Return the same with time spent added, s."""
        attrs = {name: float(self.done.attrs[name]) + seconds.get(name, 0.0) for name in TIMES}
        return replace(self, done=self.done.assign_attrs(attrs))


def begun(horizon: Horizon) -> Standing:
    """Return where a run stands that has not begun."""
    return Standing(nothing(horizon))


def keep(standing: Standing, horizon: Horizon, path: Path) -> None:
    """Write where a run stands, whole or not at all."""
    write_netcdf(as_kept(standing, horizon), path)


def as_kept(standing: Standing, horizon: Horizon) -> xr.Dataset:
    """Return where a run stands as what is kept in a file."""
    parts = [standing.done.assign_attrs(looked=standing.looked), kept_rows(standing.rows)]
    for ahead in (standing.outlook, standing.fallback):
        if ahead is not None:
            parts.append(ahead.stored_as(standing.first, horizon.periods))
    if standing.former is not None:
        former = standing.former
        names = {"time": "former_time", "service": "former_service"}
        names |= {name: f"former_{name}" for name in former.data_vars}
        parts.append(former.rename(names))
    return xr.merge(parts, combine_attrs="override", join="exact", compat="equals")


def resumed(path: Path, horizon: Horizon, ends: Collection[int]) -> Standing:
    """Return where a run stands by its file.

    Parameters
    ----------
    path : Path
    horizon : Horizon
    ends : collection of int
        Where a committed part may end, periods from the start.

    Raises
    ------
    ValueError
        The file is no such part of this run, and everything that is wrong with it.
    """
    return read_standing(read_netcdf(path), path, horizon, ends)


def read_standing(
    kept: xr.Dataset, path: Path, horizon: Horizon, ends: Collection[int]
) -> Standing:
    """Return where a run stands by what its file holds; as `resumed`."""
    if faults := list(_apart(kept, horizon, ends)):
        said = "\n  - ".join([f"{path} is no committed part of this run:", *faults])
        raise ValueError(f"{said}\nremove the file to begin anew")
    try:
        first = kept.sizes["time"]
        done = kept[
            [*(name for name in _timed(horizon) if name in kept), *_timeless(horizon, kept)]
        ]
        former = None
        if "former_start" in kept:
            names = [name for name in kept.data_vars if str(name).startswith("former_")]
            back = {name: str(name).removeprefix("former_") for name in names}
            back |= {"former_time": "time", "former_service": "service"}
            former = kept[names].drop_vars(["time", "service"], errors="ignore").rename(back)
        return Standing(
            done.assign_attrs({name: kept.attrs[name] for name in TIMES}),
            read_outlook(kept, first),
            read_fallback(kept, horizon, first),
            int(kept.attrs["looked"]),
            former,
            read_rows(kept),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is no committed part of this run:\n  - {type(error).__name__}: {error}\n"
            "remove the file to begin anew"
        ) from error


def planned_data(decided: xr.Dataset, horizon: Horizon, size: int) -> xr.Dataset:
    """Return of a window's decisions what the next plan may be held near to."""
    names = [name for name in CHOSEN if name in decided]
    former = decided[names].isel(time=slice(0, size)).drop_attrs()
    run = running(former.start.astype(float), horizon.whole.duration)
    return former.assign(run=run.round().astype(np.int8))


def _timed(horizon: Horizon) -> list[str]:
    own = [name for name, quantity in horizon.kept.items() if "time" in quantity.dims]
    return [*own, *MISSED, *CARRIED]


def _timeless(horizon: Horizon, kept: xr.Dataset) -> list[str]:
    return [n for n, q in horizon.kept.items() if "time" not in q.dims and n in kept]


def _apart(kept: xr.Dataset, horizon: Horizon, ends: Collection[int]) -> Iterator[str]:
    """Say what keeps a dataset from being the committed part of a run."""
    given = horizon.given.data
    for name in TIMES:
        spent = kept.attrs.get(name)
        if (
            isinstance(spent, bool)
            or not isinstance(spent, int | float)
            or not math.isfinite(spent)
        ):
            yield f"{name}: expected an attribute, seconds spent"
    for name, quantity in horizon.kept.items():
        if name not in kept.data_vars:
            yield f"{name}: missing"
        elif set(kept[name].dims) != set(quantity.dims):
            yield f"{name}: expected over {', '.join(quantity.dims)}"
    for dim in given.dims:
        periods = kept.sizes.get(dim, 0) if dim == "time" else given.sizes[dim]
        if dim not in kept.indexes or not kept.indexes[dim].equals(given.indexes[dim][:periods]):
            yield f"{dim}: other labels than the instance has"
    if kept.sizes.get("time", 0) not in ends:
        yield f"time: {kept.sizes.get('time', 0)} periods, where no window ends"
