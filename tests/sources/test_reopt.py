"""REopt's documents by hand: what maps, in which unit, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from carbonsched.errors import InstanceError
from carbonsched.sources.reopt import Reopt, read_reopt

YEAR = 8760


def read(folder: Path, document: Any) -> Reopt:
    path = folder / "reopt.json"
    path.write_text(json.dumps(document))
    return read_reopt(path)


def scenario(**parts: Any) -> dict[str, Any]:
    return {"Site": {"latitude": 39.7, "longitude": -105.2}} | parts


def test_results_of_the_api(tmp_path: Path) -> None:
    rates = [0.1, 0.3] * (YEAR // 2)
    factors = [0.0, 0.5, 1.0, 0.25] * (YEAR // 4)
    given = scenario(
        ElectricLoad={"loads_kw": [2000.0] * YEAR, "year": 2023, "critical_load_fraction": 0.5},
        ElectricTariff={"tou_energy_rates_per_kwh": rates, "wholesale_rate": [0.02]},
        ElectricUtility={"emissions_factor_series_lb_CO2_per_kwh": [1.0] * YEAR},
        ElectricStorage={
            "internal_efficiency_fraction": 0.81,
            "inverter_efficiency_fraction": 0.9,
            "rectifier_efficiency_fraction": 0.8,
            "soc_min_fraction": 0.1,
            "soc_init_fraction": 0.6,
            "max_kw": 9999.0,
        },
        PV={"production_factor_series": factors, "max_kw": 5000.0},
        CHP={"fuel_cost_per_mmbtu": 4.0},
    )
    found = {"ElectricStorage": {"size_kw": 500.0, "size_kwh": 2000.0}, "PV": {"size_kw": 3000.0}}
    site = read(tmp_path, {"inputs": given, "outputs": found, "status": "optimal"})
    assert dict(site.values) == {
        "latitude": 39.7,
        "longitude": -105.2,
        "export_price": pytest.approx(20.0),
        "battery_energy": 2.0,
        "charge_limit": 0.5,
        "discharge_limit": 0.5,
        "charge_efficiency": pytest.approx(0.72),
        "discharge_efficiency": pytest.approx(0.81),
        "battery_min": pytest.approx(0.2),
        "battery_initial": pytest.approx(1.2),
        "generation_capacity": 3.0,
    }
    assert (site.year, site.step_hours) == (2023, 1.0)
    series = {name: (len(one), one.mean()) for name, one in site.series.items()}
    assert series == {
        "import_price": (YEAR, pytest.approx(200.0)),
        "load": (YEAR, pytest.approx(2.0)),
        "carbon_intensity": (YEAR, pytest.approx(0.45359237)),  # a lb/kWh is that many t/MWh
        "generation_available": (YEAR, pytest.approx(3.0 * 0.4375)),
        "capacity_factor": (YEAR, pytest.approx(0.4375)),
    }
    assert site.series["generation_available"].iloc[:4].tolist() == [0.0, 1.5, 3.0, 0.75]
    assert set(site.unmapped) == {
        "ElectricLoad.critical_load_fraction",
        "ElectricStorage.max_kw",
        "PV.max_kw",
        "CHP.fuel_cost_per_mmbtu",
    }


def test_a_scenario_that_leaves_sizes_open(tmp_path: Path) -> None:
    tariff = {"monthly_energy_rates": list(range(1, 13)), "monthly_demand_rates": [9.0] * 12}
    site = read(
        tmp_path, scenario(ElectricTariff=tariff, ElectricStorage={"max_kw": 10.0}, PV={"tilt": 20})
    )
    assert "battery_energy" not in site.values
    prices = site.series["import_price"].to_numpy() / 1000
    assert prices[[0, 743, 744, 744 + 671, 744 + 672, -1]].tolist() == [1, 1, 2, 2, 3, 12]
    assert prices.mean() == pytest.approx(
        np.average(np.arange(1, 13), weights=[31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    )
    told = " ".join(site.notes)
    assert "ElectricStorage: its size is left to REopt" in told
    assert "PV.production_factor_series: it is not in the file" in told
    assert "charges for the peak are not taken" in told
    assert "ElectricTariff.monthly_demand_rates" in site.unmapped


def test_a_scenario_that_fixes_sizes_by_quarter_hours(tmp_path: Path) -> None:
    fixed = {"min_kw": 100.0, "max_kw": 100.0}
    site = read(
        tmp_path,
        scenario(
            Settings={"time_steps_per_hour": 4},
            ElectricStorage={**fixed, "min_kwh": 400.0, "max_kwh": 400.0},
            ElectricTariff={"blended_annual_energy_rate": 0.12, "wholesale_rate": 0.03},
            PV=[{**fixed, "production_factor_series": [0.5] * YEAR}, {**fixed, "name": "roof"}],
        ),
    )
    assert (site.values["battery_energy"], site.values["charge_limit"]) == (0.4, 0.1)
    assert site.values["charge_efficiency"] == pytest.approx(0.96 * 0.975**0.5)  # by default
    assert site.values["battery_min"] == pytest.approx(0.08)
    assert (site.values["import_price"], site.values["export_price"]) == (120.0, 30.0)
    assert site.values["generation_capacity"] == pytest.approx(0.2)
    available = site.series["generation_available"]
    assert (len(available), available.index[-1], available.iloc[0]) == (35_040, 8759.75, 0.05)
    assert site.step_hours == 0.25
    assert "PV[1].name" in site.unmapped
    assert any(note.startswith("PV[1].production_factor_series") for note in site.notes)


def test_rates_of_the_utility_database_are_not_in_the_file(tmp_path: Path) -> None:
    tariff = {"urdb_label": "abc", "blended_annual_energy_rate": 0.1}
    site = read(tmp_path, scenario(ElectricTariff=tariff))
    assert "import_price" not in site.values
    assert "ElectricTariff.urdb_label" in site.unmapped
    assert "which are not in the file" in site.notes[0]


def test_finer_series_are_averaged(tmp_path: Path) -> None:
    rates = [0.1, 0.2, 0.3, 0.4] * YEAR
    site = read(tmp_path, scenario(ElectricTariff={"tou_energy_rates_per_kwh": rates}))
    assert site.series["import_price"].to_numpy() == pytest.approx(np.full(YEAR, 250.0))
    assert "averaged" in site.notes[0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "none of REopt's parts"),
        ({"Scenario": {"Site": {}}}, "version 1 or 2"),
        (scenario(Settings={"time_steps_per_hour": 3}), "3 is not 1, 2 or 4"),
        (scenario(ElectricLoad={"loads_kw": [1.0] * 24}), "24 values are no year"),
        (scenario(ElectricLoad={"loads_kw": [None] * YEAR}), r"loads_kw\[0\]: None is no number"),
        (scenario(ElectricTariff={"blended_annual_energy_rate": "dear"}), "'dear' is no number"),
        (scenario(ElectricTariff={"monthly_energy_rates": [1.0]}), "it is not 12 numbers"),
        (
            scenario(ElectricTariff={"monthly_energy_rates": ["dear", *[1.0] * 11]}),
            r"monthly_energy_rates\[0\]: 'dear' is no number",
        ),
        (
            scenario(
                ElectricStorage={"min_kw": 1, "max_kw": 1, "min_kwh": 1, "max_kwh": 1,
                                 "soc_min_fraction": 20}
            ),
            "20 is no share from 0 to 1",
        ),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, document: Any, words: str) -> None:
    with pytest.raises(InstanceError, match=words):
        read(tmp_path, document)


def test_what_a_leap_year_loses_and_what_is_not_modelled_is_noted(tmp_path: Path) -> None:
    """And emissions are taken from the results where the scenario has none: 2 lb/kWh here."""
    emitted = {"emissions_factor_series_lb_CO2_per_kwh": 2.0}
    given = scenario(
        ElectricLoad={"year": 2024},
        ElectricTariff={"monthly_energy_rates": [0.1] * 12},
        ElectricUtility={"net_metering_limit_kw": 30.0},
        ElectricStorage={
            "min_kw": 1.0, "max_kw": 1.0, "min_kwh": 4.0, "max_kwh": 4.0, "can_grid_charge": False,
        },
        Wind={"max_kw": 0},
        Notes="by hand",
    )  # fmt: skip
    site = read(tmp_path, {"inputs": given, "outputs": {"ElectricUtility": emitted}})
    assert site.values["carbon_intensity"] == pytest.approx(2 * 0.45359237)
    assert site.unmapped == (
        "ElectricUtility.net_metering_limit_kw",
        "Notes",
    )
    told = [note for note in site.notes if "is taken" not in note]
    assert told == [
        "ElectricTariff.monthly_energy_rates: 29 February 2024 is left out of the year of 8,760 h.",
        "ElectricUtility.net_metering_limit_kw: net metering is not modelled.",
        "ElectricStorage.can_grid_charge: that it may be charged from the site's own plants only "
        "is not modelled.",
    ]


def test_plants_of_the_results_add_up(tmp_path: Path) -> None:
    """1 and 2 MW, of which every hour gives a half and a tenth: 0.7 MW; the third has no size."""
    given = [{"production_factor_series": [0.5] * YEAR}, {"production_factor_series": [0.1] * YEAR}]
    found = {"PV": [{"size_kw": 1000.0}, {"size_kw": 2000.0}, {}]}
    site = read(tmp_path, {"inputs": scenario(PV=given), "outputs": found})
    assert site.values["generation_capacity"] == pytest.approx(3.0)
    assert site.series["generation_available"].to_numpy() == pytest.approx(np.full(YEAR, 0.7))
    assert "capacity_factor" not in site.series
    assert "PV[2]: its size is left to REopt, and there are no results." in site.notes


def test_no_json(tmp_path: Path) -> None:
    path = tmp_path / "reopt.json"
    path.write_text("Site: {}")
    with pytest.raises(InstanceError, match="it is no JSON"):
        read_reopt(path)
