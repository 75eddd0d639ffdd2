"""An independent verifier: recomputes (1)-(16) from instance and decisions, in NumPy and xarray.

It shares no code with the families and knows nothing of formulations or solvers, so that it can
judge any schedule, whoever made it. An added family is asked for its own judgement. Each check
returns by how much a row is broken, in the row's own unit; a row counts as broken where that
exceeds `tolerance` times the size of the row's terms, which counts as no less than a tenth of what
the instance is about in that unit (`carbonsched.judge.scale`): so the verdict is the same in
watts, megawatts or any other units.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import xarray as xr

from carbonsched.bare import Bare
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.schema import DECISIONS
from carbonsched.currency import currency_of
from carbonsched.errors import asking
from carbonsched.judge.report import Check, Report
from carbonsched.judge.scale import scales
from carbonsched.keywords import named_keywords

if TYPE_CHECKING:
    from carbonsched.core.family import Family


_SHARE = 0.1  # of an instance's scale: the least size of a row


class Judged(Protocol):
    """What can be judged: decisions, and what is claimed of them."""

    @property
    def data(self) -> xr.Dataset:
        """The decisions."""
        ...

    @property
    def objective(self) -> float:
        """What they are said to earn, USD."""
        ...

    @property
    def emissions(self) -> float:
        """What they are said to emit, tCO2e."""
        ...

    @property
    def method(self) -> Method:
        """What they may use."""
        ...

    @property
    def families(self) -> tuple[Family, ...]:
        """Those added to the paper's."""
        ...


def require_schedule(schedule: Judged) -> None:
    """Raise TypeError if something is no schedule."""
    if not hasattr(schedule, "data") or not hasattr(schedule, "method"):
        raise TypeError(f"a carbonsched.Schedule is needed, not {type(schedule).__name__}")


@named_keywords
def verify(
    instance: Instance,
    schedule: Judged,
    tolerance: float = 1e-5,
    *,
    families: Iterable[Family] | None = None,
) -> Report:
    """Check a schedule against every equation of the model, by its method.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Or anything with `data` (the decisions), `objective` (USD), `emissions` (tCO2e), `method`
        and `families`.
    tolerance : float
        Relative to the size of each row's terms, or to a tenth of the instance's own scale in that
        unit where that is more: of its largest power, battery, or demand of a service.
    families : iterable of Family, optional
        Added families to judge by, beside those of the schedule, or where it knows only a name.

    Returns
    -------
    Report
        One check for each row of (1)-(16), of the method, for the domains of the decisions, and
        of each added family. What a family forbids that is not given is named as unjudged: by its
        name in the schedule, or else by a parameter of the instance that is no other's.

    Raises
    ------
    FamilyError
        The `judge` of an added family failed.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> cs.verify(instance, cs.solve(instance)).ok
    True
    """
    require_schedule(schedule)
    given = {family.name: family for family in families or ()}
    own = {family.name: family for family in schedule.families} | given
    known = [family for family in own.values() if family.judged]
    data = instance.with_families(known).data
    unjudged = tuple(family.name for family in own.values() if not family.judged)
    if not unjudged:
        of_known = [quantity for family in known for quantity in family.parameters]
        unjudged = tuple(q.name for q in instance.extra if q not in of_known)
    apart = list(mismatches(data, schedule.data, known))
    if apart:
        what = "decisions over the instance's labels"
        checks = (Check(whose, what, np.inf, "", wrong, False) for whose, wrong in apart)
        return Report(tuple(checks), unjudged)
    decisions = schedule.data.map(_in_numbers)
    p, s = Bare(data), Bare(decisions)  # their labels are the same
    least = {unit: _SHARE * scale for unit, scale in scales(data).items()}
    with xr.set_options(arithmetic_join="exact"):
        own = _of_families(data, decisions, known)
        money = None if unjudged else currency_of(data)
        totals = list(_benefit_and_emissions(p, s, own, schedule, money))
        rows = chain(  # in the paper's order, one at a time: those of jobs are large
            (row for row in totals if row[0] == "1"),
            _rows(p, s),
            (row for row in totals if row[0] == "16"),
            _of_method(p, s, schedule.method),
        )
        checks = [_judge(*row, least.get(row[2], 0.0), tolerance, data.indexes) for row in rows]
        for family in known:
            with asking(family, "judge"):
                for row, unit, excess, size in family.judge(data, decisions):
                    by, of = xr.align(xr.DataArray(excess), xr.DataArray(size), join="exact")
                    labels = {**by.indexes, **of.indexes}
                    given = family.name, row, unit, by.variable, of.variable
                    checks.append(_judge(*given, least.get(unit, 1.0), tolerance, labels))
        return Report(tuple(checks), unjudged)


def mismatches(
    given: xr.Dataset, decided: xr.Dataset, families: Iterable[Family] = ()
) -> Iterator[tuple[str, str]]:
    """Yield what keeps decisions from being compared with the instance: whose they are, and why."""
    for dim in given.dims:
        if dim not in decided.indexes or not decided.indexes[dim].equals(given.indexes[dim]):
            yield "1-16", f"labels of {dim} differ"
    own = {family.name: {q.name: q for q in family.decisions} for family in families}
    for whose, wanted in {"1-16": DECISIONS, **own}.items():
        missing = [name for name in wanted if name not in decided]
        if missing:
            yield whose, f"missing: {', '.join(missing)}"
        there = {name: q for name, q in wanted.items() if name in decided}
        wrong = [name for name, q in there.items() if set(decided[name].dims) != set(q.dims)]
        if wrong:
            yield whose, f"wrong dimensions: {', '.join(wrong)}"


Row = tuple[str, str, str, xr.Variable, "xr.Variable | float"]  # equation, row, unit, excess, size


def _judge(
    equation: str,
    row: str,
    unit: str,
    excess: xr.Variable,
    size: xr.Variable | float,
    least: float,
    tolerance: float,
    labels: Mapping[Hashable, Any],
) -> Check:
    """Find the worst excess of a row; a value that is not a number is infinitely bad.

    Where a row has no size at all, any excess is infinitely bad too.
    """
    if not excess.size:
        return Check(equation, row, 0.0, unit, "", True)
    extent = size if isinstance(size, xr.Variable) else xr.Variable((), size)
    sizes = {**excess.sizes, **extent.sizes}
    misses = excess.set_dims(sizes).values
    if misses.dtype.kind == "f":
        misses = np.where(np.isnan(misses), np.inf, misses)
    extents = np.maximum(np.abs(extent.values), least)
    there = extents > 0
    scaled = misses  # which is as good to find the worst where all have one size
    if extent.ndim:
        over = xr.Variable(extent.dims, np.where(there, extents, 1.0)).set_dims(sizes).values
        known = xr.Variable(extent.dims, there).set_dims(sizes).values
        scaled = np.where(known | (misses <= 0), misses / over, np.inf)
    at = np.unravel_index(int(np.argmax(scaled)), scaled.shape)
    worst = float(misses[at])
    label = ", ".join(f"{dim}={labels[dim][k]}" for dim, k in zip(sizes, at, strict=True))
    share = float(scaled[at])
    if not extent.ndim:
        share = share / float(extents) if there else np.inf if worst > 0 else worst
    ok = bool(share <= tolerance)
    return Check(equation, row, max(worst, 0.0), unit, f"at {label}" if label else "", ok)


def _rows(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (equation, row, unit, excess, size) for parameters `p` and decisions `s`."""
    yield from _power(p, s)
    yield from _grid(p, s)
    yield from _jobs(p, s)
    yield from _inference(p, s)
    yield from _storage(p, s)


def _power(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (2), (3) and (4): power is hosted, cooled and balanced."""
    jobs = xr.dot(s.run, p.power, dim="job")
    inference = (s.route * p.power_per_unit).sum("service")
    yield "2", "IT power of the workload", "MW", np.abs(s.it_power - jobs - inference), s.it_power
    yield "2", "IT capacity", "MW", s.it_power - p.it_capacity, s.it_power
    cooled = s.it_power * p.cooling
    yield "3", "facility power", "MW", np.abs(s.facility_power - cooled), cooled
    supply = s.grid_import + s.generate + s.discharge
    use = s.facility_power + s.grid_export + s.charge
    yield "4", "power balance", "MW", np.abs(supply - use), np.maximum(supply, use)
    yield "4", "generation available", "MW", s.generate - p.generation_available, s.generate
    yield "4", "generation not negative", "MW", -s.generate, 0.0


def _grid(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (5), (6) and (7): import and export within their limits, and not both."""
    for equation, name, power, limit, allowing, state in (
        ("5", "grid_import", s.grid_import, p.import_limit, "importing", s.importing),
        ("6", "grid_export", s.grid_export, p.export_limit, "exporting", s.exporting),
    ):
        yield equation, f"{name} within its limit", "MW", power - limit * state, power
        yield equation, f"{name} not negative", "MW", -power, 0.0
        yield equation, f"{allowing} is 0 or 1", "1", _off_binary(state), 1.0
    yield "7", "importing or exporting, not both", "1", s.importing + s.exporting - 1, 1.0
    both = np.minimum(s.grid_import, s.grid_export)
    yield "7", "import or export, not both", "MW", both, 0.0


def _jobs(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (8), (9) and (10): jobs run once, on one site, without a break."""
    yield "8", "one site at a time", "1", s.run.sum("site") - 1, 1.0
    starts = s.start.sum(["site", "time"])
    yield "8", "started at most once", "1", starts - 1, 1.0
    if p.required.any():
        yield "8", "required jobs run", "1", p.required - starts, 1.0
    yield "8", "runs within its window", "1", s.run * ~_within(p), 1.0
    yield "8", "runs on allowed sites", "1", s.run * ~p.allowed, 1.0
    for name, decision in (("run", s.run), ("start", s.start), ("stop", s.stop)):
        yield "8", f"{name} is 0 or 1", "1", _off_binary(decision), 1.0
    previous = s.run.shift(time=1, fill_value=0)
    logic = (s.run - previous) - (s.start - s.stop)
    yield "9", "run changes by start and stop", "1", np.abs(logic), 1.0
    runs = s.run.transpose("job", "site", "time").values
    starts = s.start.transpose("job", "site", "time").values
    short = np.zeros(starts.shape[:1])
    for j, i, begin in np.argwhere(starts > 0.5):
        length = int(p.duration[j])
        short[j] = max(short[j], length - runs[j, i, begin : begin + length].sum())
    yield "10", "runs without a break", "periods", xr.Variable("job", short), 1.0
    periods = s.run.sum(["site", "time"]) - p.duration * s.start.sum(["site", "time"])
    yield "10", "runs exactly its duration", "periods", np.abs(periods), 1.0


def _within(p: Bare) -> Any:
    """Return which periods lie within a job's release and deadline: bool over (job, time).

    A deadline that is a label lets that period run to its end; any other instant none beyond it.
    """
    begins = p.time.values
    one = (
        np.timedelta64(round(p.step_hours.item() * 3.6e12), "ns") if begins.dtype.kind == "M" else 1
    )
    one = begins[1] - begins[0] if len(begins) > 1 else one
    ends = xr.Variable("time", begins + one)
    named = xr.Variable("job", np.isin(p.deadline.values, begins))
    late = (named & (p.time > p.deadline)) | (~named & (ends > p.deadline))
    return ~late & (p.time >= p.release)


def _inference(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (11) and (12): demand is served, by sites near enough."""
    size = _units(p)
    yield "11", "demand served", "unit", np.abs(s.route.sum("site") - p.demand), size
    yield "11", "route not negative", "unit", -s.route, size
    too_far = p.latency > p.latency_limit
    yield "12", "latency", "unit", s.route * too_far, size


def _units(p: Bare) -> Any:
    """Return the size of a service in its own units of workload: its demand, or a tenth of most."""
    return np.maximum(p.demand, _SHARE * p.demand.max("time"))


def _storage(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield (13), (14) and (15): what batteries hold, and how fast it may change."""
    before = s.soc.shift(time=1)
    number = xr.Variable("time", np.arange(1, p.sizes["time"] + 1))
    before = xr.where(number == 1, p.battery_initial, before)
    change = p.charge_efficiency * s.charge - s.discharge / p.discharge_efficiency
    size = np.maximum(s.soc, before)
    yield "13", "state of charge", "MWh", np.abs(s.soc - before - p.step_hours * change), size
    least = p.battery_final
    final = least - s.soc.isel(time=-1)
    yield "13", "final state of charge", "MWh", final, least
    recovering = (number < p.battery_recovery) & (p.battery_initial < p.battery_min)
    floor = xr.where(recovering, p.battery_initial, p.battery_min)
    yield "14", "battery not below its minimum", "MWh", floor - s.soc, floor
    yield "14", "battery not above its energy", "MWh", s.soc - p.battery_energy, s.soc
    for name, power, limit in (
        ("charge", s.charge, p.charge_limit),
        ("discharge", s.discharge, p.discharge_limit),
    ):
        yield "15", f"{name} within its limit", "MW", power - limit, power
        yield "15", f"{name} not negative", "MW", -power, 0.0
    both = np.minimum(s.charge, s.discharge)
    yield "15", "charge or discharge, not both", "MW", both, 0.0


def _of_families(
    data: xr.Dataset, decisions: xr.Dataset, families: Iterable[Family]
) -> tuple[list[xr.Variable], xr.Variable]:
    """Return what each term of added families is worth, and what they emit together."""
    earned, total = list[xr.Variable](), xr.Variable((), 0.0)
    for family in families:
        with asking(family, "worth"):
            worth = family.worth(data).values()
            earned += [(unit * decisions[n]).variable for w in worth for n, unit in w.items()]
        with asking(family, "emitted"):
            for name, unit in family.emitted(data).items():
                total = total + (unit * decisions[name]).variable.sum()
    return earned, total


def _benefit_and_emissions(
    p: Bare,
    s: Bare,
    of_families: tuple[list[xr.Variable], xr.Variable],
    claimed: Judged,
    currency: str | None,
) -> Iterator[Row]:
    """Yield (1) and (16); with a currency, so if every family is known, what is claimed of them."""
    trade = p.export_price * s.grid_export - p.import_price * s.grid_import
    running_cost = p.generation_cost * s.generate + p.battery_cost * (s.charge + s.discharge)
    starts = s.start.sum(["site", "time"])
    jobs = starts * (p.reward - p.startup_cost)
    emitted = p.carbon_intensity * s.grid_import + p.generation_carbon * s.generate
    earned = [jobs.sum()]
    earned += [p.step_hours * part.sum() for part in (p.value * s.route, trade, -running_cost)]
    gained = p.battery_value * (s.soc.isel(time=-1) - p.battery_initial)
    own, own_emissions = of_families
    earned += [gained.sum(), *(part.sum() for part in own)]
    turnover = (
        np.abs(starts * (p.reward + p.startup_cost)).sum()
        + np.abs(gained).sum()
        + p.step_hours
        * (np.abs(p.value * s.route).sum() + np.abs(trade).sum() + running_cost.sum())
        + sum(np.abs(part).sum() for part in own)
    )
    total = p.step_hours * emitted.sum() + own_emissions
    if currency:
        apart = np.abs(sum(earned) - claimed.objective)
        yield "1", "objective as claimed", currency, apart, turnover
        yield "16", "emissions as claimed", "tCO2e", np.abs(total - claimed.emissions), total
    held = claimed.method.carbon == "budget" and np.isfinite(p.carbon_budget)
    over = total - p.carbon_budget if held else xr.zeros_like(total)
    yield "16", "carbon budget", "tCO2e", over, total


def _of_method(p: Bare, s: Bare, method: Method) -> Iterator[Row]:
    """Yield what a method of Table I does without."""
    if method.generation == "none":
        yield "method", "no on-site generation", "MW", s.generate, 0.0
    if method.export == "none":
        yield "method", "no export", "MW", s.grid_export, 0.0
    if method.storage == "idle":
        yield "method", "battery does not charge", "MW", s.charge, 0.0
        yield "method", "battery does not discharge", "MW", s.discharge, 0.0
    if method.routing == "home":
        away = s.route * (p.home != p.site)
        yield "method", "served at home", "unit", away, _units(p)
    if method.workload == "first fit":
        yield from _first_come(p, s)


def _first_come(p: Bare, s: Bare) -> Iterator[Row]:
    """Yield how far the workload is from first come, first served, inference split by capacity."""
    order = ("site", "time")
    near = (p.latency <= p.latency_limit) * p.it_capacity
    split = p.demand * (near / near.sum("site")).fillna(0.0)
    yield "method", "inference split by capacity", "unit", np.abs(s.route - split), _units(p)
    fed = (p.import_limit + p.generation_available) / p.cooling
    room = np.minimum(fed, p.it_capacity).transpose(*order)
    free = (room - (split * p.power_per_unit).sum("service")).transpose(*order).values.copy()
    free += 1e-12 * room.values  # what sums in floats may have lost
    begins = s.start.transpose("job", *order).values > 0.5
    window, periods = _within(p).transpose("job", "time").values, p.sizes["time"]
    released = ((p.time < p.release).sum("time")).values
    wrong = np.zeros(p.sizes["job"])
    for j in np.argsort(released, kind="stable"):
        length, power = int(p.duration[j]), float(p.power[j])
        due = next(
            (
                (i, t)
                for t in range(periods - length + 1)
                if window[j, t : t + length].all()
                for i in np.flatnonzero(p.allowed.values[j])
                if free[i, t : t + length].min() >= power * (1 - 1e-9)
            ),
            None,
        )
        placed = [tuple(map(int, at)) for at in np.argwhere(begins[j])]
        wrong[j] = placed != ([] if due is None else [due])
        if due is not None:
            free[due[0], due[1] : due[1] + length] -= power
    yield "method", "jobs first come, first served", "1", xr.Variable("job", wrong), 1.0


def _in_numbers(values: xr.DataArray) -> xr.DataArray:
    """Return decisions as numbers that can be reckoned with: of bytes, whose sums stay small."""
    return values.astype(np.int16 if values.dtype == np.int8 else float)


def _off_binary(values: Any) -> Any:
    """Return the distance of each value from the nearer of 0 and 1."""
    return np.minimum(abs(values), abs(values - 1))
