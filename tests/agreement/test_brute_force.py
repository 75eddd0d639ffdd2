"""Tiny instances against enumeration: every placement of every job, and SciPy for the rest.

The oracle shares nothing with the model: it enumerates placements and grid and battery states in
plain Python and solves what is left, a small linear program written out row by row, with
`scipy.optimize.linprog`.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

import carbonsched as cs


def placements(data, job):
    """Yield every (site, first period) of a job, and None for declining it."""
    yield None
    times = list(data.time.values)
    first, last = times.index(data.release.values[job]), times.index(data.deadline.values[job])
    length = int(data.duration.values[job])
    for site in range(data.sizes["site"]):
        if data.allowed.values[job, site]:
            for begin in range(first, last - length + 2):
                yield site, begin


def dispatch(data, load):
    """Return the best benefit of inference and energy beside a fixed load of jobs, or None."""
    sites, periods, services = (data.sizes[d] for d in ("site", "time", "service"))
    flows = ("import", "export", "generate", "charge", "discharge", "soc")
    index = {}
    for flow, i, t in product(flows, range(sites), range(periods)):
        index[flow, i, t] = len(index)
    for k, i, t in product(range(services), range(sites), range(periods)):
        if data.latency.values[k, i] <= data.latency_limit.values[k]:
            index["route", k, i, t] = len(index)
    v = {name: data[name].values for name in data.data_vars}
    hours, n = float(v["step_hours"]), len(index)
    cost, upper, lower = np.zeros(n), np.full(n, np.inf), np.zeros(n)
    equal, equal_to, at_most, limit = [], [], [], []

    def row(entries, store, right, rhs):
        coefficients = np.zeros(n)
        for key, value in entries.items():
            coefficients[index[key]] += value
        store.append(coefficients)
        right.append(rhs)

    for i, t in product(range(sites), range(periods)):
        cost[index["import", i, t]] = hours * v["import_price"][i, t]
        cost[index["export", i, t]] = -hours * v["export_price"][i, t]
        cost[index["generate", i, t]] = hours * v["generation_cost"][i]
        for flow in ("charge", "discharge"):
            cost[index[flow, i, t]] = hours * v["battery_cost"][i]
            upper[index[flow, i, t]] = v[f"{flow}_limit"][i]
        upper[index["import", i, t]] = v["import_limit"][i]
        upper[index["export", i, t]] = v["export_limit"][i]
        upper[index["generate", i, t]] = v["generation_available"][i, t]
        upper[index["soc", i, t]] = v["battery_energy"][i]
        lower[index["soc", i, t]] = v["battery_min"][i]
        if t == periods - 1:
            lower[index["soc", i, t]] = max(v["battery_min"][i], v["battery_initial"][i])
        here = {
            ("route", k, i, t): v["power_per_unit"][k]
            for k in range(services)
            if ("route", k, i, t) in index
        }
        row(here, at_most, limit, v["it_capacity"][i] - load[i, t])
        balance = {
            ("import", i, t): 1, ("generate", i, t): 1, ("discharge", i, t): 1,
            ("export", i, t): -1, ("charge", i, t): -1,
        }  # fmt: skip
        balance |= {key: -v["cooling"][i, t] * power for key, power in here.items()}
        row(balance, equal, equal_to, v["cooling"][i, t] * load[i, t])
        state = {
            ("soc", i, t): 1,
            ("charge", i, t): -hours * v["charge_efficiency"][i],
            ("discharge", i, t): hours / v["discharge_efficiency"][i],
        }
        if t:
            state["soc", i, t - 1] = -1
        row(state, equal, equal_to, 0 if t else v["battery_initial"][i])
    for k, t in product(range(services), range(periods)):
        entries = {("route", k, i, t): 1 for i in range(sites) if ("route", k, i, t) in index}
        row(entries, equal, equal_to, v["demand"][k, t])
        for key in entries:
            cost[index[key]] = -hours * v["value"][k]
    if np.isfinite(v["carbon_budget"]):
        emitted = {}
        for i, t in product(range(sites), range(periods)):
            emitted["import", i, t] = hours * v["carbon_intensity"][i, t]
            emitted["generate", i, t] = hours * v["generation_carbon"][i]
        row(emitted, at_most, limit, float(v["carbon_budget"]))
    best = None
    for bounds in states(v, index, lower, upper, sites, periods):
        found = linprog(cost, at_most, limit, equal, equal_to, bounds, method="highs")
        if found.status == 0 and (best is None or -found.fun > best):
            best = -found.fun
    return best


def states(v, index, lower, upper, sites, periods):
    """Yield bounds for every choice of grid and battery side, where a choice can matter."""
    choices = []
    for i in range(sites):
        paid = v["import_price"][i].min() < 0
        for t in range(periods):
            if v["export_price"][i, t] > v["import_price"][i, t] and v["export_limit"][i] > 0:
                choices.append((("import", i, t), ("export", i, t)))
            if paid and v["battery_energy"][i] > 0:
                choices.append((("charge", i, t), ("discharge", i, t)))
    for closed in product(*choices):
        bounded = upper.copy()
        for key in closed:
            bounded[index[key]] = 0
        yield np.column_stack([lower, bounded])


def every_plan(instance: cs.Instance) -> dict[tuple, float]:
    """Return by the places of the jobs the best benefit, of those that are possible."""
    data, best = instance.data, {}
    for chosen in product(*(list(placements(data, j)) for j in range(data.sizes["job"]))):
        load = np.zeros((data.sizes["site"], data.sizes["time"]))
        earned = 0.0
        for job, place in enumerate(chosen):
            if place is not None:
                site, begin = place
                load[site, begin : begin + int(data.duration.values[job])] += data.power.values[job]
                earned += float(data.reward.values[job] - data.startup_cost.values[job])
        if (load <= data.it_capacity.values[:, None]).all():
            rest = dispatch(data, load)
            if rest is not None:
                best[chosen] = earned + rest
    return best


def brute_force(instance: cs.Instance) -> float | None:
    """Return the optimum by enumeration, or None if there is no schedule."""
    return max(every_plan(instance).values(), default=None)


def tiny(seed: int) -> cs.Instance:
    rng = np.random.default_rng(1000 + seed)
    instance = cs.generate(2, 3, 2, 1, seed, budget_share=float(rng.uniform(0.2, 1)))
    if seed % 2:  # a capacity that makes jobs compete
        instance = instance.replace(
            power=instance.data.it_capacity.values.max() * rng.uniform(0.3, 0.6, 2)
            + 0 * instance.data.power
        )
    if seed % 3 == 0:
        prices = instance.data.import_price.copy()
        prices[1, 2] = -20.0
        instance = instance.replace(import_price=prices)
    if seed % 5 == 0:
        prices = instance.data.export_price.copy()
        prices[0, 1] = float(instance.data.import_price[0, 1]) + 25
        instance = instance.replace(export_price=prices)
    return instance


@pytest.mark.parametrize(
    "seed", [pytest.param(k, marks=[pytest.mark.long] * (k >= 20)) for k in range(100)]
)
def test_the_optimum_is_that_of_enumeration(seed, opinion):
    instance = tiny(seed)
    best = brute_force(instance)
    for formulation in cs.FORMULATIONS:
        if best is None:
            with pytest.raises(cs.InfeasibleError):
                cs.solve(instance, formulation=formulation, gap=0)
            opinion("enumeration", f"every placement, {formulation}", 0.0, True)
        else:
            schedule = cs.solve(instance, formulation=formulation, gap=0)
            apart = abs(schedule.objective - best) / max(abs(best), 1.0)
            opinion("enumeration", f"every placement, {formulation}", apart, False)
            assert schedule.objective == pytest.approx(best, rel=1e-6, abs=1e-4)


def places(schedule):
    """Return the (site, first period) of each job, None for a declined one."""
    start = schedule.data.start.values
    return tuple(tuple(map(int, np.argwhere(job)[0])) if job.any() else None for job in start)


@pytest.mark.parametrize(
    "seed", [pytest.param(k, marks=[pytest.mark.long] * (k not in (1, 3))) for k in range(40)]
)
def test_near_a_former_plan_it_is_the_best_after_what_changes_cost(seed):
    """And (1) of any plan is below its bound, however much holding the former one costs."""
    instance = tiny(seed)
    factor = np.random.default_rng(seed).uniform(0.3, 3, instance.data.import_price.shape)
    tomorrow = instance.replace(import_price=instance.data.import_price * factor)
    plans = every_plan(tomorrow)
    if not plans:
        pytest.skip("no schedule")
    try:
        old = cs.solve(instance, gap=0)
    except cs.InfeasibleError:
        pytest.skip("no former plan")
    before, best = places(old), max(plans.values())
    for cost in (0.0, 1e3):
        held = cs.solve(tomorrow, gap=0, near=old, change_cost=cost)
        charged = {
            plan: earned - cost * sum(a != b for a, b in zip(plan, before, strict=True))
            for plan, earned in plans.items()
        }
        near = {"rel": 1e-6, "abs": 1e-2}
        assert charged[places(held)] == pytest.approx(max(charged.values()), **near)
        assert 0 <= plans[places(held)] - held.objective + 1e-2 <= cost + 2e-2
        assert held.bound >= best - 1e-6 * abs(best)
