"""Rolling operation: window by window on one model, and never better than the whole at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from own_families import (
    CarbonTax,
    DemandCharge,
    MovedDemandCharge,
    Surcharge,
    Water,
    with_own,
)

import carbonsched as cs
from carbonsched.io import read_netcdf, write_netcdf
from carbonsched.operate import reoptimise
from carbonsched.operate.roll import roll

SCRIPT = """
import sys
import carbonsched as cs
from carbonsched.operate.roll import roll

roll(cs.load(sys.argv[1]), window=12, step=2, folder=sys.argv[2], gap=0)
"""


@pytest.fixture
def builds(monkeypatch):
    """Count the models that are built."""
    count = []
    build = reoptimise.build
    monkeypatch.setattr(reoptimise, "build", lambda *a, **k: count.append(1) or build(*a, **k))
    return count


@pytest.mark.parametrize("method", ["joint", "energy_only", "no_carbon"])
def test_a_window_as_long_as_the_horizon_is_one_solve(method):
    instance = cs.generate(2, 8, 3, 2, seed=3)
    rolled = roll(instance, method, window=100, step=5, gap=0)
    whole = cs.solve(instance, method, gap=0)
    assert rolled.objective == pytest.approx(whole.objective, rel=1e-6)
    assert rolled.method == whole.method == cs.METHODS[method] and rolled.status == "rolled"
    assert np.isnan(rolled.bound) and rolled.summary()["bound"] is None


@pytest.mark.parametrize("seed", range(4))
def test_it_keeps_every_equation_and_the_bound_of_the_whole(seed, builds):
    """Proves: what is committed adds up to a schedule of the instance, from one build.

    A budget binds in odd seeds; there are no jobs in one, no services in another.
    """
    jobs, services = (0 if seed == 2 else 4), (0 if seed == 3 else 2)
    instance = cs.generate(2, 24, jobs, services, seed=seed)
    if seed % 2:
        free = cs.solve(instance, gap=0)
        instance = instance.replace(carbon_budget=free.emissions)
    whole = cs.solve(instance, gap=1e-6)
    rolled = roll(instance, window=16, step=5, gap=1e-6)
    assert cs.verify(instance, rolled).ok
    assert rolled.objective <= whole.bound * (1 + 1e-6)
    assert len(builds) == 1


@pytest.mark.parametrize("method", ["compute_only", "energy_only", "no_routing", "no_carbon"])
def test_methods_roll_too(method, builds):
    instance = cs.generate(2, 12, 3, 2, seed=1)
    rolled = roll(instance, method, "paper", window=8, step=4, gap=1e-3)
    assert rolled.objective <= cs.solve(instance, method, gap=1e-6).bound * (1 + 1e-6)
    assert len(builds) == 1


def test_periods_may_be_timestamps_and_the_whole_day_is_one_build(default, builds):
    rolled = roll(default, window=16, step=6, gap=1e-4)
    assert cs.verify(default, rolled).ok
    assert len(builds) == 1


def test_states_of_grid_and_battery_move_with_the_window(builds):
    """Inverted and negative prices in some windows only: the states stand in every window."""
    instance = cs.generate(2, 18, 2, 1, seed=2)
    given, when = instance.data, instance.data.time
    instance = instance.replace(
        export_price=xr.where(when == 9, given.import_price + 5, given.export_price),
        import_price=given.import_price.where(when != 14, -10.0),
    )
    rolled = roll(instance, window=9, step=4, gap=1e-6)
    assert rolled.objective <= cs.solve(instance, gap=1e-6).bound * (1 + 1e-6)
    assert len(builds) == 1


def test_what_is_not_seen_costs_what_it_costs(make):
    """Proves: one job of 10 MW, free to run in any of four periods at 7, 8, 9 and 1 USD/MWh.

    The whole sees the cheap period: 1,000 - 10. A window of two or three periods without outlook
    sees 7 as the least, and takes the job at once: 1,000 - 70. With one, it is told what waiting is
    worth. Sensitivity: without, only four periods find the last.
    """
    prices = [[7.0, 8.0, 9.0, 1.0]]
    instance = make(1, 4, 1, 0, import_price=prices)
    blind = {"outlook": None, "gap": 0}
    assert roll(instance, window=4, step=1, **blind).objective == pytest.approx(990)
    assert roll(instance, window=2, step=1, **blind).objective == pytest.approx(930)
    assert roll(instance, window=3, step=2, **blind).objective == pytest.approx(930)
    assert roll(instance, window=2, step=1, gap=0).objective == pytest.approx(990)


def test_a_job_that_waits_for_a_cheap_period_in_sight_is_not_lost(make):
    """Proves: a plan is no commitment. 9, 5, 1 USD/MWh and windows of two, one committed.

    The first window plans the job at 5 and commits nothing; the second finds 1.
    """
    instance = make(1, 3, 1, 0, import_price=[[9.0, 5.0, 1.0]])
    assert roll(instance, window=2, step=1, gap=0).objective == pytest.approx(990)


def test_jobs_keep_running_across_windows_and_take_their_room(make):
    """Proves: a job of three periods that fills the site runs through two moves of the window.

    A second one, better paid and released in period 2, must wait until it is over. Sensitivity:
    if a running job's load were forgotten, capacity would be broken and the second start at 2.
    """
    instance = make(
        1, 8, 2, 0, power=[60, 60], duration=[3, 3], reward=[5000, 9000], release=[0, 2],
        deadline=[2, 7],
    )  # fmt: skip
    rolled = roll(instance, window=4, step=1, gap=0)
    assert rolled.data.run.sum(["site", "time"]).values.tolist() == [3, 3]
    assert int(rolled.data.start.sel(job="j0").argmax("time").item()) == 0
    assert int(rolled.data.start.sel(job="j1").argmax("time").item()) >= 3
    assert rolled.objective == pytest.approx(14000 - 2 * 3 * 600)


def test_the_battery_is_carried_over_and_left_as_it_was(make):
    """Proves: 10 MWh bought at 1 and used at 9 in the next window, twice; 5 MWh left at the end.

    Sensitivity: a battery that began each window at its initial charge would earn more than is
    possible, one that had to end each window at what it began with could never be emptied.
    """
    instance = make(
        1, 8, 0, 1, demand=10, import_price=[[1, 9, 1, 9, 1, 9, 1, 9]], battery_energy=10,
        battery_initial=5, charge_limit=10, discharge_limit=10,
    )  # fmt: skip
    whole = cs.solve(instance, gap=0)
    rolled = roll(instance, window=4, step=1, gap=0)
    assert rolled.objective == pytest.approx(whole.objective)
    assert rolled.data.soc.isel(time=-1).item() >= 5 - 1e-6


def better_later(make) -> cs.Instance:
    """Return a job of 10 t in each of 4 periods, with a budget of 20 t: the later two pay most."""
    when, reward = [0, 1, 2, 3], [1000, 1500, 3000, 2000]
    return make(
        1, 4, 4, 0, carbon_intensity=1.0, carbon_budget=20.0, reward=reward, release=when,
        deadline=when,
    )  # fmt: skip


def test_the_budget_is_debited_and_spent_where_it_earns_the_most(make):
    """Proves: 4 periods, a job of 10 t in each, a budget of 20 t, windows of 2: the later two.

    They earn 3,000 and 2,000, the first two 1,000 and 1,500, which the price of carbon keeps from
    being started. Sensitivity: without debiting, three or more run.
    """
    instance = better_later(make)
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.data.start.sum(["site", "time"]).values.tolist() == [0, 0, 1, 1]
    assert rolled.emissions == pytest.approx(20)


def test_without_an_outlook_the_budget_is_spent_at_first_sight(make):
    """Proves: as above, but other two than the last run, and less than 4,800 USD are earned."""
    instance = better_later(make)
    blind = roll(instance, window=2, step=1, gap=0, outlook=None)
    assert blind.data.start.sum() == 2 and blind.data.start.sel(job="j0").any()
    assert blind.objective < 5000 - 2 * 100


def test_all_of_a_budget_may_be_needed_and_too_little_is_told(make):
    demand = [[40.0, 10.0, 10.0, 10.0]]
    instance = make(1, 4, 0, 1, carbon_intensity=1.0, demand=demand, carbon_budget=70.0)
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.emissions == pytest.approx(70)
    with pytest.raises(cs.InfeasibleError, match=r"window from 1 to 2 .* 9 tCO2e left"):
        demand = [[0.0, 1.0, 10.0, 1.0]]
        dirty = make(1, 4, 0, 1, carbon_intensity=1.0, demand=demand, carbon_budget=9.0)
        roll(dirty, window=2, step=1, gap=0)


def test_jobs_longer_than_the_window_run(make):
    """Proves: of 2, 4 and 6 periods, in a horizon of 7, with windows of 3: all run, to their end.

    The site holds two of them at a time. Sensitivity: a job that must end in its window is never
    started if it lasts longer; one whose tail has no room reserved would be started beside two.
    """
    instance = make(1, 7, 3, 0, duration=[2, 4, 6], power=45, reward=9000)
    rolled = roll(instance, window=3, step=1, gap=0)
    assert rolled.data.run.sum(["site", "time"]).values.tolist() == [2, 4, 6]
    assert rolled.objective == pytest.approx(cs.solve(instance, gap=0).objective)


def test_windows_and_steps_that_do_not_fit_are_refused(make):
    instance = make(1, 10, 0, 0)
    for window, step in ((0, 0), (4, 5), (4, 0)):
        with pytest.raises(ValueError, match="step"):
            roll(instance, window=window, step=step)


def test_it_saves_loads_and_shows_no_gap(tmp_path, make):
    rolled = roll(make(1, 3, 1, 0), window=2, step=1)
    loaded = cs.Schedule.load(rolled.save(tmp_path / "week.nc"))
    assert loaded.objective == rolled.objective and np.isnan(loaded.gap)


def test_a_finished_run_is_read_and_another_gets_a_file_of_its_own(tmp_path, builds):
    instance = cs.generate(2, 12, 2, 1, seed=0)
    first = roll(instance, window=6, step=3, folder=tmp_path)
    again = roll(instance, window=6, step=3, folder=tmp_path)
    assert len(builds) == 1
    xr.testing.assert_identical(first.data, again.data)
    assert again.runtime == first.runtime
    roll(instance.replace(carbon_budget=1e6), window=6, step=3, folder=tmp_path)
    roll(instance, window=6, step=2, folder=tmp_path)
    assert len(builds) == 3 and len(list(tmp_path.iterdir())) == 3


def test_killed_twice_it_goes_on_and_ends_the_same(tmp_path):
    """SIGKILL: what was committed is kept, whole, and the end is that of a run never killed."""
    instance = cs.generate(2, 40, 4, 2, seed=1)
    short = instance.data.duration <= 11
    instance = cs.Instance(instance.data.isel(job=short.values))
    folder, script = tmp_path / "kept", tmp_path / "run.py"
    script.write_text(SCRIPT)
    given = instance.save(tmp_path / "week.nc")
    for wanted in (2, 12):
        process = subprocess.Popen([sys.executable, str(script), str(given), str(folder)])
        deadline = time.monotonic() + 60
        while periods(folder) < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert wanted <= periods(folder) < 40
    resumed = roll(instance, window=12, step=2, folder=folder, gap=0)
    clean = roll(instance, window=12, step=2, gap=0)
    assert len(list(folder.glob("*.nc"))) == 1
    xr.testing.assert_allclose(resumed.data, clean.data, rtol=1e-9)
    assert resumed.objective == pytest.approx(clean.objective, rel=1e-12)


def periods(folder) -> int:
    """Return how many periods the one file of a folder holds: it is whole, or this raises."""
    return max((xr.load_dataset(path).sizes["time"] for path in folder.glob("[!.]*.nc")), default=0)


# -- what varies in time, ends and required jobs --------------------------------------------------


def test_limits_that_vary_in_time_are_those_of_each_window(make, builds):
    """Proves: 5 MW of import in period 2 only, 10 MW of demand: 5 MWh from the battery there."""
    instance = make(
        1, 5, 0, 1, demand=10, import_limit=[[20, 20, 5, 20, 20]], import_price=[[1, 2, 9, 2, 1]],
        battery_energy=10, charge_limit=10, discharge_limit=10,
    )  # fmt: skip
    rolled = roll(instance, window=3, step=1, gap=0)
    assert rolled.data.grid_import.sel(site="A").values[2] <= 5 + 1e-6
    assert rolled.objective <= cs.solve(instance, gap=0).objective + 1e-6
    assert len(builds) == 1


def test_a_reserve_at_night_is_kept_by_the_windows_that_reach_it(make):
    """Proves: 5 MWh from period 2 on, carried over within the reserve of its own period."""
    reserve = [[0.0, 0.0, 5.0, 5.0, 0.0]]
    instance = make(
        1, 5, 0, 1, demand=10, battery_energy=10, battery_min=reserve, charge_limit=5,
        discharge_limit=5, import_price=[[3, 1, 9, 9, 2]],
    )  # fmt: skip
    rolled = roll(instance, window=2, step=1, gap=0)
    assert (rolled.data.soc.values >= np.array(reserve) - 1e-6).all()
    assert rolled.objective <= cs.solve(instance, gap=0).objective + 1e-6


def test_a_fuller_battery_at_the_end_is_gained_by_and_by(make):
    """Proves: 1 MW gains 8 MWh in no less than eight of twelve periods; a window has four.

    Sensitivity: windows that ended at the initial charge would leave the last one 4 MWh short.
    """
    instance = make(
        1, 12, 0, 1, demand=10, battery_energy=10, battery_final=8, charge_limit=1,
        discharge_limit=1,
    )  # fmt: skip
    rolled = roll(instance, window=4, step=1, gap=0)
    assert rolled.data.soc.values[0, -1] == pytest.approx(8)
    assert rolled.objective == pytest.approx(-1280)


def test_a_gain_that_cannot_begin_yet_is_put_off(make):
    """Proves: no power to spare for six periods, then 4 MW: 8 MWh are gained in the second half."""
    instance = make(
        1, 12, 0, 1, demand=[[10.0] * 6 + [6.0] * 6], import_limit=10, battery_energy=10,
        battery_final=8, charge_limit=8, discharge_limit=8,
    )  # fmt: skip
    rolled = roll(instance, window=4, step=1, gap=0)
    assert rolled.data.soc.values[0, 5] == pytest.approx(0, abs=1e-6)
    assert rolled.data.soc.values[0, -1] == pytest.approx(8)


def test_a_battery_may_be_left_empty_by_the_last_window_only(make):
    """Proves: 10 MWh saved for 9 USD, though windows before see prices of 2 and 3."""
    instance = make(
        1, 4, 0, 1, demand=10, import_price=[[1, 2, 3, 9]], battery_energy=10,
        battery_initial=10, battery_final=0, charge_limit=10, discharge_limit=10,
    )  # fmt: skip
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.objective == pytest.approx(-60)
    assert rolled.data.soc.values[0, -1] == pytest.approx(0, abs=1e-6)


def test_stored_energy_is_worth_the_same_to_every_window(make, builds):
    """Proves: bought at 10 only, 5 MWh at a time, never at 21: 10 MWh that gain 10 USD each."""
    instance = make(
        1, 5, 0, 0, import_price=[[30, 10, 21, 10, 30]], battery_energy=20, charge_limit=5,
        discharge_limit=5, battery_value=20, battery_final=0,
    )  # fmt: skip
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.objective == pytest.approx(10 * 10)
    assert rolled.benefit["stored"] == pytest.approx(10 * 20)
    assert rolled.objective == pytest.approx(cs.solve(instance, gap=0).objective)
    assert len(builds) == 1


def test_a_recovery_counts_from_the_start_of_the_horizon(make, builds):
    """Proves: 2 MWh are kept, not more, until the fourth period asks for 6, at 10; one model."""
    instance = make(
        1, 5, 0, 1, demand=5, import_price=[[30, 20, 40, 10, 50]], battery_energy=10,
        battery_initial=2, battery_min=6, battery_recovery=4, charge_limit=5, discharge_limit=5,
    )  # fmt: skip
    rolled = roll(instance, window=2, step=1, gap=0)
    assert cs.verify(instance, rolled).ok
    soc = rolled.data.soc.sel(site="A").values
    assert soc[0] >= 2 - 1e-6 and soc[2] < 6 <= soc[3] + 1e-6
    assert len(builds) == 1


def test_jobs_of_before_and_after_the_horizon_are_rolled(make):
    """Proves: a window from -4 to 1 and one from 3 to 9; the third begins with the next horizon."""
    instance = make(
        1, 5, 3, 0, release=[-4, 3, 5], deadline=[1, 9, 9], import_price=[[10, 20, 1, 30, 20]]
    )
    rolled = roll(instance, window=2, step=1, gap=0)
    started = rolled.data.start.sel(site="A").transpose("job", "time").values
    assert np.argwhere(started).tolist() == [[0, 0], [1, 4]]


@pytest.mark.parametrize(
    ("deadline", "required", "objective"),
    [
        (1, False, 0),  # declined: it earns nothing
        (1, True, -50),  # at 5: the cheaper of two periods
        (2, True, -10),  # it waits, as long as its deadline is out of sight
        (3, True, -10),
    ],
)
def test_a_required_job_runs_at_last(make, deadline, required, objective):
    """Proves: 10 MW at 9, 5, 1 and 2 USD/MWh, windows of two periods, one committed."""
    instance = make(
        1, 4, 1, 0, import_price=[[9, 5, 1, 2]], reward=0, deadline=deadline, required=required
    )
    assert roll(instance, window=2, step=1, gap=0).objective == pytest.approx(objective)


def test_a_required_job_takes_the_room_before_one_that_pays(make):
    """Proves: 60 MW of 100, both due by period 2: the one that earns 9,000 is declined."""
    instance = make(
        1, 6, 2, 0, power=60, duration=2, reward=[0, 9000], deadline=[2, 2], required=[True, False]
    )
    rolled = roll(instance, window=4, step=2, gap=0)
    assert rolled.data.start.sum(["site", "time"]).values.tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(4))
def test_required_jobs_and_ends_and_limits_in_time_all_at_once(seed):
    """Proves: judged whole, and never better than the whole."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, 20, 4, 2, seed=seed)
    data = instance.data
    short = cs.Instance(data.isel(job=(data.duration <= 7).values))
    data = short.data
    hourly = xr.DataArray(rng.uniform(0.9, 1.1, data.sizes["time"]), {"time": data.time})
    instance = short.replace(
        import_limit=1.2 * data.import_limit * hourly,
        it_capacity=1.2 * data.it_capacity * hourly,
        generation_cost=data.generation_cost * hourly,
        battery_final=data.battery_energy * rng.uniform(0, 1),
        required=xr.DataArray(rng.random(data.sizes["job"]) < 0.5, {"job": data.job}),
    )
    rolled = roll(instance, window=10, step=3, gap=1e-6)
    assert cs.verify(instance, rolled).ok
    assert rolled.objective <= cs.solve(instance, gap=1e-6).bound * (1 + 1e-6)


# -- families of a user's own ----------------------------------------------------------------------


@pytest.mark.parametrize("family", [DemandCharge(), MovedDemandCharge(), Surcharge(), CarbonTax()])
def test_a_family_rolled_in_one_window_is_solved_whole(family):
    families, instance = with_own(family), cs.generate(2, 8, 3, 2, seed=3)
    model = cs.build(instance, families=families)
    model.solve(progress=False, output_flag=False)
    rolled = roll(instance, families=families, window=8, gap=0)
    assert rolled.objective == pytest.approx(model.objective.value, rel=1e-6)
    assert rolled.families == (family,)


def test_the_peak_so_far_is_carried_over(make):
    """Proves: 30 MW at first, 10 MW later, and a job of 10 MW that earns 1,000.

    A peak of 30 MW is paid for, so the job costs energy only: 900 - 600 - 15,000. Sensitivity:
    a window that had forgotten it would decline the job, for 10 MW more cost 5,000.
    """
    instance = make(1, 4, 1, 1, demand=[[30.0, 10.0, 10.0, 10.0]], release=2)
    rolled = roll(instance, families=with_own(MovedDemandCharge()), window=2, step=1, gap=0)
    assert rolled.data.peak.sel(site="A").item() == pytest.approx(30)
    assert rolled.benefit["demand_charge"] == pytest.approx(-15_000)
    assert rolled.objective == pytest.approx(900 - 600 - 15_000)
    assert cs.verify(instance, rolled).ok


def test_a_peak_that_is_not_carried_over_is_found(make):
    """Proves: by the judge, over the whole: each window alone keeps the row."""
    instance = make(1, 3, 0, 1, demand=[[30.0, 10.0, 10.0]])

    class Forgetful(DemandCharge):
        carry = cs.Family.carry

    with pytest.raises(cs.VerificationError, match="peak covers the highest import"):
        roll(instance, families=with_own(Forgetful()), window=2, step=1, gap=0)


@pytest.mark.parametrize("seed", range(3))
def test_a_demand_charge_rolls_no_better_than_the_whole(seed):
    family, instance = MovedDemandCharge(), cs.generate(2, 16, 4, 2, seed=seed)
    short = cs.Instance(instance.data.isel(job=(instance.data.duration <= 6).values))
    rolled = roll(short, families=with_own(family), window=8, step=3, gap=1e-6)
    assert rolled.objective <= cs.solve(short, families=with_own(family), gap=1e-6).bound + 1e-3
    np.testing.assert_allclose(rolled.data.peak, rolled.data.grid_import.max("time"), atol=1e-5)


def test_a_budget_of_ones_own_is_debited(make):
    """Proves: four jobs of 10 MWh in any of four periods, 20 m3 at one a MWh: two of them.

    Sensitivity: without `carry`, each window would have 20 m3 anew.
    """
    family = Water()
    instance = make(1, 4, 4, 0).with_families([family], water_budget=20.0)
    rolled = roll(instance, families=with_own(family), window=2, step=1, gap=0)
    assert rolled.data.start.sum() == 2 and rolled.data.grid_import.sum() == pytest.approx(20)


def test_decisions_over_time_are_joined_and_their_emissions_debited(make):
    """Proves: 40, 10, 30, 20 MW: 15 and 5 MW above 25, 0.1 t each beside 0.5 t a MWh."""
    instance = make(1, 4, 0, 1, demand=[[40.0, 10.0, 30.0, 20.0]], carbon_budget=52.0)
    rolled = roll(instance, families=with_own(Surcharge()), window=2, step=1, gap=0)
    np.testing.assert_allclose(rolled.data.above, [[15, 0, 5, 0]], atol=1e-6)
    assert rolled.objective == pytest.approx(-1000 - 60)
    assert rolled.emissions == pytest.approx(52)
    less = instance.replace(carbon_budget=51.9)  # 26.5 t are emitted in the first two periods
    with pytest.raises(cs.InfeasibleError, match=r"from 2 to 3 .* 25.4 tCO2e left"):
        roll(less, families=with_own(Surcharge()), window=2, step=1, gap=0)


class Preferred(cs.Family):
    """A share of each service that may be served at all, by a parameter over services."""

    name = "preferred"
    decisions = (cs.Quantity("missed", ("service", "time"), "unit", lower=0),)
    parameters = (cs.Quantity("penalty", ("service",), "USD/unit", default=2.0),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords=cs.over(data, "service", "time"), name="missed")

    def constrain(self, model, data, formulation):
        away = (model["route"] * (data.home != data.site)).sum("site")
        model.add_constraints(away - model["missed"] <= 0, name="preferred:home")

    def worth(self, data):
        return {"preferred": {"missed": -data.penalty}}


def test_a_parameter_over_services_takes_its_default_for_running_jobs():
    instance = cs.generate(2, 12, 3, 2, seed=3)
    families = with_own(Preferred())
    rolled = roll(instance, families=families, window=8, step=4, gap=1e-6)
    assert rolled.data.missed.dims == ("service", "time") and rolled.data.missed.shape == (2, 12)
    assert rolled.objective <= cs.solve(instance, families=families, gap=1e-6).bound + 1e-3

    class Bare(Preferred):
        parameters = (cs.Quantity("penalty", ("service",), "USD/unit"),)

    given = instance.with_families([Bare()], penalty=2.0)
    with pytest.raises(ValueError, match="penalty is over services and has no default"):
        roll(given, families=with_own(Bare()), window=8, step=4)


def test_what_a_family_carries_must_be_its_own(make):
    class Meddling(DemandCharge):
        def carry(self, whole, done, window):
            return {"it_capacity": whole.it_capacity}

    with pytest.raises(ValueError, match="demand_charge carries it_capacity"):
        roll(make(1, 3, 0, 1, demand=5), families=with_own(Meddling()), window=2, step=1)

    class TooWide(DemandCharge):
        def carry(self, whole, done, window):
            return {"peak_so_far": done.grid_import}

    with pytest.raises(ValueError, match="peak_so_far over time"):
        roll(make(1, 3, 0, 1, demand=5), families=with_own(TooWide()), window=2, step=1)


def test_families_and_their_parameters_have_files_of_their_own(tmp_path, builds):
    instance = cs.generate(1, 6, 0, 1, seed=0)
    how = {"window": 4, "step": 2, "folder": tmp_path}
    families = with_own(MovedDemandCharge())
    first = roll(instance, families=families, **how)
    count = len(builds)
    again = roll(instance, families=families, **how)
    assert len(builds) == count  # nothing was left to do
    xr.testing.assert_identical(first.data, again.data)
    assert first.data.peak.item() > 0
    dearer = instance.with_families(families, demand_rate=600.0)
    roll(dearer, families=families, **how)
    roll(instance, families=with_own(DemandCharge()), **how)
    roll(instance, **how)
    assert len(list(tmp_path.iterdir())) == 4


def test_a_family_without_a_source_is_not_kept(tmp_path, builds):
    made: dict[str, type[cs.Family]] = {}
    exec("class Nowhere(cs.Family):\n    name = 'nowhere'", {"cs": cs, "__name__": "gone"}, made)
    families = with_own(made["Nowhere"]())
    instance = cs.generate(1, 4, 0, 1, seed=0)
    with pytest.raises(ValueError, match="no source of Nowhere"):
        roll(instance, families=families, window=2, step=1, folder=tmp_path)
    assert not builds
    assert roll(instance, families=families, window=2, step=1).families[0].name == "nowhere"


def test_a_misspelt_keyword_is_named(make):
    with pytest.raises(
        TypeError, match=r"roll\(\) has no keyword 'windows', did you mean 'window'"
    ):
        roll(make(1, 2, 0, 0), windows=2)


# ------------------------------------------------------------------------- windows without schedule


def without_schedule(method, **values):
    """Return the error of a roll over numbered periods from 100, of which 104 asks too much."""
    data = plain(1, 6, 1, 1, power=3.0, deadline=1, **values)
    times = data.time.values + 100
    data = data.assign_coords(time=times).assign(release=data.release + 100)
    instance = cs.Instance(data.assign(deadline=data.deadline + 100))
    with pytest.raises(cs.InfeasibleError) as caught:
        roll(instance, method, window=3, step=1, gap=0)
    return instance, caught.value


@pytest.mark.parametrize("method", ["joint", "energy_only"])
def test_a_window_without_schedule_is_diagnosed_by_the_horizons_labels(method):
    """Proves: 20 MW of import against 50 MW in period 104, in the window from 102 to 104.

    The remedy of the window cures the horizon, too. A job that is over takes no part.
    """
    instance, error = without_schedule(method, demand=[[5, 5, 5, 5, 50, 5]], import_limit=20.0)
    assert str(error).startswith("the window from 102 to 104 has no schedule")
    assert "period 2" not in str(error)
    diagnosis = error.diagnosis
    assert not diagnosis.feasible and not diagnosis.instance.data.sizes["job"]
    assert "from 102 to 104" in str(diagnosis) and "period 104 30 MW" in str(diagnosis)
    assert {104} == set(diagnosis.conflict.members.time.dropna())
    remedy = diagnosis.remedy("import_limit")
    assert remedy.amount == pytest.approx(30)
    assert roll(remedy.apply(instance), method, window=3, step=1, gap=0).status == "rolled"
    shed = diagnosis.remedy("demand").apply(instance).data.demand.values.tolist()
    assert shed == [pytest.approx([5, 5, 5, 5, 20, 5], abs=1e-3)]


def test_what_a_fixed_workload_lacks_is_told_by_the_horizons_labels():
    _, error = without_schedule(
        "energy_only", demand=5.0, import_limit=[[20.0, 20, 20, 20, 4, 20]], battery_energy=4.0,
        battery_initial=1.0, battery_final=3.0, charge_limit=0.5, discharge_limit=1.0,
    )  # fmt: skip
    assert "1 MW at site A, period 104" in str(error)
    assert "period 104" in str(error.diagnosis)


def test_timestamps_and_all_that_is_left_of_a_budget_are_told(default):
    tight = default.replace(carbon_budget=100.0)
    with pytest.raises(cs.InfeasibleError) as caught:
        roll(tight, window=16, step=6)
    first = tight.data.indexes["time"][0]
    assert f"the window from {first}" in str(caught.value)
    assert caught.value.diagnosis.remedy("carbon_budget").enough


# ------------------------------------------------------------------------- what is kept


def spoil_attributes(kept):
    kept.attrs.clear()


def spoil_dimensions(kept):
    kept["generate"] = kept.generate.isel(site=0, drop=True)


def spoil_labels(kept):
    kept.coords["site"] = ["other"]


def forget_a_decision(kept):
    del kept["route"]


def spoil_the_end(kept):
    return kept.isel(time=slice(1))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_attributes, "runtime: expected an attribute"),
        (spoil_dimensions, "generate: expected over site, time"),
        (spoil_labels, "site: other labels"),
        (forget_a_decision, "route: missing"),
        (spoil_the_end, "time: 1 periods, where no window ends"),
    ],
)
def test_what_is_kept_and_is_no_part_of_the_run_is_one_clear_error(tmp_path, spoil, said):
    """Proves: named with its file, with the cure, and before any work; never a KeyError."""
    instance = cs.generate(1, 6, 0, 1, seed=0)
    how = {"window": 4, "step": 2, "folder": tmp_path, "gap": 0}
    whole = roll(instance, **how)
    (path,) = tmp_path.iterdir()
    kept = read_netcdf(path)
    write_netcdf(spoil(kept) or kept, path)
    with pytest.raises(ValueError, match=said) as caught:
        roll(instance, **how)
    assert path.name in str(caught.value) and "remove the file to begin anew" in str(caught.value)
    path.unlink()
    xr.testing.assert_identical(roll(instance, **how).data, whole.data)
