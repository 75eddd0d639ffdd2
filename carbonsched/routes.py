"""Routes of inference as (12) leaves them: what a latency limit allows."""

from __future__ import annotations

import xarray as xr

from carbonsched.errors import InfeasibleError


def open_routes(data: xr.Dataset) -> xr.DataArray:
    """Return the routes a service may take: bool over (service, site)."""
    return data.latency <= data.latency_limit


def require_routes(data: xr.Dataset) -> None:
    """Raise if a service with demand may use no site: a row without variables, linopy drops.

    Raises
    ------
    InfeasibleError
        Names each such service.
    """
    stranded = (data.demand > 0).any("time") & ~open_routes(data).any("site")
    if stranded.any():
        named = ", ".join(data.service.values[stranded.values])
        raise InfeasibleError(
            f"no schedule satisfies (11) and (12): no site within the latency limit of {named}"
        )
