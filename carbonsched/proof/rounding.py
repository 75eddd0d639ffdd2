"""From a schedule in floats to one that keeps every limit exactly.

A solver keeps a row to about a billionth of the largest power, a float to its last digit. Here
decisions are rounded to `FIGURES` figures of the largest power, or demand of a service, and then,
each by about as little, moved back within the limits: what a service lacks goes to its largest
route, a full site's excess to another site, passed on by full ones between, a battery charges or
draws less, generation takes what the grid connection cannot, and the dirtiest megawatts are
replaced until the budget holds.
`carbonsched.proof.exact_schedule.violations` judges the outcome; a limit that cannot be met here is
said there.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import xarray as xr

from carbonsched.core.schema import DIMENSIONS
from carbonsched.judge.scale import scales
from carbonsched.proof.exact_schedule import Incumbent, emissions, follow, job_power
from carbonsched.proof.rational import EXACT, decimals, rounded_down, rounded_up

FIGURES = 12  # of the largest power, and of the largest demand of each service
_CELL = ("site", "time")


def snap(data: xr.Dataset, decisions: xr.Dataset) -> Incumbent:
    """Return decisions near those given that keep the limits exactly, as far as this finds some.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as rationals.
    decisions : xarray.Dataset
        `carbonsched.core.schema.DECISIONS`, as floats.
    """
    power = decimals(scales(data[list(EXACT)].astype(float))["MW"], FIGURES)
    units = [decimals(float(most), FIGURES) for most in data.demand.max("time").values]
    start = decisions.start.transpose("job", *_CELL).values
    placements = tuple((int(j), int(i), int(t)) for j, i, t in np.argwhere(start > 0.5))
    route = _served(data, decisions.route, units)
    jobs = job_power(data, placements)
    taken = data.cooling * (jobs + (data.power_per_unit * route).sum("service"))
    charge, discharge = _stored(data, decisions, taken + data.export_limit, power)
    fed = data.import_limit + data.generation_available + discharge - charge
    room = np.minimum(fed / data.cooling, data.it_capacity) - jobs
    route = _fitted(data, route, room.transpose(*_CELL), units)
    generate = _rounded(decisions.generate.transpose(*_CELL), power)
    generate = np.minimum(generate, data.generation_available)
    made = xr.Dataset(
        {"route": route, "generate": generate, "charge": charge, "discharge": discharge},
        {dim: data[dim] for dim in DIMENSIONS},
    )
    made["generate"] = _supplied(data, follow(data, Incumbent(placements, made)), power)
    made["generate"] = _cleaned(data, follow(data, Incumbent(placements, made)), power)
    return Incumbent(placements, made)


def _rounded(array: xr.DataArray, digits: int | np.ndarray) -> xr.DataArray:
    """Return the nearest decimals of some digits, none below zero, as rationals."""

    def nearest(value: float, digits: int) -> Fraction:
        return Fraction(max(round(Fraction(value) * 10**digits), 0), 10**digits)

    values = np.frompyfunc(nearest, 2, 1)(array.values.astype(float), np.asarray(digits, object))
    dims = {dim: array[dim] for dim in array.dims}
    return xr.DataArray(np.asarray(values, dtype=object), dims, array.dims)


def _down(number: Fraction, digits: int) -> Fraction:
    return max(rounded_down(number, digits), Fraction(0))


def _served(data: xr.Dataset, route: xr.DataArray, digits: list[int]) -> xr.DataArray:
    """Return routes over open sites only that sum to the demand: the largest takes the rest."""
    open_ = (data.latency <= data.latency_limit).transpose("service", "site")
    each = np.reshape(np.array(digits, object), (-1, 1, 1))
    route = _rounded(route.transpose("service", *_CELL), each).where(open_, 0)
    if not route.size:
        return route
    preferred = route.astype(float).where(open_, -1)  # some open site, where nothing is routed yet
    largest = preferred.argmax("site")
    is_largest = xr.DataArray(np.arange(route.sizes["site"]), {"site": route.site}) == largest
    lacking = data.demand - route.sum("site")
    repaired = route + lacking.where(is_largest, 0)
    alone = data.demand.where(is_largest, 0)
    return repaired.where((repaired >= 0).all("site"), alone).transpose("service", *_CELL)


def _stored(
    data: xr.Dataset, decisions: xr.Dataset, sink: xr.DataArray, digits: int
) -> tuple[xr.DataArray, xr.DataArray]:
    """Return powers of the batteries that keep their limits and every state of charge.

    `sink` is the most power that is taken from a battery, MW over (site, time).
    """
    charge, discharge = (
        xr.ufuncs.minimum(_rounded(decisions[name], digits), data[f"{name}_limit"]).transpose(
            *_CELL
        )
        for name in ("charge", "discharge")
    )
    down = np.frompyfunc(lambda number: _down(number, digits), 1, 1)
    discharge = xr.ufuncs.minimum(discharge, down(sink)).transpose(*_CELL)
    charge, discharge = (
        charge.where(charge > discharge, 0),
        discharge.where(charge <= discharge, 0),
    )
    for site in range(data.sizes["site"]):
        _operate(data.isel(site=site), charge.values[site], discharge.values[site], digits)
    return charge, discharge


def _operate(battery: xr.Dataset, charge: np.ndarray, discharge: np.ndarray, digits: int) -> None:
    """Move the powers of one battery, in place, until each state of charge is within limits.

    What is above the energy is not charged. What is below the reserve of a period, or below the
    final state of charge, is not discharged, or is charged, as late before as there is room.
    """
    hours = battery.step_hours.item()
    gained = hours * battery.charge_efficiency.item()
    drawn = hours / battery.discharge_efficiency.item()
    most, level = battery.battery_energy.item(), battery.battery_initial.item()
    least = battery.battery_min.broadcast_like(battery.time).values.tolist()
    least[-1] = max(least[-1], battery.battery_final.item())
    held: list[Fraction] = []
    for t in range(len(charge)):
        excess = level + gained * charge[t] - drawn * discharge[t] - most
        if excess > 0:
            charge[t] = max(charge[t] - rounded_up(excess / gained, digits), Fraction(0))
        held.append(level + gained * charge[t] - drawn * discharge[t])
        lacking, headroom, now = least[t] - held[t], most - held[t], t
        while lacking > 0 and now >= 0:  # the latest first: it moves the fewest states
            headroom = min(headroom, most - held[now])
            wanted, room = rounded_up(lacking / drawn, digits), _down(headroom / drawn, digits)
            kept = min(discharge[now], wanted, room)
            discharge[now] -= kept
            more = drawn * kept
            if discharge[now] == 0:
                spare = battery.charge_limit.item() - charge[now]
                room = _down((headroom - more) / gained, digits)
                wanted = rounded_up((lacking - more) / gained, digits)
                stored = max(min(spare, wanted, room), Fraction(0))
                charge[now] += stored
                more += gained * stored
            if more:
                held[now : t + 1] = [state + more for state in held[now : t + 1]]
            lacking, headroom, now = lacking - more, headroom - more, now - 1
        level = held[t]


def _fitted(
    data: xr.Dataset, route: xr.DataArray, room: xr.DataArray, digits: list[int]
) -> xr.DataArray:
    """Return routes that leave no site over the room it has for them, if others have some.

    Few sites and periods are over, and each by little: they are taken one after the other.
    """
    open_ = (data.latency <= data.latency_limit).transpose("service", "site").values
    power = data.power_per_unit.values
    left = room.values - (data.power_per_unit * route).sum("service").transpose(*_CELL).values
    moved = route.values.copy()
    for i, t in np.argwhere(np.asarray(left < 0)):
        for k in np.flatnonzero(np.asarray(power > 0) & np.asarray(moved[:, i, t] > 0)):
            others = [o for o in np.flatnonzero(open_[k]) if o != i and left[o, t] > 0]
            for o in sorted(others, key=lambda o: -left[o, t]):
                wanted = max(rounded_up(-left[i, t] / power[k], digits[k]), Fraction(0))
                units = min(moved[k, i, t], wanted, _down(left[o, t] / power[k], digits[k]))
                _move(moved[:, :, t], left[:, t], power, (int(k), int(i), int(o)), units)
        if left[i, t] < 0:
            _passed_on(int(i), moved[:, :, t], left[:, t], open_, power, digits)
    return route.copy(data=moved)


def _move(
    moved: np.ndarray,
    left: np.ndarray,
    power: np.ndarray,
    step: tuple[int, int, int],
    units: Fraction,
) -> None:
    """Move units of a service from one site to another, in place; `left` is the room of each."""
    service, of, to = step
    moved[service, of] -= units
    moved[service, to] += units
    left[of] += power[service] * units
    left[to] -= power[service] * units


def _passed_on(
    site: int,
    moved: np.ndarray,
    left: np.ndarray,
    open_: np.ndarray,
    power: np.ndarray,
    digits: list[int],
) -> None:
    """Move what a site is over by, in place, along full sites to one that has room.

    Each site on the way passes on of another service what it is given. The shortest way is taken.
    """
    ways: list[list[tuple[int, int, int]]] = [[]]
    reached = {site}
    while ways:
        way = ways.pop(0)
        at = way[-1][2] if way else site
        for k in np.flatnonzero(np.asarray(power > 0) & np.asarray(moved[:, at] > 0)).tolist():
            for o in np.flatnonzero(open_[k]).tolist():
                if o in reached:
                    continue
                longer = [*way, (k, at, o)]
                if units := _carried(-left[site], longer, moved, left[o], power, digits):
                    for step, amount in zip(longer, units, strict=True):
                        _move(moved, left, power, step, amount)
                    return
                reached.add(o)
                ways.append(longer)


def _carried(
    load: Fraction,
    way: list[tuple[int, int, int]],
    moved: np.ndarray,
    room: Fraction,
    power: np.ndarray,
    digits: list[int],
) -> list[Fraction]:
    """Return the units that each step of a way moves, none if a power does not fit on it."""
    units: list[Fraction] = []
    for k, of, _ in way:
        units.append(rounded_up(load / power[k], digits[k]))
        if units[-1] > moved[k, of]:
            return []
        load = power[k] * units[-1]
    return units if load <= room else []


def _supplied(data: xr.Dataset, made: xr.Dataset, digits: int) -> xr.DataArray:
    """Return generation with which import and export are within their limits, if it can do that."""
    # Rounded up, unless that is more than fits between the limits: without a grid nothing does.
    between = data.import_limit + data.export_limit
    up = np.frompyfunc(lambda number: rounded_up(number, digits), 1, 1)
    short = (made.grid_import - data.import_limit).clip(min=0)
    surplus = (made.grid_export - data.export_limit).clip(min=0)
    short, surplus = (np.minimum(up(part), part + between) for part in (short, surplus))
    raised = np.minimum(made.generate + short, data.generation_available)
    return (raised - surplus).clip(min=0).transpose(*_CELL)


def _moves(data: xr.Dataset, made: xr.Dataset) -> Iterator[tuple[int, xr.DataArray, xr.DataArray]]:
    """Yield how generation can move: up or down, how far, and tCO2e saved per MW of it."""
    hours, own, grid = data.step_hours, data.generation_carbon, data.carbon_intensity
    unused = data.generation_available - made.generate
    yield 1, np.minimum(unused, made.grid_import), hours * (grid - own)
    yield -1, np.minimum(made.generate, made.grid_export), hours * own + 0 * grid
    spare = (data.import_limit - made.grid_import).where(made.grid_export == 0, 0)
    yield -1, np.minimum(made.generate, spare), hours * (own - grid)


def _cleaned(data: xr.Dataset, made: xr.Dataset, digits: int) -> xr.DataArray:
    """Return generation that keeps the carbon budget, if moving it between own and grid can."""
    generate = made.generate.transpose(*_CELL).copy(deep=True)
    if not np.isfinite(float(data.carbon_budget)):
        return generate
    over = emissions(data, made) - data.carbon_budget.item()
    for sign, reach, saved in _moves(data, made):
        reach, saved = (part.transpose(*_CELL).values for part in (reach, saved))
        worth = (reach * saved).astype(float)
        best_first = np.unravel_index(np.argsort(-worth, axis=None), worth.shape)
        for site, time in zip(*best_first, strict=True):
            if over <= 0 or worth[site, time] <= 0:
                break
            move = min(reach[site, time], rounded_up(over / saved[site, time], digits))
            generate.values[site, time] += sign * move
            over -= move * saved[site, time]
    return generate
