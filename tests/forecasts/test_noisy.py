"""Errors of forecasts against the formula they are drawn by, within what chance allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from fleets import counted, fleet
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.forecasts import FORECAST, SIZES, forecast_of, noisy, perfect
from carbonsched.forecasts.error_model import ErrorModel
from carbonsched.forecasts.seen import Seen

SIGMA, MEMORY, BETWEEN = 0.05, 20.0, 0.6
KNOWN = {
    name: replace(size, sigma=SIGMA, memory=MEMORY, between=BETWEEN) for name, size in SIZES.items()
}
LENGTH, ISSUES = 48, 250
STRICT = 4.5  # standard errors that a sample may be off


@pytest.fixture(scope="module")
def errors() -> np.ndarray:
    """Errors of intensity over (issue, site, lead); no two issues have a shock in common."""
    truth = fleet(LENGTH * ISSUES, sites=3, dated=False, carbon_intensity=1.0)
    forecast, times = noisy(truth, seed=4, sizes=KNOWN), truth.data.indexes["time"]
    told = [
        forecast(times[k], times[k : k + LENGTH]).carbon_intensity
        for k in range(0, len(times), LENGTH)
    ]
    return 1.0 - np.stack(told)


def variance(leads: np.ndarray) -> np.ndarray:
    """Return what the module states, for periods of an hour."""
    return SIGMA**2 * (1 - np.exp(-2 * leads / MEMORY))


def test_errors_have_no_bias_and_grow_with_the_lead_as_stated(errors):
    stated = variance(np.arange(1, LENGTH + 1))
    for site in range(3):
        own = errors[:, site]
        assert (abs(own.mean(axis=0)) < STRICT * np.sqrt(stated / ISSUES)).all()
        ratio = (own**2).mean(axis=0) / stated
        assert (abs(ratio - 1) < STRICT * np.sqrt(2 / ISSUES)).all()
    pooled = (errors**2).mean(axis=(0, 1))
    assert pooled[0] < pooled[5] < pooled[23] < 1.2 * pooled[-1]


def test_errors_go_together_in_time_and_between_sites_as_stated(errors):
    leads = np.arange(1, LENGTH)
    stated = np.exp(-1 / MEMORY) * np.sqrt(variance(leads) / variance(leads + 1))
    for lead in (1, 6, 24, 47):
        found = np.corrcoef(errors[:, 0, lead - 1], errors[:, 0, lead])[0, 1]
        assert abs(found - stated[lead - 1]) < STRICT * (1 - found**2) / np.sqrt(ISSUES)
    for pair in ((0, 1), (0, 2), (1, 2)):
        found = np.corrcoef(*(errors[:, site, 23] for site in pair))[0, 1]
        assert abs(found - BETWEEN) < STRICT * (1 - BETWEEN**2) / np.sqrt(ISSUES)


def test_a_revision_is_one_shock_that_fades_and_says_nothing_of_the_next():
    """Proves: forecasts are revised by innovations, so an error is the sum of those to come."""
    truth = fleet(1300, sites=1, dated=False, carbon_intensity=1.0)
    forecast, times = noisy(truth, seed=2, sizes=KNOWN), truth.data.indexes["time"]
    told = np.stack([
        forecast(times[k], times[k : k + 41]).carbon_intensity.values[0, :41]
        for k in range(1250)
    ])  # fmt: skip
    revisions = told[1:, :-1] - told[:-1, 1:]
    fading = np.exp(-1 / MEMORY)
    np.testing.assert_allclose(revisions[:, 1:], fading * revisions[:, :-1], atol=1e-12)
    first = revisions[:, 0]  # by which the hour that has just happened was wrong, faded
    np.testing.assert_allclose(first, fading * (1.0 - told[:-1, 0]), atol=1e-12)
    after = np.corrcoef(first[:-1], first[1:])[0, 1]
    with_error = np.corrcoef(first, 1.0 - told[1:, 20])[0, 1]
    assert max(abs(after), abs(with_error)) < STRICT / np.sqrt(len(first))


def test_variables_are_wrong_apart_from_each_other():
    sizes = {name: replace(size, memory=1.0) for name, size in SIZES.items()}
    model = ErrorModel(Seen(fleet(3000, sites=1)), sizes)
    walks = np.stack([model.walk(name, 3000, seed=6)[0] for name in SIZES])
    assert abs(np.corrcoef(walks) - np.eye(len(SIZES))).max() < 0.1


def test_answers_depend_on_what_is_asked_and_the_seed_alone():
    truth = counted(200)
    times = truth.data.indexes["time"]
    asked = [(0, 200), (150, 160), (7, 90), (7, 20), (150, 200)]
    forecast = noisy(truth, seed=3)
    before = {(a, b): forecast(times[a], times[a:b]) for a, b in asked}
    for a, b in reversed(asked):
        assert noisy(truth, seed=3)(times[a], times[a:b]).identical(before[a, b])
    assert before[7, 90].isel(time=slice(13)).identical(before[7, 20])
    other = noisy(truth, seed=4)(times[7], times[7:20])
    assert all((other[name] != before[7, 20][name]).all() for name in FORECAST)


def test_no_scale_is_perfect():
    truth = counted(30)
    times = truth.data.indexes["time"]
    told = noisy(truth, scale=0)(times[3], times[3:])
    assert told.identical(perfect(truth)(times[3], times[3:]))


def test_sizes_are_relative_to_what_the_table_says():
    """Of one walk, by hand: the value, what is above one, half a spread, a clear hour."""
    hour = np.arange(240)
    day = np.where(hour % 24 == 12, 5.0 + hour // 24, 0.0)  # ever clearer noons
    truth = fleet(
        240,
        sites=1,
        import_price=[hour + 1.0],
        export_price=-7.0,  # as always
        carbon_intensity=0.2,
        cooling=1.3,
        generation_available=[day],
        demand=50.0,
    )
    model = ErrorModel(Seen(truth), KNOWN)
    unit = {
        name: model.moved({n: np.full((2 if n == "demand" else 1, 240), 0.01) for n in SIZES},
                          slice(0, 240))[name][0] - truth.data[name].values[0]
        for name in FORECAST
    }  # fmt: skip
    small = 0.01 * SIGMA
    np.testing.assert_allclose(unit["carbon_intensity"], 0.2 * small)
    np.testing.assert_allclose(unit["cooling"], 0.3 * small)
    np.testing.assert_allclose(unit["demand"], 50 * small)
    # Of 169 prices a dollar apart, those at 16 % and 84 % of the way are 0.68 x 168 apart.
    np.testing.assert_allclose(unit["import_price"][84:156], 0.68 * 168 / 2 * small)
    np.testing.assert_allclose(unit["import_price"][0], 0.68 * 84 / 2 * small)  # half a week
    assert not unit["export_price"].any()
    noon = hour[hour % 24 == 12]
    np.testing.assert_allclose(unit["generation_available"][noon[:-1]], 14 * small)
    assert not unit["generation_available"][hour % 24 != 12].any()
    assert unit["generation_available"][noon[-1]] == 0  # never more than was ever seen


def test_prices_may_turn_negative_and_the_spread_of_the_past_counts():
    low = fleet(48, import_price=1.0, export_price=0.0)
    times = low.data.indexes["time"]
    flat = noisy(low)(times[0], times)
    assert (flat.import_price == 1).all() and (flat.export_price == 0).all()
    past = fleet(48, -48, import_price=[[0.0, 100.0] * 24] * 2)
    told = noisy(low, history=past)(times[0], times)
    assert (told.import_price < 0).any() and (told.export_price == 0).any()
    assert (told.export_price <= told.import_price).all()


def test_one_error_for_both_prices_of_a_site():
    day = cs.example("real-week")
    times = day.data.indexes["time"]
    told = noisy(day, seed=5)(times[0], times)
    off = [told[name] - day.data[name] for name in ("import_price", "export_price")]
    for site in day.data.site.values:
        assert np.corrcoef(*(error.sel(site=site) for error in off))[0, 1] > 0.99


@given(
    scale=st.floats(0, 100),
    seed=st.integers(0, 2**63),
    issued=st.integers(0, 29),
    data=st.data(),
)
def test_values_keep_their_bounds_however_large_the_errors(scale, seed, issued, data):
    draws = [data.draw(st.lists(st.floats(0, 50), min_size=30, max_size=30)) for _ in range(2)]
    values = np.array([draws[0], draws[1]])
    truth = fleet(
        30, import_price=values - 20, export_price=values - 21, carbon_intensity=values / 50,
        cooling=1 + values / 50, generation_available=values, demand=values,
    )  # fmt: skip
    times = truth.data.indexes["time"]
    forecast = forecast_of(noisy(truth, seed, scale=scale), truth)  # which checks every answer
    told = forecast(times[issued], times[issued:])
    assert (told.generation_available <= truth.data.generation_available.max("time")).all()
    assert (told.export_price <= told.import_price).all()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"scale": -1}, "scale = -1: expected a number of at least 0"),
        ({"sizes": {"price": SIZES["price"]}}, "sizes: carbon_intensity, cooling, demand"),
        ({"seed": -3}, "non-negative"),
    ],
)
def test_what_cannot_be_is_refused(how, message):
    with pytest.raises(ValueError, match=message):
        noisy(fleet(24), **how)


@pytest.mark.parametrize(
    "odd", [{"sigma": -0.1}, {"sigma": np.nan}, {"memory": 0}, {"between": 1.5}, {"of": "mean"}]
)
def test_a_size_that_cannot_be_is_refused(odd):
    with pytest.raises(ValueError, match="expected a sigma of at least 0, a memory above 0 h"):
        replace(SIZES["price"], **odd)


def test_the_table_gives_every_size_a_reason():
    for name, size in SIZES.items():
        assert 0 < size.sigma < 1 and size.memory > 0 and 0 <= size.between <= 1, name
        assert "assumption" in size.reason or "doi:10." in size.reason, name


def test_a_long_horizon_needs_memory_for_itself_alone():
    """A year by the hour and week-long horizons: what is kept is a few numbers an hour."""
    truth = fleet(8760, sites=2)
    forecast = noisy(truth)
    kept = sum(
        array.nbytes
        for cell in forecast.__closure__
        if isinstance(held := cell.cell_contents, dict)
        for array in held.values()
        if isinstance(array, np.ndarray | xr.DataArray)
    )
    assert 0 < kept < 10 * 2 * 8761 * 8
