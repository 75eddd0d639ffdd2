"""Construction and validation of instances."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.core.reach import window_positions
from carbonsched.core.schema import DIMENSIONS, PARAMETERS
from carbonsched.core.validate import FOREIGN
from carbonsched.io.digest import digest


def faults(data: xr.Dataset) -> list[str]:
    with pytest.raises(cs.InstanceError) as caught:
        cs.Instance(data)
    return list(caught.value.faults)


SIZES = (2, 3, 1, 1)
VALUES = {
    "battery energy below its minimum": ({"battery_min": 5}, "battery_min[site=A] = 5.0 MWh"),
    "initial charge outside": ({"battery_initial": 5}, "battery_initial[site=A] = 5.0 MWh"),
    "not a number": ({"reward": np.nan}, "reward[job=j0] = nan USD: not a finite number"),
    "infinite": ({"import_limit": np.inf}, "import_limit[site=A] = inf MW: not a finite number"),
    "negative capacity": ({"it_capacity": [-1, 100]}, "it_capacity[site=A] = -1.0 MW: must be at"),
    "negative power": ({"power": -2}, "power[job=j0] = -2.0 MW: must be at least 0"),
    "negative demand": ({"demand": [[0, -1, 0]]}, "demand[service=s0, time=1] = -1.0 unit"),
    "negative budget": ({"carbon_budget": -1}, "carbon_budget = -1.0 tCO2e"),
    "efficiency of zero": ({"charge_efficiency": 0}, "must be above 0"),
    "efficiency above one": ({"discharge_efficiency": 1.1}, "must be at most 1"),
    "cooling below one": ({"cooling": 0.9}, "cooling[site=A, time=0] = 0.9 MW/MW"),
    "no step": ({"step_hours": 0}, "step_hours = 0.0 h: must be above 0"),
    "no duration": ({"duration": 0}, "duration[job=j0] = 0 periods: must be at least 1"),
    "release too late": ({"release": 7}, "job j0: runs 1 periods, its window from release to"),
    "unknown home": ({"home": "Z"}, "home[service=s0] = Z: not a label of site"),
    "window too short": ({"duration": 3, "release": 1}, "job j0: runs 3 periods, its window"),
    "deadline before release": ({"release": 2, "deadline": 0}, "holds 0"),
    "job too large": ({"power": 200}, "job j0: power 200 MW, no allowed site"),
    "job allowed nowhere": ({"allowed": False}, "job j0: power 10 MW, no site is allowed"),
}


@pytest.mark.parametrize(("values", "message"), VALUES.values(), ids=VALUES.keys())
def test_faulty_values_are_named(values, message):
    found = faults(plain(*SIZES, **values))
    assert any(message in fault for fault in found), found


def test_all_faults_are_reported_at_once():
    """Of structure, labels, values and what variables must agree on: none hides another."""
    data = plain(
        2, 3, 2, 1, cooling=[[1, 1, 0.5], [1, 1, 1]], reward=np.nan, charge_efficiency=2,
        battery_initial=7, duration=5, power=[10, 500],
    )  # fmt: skip
    data = data.drop_vars("demand").assign(pue=1.0)
    assert faults(data) == [
        "demand: missing (inference workload to be served, unit)",
        f"pue: not a variable of the model{FOREIGN}",
        "cooling[site=A, time=2] = 0.5 MW/MW: must be at least 1",
        "charge_efficiency[site=A] = 2.0: must be at most 1",
        "charge_efficiency[site=B] = 2.0: must be at most 1",
        "reward[job=j0] = nan USD: not a finite number",
        "reward[job=j1] = nan USD: not a finite number",
        "battery_initial[site=A] = 7.0 MWh: outside the battery, [battery_min, battery_energy]",
        "battery_initial[site=B] = 7.0 MWh: outside the battery, [battery_min, battery_energy]",
        "job j0: runs 5 periods, its window from release to deadline holds 3",
        "job j1: runs 5 periods, its window from release to deadline holds 3",
        "job j1: power 500 MW, no allowed site has that it_capacity",
    ]


def test_many_labels_are_shortened():
    found = faults(plain(2, 24, 0, 0, cooling=0.5))
    assert len(found) == 6 and found[-1].endswith("at 43 more labels")


def test_missing_and_extra_variables():
    data = plain(*SIZES).drop_vars("demand").assign(pue=1.0, carbon_tax=2.0)
    assert faults(data) == [
        "demand: missing (inference workload to be served, unit)",
        f"carbon_tax: not a variable of the model{FOREIGN}",
        f"pue: not a variable of the model{FOREIGN}",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.drop_vars("job"), "job: dimension without labels"),
        (lambda d: d.expand_dims(scenario=["a"]), "scenario: not a dimension of the model"),
        (
            lambda d: d.assign(reward=("job", ["high"])),
            "reward: values of type <U4, expected numbers in USD",
        ),
        (
            lambda d: d.assign(allowed=d.allowed.astype(int)),
            "allowed: values of type int64, expected true or false",
        ),
    ],
)
def test_wrong_structure_and_types(change, message):
    assert message in faults(change(plain(*SIZES)))


def test_wrong_dimensions_and_units():
    data = plain(*SIZES)
    data["cooling"] = data.cooling.isel(time=0, drop=True)
    data["power"].attrs["units"] = "kW"
    assert faults(data) == [
        "cooling: dimensions ('site',), expected ('site', 'time')",
        "power: given in kW, expected MW",
    ]


@pytest.mark.parametrize(
    ("coords", "message"),
    [
        ({"site": ["A", "A"]}, "site: duplicate label A"),
        ({"site": ["A", " B"]}, "site: label ' B' is not a plain, non-empty string"),
        ({"job": [7]}, "job: label 7 is not a plain, non-empty string"),
        ({"time": [0, 2, 1]}, "time: labels are not sorted"),
        ({"time": [0, 1, 3]}, "time: uneven step from 1 to 3"),
        ({"time": [0.0, 1.0, 2.0]}, "time: labels of type float64"),
        (
            {"time": pd.to_datetime(["2025-01-01 00:00", "2025-01-01 01:00", "2025-01-01 03:00"])},
            "time: uneven step from 2025-01-01 01:00:00 to 2025-01-01 03:00:00",
        ),
        (
            {"time": pd.date_range("2025-01-01", periods=3, freq="15min")},
            "time: labels are 15 min apart, expected 60 min (step_hours = 1.0 h): "
            "set step_hours to 0.25, or change the labels",
        ),
    ],
)
def test_faulty_labels(coords, message):
    data = plain(*SIZES).assign_coords(coords)
    assert any(message in fault for fault in faults(data))


def test_not_a_dataset():
    assert faults({"it_capacity": 1}) == ["expected an xarray.Dataset, got dict"]


def test_an_instance_has_order_types_and_units(make):
    data = make(2, 3, 1, 1).data
    shuffled = data.transpose("time", "site", "service", "job")
    again = cs.Instance(shuffled).data
    xr.testing.assert_identical(again, data)
    for name, quantity in PARAMETERS.items():
        assert data[name].dims == quantity.dims
        if quantity.kind in ("float", "int"):
            assert data[name].attrs["units"] == quantity.unit
    assert set(data.dims) == set(DIMENSIONS)


def test_replace_validates_and_broadcasts(make):
    instance = make(2, 3, 1, 1)
    dearer = instance.replace(import_price=instance.data.import_price * 2, carbon_budget=5)
    assert (dearer.data.import_price == 20).all() and dearer.data.carbon_budget == 5
    assert (instance.data.import_price == 10).all()
    assert (instance.replace(cooling=1.2).data.cooling == 1.2).all()
    with pytest.raises(cs.InstanceError, match="cooling"):
        instance.replace(cooling=0.5)
    with pytest.raises(cs.InstanceError, match="no such variable"):
        instance.replace(pue=1.2)


def test_replace_takes_labels_and_keeps_units_honest(default):
    data = default.data
    moved = default.replace(
        release=data.release, deadline=data.indexes["time"][-1].to_datetime64(), home="valley"
    )
    assert (moved.data.deadline == data.time[-1]).all() and set(moved.data.home.values) == {
        "valley"
    }
    in_kw = (1000 * data.power).assign_attrs(units="kW")
    with pytest.raises(cs.InstanceError, match="power: given in kW, expected MW"):
        default.replace(power=in_kw)
    with pytest.raises(cs.InstanceError, match="not so for valley"):
        default.replace(it_capacity=data.it_capacity.isel(site=[0, 1]))


def test_replacing_drops_the_source_of_what_is_replaced():
    data = plain(2, 2, 1, 1)
    data["carbon_intensity"].attrs = {"source": "Electricity Maps", "licence": "ODbL-1.0"}
    instance = cs.Instance(data)
    assert "source" not in instance.replace(carbon_intensity=0.1).data.carbon_intensity.attrs
    assert "source" in instance.replace(import_price=1.0).data.carbon_intensity.attrs


def test_time_zones_and_mixed_labels_are_named():
    utc = plain(1, 3, 1).assign_coords(time=pd.date_range("2025-01-01", periods=3, tz="UTC"))
    assert any("make them naive UTC" in fault for fault in faults(utc))
    stamped = plain(1, 3, 1).assign_coords(time=pd.date_range("2025-01-01", periods=3, freq="h"))
    wanted = "release[job=j0] = 0: not a label of time, nor a naive UTC timestamp beside them"
    assert wanted in faults(stamped)


def test_empty_sets_need_no_particular_type():
    data = plain(2, 3)
    data["allowed"] = data.allowed.astype(float)
    data["home"] = data.home.astype(float)
    cs.Instance(data)


def test_repr_tells_the_sizes(make):
    assert "2 sites x 3 periods x 1 job x 1 service" in repr(make(2, 3, 1, 1))


# ------------------------------------------------------------------------------- labels


def test_replace_matches_labels_in_any_order(default):
    """A price by label is the same price, however its rows and columns lie."""
    price = default.data.import_price
    for mixed in (price.isel(site=[1, 0, 2]), price.isel(time=slice(None, None, -1)), price.T):
        same = default.replace(import_price=mixed).data
        xr.testing.assert_identical(same.import_price, price.drop_attrs().assign_attrs(
            default.replace(import_price=price).data.import_price.attrs
        ))  # fmt: skip
    capacity = default.data.it_capacity
    more = xr.DataArray([3.0, 1.0, 2.0], {"site": ["valley", "harbour", "plains"]})
    moved = default.replace(it_capacity=more + capacity.sel(site=more.site))
    assert (moved.data.it_capacity - capacity).values.tolist() == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("name", [n for n, q in PARAMETERS.items() if q.dims])
def test_every_array_may_be_given_in_another_order(name, default):
    given = default.data[name]
    turned = given.isel({dim: slice(None, None, -1) for dim in given.dims})
    xr.testing.assert_identical(
        default.replace(**{name: turned}).data, default.replace(**{name: given}).data
    )


def test_labels_that_do_not_fit_are_all_named_at_once(default):
    data = default.data
    with pytest.raises(cs.InstanceError) as caught:
        default.replace(
            it_capacity=data.it_capacity.isel(site=[0, 1]),
            import_limit=data.import_limit.assign_coords(site=["harbour", "plains", "vale"]),
            power=xr.concat([data.power, data.power.isel(job=[0])], "job"),
            cooling=xr.DataArray(np.ones((3, 5)), dims=("site", "time")),
        )
    assert caught.value.faults == (
        "it_capacity: 2 values along site, expected one for each of 3 labels; not so for valley",
        "import_limit: 3 values along site, expected one for each of 3 labels; "
        "not so for valley, vale",
        "power: 7 values along job, expected one for each of 6 labels; not so for pretrain-a",
        "cooling: 5 values along time, expected one for each of 24 labels",
    )


def test_arrays_without_labels_are_in_the_instances_order(default):
    bare = xr.DataArray([300.0, 200.0, 100.0], dims="site")
    assert default.replace(it_capacity=bare).data.it_capacity.values.tolist() == [300, 200, 100]
    with pytest.raises(cs.InstanceError, match=r"it_capacity: dimensions \('site', 'dim_0'\)"):
        default.replace(it_capacity=[300.0, 200.0, 100.0])


def test_coordinates_beside_the_labels_do_not_matter(default):
    """Two quantiles at once: each brings a coordinate of its own."""
    price = default.data.import_price
    made = default.replace(
        import_price=price.quantile(0.9, "time"), export_price=price.quantile(0.1, "time")
    )
    assert set(made.data.coords) == set(DIMENSIONS)


COMPOSED, DECOMPOSED = "D\u00fcsseldorf", "Du\u0308sseldorf"


@pytest.mark.parametrize(("site", "home"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_names_are_compared_composed(site, home):
    data = plain(2, 3, 1, 1, home="Z").assign_coords(site=["Z", site])
    data["home"] = ("service", np.array([home], object))
    made = cs.Instance(data)
    assert list(made.data.site.values) == ["Z", COMPOSED]
    assert made.data.home.item() == COMPOSED
    moved = made.replace(it_capacity=xr.DataArray([11.0, 12.0], {"site": [DECOMPOSED, "Z"]}))
    assert moved.data.it_capacity.sel(site=COMPOSED) == 11
    assert made.replace(home=DECOMPOSED).data.home.item() == COMPOSED
    assert data.site.values[1] == site, "what is given is not touched"


def test_two_names_that_are_one_when_composed_are_one_twice():
    data = plain(2, 3).assign_coords(site=[COMPOSED, DECOMPOSED])
    assert faults(data) == [f"site: duplicate label {COMPOSED}"]


# ------------------------------------------------------------------------------- length of a period


def stamped(minutes: float, step_hours: float) -> xr.Dataset:
    times = pd.date_range("2025-01-01", periods=4, freq=pd.Timedelta(minutes=minutes))
    data = plain(1, 4, 1, 1, step_hours=step_hours).assign_coords(time=times)
    return data.assign(release=("job", times[:1]), deadline=("job", times[-1:]))


@pytest.mark.parametrize("minutes", [1, 2, 4, 5, 10, 12, 15, 20, 30, 40, 45, 60, 90, 1440])
def test_a_period_rounded_to_three_digits_is_the_one_of_the_labels(minutes):
    """0.0833 h under labels 5 min apart is 1/12 h: the labels are exact."""
    exact = minutes / 60
    for digits in (3, 4, 6, 12, 17):
        made = cs.Instance(stamped(minutes, float(f"{exact:.{digits}g}")))
        assert made.data.step_hours.item() == exact


@pytest.mark.parametrize(
    ("minutes", "step_hours", "said"),
    [
        (5, 0.08, "5 min apart, expected 4.8 min (step_hours = 0.08 h): set step_hours to 0.08333"),
        (15, 1.0, "15 min apart, expected 60 min (step_hours = 1.0 h): set step_hours to 0.25"),
        (60, 0.25, "60 min apart, expected 15 min (step_hours = 0.25 h): set step_hours to 1,"),
        (20, 0.3, "20 min apart, expected 18 min (step_hours = 0.3 h): set step_hours to 0.333333"),
    ],
)  # fmt: skip
def test_another_period_is_refused_once_and_in_minutes(minutes, step_hours, said):
    found = faults(stamped(minutes, step_hours))
    assert len(found) == 1 and said in found[0]


def test_rounding_is_no_excuse_for_labels_that_are_uneven():
    """An hour and a second beside hours: each within the rounding, and yet not even."""
    times = pd.DatetimeIndex([f"2025-01-01 {t}" for t in ("00:00:00", "01:00:00", "02:00:01")])
    found = faults(plain(1, 3).assign_coords(time=times))
    assert found == [
        "time: uneven step from 2025-01-01 01:00:00 to 2025-01-01 02:00:01, "
        "expected 60 min (step_hours = 1.0 h)"
    ]


def test_a_rounded_period_is_the_exact_one_in_what_is_earned_and_saved(tmp_path):
    exact, rounded = (cs.Instance(stamped(5, hours)) for hours in (1 / 12, 0.0833))
    xr.testing.assert_identical(exact.data, rounded.data)
    folder = exact.save(tmp_path / "folder")
    table = folder / "instance.csv"
    table.write_text(table.read_text().replace(str(1 / 12), "0.0833"))
    xr.testing.assert_identical(cs.load(folder).data, exact.data)


# -- before, within and after the horizon ----------------------------------------------------------


@pytest.fixture
def quarters():
    """Return three jobs of one quarter of an hour in an hour from 10:00."""
    data = plain(1, 4, 3, 1, power=1).drop_vars(["release", "deadline"])
    start = pd.Timestamp("2025-01-01 10:00")
    data = data.assign_coords(time=pd.date_range(start, periods=4, freq="15min"), step_hours=0.25)

    def at(*minutes: int) -> tuple[str, np.ndarray]:
        return "job", np.array([start + pd.Timedelta(minutes=m) for m in minutes], "M8[ns]")

    return data.reset_coords("step_hours"), at


def test_instants_beyond_and_within_are_kept_as_they_are_given(quarters, tmp_path):
    """Proves: kept, saved and told apart by what was given, not by what it is clipped to."""
    data, at = quarters
    data = data.assign(release=at(-500, 7, 30), deadline=at(900, 50, 59))
    instance = cs.Instance(data)
    for target in ("folder", "file.nc"):
        again = cs.load(instance.save(tmp_path / target))
        xr.testing.assert_equal(again.data, instance.data)
        assert digest(again) == digest(instance)
    assert digest(instance) != digest(instance.replace(release=data.time[0]))


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
def test_what_cannot_end_within_the_horizon_is_declined(quarters, engine):
    """Proves: of three jobs one is released after the hour, one due before; both are named."""
    data, at = quarters
    data = data.assign(release=at(60, -60, 40), deadline=at(120, 14, 61))
    with pytest.warns(cs.SuspiciousValueWarning, match="job j0, j1: declined, no start within"):
        instance = cs.Instance(data)
    schedule = cs.solve(instance, gap=0, engine=engine)
    started = schedule.data.start.sum("site").transpose("job", "time").values.tolist()
    assert started == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert schedule.objective == pytest.approx(1000 - 0.25 * 10)


def test_a_required_job_that_cannot_end_within_the_horizon_is_a_fault(quarters):
    data, at = quarters
    data = data.assign(release=at(30, 0, 0), deadline=at(90, 45, 45), required=("job", [1, 0, 0]))
    data = data.assign(duration=("job", [3, 1, 1]), required=data.required.astype(bool))
    told = "job j0: runs 3 periods, its window holds 2 within the horizon: a required job must end"
    (fault,) = faults(data)
    assert fault.startswith(told) and "lengthen it or let the job be declined" in fault
    with pytest.warns(cs.SuspiciousValueWarning, match="job j0: declined"):
        cs.Instance(data.assign(required=~data.required & False))


def test_deadlines_that_are_instants_beside_labels_are_asked_about(quarters):
    """Proves: 10:20 means ended by 10:15, 10:15 by 10:30; nobody mixes the two unasked."""
    data, at = quarters
    data = data.assign(release=at(0, 0, 0), deadline=at(20, 15, 45))
    with pytest.warns(cs.SuspiciousValueWarning, match="job j0 must .* instant .* job j1 by the"):
        instance = cs.Instance(data)
    assert window_positions(instance.data)[1].tolist() == [0, 1, 3]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for deadlines in ((20, 16, 70), (15, 30, 0), (20, 45, 60)):
            cs.Instance(data.assign(deadline=at(*deadlines)))


@pytest.mark.parametrize("odd", [np.datetime64("NaT", "ns"), "2025-01-01", 3.5])
def test_what_is_no_instant_is_named(quarters, odd):
    data, at = quarters
    data = data.assign(release=at(0, 0, 0), deadline=("job", np.array([odd] * 3)))
    assert any("deadline[job=j0]" in f and "nor a naive UTC timestamp" in f for f in faults(data))
    numbered = plain(1, 4, 3, power=1).assign(deadline=("job", np.array([odd] * 3)))
    assert any("deadline[job=j0]" in f and "nor a period number" in f for f in faults(numbered))


def test_a_start_below_the_reserve_needs_a_recovery():
    data = plain(1, 3, battery_energy=9, battery_min=5, battery_initial=2)
    (fault,) = faults(data)
    assert "outside the battery" in fault and "may begin with a battery_recovery" in fault
    cs.Instance(data.assign(battery_recovery=("site", [2])))
    for wrong in (-1, 1.5, "soon"):
        told = faults(data.assign(battery_recovery=("site", [wrong])))
        assert any("battery_recovery" in fault for fault in told), told


@pytest.mark.parametrize("name", ["required", "battery_recovery", "battery_value"])
@pytest.mark.parametrize("wrong", [("service", ["x"]), ("site", ["x", "y"]), ((), None)])
def test_a_faulty_optional_parameter_hides_no_other_fault(name, wrong):
    data = plain(2, 3, 3, 1, duration=5, battery_energy=9, battery_min=5, battery_initial=2)
    told = "\n".join(faults(data.assign({name: wrong})))
    assert name in told
    assert "job j2: runs 5 periods" in told and "outside the battery" in told


def test_windows_are_not_looked_at_where_the_step_is_unknown(quarters):
    data, at = quarters
    data = data.assign(release=at(0, 0, 0), deadline=at(50, 50, 50))
    for broken in (data.drop_vars("step_hours"), data.assign(step_hours=np.nan)):
        assert all("step_hours" in fault for fault in faults(broken))


@pytest.mark.parametrize("name", ["fleet", "fleet.nc"])
def test_units_are_in_the_currency_in_memory_and_on_disk(make, tmp_path, name):
    plain = make(1, 2, 1)
    euros = cs.Instance(plain.data.assign_attrs(currency="EUR"))
    read = cs.load(euros.save(tmp_path / name))
    for instance in (euros, read):
        units = [instance.data[n].attrs["units"] for n in ("import_price", "reward", "power")]
        assert units == ["EUR/MWh", "EUR", "MW"]
    mixed = euros.data.copy()
    mixed.import_price.attrs["units"] = "GBP/MWh"
    with pytest.raises(cs.InstanceError, match="given in GBP/MWh, expected EUR/MWh"):
        cs.Instance(mixed)
