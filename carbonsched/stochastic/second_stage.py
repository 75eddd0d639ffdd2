r"""What is left to decide once a scenario is known: energy and routes, as a linear program.

With the jobs placed, (2)-(7) and (11)-(16) of one scenario are linear but for the states of grid
and battery. Here they are stated in arrays, not by the families: a decomposition states hundreds
of these programs that differ in numbers only, and a family's row costs milliseconds whatever its
size. The two are compared in tests, and nothing rests on this one: bounds come from prices in
closed form (`carbonsched.bounds.lagrangian`), schedules are judged.

Two things make the programs smaller or total. Services that reach the same sites are one class,
counted in IT power, since by (11) what they earn is settled. And what jobs ask for may exceed what
there is, at a penalty: `shortfall` of power, `overload` of IT capacity, `overshoot` of the budget.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
import xarray as xr

from carbonsched.core.reach import open_routes
from carbonsched.solver.program import HighsProgram

_ORDER = ("site", "time")
FLOWS = ("grid_import", "grid_export", "generate", "charge", "discharge")


@dataclass
class Statement:
    """A program while it is stated: columns by name, rows by name, entries."""

    cost: list[np.ndarray] = field(default_factory=list)
    lower: list[np.ndarray] = field(default_factory=list)
    upper: list[np.ndarray] = field(default_factory=list)
    least: list[np.ndarray] = field(default_factory=list)
    most: list[np.ndarray] = field(default_factory=list)
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def variables(self, cost: np.ndarray, upper: np.ndarray, lower: np.ndarray | float = 0.0):
        """Declare columns of one shape; return their positions."""
        cost, lower, upper = np.broadcast_arrays(cost, lower, upper)
        at = np.arange(self.columns, self.columns + cost.size).reshape(cost.shape)
        for kept, given in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            kept.append(given.ravel().astype(float))
        self.columns += cost.size
        return at

    def constraints(
        self,
        least: np.ndarray | float,
        most: np.ndarray | float,
        shape: tuple[int, ...],
        *pairs: tuple[np.ndarray | float, np.ndarray],
    ) -> np.ndarray:
        """State rows of one shape, each the sum of coefficient times column; return positions."""
        at = np.arange(self.rows, self.rows + int(np.prod(shape))).reshape(shape)
        for kept, given in ((self.least, least), (self.most, most)):
            kept.append(np.broadcast_to(given, shape).ravel().astype(float))
        self.rows += at.size
        for factor, column in pairs:
            self.enter(at, column, factor)
        return at

    def enter(self, row: np.ndarray, column: np.ndarray, factor: np.ndarray | float) -> None:
        """Put coefficients into rows; zeros are left out."""
        row, column, factor = np.broadcast_arrays(row, column, factor)
        there = factor != 0
        self.entries.append((row[there], column[there], factor[there].astype(float)))

    def held(self) -> HighsProgram:
        """Return it in HiGHS, to be maximised."""
        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        order = np.lexsort((row, column))
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = self.columns, self.rows
        program.sense_ = highspy.ObjSense.kMaximize
        program.col_cost_ = np.concatenate(self.cost)
        program.col_lower_, program.col_upper_ = map(np.concatenate, (self.lower, self.upper))
        program.row_lower_, program.row_upper_ = map(np.concatenate, (self.least, self.most))
        matrix = program.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_ = np.searchsorted(column[order], np.arange(self.columns + 1))
        matrix.index_, matrix.value_ = row[order], value[order]
        highs = highspy.Highs()
        highs.setOptionValue("output_flag", False)
        highs.passModel(program)
        return HighsProgram(highs, np.ones(self.rows), np.ones(self.columns))


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


@dataclass(frozen=True)
class Answer:
    """What the program of one scenario says of a load.

    Attributes
    ----------
    value : float
        Of the best dispatch, less penalties, USD.
    short : float
        What is lacking of power, capacity and budget, MW and tCO2e.
    prices : dict of str to numpy.ndarray
        `carbonsched.core.schema.PRICES`.
    """

    value: float
    short: float
    prices: dict[str, np.ndarray]


class SecondStage:
    """The program of one scenario, held by HiGHS; the load of its jobs moves.

    Parameters
    ----------
    data : xarray.Dataset
        Of one scenario, tightened or not.
    penalty : float
        USD for each MW and period that is short.

    Attributes
    ----------
    emitted : float
        At the last solution, tCO2e.
    """

    def __init__(self, data: xr.Dataset, penalty: float) -> None:
        self.data, self.penalty = data, penalty
        shape = tuple(data.sizes[dim] for dim in _ORDER)

        def over(name: str) -> np.ndarray:
            array = data[name]
            known = [dim for dim in _ORDER if dim in array.dims]
            values = array.transpose(*known).values
            return np.broadcast_to(values[:, None] if known == ["site"] else values, shape)

        hours, said = float(data.step_hours), Statement()
        gained, drawn = hours * over("charge_efficiency"), hours / over("discharge_efficiency")
        wear, stored = hours * over("battery_cost"), over("battery_value")
        worth = {
            "grid_import": -hours * over("import_price"),
            "grid_export": hours * over("export_price"),
            "generate": -hours * over("generation_cost"),
            "charge": gained * stored - wear,
            "discharge": -drawn * stored - wear,
        }  # (1)
        limits = ("import_limit", "export_limit", "generation_available")
        most = dict(zip(FLOWS, (*limits, "charge_limit", "discharge_limit"), strict=True))
        flow = {name: said.variables(worth[name], over(most[name])) for name in FLOWS}  # (4), (15)
        soc = said.variables(np.zeros(shape), over("battery_energy"), over("battery_min"))  # (14)
        reach, self._member, demand = classes_of(data)
        self._class, self._site = np.nonzero(reach)
        route = said.variables(np.zeros((len(self._class), shape[1])), demand[self._class])  # (12)
        short = said.variables(np.full(shape, -penalty), np.inf)
        over_it = said.variables(np.full(shape, -penalty), np.inf)
        self._flow, self._route, self._demand = flow, route, demand
        self._slack = np.concatenate([short.ravel(), over_it.ravel()])

        self._cooling, self._room = over("cooling"), over("it_capacity")
        self._balance = said.constraints(
            0.0, 0.0, shape, (1.0, flow["grid_import"]), (1.0, flow["generate"]),
            (1.0, flow["discharge"]), (-1.0, flow["grid_export"]), (-1.0, flow["charge"]),
            (1.0, short),
        )  # (4)  # fmt: skip
        said.enter(self._balance[self._site], route, -self._cooling[self._site])  # (3)
        self._capacity = said.constraints(-np.inf, self._room, shape, (-1.0, over_it))  # (2)
        said.enter(self._capacity[self._site], route, 1.0)
        served = said.constraints(demand, demand, demand.shape)  # (11)
        said.enter(served[self._class], route, 1.0)
        begun = np.zeros(shape)
        begun[:, 0] = over("battery_initial")[:, 0]
        self._state = said.constraints(
            begun, begun, shape, (1.0, soc), (-gained, flow["charge"]), (drawn, flow["discharge"])
        )  # (13)
        said.enter(self._state[:, 1:], soc[:, :-1], -1.0)
        last = over("battery_final")[:, -1]
        self._final = said.constraints(last, np.inf, last.shape, (1.0, soc[:, -1]))  # (13)
        self._states = np.concatenate(
            [
                self._exclusive(said, flow, over, over("export_price") > over("import_price"),
                                ("grid_import", "grid_export"), most),
                self._exclusive(said, flow, over, _negative_later(over("import_price")),
                                ("charge", "discharge"), most),
            ]
        )  # (5)-(7), (15)  # fmt: skip
        self._emitting = {
            "grid_import": hours * over("carbon_intensity"),
            "generate": hours * over("generation_carbon"),
        }
        budget = float(data.carbon_budget)
        self._carbon = np.zeros(0, int)
        if np.isfinite(budget):
            dirtiest = max(float(rate.max()) for rate in self._emitting.values())
            self._carbon = said.constraints(-np.inf, budget, (1,))  # (16)
            for name, rate in self._emitting.items():
                said.enter(self._carbon, flow[name], rate)
            overshoot = said.variables(np.full(1, -penalty / max(dirtiest, 1e-9)), np.inf)
            said.enter(self._carbon, overshoot, -1.0)
            self._slack = np.append(self._slack, overshoot)
        self.held = said.held()

    def place(self, load: np.ndarray) -> None:
        """Let the jobs take some IT power, MW over (site, time)."""
        held, ask = self.held, (self._cooling * load).ravel()
        held.bound_rows(self._balance.ravel(), ask, ask)
        held.bound_rows(self._capacity.ravel(), -np.inf, (self._room - load).ravel())

    def solve(self, load: np.ndarray, seconds: float = np.inf) -> bool:
        """Find the best dispatch for some load of jobs, states in fractions; return whether any.

        Raises
        ------
        TimeoutError
            The time is up.
        SolverError
            HiGHS failed.
        """
        self.place(load)
        return self.held.run(seconds)

    def answer(self) -> Answer:
        """Return what the last solve says."""
        held = self.held
        values, duals = held.values(), held.duals()
        return Answer(
            value=held.objective,
            short=float(values[self._slack].sum()),
            prices={
                "power_price": -duals[self._balance],
                "capacity_price": np.maximum(duals[self._capacity], 0.0),
                "storage_price": duals[self._state],
                "final_price": np.maximum(-duals[self._final], 0.0),
                "carbon_price": np.maximum(duals[self._carbon].sum(), 0.0),
            },
        )

    def solution(self) -> xr.Dataset:
        """Return the values of the last solve by name, as the families name them."""
        values, data = self.held.values(), self.data
        coords = {dim: data[dim] for dim in _ORDER}
        solved = {name: xr.DataArray(values[at], coords, _ORDER) for name, at in self._flow.items()}
        reach = np.zeros((len(self._demand), *self._balance.shape))
        reach[self._class, self._site] = values[self._route]
        asked = self._demand[:, None]
        share = np.divide(reach, asked, out=np.zeros_like(reach), where=asked > 0)
    @staticmethod
    def _exclusive(said, flow, over, where, names, most):
        """State that of two flows one is zero, where both may pay; return the states' columns."""
        one, other = names
        first, second = over(most[one]), over(most[other])
        at = np.nonzero(where & (first > 0) & (second > 0))
        state = said.variables(np.zeros(len(at[0])), 1.0)
        said.constraints(-np.inf, 0.0, state.shape, (1.0, flow[one][at]), (-first[at], state))
        said.constraints(
            -np.inf, second[at], state.shape, (1.0, flow[other][at]), (second[at], state)
        )
        return state


def _negative_later(price: np.ndarray) -> np.ndarray:
    """Return where a price is below zero at a period or later: bool over (site, time)."""
    return np.logical_or.accumulate((price < 0)[:, ::-1], axis=1)[:, ::-1]
