"""The `start` formulation built in other ways: line by line in several libraries, and by arrays.

    python benchmarks/builds.py PEER [--sites 3 --periods 24 --jobs 6 --seed 0]

prints, as JSON, the seconds of a build and of a solve to 1 %, in a process of its own: OR-tools and
highspy each bring a HiGHS and cannot share one. Each way ends with a model that a solver holds, so
that what is timed is the same work. None knows of `carbonsched.core.families`, and so they are a
second opinion, too: the tests compare their optimum with that of `carbonsched.solve`. Instances
whose prices need states of grid or battery are refused.
"""

from __future__ import annotations

import json
import time
from itertools import product
from typing import Any

import numpy as np
import typer
import xarray as xr
from scipy import sparse

import carbonsched as cs
from carbonsched.core.schema import PARAMETERS

GAP, LIMIT = 0.01, 120.0


def by_lines(instance: cs.Instance, peer: Any) -> None:
    """Write the model variable by variable and row by row, in a peer's own expressions.

    Parameters
    ----------
    instance : Instance
    peer : one of `PEERS`
        Has `variable(upper, binary)`, `total(terms)`, `row(comparison)` and `maximise(terms)`.
    """
    given, hours = _plain(instance.data), instance.data.step_hours.item()
    sites, times, jobs, services = (
        range(instance.data.sizes[d]) for d in ("site", "time", "job", "service")
    )
    worth = []
    start = {}
    for j, i, t in product(jobs, sites, times):
        if given["may_start"][j][i][t]:
            start[j, i, t] = peer.variable(1.0, binary=True)
            worth.append((given["reward"][j] - given["startup_cost"][j]) * start[j, i, t])
    for j in jobs:
        terms = [start[j, i, t] for i, t in product(sites, times) if (j, i, t) in start]
        if terms:
            peer.row(peer.total(terms) <= 1)
    route = {}
    for k, i, t in product(services, sites, times):
        if given["latency"][k][i] <= given["latency_limit"][k]:
            route[k, i, t] = peer.variable(given["demand"][k][t])
            worth.append(hours * given["value"][k] * route[k, i, t])
    for k, t in product(services, times):
        served = [route[k, i, t] for i in sites if (k, i, t) in route]
        peer.row(peer.total(served) == given["demand"][k][t])

    emitted = []
    for i in sites:
        before, first = None, given["battery_initial"][i]
        for t in times:
            generate = peer.variable(given["generation_available"][i][t])
            bought = peer.variable(given["import_limit"][i])
            sold = peer.variable(given["export_limit"][i])
            charge = peer.variable(given["charge_limit"][i])
            discharge = peer.variable(given["discharge_limit"][i])
            soc = peer.variable(given["battery_energy"][i])
            load = [
                given["power"][j] * start[j, i, s]
                for j in jobs
                for s in range(max(t - given["duration"][j] + 1, 0), t + 1)
                if (j, i, s) in start
            ]
            load += [
                given["power_per_unit"][k] * route[k, i, t] for k in services if (k, i, t) in route
            ]
            power = peer.total(load)
            if load:
                peer.row(power <= given["it_capacity"][i])
            supply = bought + generate + discharge - sold - charge
            peer.row(supply - given["cooling"][i][t] * power == 0)
            stored = (
                hours * given["charge_efficiency"][i] * charge
                - hours / given["discharge_efficiency"][i] * discharge
            )
            if before is None:
                peer.row(soc - stored == first)
            else:
                peer.row(soc - before - stored == 0)
            peer.row(1 * soc >= (max(given["battery_min"][i], first * (t == times[-1]))))
            before = soc
            emitted.append(hours * given["carbon_intensity"][i][t] * bought)
            emitted.append(hours * given["generation_carbon"][i] * generate)
            worth += [
                hours * given["export_price"][i][t] * sold,
                -hours * given["import_price"][i][t] * bought,
                -hours * given["generation_cost"][i] * generate,
                -hours * given["battery_cost"][i] * charge,
                -hours * given["battery_cost"][i] * discharge,
            ]
    if np.isfinite(given["carbon_budget"]):
        peer.row(peer.total(emitted) <= given["carbon_budget"])
    peer.maximise(worth)


def _plain(data: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of an instance as nested lists, and where each job may start."""
    if (data.export_price > data.import_price).any() or (data.import_price < 0).any():
        raise ValueError("these prices need states of grid or battery")
    given = {
        name: data[name].transpose(*quantity.dims).values.tolist()
        for name, quantity in PARAMETERS.items()
    }
    position = {label: t for t, label in enumerate(data.time.values.tolist())}
    given["may_start"] = [
        [
            [
                allowed and position[release] <= t and t + duration - 1 <= position[deadline]
                for t in range(data.sizes["time"])
            ]
            for allowed in given["allowed"][j]
        ]
        for j, (release, deadline, duration) in enumerate(
            zip(given["release"], given["deadline"], given["duration"], strict=True)
        )
    ]
    return given


class HighsLines:
    """HiGHS by its own Python expressions."""

    def __init__(self) -> None:
        import highspy

        self.highspy, self.model = highspy, highspy.Highs()
        self.model.silent()
        self.total, self.row = self.model.qsum, self.model.addConstr

    def variable(self, upper: float, binary: bool = False) -> Any:
        kinds = self.highspy.HighsVarType
        return self.model.addVariable(
            0.0, upper, type=kinds.kInteger if binary else kinds.kContinuous
        )

    def maximise(self, terms: list[Any]) -> None:
        self.model.setObjective(self.total(terms), self.highspy.ObjSense.kMaximize)

    def solve(self, gap: float) -> float:
        self.model.setOptionValue("mip_rel_gap", gap)
        self.model.setOptionValue("time_limit", LIMIT)
        self.model.run()
        return self.model.getObjectiveValue()


class _Terms(dict):
    """A sum of columns as numbers by position, with the few operators that `by_lines` needs."""

    def _with(self, other: _Terms, sign: float) -> _Terms:
        both = _Terms(self)
        for column, number in other.items():
            both[column] = both.get(column, 0.0) + sign * number
        return both

    def __add__(self, other: _Terms) -> _Terms:
        return self._with(other, 1.0)

    def __sub__(self, other: _Terms) -> _Terms:
        return self._with(other, -1.0)

    def __rmul__(self, factor: float) -> _Terms:
        return _Terms({column: factor * number for column, number in self.items()})

    def __le__(self, most: float) -> tuple[_Terms, float, float]:
        return self, -np.inf, most

    def __ge__(self, least: float) -> tuple[_Terms, float, float]:
        return self, least, np.inf

    def __eq__(self, value: float) -> tuple[_Terms, float, float]:  # type: ignore[override]
        return self, value, value


class HighsRows(HighsLines):
    """HiGHS by `addVar` and `addRow`, one call a column and a row: no expressions in between."""

    def __init__(self) -> None:
        super().__init__()
        self.columns, self.total, self.row = 0, self._total, self._row

    def variable(self, upper: float, binary: bool = False) -> _Terms:
        at, self.columns = self.columns, self.columns + 1
        self.model.addVar(0.0, upper)
        if binary:
            self.model.changeColIntegrality(at, self.highspy.HighsVarType.kInteger)
        return _Terms({at: 1.0})

    def _total(self, terms: list[_Terms]) -> _Terms:
        added = _Terms()
        for term in terms:
            for column, number in term.items():
                added[column] = added.get(column, 0.0) + number
        return added

    def _row(self, comparison: tuple[_Terms, float, float]) -> None:
        terms, lower, upper = comparison
        at, numbers = np.array(list(terms), np.int32), np.array(list(terms.values()), float)
        self.model.addRow(lower, upper, len(at), at, numbers)

    def maximise(self, terms: list[_Terms]) -> None:
        for column, worth in self.total(terms).items():
            self.model.changeColCost(column, worth)
        self.model.changeObjectiveSense(self.highspy.ObjSense.kMaximize)


class ArraysOnly(HighsLines):
    """HiGHS with a matrix that NumPy assembled."""

    def build(self, instance: cs.Instance) -> None:
        self.model.passModel(by_arrays(instance))


class LinopyLines:
    """linopy as if it had no labelled arrays: a call for every variable and every row."""

    def __init__(self) -> None:
        import linopy

        self.linopy, self.model = linopy, linopy.Model()

    def total(self, terms: list[Any]) -> Any:
        return self.linopy.merge([1 * term for term in terms])

    def row(self, comparison: Any) -> None:
        self.model.add_constraints(comparison)

    def variable(self, upper: float, binary: bool = False) -> Any:
        if binary:
            return self.model.add_variables(binary=True)
        return self.model.add_variables(lower=0.0, upper=upper)

    def maximise(self, terms: list[Any]) -> None:
        self.model.add_objective(self.total(terms), sense="max")
        self.held = self._hold()

    def _hold(self) -> Any:
        from carbonsched.solver.hand_over import hand_over
        from carbonsched.solver.settings import Settings

        return hand_over(self.model, Settings(gap=GAP, time_limit=LIMIT))

    def solve(self, gap: float) -> float:
        self.held.solver_model.setOptionValue("mip_rel_gap", gap)
        self.held.solve()
        return self.held.solver_model.getObjectiveValue()


class LabelledArrays(LinopyLines):
    """linopy as this package uses it."""

    def build(self, instance: cs.Instance) -> None:
        self.model = cs.build(instance)
        self.held = self._hold()


class GurobiLines:
    """Gurobi by its own Python expressions."""

    def __init__(self) -> None:
        import gurobipy

        quiet = gurobipy.Env(params={"OutputFlag": 0})
        self.model = gurobipy.Model(env=quiet)
        self.total, self.row = gurobipy.quicksum, self.model.addConstr

    def variable(self, upper: float, binary: bool = False) -> Any:
        return self.model.addVar(ub=upper, vtype="B" if binary else "C")

    def maximise(self, terms: list[Any]) -> None:
        self.model.setObjective(self.total(terms), -1)
        self.model.update()

    def solve(self, gap: float) -> float:
        self.model.Params.MIPGap, self.model.Params.TimeLimit = gap, LIMIT
        self.model.optimize()
        return self.model.ObjVal


class OrToolsLines:
    """OR-tools' model builder, solved by the SCIP it brings."""

    def __init__(self) -> None:
        from ortools.linear_solver.python import model_builder

        self.model = model_builder.Model()
        self.solver = model_builder.Solver("scip")
        self.total, self.row = model_builder.LinearExpr.sum, self.model.add

    def variable(self, upper: float, binary: bool = False) -> Any:
        return self.model.new_var(0.0, upper, binary, None)

    def maximise(self, terms: list[Any]) -> None:
        self.model.maximize(self.total(terms))

    def solve(self, gap: float) -> float:
        self.solver.set_solver_specific_parameters(f"limits/gap = {gap}")
        self.solver.set_time_limit_in_seconds(LIMIT)
        self.solver.solve(self.model)
        return self.solver.objective_value


class ScipLines:
    """SCIP by its own Python expressions."""

    def __init__(self) -> None:
        import pyscipopt

        self.model = pyscipopt.Model()
        self.model.hideOutput()
        self.total, self.row = pyscipopt.quicksum, self.model.addCons

    def variable(self, upper: float, binary: bool = False) -> Any:
        return self.model.addVar(ub=upper, vtype="B" if binary else "C")

    def maximise(self, terms: list[Any]) -> None:
        self.model.setObjective(self.total(terms), "maximize")

    def solve(self, gap: float) -> float:
        self.model.setParam("limits/gap", gap)
        self.model.setParam("limits/time", LIMIT)
        self.model.optimize()
        return self.model.getObjVal()


PEERS = {
    "labelled arrays": LabelledArrays,
    "arrays alone": ArraysOnly,
    "highspy": HighsLines,
    "highspy by rows": HighsRows,
    "gurobipy": GurobiLines,
    "ortools": OrToolsLines,
    "pyscipopt": ScipLines,
    "linopy": LinopyLines,
}


def built(instance: cs.Instance, name: str) -> Any:
    """Return a peer that holds the model of an instance."""
    peer = PEERS[name]()
    if hasattr(peer, "build"):
        peer.build(instance)
    else:
        by_lines(instance, peer)
    return peer


def by_arrays(instance: cs.Instance) -> Any:
    """Assemble HiGHS's program with NumPy: the least that any layer above can cost."""
    import highspy

    data, hours = instance.data, instance.data.step_hours.item()
    if (data.export_price > data.import_price).any() or (data.import_price < 0).any():
        raise ValueError("these prices need states of grid or battery")
    sites, times, jobs, services = (data.sizes[d] for d in ("site", "time", "job", "service"))
    at = np.arange(sites * times).reshape(sites, times)

    def numbers(name: str, *dims: str) -> np.ndarray:
        return data[name].transpose(*dims).values

    def over_time(name: str) -> np.ndarray:
        return np.broadcast_to(numbers(name, "site")[:, None], at.shape)

    period = data.indexes["time"]
    first = period.get_indexer(data.release.values)[:, None, None]
    last = period.get_indexer(data.deadline.values)[:, None, None]
    length = numbers("duration", "job")
    t = np.arange(times)
    startable = numbers("allowed", "job", "site")[:, :, None] & (
        (t >= first) & (t + length[:, None, None] - 1 <= last)
    )
    job, site, begin = np.nonzero(startable)
    near = numbers("latency", "service", "site") <= numbers("latency_limit", "service")[:, None]
    service, where = np.nonzero(near)
    demand = numbers("demand", "service", "time")
    cooling = numbers("cooling", "site", "time")

    starts, routes, cells = len(job), len(service) * times, at.size
    first_column = np.cumsum([0, starts, routes, *[cells] * 6])
    generate, bought, sold, charge, discharge, soc = (first_column[2 + k] + at for k in range(6))
    route = first_column[1] + np.arange(routes).reshape(-1, times)
    rows_of = np.cumsum([0, cells, cells, cells, jobs, services * times, 1])
    capacity, balance, state = (rows_of[k] + at for k in range(3))

    # What draws IT power: the column, the cell of (site, time), and how much.
    drawn_by = np.repeat(np.arange(starts), length[job])
    step = np.arange(len(drawn_by)) - np.repeat(np.cumsum(length[job]) - length[job], length[job])
    columns = np.concatenate([drawn_by, route.ravel()])
    cell = np.concatenate([at[site[drawn_by], begin[drawn_by] + step], at[where].ravel()])
    amount = np.concatenate(
        [
            numbers("power", "job")[job[drawn_by]],
            np.repeat(numbers("power_per_unit", "service")[service], times),
        ]
    )
    gained = hours * over_time("charge_efficiency")
    lost = hours / over_time("discharge_efficiency")
    entries = [
        (capacity.ravel()[cell], columns, amount),
        (balance.ravel()[cell], columns, -cooling.ravel()[cell] * amount),
        *((balance, supplied, 1.0) for supplied in (bought, generate, discharge)),
        *((balance, used, -1.0) for used in (sold, charge)),
        (state, soc, 1.0),
        (state[:, 1:], soc[:, :-1], -1.0),
        (state, charge, -gained),
        (state, discharge, lost),
        (rows_of[3] + job, np.arange(starts), 1.0),
        (rows_of[4] + (service[:, None] * times + t), route, 1.0),
        (rows_of[5], bought, hours * numbers("carbon_intensity", "site", "time")),
        (rows_of[5], generate, hours * over_time("generation_carbon")),
    ]
    parts = [[np.ravel(x) for x in np.broadcast_arrays(*entry)] for entry in entries]
    row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    matrix = sparse.csc_matrix((value, (row, column)), (rows_of[-1], first_column[-1]))

    held = over_time("battery_initial") * (t == 0)
    infinite = np.inf
    row_lower = [np.full(cells, -infinite), np.zeros(cells), held.ravel(), np.zeros(jobs)]
    row_lower += [demand.ravel(), [-infinite]]
    row_upper = [over_time("it_capacity").ravel(), np.zeros(cells), held.ravel(), np.ones(jobs)]
    row_upper += [demand.ravel(), [numbers("carbon_budget").item()]]
    lowest = np.maximum(over_time("battery_min"), over_time("battery_initial") * (t == times - 1))
    lower = [np.zeros(first_column[7]), lowest.ravel()]
    upper = [
        np.ones(starts),
        demand[service].ravel(),
        numbers("generation_available", "site", "time"),
    ]
    limits = ("import_limit", "export_limit", "charge_limit", "discharge_limit", "battery_energy")
    upper += [over_time(name) for name in limits]
    worth = [
        (numbers("reward", "job") - numbers("startup_cost", "job"))[job],
        hours * np.repeat(numbers("value", "service")[service], times),
        -hours * over_time("generation_cost"),
        -hours * numbers("import_price", "site", "time"),
        hours * numbers("export_price", "site", "time"),
        -hours * over_time("battery_cost"),
        -hours * over_time("battery_cost"),
        np.zeros(cells),
    ]

    def flat(arrays: list[Any]) -> np.ndarray:
        return np.concatenate([np.ravel(array) for array in arrays]).astype(float)

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = int(first_column[-1]), int(rows_of[-1])
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = flat(worth), flat(lower), flat(upper)
    lp.row_lower_, lp.row_upper_ = flat(row_lower), flat(row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.integrality_ = [highspy.HighsVarType.kInteger] * starts + [
        highspy.HighsVarType.kContinuous
    ] * int(first_column[-1] - starts)
    return lp


def main(peer: str, sites: int = 3, periods: int = 24, jobs: int = 6, seed: int = 0) -> None:
    """Build and solve a generated instance and print what it took."""
    built(cs.generate(1, 3, 1, 1, seed=0), peer)  # what a first call costs is not the build's
    instance = cs.generate(sites, periods, jobs, seed=seed)
    begun = time.perf_counter()
    model = built(instance, peer)
    done = time.perf_counter()
    objective = model.solve(GAP)
    seconds = {"build_seconds": done - begun, "solver_seconds": time.perf_counter() - done}
    typer.echo(json.dumps(seconds | {"objective": objective}))


if __name__ == "__main__":
    typer.run(main)
