"""What a run stands on between two steps: kept in a file, read, refused, and what it offers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from own_families import DemandCharge, with_own

import carbonsched as cs
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.operate import kept as keeping
from carbonsched.operate import rolling as rolls
from carbonsched.operate import sight
from carbonsched.operate import state as states
from carbonsched.operate.committed import nothing
from carbonsched.operate.fallback import Fallback
from carbonsched.operate.horizon import horizon_of
from carbonsched.operate.planning import Planner
from carbonsched.operate.record import COLUMNS, kept_rows, read_rows, told
from carbonsched.operate.roll import require_choices, roll
from carbonsched.operate.rolling import Planned, Rolling
from carbonsched.operate.standing import (
    Standing,
    as_kept,
    begun,
    keep,
    planned_data,
    read_standing,
    resumed,
)
from carbonsched.operate.state import keep_state, read_state


def horizon(instance: cs.Instance, window: int = 4, method: str = "joint", **how: object):
    return horizon_of(instance, cs.METHODS[method], tuple(cs.FAMILIES), window, **how)


def ahead(periods: int, start: int = -1, power: float = 10.0, **arrays: float) -> Fallback:
    """A fallback of one site, the same in every period, with one job of three periods."""
    flat = {
        name: np.full((1, periods), float(arrays.get(name, 0)))
        for name in ("it_power", "bought", "generated", "clean", "freed", "emitted")
    }
    return Fallback(
        **flat, soc=np.full((1, periods + 1), float(arrays.get("soc", 0))),
        cooling=np.ones((1, periods)), rates=np.ones((2, 1, periods)),
        start=np.array([start]), site=np.array([0]), power=np.array([power]),
        duration=np.array([3]),
    )  # fmt: skip


def row(**values: object) -> dict[str, object]:
    return {name: "" if name == "policy" else 0.0 for name in COLUMNS} | values


# -- kept and read ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def day(fleet_of_one):
    return horizon(fleet_of_one[0])


@pytest.fixture(scope="module")
def fleet_of_one():
    """One site, six periods, one job, and its schedule."""
    instance = cs.generate(1, 6, 1, 1, seed=0)
    return instance, cs.solve(instance, gap=0)


@pytest.fixture(scope="module")
def standing(fleet_of_one, day):
    """Nothing committed yet, but planned: with a former plan, a fallback and a row."""
    former = fleet_of_one[1].data.assign_coords(time=np.arange(6))
    return Standing(
        nothing(day), fallback=ahead(6, start=2, emitted=1, soc=3), looked=0,
        former=planned_data(former, day, 4), rows=[row(issued=0, ends=3, policy="cut; cut")],
    )  # fmt: skip


def test_a_standing_is_read_as_it_was_kept(standing, day, tmp_path):
    keep(standing, day, tmp_path / "run.nc")
    back = resumed(tmp_path / "run.nc", day, {0})
    xr.testing.assert_equal(back.done, standing.done)
    xr.testing.assert_equal(back.former, standing.former)
    assert back.first == 0 and back.looked == 0 and back.outlook is None
    assert back.rows == standing.rows and isinstance(back.rows[0]["issued"], int)
    for name, value in vars(standing.fallback).items():
        if name not in ("power", "duration"):  # those of the horizon's jobs
            np.testing.assert_array_equal(getattr(back.fallback, name), value)


def test_without_an_outlook_there_is_less_to_read(day):
    back = read_standing(as_kept(begun(day), day), Path("run.nc"), day, {0})
    assert (back.fallback, back.former, back.rows, back.looked) == (None, None, [], -1)
    assert read_rows(xr.Dataset()) == []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda kept: kept.drop_attrs(), "runtime: expected an attribute, seconds spent"),
        (lambda kept: kept.assign_attrs(runtime=np.inf), "runtime: expected an attribute"),
        (lambda kept: kept.assign(generate=kept.generate.isel(site=0)), "generate: expected over"),
        (lambda kept: kept.assign_coords(site=["other"]), "site: other labels"),
        (lambda kept: kept.drop_vars("route"), "route: missing"),
        (lambda kept: kept.drop_vars("fallback_soc"), "KeyError.*fallback_soc"),
    ],
)
def test_what_is_no_part_of_a_run_is_refused_with_its_file(standing, day, spoil, said):
    held = spoil(as_kept(standing, day))
    with pytest.raises(ValueError, match=said) as caught:
        read_standing(held, Path("run.nc"), day, {0})
    assert "run.nc" in str(caught.value) and "remove the file to begin anew" in str(caught.value)


def test_an_end_where_no_window_ends_is_refused(standing, day):
    with pytest.raises(ValueError, match="time: 0 periods, where no window ends"):
        read_standing(as_kept(standing, day), Path("run.nc"), day, {2, 6})


# -- a run that is called step by step -------------------------------------------------------------


def after_two(fleet_of_one, day) -> Standing:
    """Two periods of the schedule are settled."""
    decided = fleet_of_one[1].data.isel(time=slice(2))
    done = nothing(day)
    whole = {
        name: decided[name].transpose(*done[name].dims).astype(float)
        for name in day.kept
        if name in decided
    }
    missed = {name: xr.zeros_like(whole[like]) for name, like in MISSES.items()}
    missed["unserved"] = missed["unserved"].sum("site")
    kept = xr.Dataset({**whole, **missed}).drop_attrs()
    kept = kept.assign({name: done[name] for name in ("charged", "emitted")})
    return Standing(kept.assign_attrs(done.attrs))


MISSES = {"unserved": "route", "overdrawn": "charge"}


@pytest.fixture
def held(monkeypatch) -> dict[Path, xr.Dataset]:
    """Files that are kept in memory."""
    files: dict[Path, xr.Dataset] = {}
    monkeypatch.setattr(states, "write_netcdf", lambda data, path: files.update({path: data}))
    monkeypatch.setattr(states, "read_netcdf", lambda path: files[path])
    return files


def test_a_state_holds_the_plan_and_what_was_settled_by(fleet_of_one, day, held, tmp_path):
    instance, schedule = fleet_of_one
    path, about = tmp_path / "state" / "run.nc", {"window": 4, "step": 2}
    planned = Planned(schedule.data.assign_coords(time=np.arange(6)), 2, {"policy": ""})
    keep_state(after_two(fleet_of_one, day), planned, day, path, about)
    standing, plan = read_state(path, day, about)
    assert standing.first == 2 and plan.count == 2 and plan.row == {"policy": ""}
    np.testing.assert_array_equal(plan.decided.route, planned.decided.route)
    keep_state(after_two(fleet_of_one, day), None, day, path, about)
    assert read_state(path, day, about)[1] is None
    with pytest.raises(ValueError, match="begun otherwise: window was 4"):
        read_state(path, day, {"window": 5, "step": 2})
    price = instance.data.import_price.copy()
    price[:, :2] += 1
    dearer = horizon(instance.replace(import_price=price, demand=2 * instance.data.demand))
    with pytest.raises(cs.InstanceError, match=r"import_price at site=\S+, time=0: was \S+, is"):
        read_state(path, dearer, about)
    later = horizon(instance.replace(import_price=price.where(price.time > 1, price - 1)))
    assert read_state(path, later, about)[0].first == 2  # what is still to come may change
    none = cs.Instance(instance.data.isel(job=slice(0)))
    with pytest.raises(cs.InstanceError, match=r"job \S+: gone"):
        read_state(path, horizon(none), about)
    held[path] = held[path].drop_attrs()
    with pytest.raises(ValueError, match="no state of a run"):
        read_state(path, day, about)


def test_no_more_than_five_changes_of_a_kind_are_told(held, tmp_path):
    instance = cs.generate(4, 6, 0, 0, seed=0)
    whole = horizon(instance)
    done = nothing(whole).reindex(time=instance.data.time[:2], fill_value=0.0)
    keep_state(Standing(done), None, whole, tmp_path / "run.nc", {})
    other = horizon(instance.replace(cooling=1.5 * instance.data.cooling))
    with pytest.raises(cs.InstanceError) as caught:
        read_state(tmp_path / "run.nc", other, {})
    assert len(caught.value.faults) == 6 and caught.value.faults[-1] == "cooling: and 3 more"


# -- what a window is offered ----------------------------------------------------------------------


def offered(whole, fallback=None, lenient=False, **limits):
    """The names of what is let go of, and the budgets and floors of the window's data."""
    rest = sight.remaining(whole, nothing(whole), whole.whole)
    rest = rest.assign({name: rest[name].copy(data=limit) for name, limit in limits.items()})
    found = list(sight.windows(whole, rest, None, fallback, lenient))
    budgets = [float(data.carbon_budget) for _, data in found]
    return [how for how, _ in found], budgets, [float(data.battery_final[0]) for _, data in found]


def test_a_window_leaves_of_the_budget_what_the_rest_needs(make):
    """Proves: 10 t, of which two later periods need 4 each: 2 at first, then all that is left."""
    whole = horizon(make(1, 6, 1, 1, release=5, carbon_budget=10.0))
    hows, budgets, _ = offered(whole, ahead(6, emitted=4))
    assert hows == ["", sight.BUDGET] and budgets == pytest.approx([2, 10])
    hows, budgets, _ = offered(whole)  # nothing is known of the rest
    assert hows == [""] and budgets == pytest.approx([10])


def test_a_reported_run_goes_on_without_budget_and_without_jobs(make):
    whole = horizon(make(1, 6, 1, 1, carbon_budget=10.0))
    hows, budgets, _ = offered(whole, lenient=True)
    assert hows == ["", sight.NO_BUDGET, sight.NO_JOBS]
    assert budgets == pytest.approx([10, np.inf, np.inf])
    spent, _, _ = offered(whole, carbon_budget=-1.0)
    assert spent == [sight.BUDGET]
    hows, budgets, _ = offered(horizon(make(1, 6, 0, 1)), lenient=True)
    assert hows == [""] and np.isinf(budgets).all()  # there is neither


def test_what_batteries_feed_of_a_job_is_counted_once(make):
    """Proves: 10 MW from a battery in the one period after the window are 10 t counted too much."""
    whole = horizon(make(1, 6, 1, 1, duration=3, release=2, carbon_budget=15.0))
    fed = ahead(6, start=2)
    assert fed.overcounted(4) == pytest.approx(10)
    hows, budgets, _ = offered(whole, fed)
    assert hows == ["", ""] and budgets == pytest.approx([15, 25])


def test_a_battery_gains_its_share_unless_that_leaves_no_schedule(make):
    """Proves: from 2 to 8 MWh in six periods: 6 after four of them, or no less than the 2."""
    limits = {"charge_limit": 9, "discharge_limit": 9}
    battery = {"battery_energy": 10, "battery_initial": 2, "battery_final": 8}
    whole = horizon(make(1, 6, 0, 1, **battery, **limits))
    hows, _, floors = offered(whole)
    assert hows == ["", sight.GAIN] and floors == pytest.approx([6, 2])
    whole = horizon(make(1, 6, 0, 1, **battery, **limits), window=6)
    assert offered(whole)[2] == pytest.approx([8])  # the last window


# -- looking ahead ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "found", "settles", "taken"),
    [
        (None, 1, False, "found"), (5, 1, True, "found"), (5, 3, False, "found"),
        (5, None, False, "known"), (5, 30, False, "known"),
    ],
)  # fmt: skip
def test_a_fallback_that_holds_is_kept_until_one_is_no_worse(
    make, monkeypatch, known, found, settles, taken
):
    """Proves: within a budget of 20 t for six periods the new one is taken, beyond it the old."""
    whole = horizon(make(1, 6, 0, 1, carbon_budget=20.0))
    new = None if found is None else ahead(6, emitted=found)
    old = None if known is None else ahead(6, emitted=known)
    monkeypatch.setattr(rolls, "fallback_of", lambda *given: new)
    rolling = run_of(whole, settles=settles)
    chosen = rolling._fallback(Standing(nothing(whole), fallback=old), whole.whole, 4)
    assert chosen is (new if taken == "found" else old)


def run_of(whole, settles=False) -> Rolling:
    planner = Planner(
        whole, FORMULATIONS["start"], engine="column-generation", policy=None, change_cost=0.0,
        settings={},
    )  # fmt: skip
    return Rolling(whole, FORMULATIONS["start"], planner, None, settles, None, False, 60.0)


def test_a_window_of_which_nothing_is_known_has_no_schedule(make):
    whole = horizon(make(1, 6, 0, 1))
    error = run_of(whole)._no_schedule(begun(whole), None, "")
    assert str(error) == "the window from 0 to 3 has no schedule"


def test_where_a_fixed_workload_does_not_fit_the_horizons_labels_say_so(make):
    jobs = {"power": 20.0, "duration": 6, "required": True}
    whole = horizon(make(1, 6, 2, 0, it_capacity=30.0, **jobs), 6, "energy_only")
    rest = sight.remaining(whole, nothing(whole), whole.whole)
    error = run_of(whole)._no_schedule(begun(whole), rest, "positions")
    assert "the window from 0 to 5 has no schedule" in str(error) and "j1" in str(error)
    assert "positions" not in str(error)


@pytest.mark.parametrize(
    ("engine", "settings", "held"),
    [
        ("milp", {}, True), ("column-generation", {}, False), ("auto", {}, True),
        ("auto", {"options": {"threads": 1}}, True),
    ],
)  # fmt: skip
def test_one_model_is_held_where_a_windows_starts_are_few(make, engine, settings, held):
    planner = Planner(
        horizon(make(1, 6, 1, 1)), FORMULATIONS["start"], engine=engine, policy=None,
        change_cost=0.0, settings=settings,
    )  # fmt: skip
    assert (planner._again is not None) is held


def test_starts_are_asked_of_a_policy_only(make):
    whole = horizon(make(1, 6, 1, 1))
    with pytest.raises(ValueError, match="there is no policy"):
        run_of(whole).planner.starts(whole.whole, whole.whole, 0)


def test_what_no_roll_can_be_told_is_refused(make):
    right = {"notice": None, "outlook": None, "on_breach": "raise", "engine": "auto"}
    for wrong, said in (
        ({"notice": -1}, "notice = -1 periods: must be at least 0"),
        ({"outlook": 0}, "outlook = 0 periods: must be at least 1"),
        ({"on_breach": "ignore"}, "choose from raise, report"),
        ({"engine": "rows"}, "choose from auto"),
    ):
        with pytest.raises(ValueError, match=said):
            require_choices(4, 2, **right | wrong)
    with pytest.raises(TypeError, match="outlook"):
        require_choices(4, 2, **right | {"outlook": 1.5})


# -- the record, in words --------------------------------------------------------------------------


def test_the_record_tells_what_was_let_go_and_missed():
    rows = [
        row(periods=2, policy="budget ignored", moved=1, seconds=0.5, carbon_left=np.inf),
        row(periods=2, policy="budget ignored; demand cut", unserved=3.0, carbon_left=-2.0),
    ]
    said = told(kept_rows(rows).rename({f"step_{name}": name for name in COLUMNS}), "EUR")
    assert said["steps"] == (
        "2 plans for 4 periods, 0.5 s; 1 times a waiting job planned otherwise than before; "
        "budget ignored 2 x; demand cut 1 x"
    )
    assert said["settled"] == "0 EUR as planned, 0 as it came; 3 MWh unserved; 2 tCO2e over"


# -- the name of what is kept ----------------------------------------------------------------------


def test_a_name_goes_by_all_that_decides():
    assert keeping.key({"a": 1}, "x") == keeping.key({"a": 1}, "x") != keeping.key({"a": 2}, "x")
    ((name, attributes, *sources),) = keeping.code_of(with_own(DemandCharge()))
    assert name == "demand_charge" and "class DemandCharge" in sources[0] and attributes


def test_a_family_that_cannot_be_written_down_is_named():
    told_apart = DemandCharge()
    object.__setattr__(told_apart, "rule", lambda: 0)
    with pytest.raises(ValueError, match="demand_charge has an attribute that cannot be written"):
        keeping.code_of(with_own(told_apart))
    unseen = type("Unseen", (cs.Family,), {"name": "unseen", "__module__": "nowhere"})
    with pytest.raises(ValueError, match="unseen: no source of Unseen can be read"):
        keeping.code_of(with_own(unseen()))


class Scaled:
    """A forecast that holds a number."""

    def __init__(self, factor: object) -> None:
        self.factor = factor

    def __call__(self, issued, horizon):
        return None


def test_a_callable_is_known_by_its_source_and_all_that_it_holds(make):
    def scaled(factor):
        def forecast(issued, horizon):
            return factor

        return forecast

    one, two = keeping.source_of(scaled(1)), keeping.source_of(scaled(2))
    assert one != two and one == keeping.source_of(scaled(1))
    assert keeping.source_of(Scaled(1)) != keeping.source_of(Scaled(2))
    assert keeping.source_of(Scaled(make(1, 2, 0, 0))) == keeping.source_of(
        Scaled(make(1, 2, 0, 0))
    )
    assert keeping.source_of("noisy") == "noisy" and keeping.source_of(None) is None
    with pytest.raises(ValueError, match=r"cannot be written down .* give a function of a module"):
        keeping.source_of(Scaled(open))


def test_a_run_that_is_kept_is_read_and_not_run_again(make, tmp_path, monkeypatch):
    instance, how = make(1, 2, 0, 0), {"window": 2, "step": 2, "folder": tmp_path}
    once = roll(instance, **how)
    monkeypatch.setattr(Rolling, "step", None)  # whoever calls it fails
    again = roll(instance, **how)
    xr.testing.assert_identical(again.data, once.data)
    with pytest.raises(TypeError, match="not callable"):
        roll(instance, gap=0.5, **how)  # another run
