r"""What is left to decide once a scenario is known: energy and routes, as a linear program.

With the jobs placed, (2)-(7) and (11)-(16) of one scenario are linear but for the states of grid
and battery. Here they are stated in arrays, not by the families: a decomposition holds hundreds of
these programs, which differ in numbers only. Tests compare the two, and nothing rests on this one:
bounds come from prices in closed form (`carbonsched.bounds.lagrangian`), schedules are judged.

Two things make the programs small and total. Services that reach the same sites are one class,
counted in IT power, since by (11) what they earn is settled. And what jobs ask for may exceed what
there is, at a penalty: a shortfall of power, of IT capacity, or of the carbon budget.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import xarray as xr

from carbonsched.core.reach import open_routes
from carbonsched.stochastic.statement import Statement

ORDER = ("site", "time")
FLOWS = ("grid_import", "grid_export", "generate", "charge", "discharge")
_LIMITS = ("import_limit", "export_limit", "generation_available", "charge_limit",
           "discharge_limit")  # fmt: skip
_LACKS = 1e-6  # MW and tCO2e: more is lacking
_LACKING = 0.01  # of the turnover, that states may cost where those at hand lack something
_BOTH = 1e-7  # of a limit: two flows that exclude each other and are above it are both there


@dataclass(frozen=True)
class Answer:
    """What a scenario says of a load of jobs.

    Attributes
    ----------
    value : float
        Of the best dispatch less penalties, states in fractions; USD, without what jobs earn.
    settled : float
        The same with states of zero or one; not a number where that was not asked.
    short : float
        What is lacking of power, capacity and budget, MW and tCO2e.
    turnover : float
        What the dispatch earns and pays, USD; inference apart.
    prices : dict of str to numpy.ndarray
        `carbonsched.core.schema.PRICES`, which prove the value.
    """

    value: float
    settled: float
    short: float
    turnover: float
    prices: dict[str, np.ndarray]


class Recourse:
    """The program of one scenario, held by HiGHS: the load of jobs moves, all else stays.

    Parameters
    ----------
    data : xarray.Dataset
        Of the scenario, tightened or not.
    penalty : float
        USD for each MW and period that is short.
    """

    def __init__(self, data: xr.Dataset, penalty: float) -> None:
        self.data = data
        shape = tuple(data.sizes[dim] for dim in ORDER)
        over = partial(_over, data, shape)
        hours, said = float(data.step_hours), Statement()
        gained, drawn = hours * over("charge_efficiency"), hours / over("discharge_efficiency")
        wear, stored = hours * over("battery_cost"), over("battery_value")
        worth = (
            -hours * over("import_price"), hours * over("export_price"),
            -hours * over("generation_cost"), gained * stored - wear, -drawn * stored - wear,
        )  # (1)  # fmt: skip
        most = {name: over(limit) for name, limit in zip(FLOWS, _LIMITS, strict=True)}
        self._flow = flow = {
            name: said.variables(unit, most[name])
            for name, unit in zip(FLOWS, worth, strict=True)
        }  # (4)-(6), (15)  # fmt: skip
        self._worth = np.abs(np.concatenate([unit.ravel() for unit in worth]))
        soc = said.variables(np.zeros(shape), over("battery_energy"), over("battery_min"))  # (14)
        reach, self._member, self._demand = classes_of(data)
        self._class, self._site = np.nonzero(reach)
        routed = (len(self._class), shape[1])
        self._route = said.variables(np.zeros(routed), self._demand[self._class])  # (12)
        unpowered, overfull = (said.variables(np.full(shape, -penalty), np.inf) for _ in range(2))
        self._cooling, self._room = over("cooling"), over("it_capacity")
        self._balance = said.constraints(
            0.0, 0.0, shape, (1.0, flow["grid_import"]), (1.0, flow["generate"]),
            (1.0, flow["discharge"]), (-1.0, flow["grid_export"]), (-1.0, flow["charge"]),
            (1.0, unpowered),
        )  # (4)  # fmt: skip
        said.enter(self._balance[self._site], self._route, -self._cooling[self._site])  # (3)
        self._capacity = said.constraints(-np.inf, self._room, shape, (-1.0, overfull))  # (2)
        said.enter(self._capacity[self._site], self._route, 1.0)
        served = said.constraints(self._demand, self._demand, self._demand.shape)  # (11)
        said.enter(served[self._class], self._route, 1.0)
        begun = np.zeros(shape)
        begun[:, 0] = over("battery_initial")[:, 0]
        self._state = said.constraints(
            begun, begun, shape, (1.0, soc), (-gained, flow["charge"]), (drawn, flow["discharge"])
        )  # (13)
        said.enter(self._state[:, 1:], soc[:, :-1], -1.0)
        left = over("battery_final")[:, -1]
        self._final = said.constraints(left, np.inf, left.shape, (1.0, soc[:, -1]))  # (13)
        overshoot = self._within_budget(said, penalty)
        self._slack = np.concatenate([unpowered.ravel(), overfull.ravel(), overshoot])
        self._penalty = -np.concatenate(said.cost)[self._slack]
        inverted = over("export_price") > over("import_price")
        negative = _below_zero_later(over("import_price"))
        self._pairs: list[tuple[np.ndarray, ...]] = []
        self._states = np.concatenate(
            [
                self._exclusive(said, inverted, "grid_import", "grid_export", most),
                self._exclusive(said, negative, "charge", "discharge", most),
            ]
        )
        self._served = hours * float((data.value * data.demand).sum())
        self.held = said.held()

    def _within_budget(self, said: Statement, penalty: float) -> np.ndarray:
        """State (16); return the column of what is emitted beyond, at a penalty for each tCO2e."""
        self._carbon = np.zeros(0, int)
        if not math.isfinite(budget := float(self.data.carbon_budget)):
            return self._carbon
        over = partial(_over, self.data, self._balance.shape)
        hours = float(self.data.step_hours)
        rates = {
            "grid_import": hours * over("carbon_intensity"),
            "generate": hours * over("generation_carbon"),
        }
        dirtiest = max(float(rate.max()) for rate in rates.values()) or 1.0
        overshoot = said.variables(np.full(1, -penalty / dirtiest), np.inf)
        self._carbon = said.constraints(-np.inf, budget, (1,), (-1.0, overshoot))
        for name, rate in rates.items():
            said.enter(self._carbon, self._flow[name], rate)
        return overshoot

    def _exclusive(
        self, said: Statement, where: np.ndarray, one: str, other: str, most: dict[str, np.ndarray]
    ) -> np.ndarray:
        """State that one of two flows is zero where both may pay, (5)-(7); return the states."""
        at = np.nonzero(where & (most[one] > 0) & (most[other] > 0))
        first, second = self._flow[one][at], self._flow[other][at]
        high, low = most[one][at], most[other][at]
        state = said.variables(np.zeros(len(first)), 1.0)
        said.constraints(-np.inf, 0.0, state.shape, (1.0, first), (-high, state))
        said.constraints(-np.inf, low, state.shape, (1.0, second), (low, state))
        self._pairs.append((first, high, second, low))
        return state

    def penalise(self, factor: float) -> None:
        """Multiply the penalties for what is short."""
        self._penalty = self._penalty * factor
        self.held.price(self._slack, -self._penalty)

    def answer(
        self, load: np.ndarray, within: float | None = None, seconds: float = math.inf
    ) -> Answer | None:
        """Return what the scenario says of a load, or None if nothing can be.

        Parameters
        ----------
        load : numpy.ndarray
            Of jobs, MW over (site, time).
        within : float, optional
            Of the turnover, that states may cost beyond the least; without it they stay fractions.
        seconds : float

        Raises
        ------
        TimeoutError
            The time is up.
        SolverError
            HiGHS failed.
        """
        held, asked = self.held, (self._cooling * load).ravel()
        held.bound_rows(self._balance.ravel(), asked, asked)
        held.bound_rows(self._capacity.ravel(), -np.inf, (self._room - load).ravel())
        if not held.run(seconds):
            return None
        value, values, duals = held.objective, held.values(), held.duals()
        settled = math.nan
        if within is not None:
            settled, values = self._settled(value, values, within * self._turnover(values), seconds)
        return Answer(
            value=value + self._served,
            settled=settled + self._served,
            short=float(values[self._slack].sum()),
            turnover=self._turnover(values),
            prices={
                "power_price": -duals[self._balance],
                "capacity_price": np.maximum(duals[self._capacity], 0.0),
                "storage_price": duals[self._state],
                "final_price": np.maximum(-duals[self._final], 0.0),
                "carbon_price": np.maximum(duals[self._carbon].sum(), 0.0),
            },
        )

    def _turnover(self, values: np.ndarray) -> float:
        return float(self._worth @ values[: len(self._worth)])

    def _settled(
        self, value: float, values: np.ndarray, near: float, seconds: float
    ) -> tuple[float, np.ndarray]:
        """Return value and values with states of zero or one, near the best of them, USD.

        Of two flows the one that is nearer to its limit stays; where that costs too much, states
        are looked for.
        """
        held, states = self.held, self._states
        shares = [
            (values[one] / high, values[other] / low) for one, high, other, low in self._pairs
        ]
        first, second = (np.concatenate(part) for part in zip(*shares, strict=True))
        if not (np.minimum(first, second) > _BOTH).any():
            return value, values
        chosen = (first >= second).astype(float)
        held.bound_columns(states, chosen, chosen)
        try:
            known = held.run(seconds)
            found, solved = held.objective, held.values()
        finally:
            held.bound_columns(states, 0.0, 1.0)
        if known and solved[self._slack].sum() > values[self._slack].sum() + _LACKS:
            near = min(near, _LACKING * self._turnover(values))  # other states may lack nothing
        if known and value - found <= near:
            return found, solved
        held.integral(states, True)
        try:
            if held.search(seconds, near) and (not known or held.objective > found):
                return held.objective, held.values()
        finally:
            held.integral(states, False)
        if not known:
            raise TimeoutError
        return found, solved

    def solution(self, load: np.ndarray, within: float = 0.0) -> xr.Dataset:
        """Return the best decisions for a load by name, as the families name them."""
        if (answer := self.answer(load)) is None:
            raise ValueError("no dispatch for this load")
        values = self.held.values()
        near = within * self._turnover(values)
        _, values = self._settled(answer.value - self._served, values, near, math.inf)
        coords = {dim: self.data[dim] for dim in ORDER}
        flows = {name: xr.DataArray(values[at], coords, ORDER) for name, at in self._flow.items()}
        share = np.zeros((len(self._demand), *self._balance.shape))
        share[self._class, self._site] = 1.0  # where a class asks for nothing, all is as good
        asked = self._demand[self._class]
        part = np.divide(values[self._route], asked, out=np.ones_like(asked), where=asked > 0)
        share[self._class, self._site] = part
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        demand = self.data.demand.transpose("service", "time")
        route = demand.values[:, None] * share[self._member]
        coords = {"service": demand.service, **coords}
        return xr.Dataset({**flows, "route": xr.DataArray(route, coords, ("service", *ORDER))})


def classes_of(data: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return which sites each class of services reaches, each service's class, and their demand.

    Returns
    -------
    reach : numpy.ndarray
        Bool over (class, site).
    member : numpy.ndarray
        The class of each service.
    demand : numpy.ndarray
        MW of IT power over (class, time).
    """
    near = open_routes(data).transpose("service", "site").values
    reach, member = np.unique(near, axis=0, return_inverse=True)
    member = member.ravel()
    demand = np.zeros((len(reach), data.sizes["time"]))
    asked = (data.power_per_unit * data.demand).transpose("service", "time").values
    np.add.at(demand, member, asked)
    return reach, member, demand


def _over(data: xr.Dataset, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a quantity over (site, time), whatever it is given over."""
    array = data[name]
    values = array.transpose(*[dim for dim in ORDER if dim in array.dims]).values
    return np.broadcast_to(values[:, None] if array.dims == ("site",) else values, shape)


def _below_zero_later(price: np.ndarray) -> np.ndarray:
    """Return where a price is below zero at a period or later: bool over (site, time)."""
    return np.logical_or.accumulate((price < 0)[:, ::-1], axis=1)[:, ::-1]
