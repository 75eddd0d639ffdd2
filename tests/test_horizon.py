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

import carbonsched as cs
from carbonsched import reoptimise
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
    assert rolled.method == method and rolled.status == "rolled"
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

    The whole sees the cheap period: 1,000 - 10. A window of two or three periods sees 7 as the
    least, and takes the job at once: 1,000 - 70. Sensitivity: only four periods find the last.
    """
    prices = [[7.0, 8.0, 9.0, 1.0]]
    instance = make(1, 4, 1, 0, import_price=prices)
    assert roll(instance, window=4, step=1, gap=0).objective == pytest.approx(990)
    assert roll(instance, window=2, step=1, gap=0).objective == pytest.approx(930)
    assert roll(instance, window=3, step=2, gap=0).objective == pytest.approx(930)


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


def test_the_budget_is_shared_over_the_periods_and_debited(make):
    """Proves: 4 periods, a job of 10 t in any of them, a budget of 20 t, windows of 2.

    Each window may emit half of what is left: 10 t, one job; then 2/3 of 10 t, too little for
    another, until the last window may use all: two jobs in all. Sensitivity: without debiting,
    every window would run one and three or more would be done.
    """
    instance = make(1, 4, 4, 0, carbon_intensity=1.0, carbon_budget=20.0)
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.data.start.sum() == 2 and rolled.emissions == pytest.approx(20)
    assert rolled.data.start.isel(time=0).sum() + rolled.data.start.isel(time=1).sum() == 1


def test_a_share_that_is_too_small_falls_back_on_all_that_remains(make):
    demand = [[40.0, 10.0, 10.0, 10.0]]
    instance = make(1, 4, 0, 1, carbon_intensity=1.0, demand=demand, carbon_budget=70.0)
    rolled = roll(instance, window=2, step=1, gap=0)
    assert rolled.emissions == pytest.approx(70)
    with pytest.raises(cs.InfeasibleError, match=r"window from 1 to 2 .* 9 tCO2e left"):
        demand = [[0.0, 1.0, 10.0, 1.0]]
        dirty = make(1, 4, 0, 1, carbon_intensity=1.0, demand=demand, carbon_budget=9.0)
        roll(dirty, window=2, step=1, gap=0)


def test_jobs_too_long_for_the_window_are_all_named(make):
    instance = make(1, 10, 3, 0, duration=[2, 4, 5])
    with pytest.raises(ValueError, match=r"up to 3 periods; too long: j1 \(4\), j2 \(5\)"):
        roll(instance, window=5, step=3)
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
