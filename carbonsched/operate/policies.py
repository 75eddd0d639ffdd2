r"""Rules that people start jobs by, online: what a scheduler that optimises is measured against.

A policy is asked at each step of `carbonsched.roll`: it is given the window as it is believed, with
the jobs that wait, and the room that is left for them, and answers which job starts where and when.
Only starts in the committed periods happen; the others are plans, made anew at the next step.
Routes, dispatch and trade are optimised for the starts that a policy chose, so that policies are
compared by what they choose and by nothing else.

What all have in common: required jobs come first, then the others, each in the order of release. A
job starts where it is allowed, can end in time and finds room for its whole run beside the jobs
before it. One that finds none stays waiting. Emissions and costs are those of imported energy,
:math:`\rho_j \Delta \sum_t \kappa_{it} \gamma_{it}` and
:math:`\rho_j \Delta \sum_t \kappa_{it} \pi^{imp}_{it}` over the periods of the run. Ties go to the
earliest start, then to the first site.

Rules that suspend a job in hours of high intensity and resume it later are of no use here, as jobs
are rigid: once started they run to their end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.reach import endless_positions, may_start

Policy: TypeAlias = Callable[[Instance, xr.DataArray], xr.DataArray]
Choice: TypeAlias = Callable[[int, np.ndarray], tuple[int, int] | None]

_NEAR = 1e-9  # of a job's power: what sums may lose


def first_fit(window: Instance, room: xr.DataArray) -> xr.DataArray:
    """Start each job at once: in the first period, and there at the first site, with room.

    The rule of batch systems that know neither prices nor carbon, and of the paper's `energy_only`.

    Parameters
    ----------
    window : Instance
        The periods in sight as they are believed, with the jobs that wait.
    room : xarray.DataArray
        IT power that is free for them, MW over (site, time).

    Returns
    -------
    xarray.DataArray
        Where jobs start: bool over (job, site, time), at most once each.

    Examples
    --------
    >>> import carbonsched as cs
    >>> from carbonsched.operate.policies import first_fit
    >>> window = cs.generate(sites=2, periods=6, jobs=2, services=1)
    >>> start = first_fit(window, window.data.it_capacity.broadcast_like(window.data.cooling))
    >>> bool((start.sum(["site", "time"]) <= 1).all())
    True
    """
    return _placed(window, room, lambda job, fits: _least(np.zeros(fits.shape), fits))


def carbon_threshold(
    window: Instance, room: xr.DataArray, *, quantile: float = 0.3, hours: float = 24.0
) -> xr.DataArray:
    """Start each job as soon as a site is cleaner than a threshold, or the deadline forces it.

    The threshold is a quantile of the intensities believed for the next hours at all sites that
    the job may run on. Where no period before the deadline is below it, the job starts at the
    cleanest site in the last period with room; as long as its deadline is not in sight, it waits.
    It is the threshold rule of Ecovisor, which compares one site with its own next day;
    quantile and hours are those with which GAIA's authors run it. There a job is suspended above
    the threshold, here it is only not started.

    Parameters
    ----------
    window, room
        As in `first_fit`.
    quantile : float
        Share of the site-hours that count as clean.
    hours : float
        How far they look ahead.

    Returns
    -------
    xarray.DataArray
        As in `first_fit`.

    References
    ----------
    Souza et al. (2023), Ecovisor: A Virtual Energy System for Carbon-Efficient Applications,
    ASPLOS, doi:10.1145/3575693.3575709
    """
    data = window.data
    intensity = data.carbon_intensity.values
    ahead = intensity[:, : max(1, round(hours / data.step_hours.item()))]
    allowed, period = data.allowed.values, np.arange(data.sizes["time"])
    in_sight = endless_positions(data)[1] < data.sizes["time"]

    def choose(job: int, fits: np.ndarray) -> tuple[int, int] | None:
        clean = fits & (intensity <= np.quantile(ahead[allowed[job]], quantile))
        if clean.any():
            return _least(intensity, clean & (period == clean.any(axis=0).argmax()))
        if not in_sight[job]:
            return None
        return _least(intensity, fits & (period == period[fits.any(axis=0)][-1]))

    return _placed(window, room, choose)


def greedy_price(window: Instance, room: xr.DataArray) -> xr.DataArray:
    """Start each job where and when its energy is believed to be cheapest, one job at a time.

    A job whose reward pays neither start nor energy is not started unless it is required. Choosing
    the cheapest of data centers by the price of the hour goes back to Qureshi and others.

    Parameters
    ----------
    window, room
        As in `first_fit`.

    Returns
    -------
    xarray.DataArray
        As in `first_fit`.

    References
    ----------
    Qureshi et al. (2009), Cutting the Electric Bill for Internet-Scale Systems, SIGCOMM,
    doi:10.1145/1592568.1592584
    """
    data = window.data
    paid, required = (data.reward - data.startup_cost).values, data.required.values
    price = data.cooling.values * data.import_price.values

    def choose(job: int, fits: np.ndarray) -> tuple[int, int] | None:
        cost = _of_run(data, job, price)
        worth = fits if required[job] else fits & (cost <= paid[job])
        return _least(cost, worth) if worth.any() else None

    return _placed(window, room, choose)


def lowest_carbon_window(window: Instance, room: xr.DataArray) -> xr.DataArray:
    """Start each job where and when its whole run is believed to emit least.

    The rule of Let's Wait Awhile for jobs that are not interruptible: of all slots before the
    deadline the one with the lowest mean intensity, by forecast. There it is of one site; here of
    all that are allowed, with the cooling of each. What is not in sight is not looked at.

    Parameters
    ----------
    window, room
        As in `first_fit`.

    Returns
    -------
    xarray.DataArray
        As in `first_fit`.

    References
    ----------
    Wiesner et al. (2021), Let's Wait Awhile: How Temporal Workload Shifting Can Reduce
    Carbon Emissions in the Cloud, Middleware, doi:10.1145/3464298.3493399
    """
    data = window.data
    carbon = data.cooling.values * data.carbon_intensity.values
    return _placed(window, room, lambda job, fits: _least(_of_run(data, job, carbon), fits))


def carbon_time(window: Instance, room: xr.DataArray) -> xr.DataArray:
    r"""Start each job where and when it saves most carbon for each hour until it is done.

    The rule *carbon-time* of GAIA: of all starts the one with the largest
    :math:`(C_0 - C_{is}) / (s - r_j + L_j)`, emissions saved against those of the first start
    possible, by the time from release to completion; so a long wait must save much. There the
    length is what jobs of its queue have on average and the site is one; here lengths are known
    and all allowed sites compete, :math:`C_0` being that of the cleanest of them in the first
    period with room. A step knows nothing of the wait before it, so that of a job released earlier
    the time counts from the step. The reserved servers that GAIA weighs too have no counterpart.

    Parameters
    ----------
    window, room
        As in `first_fit`.

    Returns
    -------
    xarray.DataArray
        As in `first_fit`.

    References
    ----------
    Hanafy et al. (2024), Going Green for Less Green: Optimizing the Cost of Reducing Cloud
    Carbon Emissions, ASPLOS, doi:10.1145/3620666.3651374
    """
    data = window.data
    carbon = data.cooling.values * data.carbon_intensity.values
    released = endless_positions(data)[0].astype(float)
    period, lasts = np.arange(data.sizes["time"]), data.duration.values

    def choose(job: int, fits: np.ndarray) -> tuple[int, int]:
        emitted = _of_run(data, job, carbon)
        at_once = emitted[fits & (period == fits.any(axis=0).argmax())].min()
        waited = (period - released[job]).clip(0)
        return _least((emitted - at_once) / (waited + lasts[job]), fits)

    return _placed(window, room, choose)


POLICIES: dict[str, Policy] = {
    "first_fit": first_fit,
    "carbon_threshold": carbon_threshold,
    "greedy_price": greedy_price,
    "lowest_carbon_window": lowest_carbon_window,
    "carbon_time": carbon_time,
}


def policy_of(named: str | Policy) -> Policy:
    """Return a policy by its name; one that is given as a callable is that.

    Raises
    ------
    ValueError
        There is no such name.

    Examples
    --------
    >>> policy_of("carbon_time").__name__
    'carbon_time'
    """
    if not isinstance(named, str):
        return named
    if named not in POLICIES:
        raise ValueError(f"policy = {named!r}: there is no such one, but {', '.join(POLICIES)}")
    return POLICIES[named]


def _placed(window: Instance, room: xr.DataArray, choose: Choice) -> xr.DataArray:
    """Place jobs one after the other, each in what those before it leave of the room."""
    data = window.data
    may = may_start(data)
    free = room.sel(site=data.site, time=data.time).transpose("site", "time").values.astype(float)
    start = xr.zeros_like(may)
    release = endless_positions(data)[0].astype(float)
    for job in np.lexsort((release, ~data.required.values)):
        lasts, power = int(data.duration[job]), float(data.power[job])
        fits = may.values[job] & (_over_run(free, lasts, np.min) >= power * (1 - _NEAR))
        spot = choose(job, fits) if fits.any() else None
        if spot:
            site, period = spot
            start.values[job, site, period] = True
            free[site, period : period + lasts] -= power
    return start


def _over_run(values: np.ndarray, lasts: int, of: Callable[..., np.ndarray]) -> np.ndarray:
    """Return a statistic of the periods of a run by its start; not a number if it has not all."""
    result = np.full(values.shape, np.nan)
    if lasts <= values.shape[1]:
        runs = np.lib.stride_tricks.sliding_window_view(values, lasts, axis=1)
        result[:, : runs.shape[1]] = of(runs, axis=-1)
    return result


def _of_run(data: xr.Dataset, job: int, rate: np.ndarray) -> np.ndarray:
    """Return what a job's energy costs or emits by start, at a rate per MWh of IT."""
    energy = float(data.power[job]) * data.step_hours.item()
    return energy * _over_run(rate, int(data.duration[job]), np.sum)


def _least(values: np.ndarray, fits: np.ndarray) -> tuple[int, int]:
    """Return site and period of the least value that fits, of several the earliest."""
    period, site = divmod(int(np.where(fits, values, np.inf).T.argmin()), len(fits))
    return site, period
