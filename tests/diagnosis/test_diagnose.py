"""Diagnoses of broken instances: closed forms, an independent program, and the cure tried out."""

from __future__ import annotations

import pickle
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.optimize import linprog

import carbonsched as cs
from carbonsched.core.schema import LIMITS, PARAMETERS
from carbonsched.diagnosis.amounts import number
from carbonsched.diagnosis.arithmetic import find_impossible
from carbonsched.diagnosis.conflict import find_conflict
from carbonsched.diagnosis.diagnose import Diagnosis
from carbonsched.diagnosis.elastic import Elastic
from carbonsched.diagnosis.remedies import least_change, least_together
from carbonsched.diagnosis.words import conflict_sentences

FACTORS = {"it_capacity": 0.6, "import_limit": 0.45, "carbon_budget": 0.12, "latency_limit": 0.4}
SEEDS = range(10)


def broken(seed: int) -> cs.Instance:
    """Return an instance made short of one or two things, which depends on the seed."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, 4, 2, 2, seed, utilisation=0.7)
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
    v = {name: data[name].transpose(*PARAMETERS[name].dims).values for name in PARAMETERS}
    times, names, dt = data.indexes["time"], list(data.site.values), data.step_hours.item()
    services, periods = list(data.service.values), range(len(times))
    out = set()
    if dropped is not None:
        at = [times.get_loc(t) if pd.notna(t) else -1 for t in dropped.time]
        out = set(zip(dropped.limit, dropped.label, at, strict=True))
    column, bounds = {}, []

    def variable(key, low, high):
        column[key] = len(bounds)
        bounds.append((low, high))

    def limit(name, label, t, value, free=None):
        return free if (name, label, t) in out else value

    for (i, site), t in product(enumerate(names), periods):
        for key, name in (("imp", "import"), ("ch", "charge"), ("dis", "discharge")):
            variable((key, i, t), 0, limit(f"{name}_limit", site, t, v[f"{name}_limit"][i]))
        most = limit("generation_available", site, t, v["generation_available"][i, t])
        variable(("gen", i, t), 0, most)
        low = limit("battery_min", site, t, v["battery_min"][i], 0)
        variable(("soc", i, t), low, limit("battery_energy", site, t, v["battery_energy"][i]))
        for k, service in enumerate(services):
            near = v["latency"][k, i] <= v["latency_limit"][k]
            is_open = near or ("latency_limit", service, -1) in out
            variable(("y", k, i, t), 0, None if is_open else 0)
    equal, below = ([], []), ([], [])

    def row(kind, value, **terms):
        line = np.zeros(len(bounds))
        for key, coefficient in terms.items():
            name, *at = key.split("_")
            line[column[name, *map(int, at)]] += coefficient
        kind[0].append(line)
        kind[1].append(value)

    for (i, site), t in product(enumerate(names), periods):
        load = {f"y_{k}_{i}_{t}": a for k, a in enumerate(v["power_per_unit"])}
        if ("it_capacity", site, t) not in out:
            row(below, v["it_capacity"][i], **load)
        cooled = {key: -v["cooling"][i, t] * a for key, a in load.items()}
        here = f"{i}_{t}"
        row(
            equal, 0,
            **cooled | {f"imp_{here}": 1, f"gen_{here}": 1, f"dis_{here}": 1, f"ch_{here}": -1},
        )  # fmt: skip
        change = {
            f"soc_{here}": 1,
            f"ch_{here}": -dt * v["charge_efficiency"][i],
            f"dis_{here}": dt / v["discharge_efficiency"][i],
        }
        before = {f"soc_{i}_{t - 1}": -1} if t else {}
        row(equal, 0 if t else v["battery_initial"][i], **change | before)
    for (k, service), t in product(enumerate(services), periods):
        if ("demand", service, t) not in out:
            row(equal, v["demand"][k, t], **{f"y_{k}_{i}_{t}": 1 for i in range(len(names))})
    for i, site in enumerate(names):
        if ("battery_final", site, -1) not in out:
            row(below, -v["battery_initial"][i], **{f"soc_{i}_{periods[-1]}": -1})
    if np.isfinite(v["carbon_budget"]) and ("carbon_budget", "", -1) not in out:
        emitted = {}
        for i, t in product(range(len(names)), periods):
            emitted[f"imp_{i}_{t}"] = dt * v["carbon_intensity"][i, t]
            emitted[f"gen_{i}_{t}"] = dt * v["generation_carbon"][i]
        row(below, float(v["carbon_budget"]), **emitted)
    matrices = [m if m else None for kind in (below, equal) for m in kind]
    return linprog(np.zeros(len(bounds)), *matrices, bounds).status == 0


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_feasibility_is_that_of_the_linear_program_without_jobs(seed):
    """Proves: integers never decide. Sensitivity: a job that must run, or a state that binds."""
    instance = broken(seed)
    expected = feasible(instance.data)
    assert solves(instance) == expected
    assert Elastic(instance.data, cs.Method()).infeasible() != expected


LONG = [pytest.param(seed, marks=pytest.mark.long) for seed in (5, 9, 12, 14, 16)]


@pytest.fixture(scope="module", params=[1, *LONG])
def sick(request: pytest.FixtureRequest) -> Diagnosis:
    found = cs.diagnose(broken(request.param))
    assert not found.feasible
    return found


def test_the_seeds_above_give_both_kinds():
    assert 3 <= sum(feasible(broken(seed).data) for seed in SEEDS) <= 7


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
    rows += [("battery_final", site, None) for site in data.site.values]
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
        "A, the only site open to s0, lacks power from grid, generation and battery: period 0 6 MW",
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
        "A, the only site open to s0 and s1, lacks IT capacity: period 0 20 MW",
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
        {"demand": [[2, 10]], "import_limit": 4, "charge_limit": 9, "discharge_limit": 9,
         "battery_energy": 50},
        "import_limit", 2.0,
    ),
    "compute_only": (
        {"demand": 10, "import_limit": 4, "generation_available": 9}, "import_limit", 2.0,
    ),
    "energy_only": ({"demand": 10, "import_limit": [20, 4]}, "import_limit", 1.0),
}  # fmt: skip


@pytest.mark.parametrize(("method", "case"), METHODS.items(), ids=METHODS)
def test_a_method_is_diagnosed_with_what_it_leaves(make, method, case):
    """Each instance has a schedule but by the method named; 2 sites, 2 hours."""
    values, name, amount = case
    instance = make(2, 2, 0, 1, **values)
    found = cs.diagnose(instance, method)
    assert not Elastic(instance.data, cs.Method()).infeasible()
    assert not found.feasible and not solves(instance, method)
    assert found.remedy(name).amount == pytest.approx(amount, rel=1e-4)
    assert solves(found.remedy(name).apply(instance), method)


@pytest.mark.long
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
    assert "`diagnosis` says why" in plain.value.__notes__[0]
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
    load = (data.power_per_unit * data.demand).sum("service") * data.cooling.min("site")
    supply = (dark + data.generation_available + data.discharge_limit).sum("site")
    (hours,) = np.nonzero((load > supply).values)
    assert len(hours) == np.ptp(hours) + 1 > 1  # one evening
    assert f"{hours[0]}:00–{hours[-1] + 1}:00 up to" in str(found)
    day = [s for s in found.sentences()["least change, any one of"] if "import" in s]
    assert day and set(LIMITS) >= {r.parameter for r in found.remedies}


@pytest.mark.long
def test_without_time_the_conflict_is_one_but_may_be_large(default):
    instance = default.replace(carbon_budget=600.0)
    conflict = cs.diagnose(instance, time_limit=0.0).conflict
    assert not conflict.irreducible
    assert len(conflict.members) >= len(cs.diagnose(instance).conflict.members)


def test_without_services_there_is_nothing_to_look_for_and_a_schedule(make):
    instance = make(1, 2, 1, 0)
    assert find_impossible(instance.data, cs.Method()) == []
    elastic = Elastic(instance.data, cs.Method())
    assert not elastic.infeasible() and not {"it_capacity", "demand"} & elastic.slacks
    assert cs.diagnose(instance).feasible


def test_limits_that_do_not_contradict_have_no_conflict(make):
    with pytest.raises(ValueError, match="do not contradict"):
        find_conflict(Elastic(make(1, 1, 0, 1, demand=5).data, cs.Method()), 1.0)


def test_a_filter_without_time_stops_before_its_next_trial(make):
    """Proves: what it leaves is a conflict, said not to be irreducible, in words too."""
    instance = make(1, 2, 0, 1, demand=10, import_limit=5)
    conflict = find_conflict(Elastic(instance.data, cs.Method()), -1.0)
    assert not conflict.irreducible and len(conflict.members)
    assert "the time ran out" in conflict_sentences(instance.data, conflict)[-1]


def test_changes_that_nothing_confirms_are_not_proposed(make):
    instance = make(1, 1, 0, 1, demand=10, import_limit=5)
    elastic = Elastic(instance.data, cs.Method())
    asked = []
    assert least_together(elastic, instance.data, ["import_limit"], asked.append) == ()
    assert len(asked) > 1 and all(data.import_limit.item() >= 10 for data in asked)
    assert not least_change(elastic, instance.data, "import_limit", lambda data: False).enough


def test_a_summary_is_short(make):
    """Seven services out of reach: some are named, the others counted. None, and it says so."""
    instance = make(1, 1, 0, 7, demand=1, latency=50)
    said = cs.diagnose(instance).summary()
    named = said.count("has demand and no site")
    assert f"  - and {7 - named} more" in said and 0 < named < 7
    assert "a diagnosis finds a schedule" in cs.diagnose(make(1, 1)).summary()


def test_an_error_of_nothing_known_explains_nothing():
    error = cs.InfeasibleError("of nothing known")
    error.explain()
    assert str(error) == "of nothing known"


def test_an_amount_of_nothing_is_nothing():
    assert [number(value) for value in (0.0, np.inf, 12.34567)] == ["0", "inf", "12.35"]
