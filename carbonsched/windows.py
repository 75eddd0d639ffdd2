"""Job windows as positions on the time axis: labels are given, positions are counted."""

from __future__ import annotations

import numpy as np
import xarray as xr


def window_positions(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of each job's release and deadline, both inclusive, over `job`."""
    times = data.indexes["time"]
    return times.get_indexer(data.release.values), times.get_indexer(data.deadline.values)
