"""Diagnoses of broken instances: closed forms, an independent program, and the cure tried out."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import linprog

import carbonsched as cs
from carbonsched.diagnose import Diagnosis
from carbonsched.remedies import MOVABLE

FACTORS = {"it_capacity": 0.35, "import_limit": 0.25, "carbon_budget": 0.1, "latency_limit": 0.3}


def broken(seed: int) -> cs.Instance:
    """Return an instance that is short of one or two things, which depends on the seed."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, 6, 2, 2, seed, feasible=False, utilisation=0.9)
    names = rng.choice(sorted(FACTORS), size=1 + seed % 2, replace=False)
    changed = {name: FACTORS[name] * instance.data[name] for name in names}
    if "it_capacity" in changed:
        changed["power"] = 0.2 * instance.data.power
    return instance.replace(**changed)


def solves(instance: cs.Instance, method: str = "joint") -> bool:
    try:
        cs.solve(instance, method, gap=0.05)
    except cs.InfeasibleError:
        return False
    return True


def feasible(data: xr.Dataset, dropped: pd.DataFrame | None = None) -> bool:
    """Return whether (2)-(5) and (11)-(16) have a solution without jobs: SciPy, index by index.

    `dropped` are limits left out, rows as in a conflict's `members`.
    """
    data = data.transpose("service", "site", "time", ...)
    out = set()
    if dropped is not None:
        times = data.indexes["time"]
        out = {
            (m.limit, m.label, times.get_loc(m.time) if pd.notna(m.time) else -1)
            for m in dropped.itertuples()
        }
    sites, services, periods = (data.sizes[d] for d in ("site", "service", "time"))
    dt, names = data.step_hours.item(), list(data.site.values)
    column, bounds = {}, []

    def variable(key, upper):
        column[key] = len(bounds)
        bounds.append((0, None if not np.isfinite(upper) else upper))

    def limit(parameter, label, at, value, free=np.inf):
        return free if (parameter, label, at) in out else value

    for i, site in enumerate(names):
        here = data.isel(site=i)
        for t in range(periods):
            for key, name in (
                ("imp", "import_limit"), ("gen", "generation_available"),
                ("ch", "charge_limit"), ("dis", "discharge_limit"),
            ):  # fmt: skip
                value = here[name].values[t] if here[name].ndim else here[name].item()
                variable((key, i, t), limit(name, site, t, value))
            low = limit("battery_min", site, t, here.battery_min.item(), 0.0)
            variable(("soc", i, t), limit("battery_energy", site, t, here.battery_energy.item()))
            bounds[-1] = (low, bounds[-1][1])
        for k, service in enumerate(data.service.values):
            far = here.latency.values[k] > data.latency_limit.values[k]
            shut = far and ("latency_limit", service, -1) not in out
            for t in range(periods):
                variable(("y", k, i, t), 0.0 if shut else np.inf)
    a_eq, b_eq, a_ub, b_ub = [], [], [], []

    def row(terms, value, rows, values):
        line = np.zeros(len(bounds))
        for key, coefficient in terms:
            line[column[key]] += coefficient
        rows.append(line)
        values.append(value)

    alpha = data.power_per_unit.values
    for t in range(periods):
        for i, site in enumerate(names):
            here = data.isel(site=i)
            load = [(("y", k, i, t), alpha[k]) for k in range(services)]
            if ("it_capacity", site, t) not in out:
                row(load, here.it_capacity.item(), a_ub, b_ub)
            cooled = [(key, -here.cooling.values[t] * a) for key, a in load]
            flows = [(("imp", i, t), 1), (("gen", i, t), 1), (("dis", i, t), 1), (("ch", i, t), -1)]
            row(cooled + flows, 0.0, a_eq, b_eq)
            stored = [
                (("soc", i, t), 1),
                (("ch", i, t), -dt * here.charge_efficiency.item()),
                (("dis", i, t), dt / here.discharge_efficiency.item()),
            ]
            before = [(("soc", i, t - 1), -1)] if t else []
            row(stored + before, 0.0 if t else here.battery_initial.item(), a_eq, b_eq)
        for k, service in enumerate(data.service.values):
            if ("demand", service, t) not in out:
                row(
                    [(("y", k, i, t), 1) for i in range(sites)],
                    data.demand.values[k, t], a_eq, b_eq,
                )  # fmt: skip
    for i, site in enumerate(names):
        if ("battery_initial", site, -1) not in out:
            final = data.battery_initial.values[i]
            row([(("soc", i, periods - 1), -1)], -final, a_ub, b_ub)
    if np.isfinite(data.carbon_budget) and ("carbon_budget", "", -1) not in out:
        terms = [
            (key, dt * rate)
            for i in range(sites)
            for t in range(periods)
            for key, rate in (
                (("imp", i, t), data.carbon_intensity.values[i, t]),
                (("gen", i, t), data.generation_carbon.values[i]),
            )
        ]
        row(terms, data.carbon_budget.item(), a_ub, b_ub)
    found = linprog(np.zeros(len(bounds)), a_ub or None, b_ub or None, a_eq, b_eq, bounds)
    return found.status == 0


@pytest.mark.parametrize("seed", range(24))
def test_feasibility_is_that_of_the_linear_program_without_jobs(seed):
    """Proves: integers never decide. Sensitivity: a job that must run, or a state that binds."""
    instance = broken(seed)
    expected = feasible(instance.data)
    assert solves(instance) == expected
    assert cs.diagnose(instance).feasible == expected


def test_the_seeds_give_both_kinds_and_enough_of_each():
    verdicts = [feasible(broken(seed).data) for seed in range(24)]
    assert 4 <= sum(verdicts) <= 20


INFEASIBLE = [seed for seed in range(24) if not feasible(broken(seed).data)]


@pytest.fixture(scope="module", params=INFEASIBLE[:10])
def sick(request: pytest.FixtureRequest) -> Diagnosis:
    return cs.diagnose(broken(request.param))


def test_a_conflict_is_irreducible(sick):
    """Dropping any one member alone leaves the others feasible; the others alone conflict."""
    data, members = sick.instance.data, sick.conflict.members
    assert sick.conflict.irreducible
    everything = every_limit(data)
    keys = ["limit", "label", "time"]
    marked = everything.merge(members[keys], on=keys, how="left", indicator=True)
    others = everything[(marked._merge == "left_only").values]
    assert len(others) == len(everything) - len(members)
    assert not feasible(data, others)
    for k in range(len(members)):
        assert feasible(data, pd.concat([others, members.iloc[[k]]]))


def every_limit(data: xr.Dataset) -> pd.DataFrame:
    """Return every limit that a conflict may name."""
    times, rows = data.indexes["time"], []
    for name in (
        "import_limit", "generation_available", "it_capacity", "charge_limit",
        "discharge_limit", "battery_energy", "battery_min",
    ):  # fmt: skip
        rows += [(name, site, time) for site in data.site.values for time in times]
    rows += [("demand", service, time) for service in data.service.values for time in times]
    rows += [("latency_limit", service, None) for service in data.service.values]
    rows += [("battery_initial", site, None) for site in data.site.values]
    rows += [("carbon_budget", "", None)]
    return pd.DataFrame(rows, columns=["limit", "label", "time"]).astype({"time": object})


def test_every_remedy_cures_and_a_little_less_does_not(sick):
    instance = sick.instance
    assert any(remedy.enough for remedy in sick.remedies)
    for remedy in sick.remedies:
        if remedy.enough:
            assert solves(remedy.apply(instance)), remedy
            name = remedy.parameter
            less = instance.replace(**{name: instance.data[name] + 0.99 * remedy.change})
            assert not feasible(less.data), remedy
    changed = instance
    for remedy in sick.together:
        changed = remedy.apply(changed)
    assert not sick.together or solves(changed)


LARGE = {
    "carbon_budget": np.inf, "import_limit": 1e5, "generation_available": 1e5,
    "it_capacity": 1e5, "latency_limit": 1e5, "battery_energy": 1e5, "battery_min": 0.0,
    "charge_limit": 1e5, "discharge_limit": 1e5, "demand": 0.0,
}  # fmt: skip


def test_what_is_not_enough_by_itself_is_not_enough_at_any_size(sick):
    """Sensitivity: a remedy missed by a wrong sign or a wrong row would cure here."""
    for remedy in sick.remedies:
        if not remedy.enough:
            extreme = sick.instance.replace(**{remedy.parameter: LARGE[remedy.parameter]})
            assert not feasible(extreme.data), remedy.parameter
            with pytest.raises(ValueError, match="enough by itself"):
                remedy.apply(sick.instance)


# name -> sizes, values, parameter, least change in its unit, words of the report
CLOSED = {
    # 10 MWh at 0.5 t/MWh emit 5 t
    "carbon": (
        (1, 1, 0, 1), {"demand": 10, "carbon_budget": 3},
        {"carbon_budget": 2.0, "demand": 4.0}, "raise the carbon budget by 2 tCO2e",
    ),
    # 12 MW of IT need 15 MW with cooling, the grid gives 9
    "import": (
        (1, 2, 0, 1), {"demand": [[12, 4]], "cooling": 1.25, "import_limit": 9},
        {"import_limit": 6.0, "generation_available": 6.0, "demand": 12 - 9 / 1.25},
        "A, the only site open to s0, lack power from grid, generation and battery: period 0 6 MW",
    ),
    # a battery of 4 MWh can carry the 4 MW; its discharge limit of 1 MW cannot
    "discharge": (
        (1, 2, 0, 1),
        {
            "demand": [[2, 10]], "import_limit": 6, "battery_energy": 4, "charge_limit": 4,
            "discharge_limit": 1,
        },
        {"discharge_limit": 3.0, "import_limit": 3.0}, "discharging limit by 3 MW",
    ),
    # the second hour lacks 4 MW, a battery of 1 MWh gives 1
    "battery": (
        (1, 2, 0, 1),
        {
            "demand": [[2, 10]], "import_limit": 6, "battery_energy": 1, "charge_limit": 9,
            "discharge_limit": 9,
        },
        {"battery_energy": 3.0, "import_limit": 3.0}, "raise the battery size by 3 MWh",
    ),
    # 4 MWh are held back below the reserve; they must be back at the end of the second hour
    "reserve": (
        (1, 2, 0, 1),
        {
            "demand": [[10, 2]], "import_limit": 6, "battery_energy": 6, "battery_min": 5,
            "battery_initial": 5, "charge_limit": 9, "discharge_limit": 9,
        },
        {"battery_min": 4.0}, "lower the battery reserve by 4 MWh",
    ),
    "capacity": (
        (2, 1, 0, 1), {"demand": 230},
        {"it_capacity": 30.0, "demand": 30.0}, "lack IT capacity: period 0 30 MW",
    ),
    "confined": (  # each fits alone, 60 of 100 MW, and together they do not
        (2, 1, 0, 2), {"demand": 60, "latency": [[1, 25], [1, 40]]},
        {"it_capacity": 20.0, "latency_limit": 15.0, "demand": 20.0},
        "A, the only site open to s0 and s1, lack IT capacity: period 0 20 MW",
    ),
    "reach": (
        (2, 1, 0, 1), {"demand": 1, "latency": [[50, 12]]},
        {"latency_limit": 2.0, "demand": 1.0},
        "service s0 has demand and no site within 10 ms: the nearest it may use, B, is at 12 ms",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sizes", "values", "least", "words"), CLOSED.values(), ids=CLOSED)
def test_least_changes_in_closed_form(make, sizes, values, least, words):
    found = cs.diagnose(make(*sizes, **values))
    for name, amount in least.items():
        assert found.remedy(name).amount == pytest.approx(amount, rel=1e-4), name
    assert words in str(found)
    assert not found.together


def test_where_no_unit_is_enough_several_are_together(make):
    instance = make(1, 1, 0, 1, demand=10, latency=12, carbon_budget=3)
    found = cs.diagnose(instance)
    assert [r.parameter for r in found.remedies if r.enough] == ["demand"]
    together = {remedy.parameter: remedy.amount for remedy in found.together}
    assert together["latency_limit"] == pytest.approx(2)
    changed = instance
    for remedy in found.together:
        changed = remedy.apply(changed)
    assert solves(changed)
    assert "or together" in str(found) and "without shedding demand" in found.summary()


METHODS = {
    "no_routing": ({"latency": [[1, 1]], "demand": 130}, "it_capacity", 30.0),
    "no_battery": (
        {"demand": 10, "import_limit": 4, "charge_limit": 9, "discharge_limit": 9,
         "battery_energy": 50, "battery_initial": 50, "it_capacity": 50},
        "import_limit", 2.0,
    ),
    "compute_only": (
        {"demand": 10, "import_limit": 4, "generation_available": 9}, "import_limit", 2.0,
    ),
    "energy_only": ({"demand": 10, "import_limit": [20, 4]}, "import_limit", 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("values", "name", "amount"), METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("method", METHODS)
def test_a_method_is_diagnosed_with_what_it_leaves(make, method, values, name, amount):
    """Each instance has a schedule but by the method named; 2 sites, split evenly by capacity."""
    instance = make(2, 1, 0, 1, **values)
    found = cs.diagnose(instance, method)
    assert found.feasible == solves(instance, method)
    if METHODS[method][0] is values:
        assert cs.diagnose(instance).feasible and not found.feasible
        assert found.remedy(name).amount == pytest.approx(amount, rel=1e-4)
        assert solves(found.remedy(name).apply(instance), method)


def test_energy_only_counts_the_jobs_it_fixed(make):
    """A job of 10 MWh and inference of 10 MWh at 0.5 t/MWh: 10 t, where declining emits 5."""
    instance = make(1, 1, 1, 1, demand=10, carbon_budget=6)
    assert cs.diagnose(instance).feasible
    found = cs.diagnose(instance, "energy_only")
    assert found.remedy("carbon_budget").amount == pytest.approx(4, rel=1e-4)
    assert solves(found.remedy("carbon_budget").apply(instance), "energy_only")


def test_the_error_explains_itself(make):
    instance = make(1, 1, 0, 1, demand=10, carbon_budget=3)
    with pytest.raises(cs.InfeasibleError) as plain:
        cs.solve(instance)
    assert "least change" not in str(plain.value)
    assert plain.value.diagnosis.remedy("carbon_budget").amount == pytest.approx(2, rel=1e-4)
    with pytest.raises(cs.InfeasibleError, match="raise the carbon budget by 2 tCO2e") as told:
        cs.solve(instance, explain=True)
    again = pickle.loads(pickle.dumps(told.value))
    assert str(again) == str(told.value)
    assert cs.InfeasibleError("of nothing known").diagnosis is None


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
@pytest.mark.parametrize("method", ["joint", "energy_only"])
def test_a_service_out_of_reach_is_infeasible_not_faulty(make, method, formulation):
    instance = make(2, 1, 0, 1, demand=1, latency=50)
    with pytest.raises(cs.InfeasibleError, match=r"\(12\)"):
        cs.build(instance, formulation, method=method)
    with pytest.raises(cs.InfeasibleError):
        cs.solve(instance, method, formulation)


def test_a_feasible_instance_has_nothing_to_explain(default):
    found = cs.diagnose(default)
    assert found.feasible and not found.remedies and found.conflict is None
    assert "there is a schedule" in str(found)


def test_hours_are_spelled_out(default):
    data = default.data
    dark = data.import_limit * 0.05
    found = cs.diagnose(default.replace(import_limit=dark))
    assert "18:00–20:00 up to" in str(found)
    day = [s for s in found.sentences()["least change, any one of"] if "import" in s]
    assert day and set(MOVABLE) >= {r.parameter for r in found.remedies}


def test_without_time_the_conflict_is_one_but_may_be_large(default):
    instance = default.replace(carbon_budget=600.0)
    conflict = cs.diagnose(instance, time_limit=0.0).conflict
    assert not conflict.irreducible
    assert len(conflict.members) >= len(cs.diagnose(instance).conflict.members)
