"""The default instance is what the calibration left, and it meets the published table."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import carbonsched as cs

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "data" / "scripts"))
import calibrate  # noqa: E402
import make_default  # noqa: E402

CALIBRATION = ROOT / "data" / "calibration"
KNOBS = make_default.read_knobs(CALIBRATION / "knobs.csv")


def test_the_default_instance_is_made_from_the_fitted_knobs(default):
    made = make_default.make(KNOBS)
    assert made.data.drop_attrs().equals(default.data.drop_attrs())


def test_every_knob_is_within_its_documented_range():
    for name, knob in (make_default.KNOBS | {"split": make_default.SPLIT}).items():
        assert knob.low <= KNOBS[name] <= knob.high
        assert knob.low <= knob.start <= knob.high
        assert knob.unit
        assert knob.why


@pytest.fixture(scope="module")
def reached(default) -> pd.DataFrame:
    """Table I of the default instance beside the published one."""
    return calibrate.check(default)


def test_table_one_is_met_within_a_thousandth_in_the_order_published(reached):
    found = reached
    residuals = found.filter(like="residual")  # per cent
    assert residuals.abs().to_numpy().max() < 0.1
    for metric in ("objective", "emissions"):
        ranked = found[[f"published_{metric}", f"reached_{metric}"]].drop("no_carbon").rank()
        assert (ranked.iloc[:, 0] == ranked.iloc[:, 1]).all()
    stored = pd.read_csv(CALIBRATION / "residuals.csv", index_col="method")
    published = [name for name in stored if name.startswith("published")]
    pd.testing.assert_frame_equal(found[published], stored[published], check_dtype=False)
    np.testing.assert_allclose(found.reached_objective, stored.reached_objective, rtol=1e-4)
    # optima of one benefit may differ in emissions: the last figure stored is no promise
    np.testing.assert_allclose(found.reached_emissions, stored.reached_emissions, atol=0.5)


def test_all_six_jobs_run_in_all_six_methods(default):
    for method in cs.METHODS:
        assert int(cs.solve(default, method, gap=1e-6).data.start.sum()) == 6, method


def test_the_four_statements_of_figure_one_hold_on_the_default_instance(default):
    held = calibrate.statements(calibrate.figure_one(default))
    assert len(held) == 4
    assert held.min() >= 0.01


def test_the_share_that_is_moved_to_jobs_is_the_least():
    less = make_default.make(KNOBS | {"split": KNOBS["split"] - 0.01})
    assert calibrate.statements(calibrate.figure_one(less)).min() < 0.01


def test_how_the_revenue_is_divided_leaves_the_table_as_it_is(reached):
    """Two instances far apart, one table: the null direction that Fig. 1(a) is chosen along."""
    other = make_default.make(KNOBS | {"split": 0.0})
    revenue = [
        float((made.data.value * made.data.demand).sum())
        for made in (make_default.make(KNOBS), other)
    ]
    assert revenue[0] < 0.9 * revenue[1]
    names = ["reached_objective", "reached_emissions"]
    apart = calibrate.check(other)[names] - reached[names]
    assert apart.reached_objective.abs().max() < 1.0  # USD
    assert apart.reached_emissions.abs().max() < 0.5  # t; equal plans may differ in emissions


@pytest.mark.long
def test_another_end_of_the_search_meets_the_table_too():
    other = make_default.read_knobs(CALIBRATION / "other.csv")
    ranges = make_default.KNOBS | {"split": make_default.SPLIT}
    assert all(knob.low <= other[name] <= knob.high for name, knob in ranges.items())
    found = calibrate.check(make_default.make(other))
    assert found.filter(like="residual").abs().to_numpy().max() < 0.1
    apart = [abs(other[n] - KNOBS[n]) / (knob.high - knob.low) for n, knob in ranges.items()]
    assert np.mean(apart) > 0.1


def test_what_a_trial_yields_depends_on_nothing_before_it():
    """Nor on which of equal plans a solver prefers, so that a seed says where a search ends."""
    start = {name: knob.start for name, knob in make_default.KNOBS.items()}
    moved = start | {"valley_battery": 40.0, "export_ratio": 0.5}
    first, _, again = (calibrate.outcomes(make_default.make(v)) for v in (start, moved, start))
    calibrate.reoptimisers.cache_clear()
    fresh = calibrate.outcomes(make_default.make(start))
    pd.testing.assert_frame_equal(first, again, rtol=1e-9)
    pd.testing.assert_frame_equal(first, fresh, rtol=1e-9)


def test_what_work_earns_is_within_its_documented_range(default):
    data = default.data
    inference = float((data.value / data.power_per_unit).max())
    jobs = data.reward / (data.power * data.duration)
    low, high = make_default.EARNED
    assert low <= inference <= high
    assert low <= float(jobs.min())
    assert float(jobs.max()) <= high


def test_least_squares_come_nearer_to_the_table_as_they_did():
    started = make_default.read_knobs(CALIBRATION / "knobs.csv", "searched")
    started = {name: started[name] for name in make_default.KNOBS}
    moved, log = calibrate.refine(started, rounds=2)
    assert set(moved) == set(make_default.KNOBS)
    assert log.root_mean_square.iloc[-1] < log.root_mean_square.iloc[0]
    kept = pd.read_csv(CALIBRATION / "refinement.csv")
    pd.testing.assert_frame_equal(log, kept.iloc[:2], atol=2e-6)


@pytest.mark.long
def test_the_search_goes_from_its_seed_as_it_did():
    kept = pd.read_csv(CALIBRATION / "log.csv")
    start = calibrate.encode({name: knob.start for name, knob in make_default.KNOBS.items()})
    _, log = calibrate.fit(start, int(kept.seed[0]), 60, 0.15, workers=1, target=0.002)
    assert len(log) >= 4
    pd.testing.assert_frame_equal(
        log, kept.drop(columns="seed").iloc[: len(log)], atol=2e-6, check_dtype=False
    )


@pytest.mark.long
def test_the_search_lowers_the_misfit_and_logs_it():
    start = calibrate.encode({name: knob.start for name, knob in make_default.KNOBS.items()})
    best, log = calibrate.fit(start, seed=3, evaluations=13, step=0.1, workers=1, target=0.0)
    assert log.trials.iloc[-1] >= 13
    assert calibrate.misfit(best) == pytest.approx(log.best.iloc[-1], rel=1e-3)
    assert log.best.iloc[-1] < calibrate.misfit(start)


def test_a_point_decodes_to_values_within_range():
    rng = np.random.default_rng(0)
    for point in rng.normal(0.5, 1.0, (20, len(make_default.KNOBS))):
        values = calibrate.decode(point)
        assert all(k.low <= values[n] <= k.high for n, k in make_default.KNOBS.items())


def test_a_trial_without_a_schedule_is_no_crash(monkeypatch):
    def refuse(_: object) -> None:
        raise cs.InstanceError(["no"], "test")

    monkeypatch.setattr(calibrate, "make", refuse)
    assert calibrate.misfit(np.full(len(make_default.KNOBS), 0.5)) == calibrate.INFEASIBLE
