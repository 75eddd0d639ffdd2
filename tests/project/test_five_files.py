"""Prices, intensities, sun, jobs and latencies on disk, joined by one project file."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from made_files import SIXTH, write
from test_app import call

import carbonsched as cs


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return write(tmp_path_factory.mktemp("five"))


@pytest.fixture(scope="module")
def built(fleet):
    return cs.project.build(fleet)


def test_every_file_is_read_as_it_is_meant(fleet, built):
    data, folder = built.instance.data, fleet.parent
    assert data.sizes["time"] == 61  # two days and a half with the hour that Berlin has twice
    assert data.time.values[0] == np.datetime64("2025-10-24T22")

    smard = pd.read_csv(folder / "smard.csv", sep=";", decimal=",", encoding="utf-8-sig")
    first = smard.index[smard["Datum von"] == "25.10.2025 00:00"][0]
    german = smard["Deutschland [€/MWh] Originalauflösungen"].iloc[first : first + 61]
    np.testing.assert_allclose(data.import_price.sel(site="berlin"), german)

    nordic = pd.read_csv(folder / "nordic.csv")["SE3 [SEK/MWh]"].iloc[first : first + 61]
    np.testing.assert_allclose(data.import_price.sel(site="stockholm"), 0.09 * nordic)

    direct = pd.read_csv(folder / "intensities.csv").query("`Zone Id` == 'IT'").iloc[first:, 2][:61]
    np.testing.assert_allclose(data.carbon_intensity.sel(site="rome"), direct / 1000)

    rome = data.import_price.sel(site="rome").to_series()
    local = rome.index.tz_localize("UTC").tz_convert("Europe/Rome")
    assert (rome[local.day_of_week >= 5] == 80).all()  # Saturday and Sunday
    assert (rome[local.day_of_week == 0] == 140).sum() == 4

    noon = data.generation_available.sel(time="2025-10-26T12")
    assert noon.sel(site="madrid") == pytest.approx(2 * 0.8)  # 800 W of 1 kW, of 2 MW
    assert noon.sel(site="stockholm") == 0

    assert data.latency.sel(service="chat", site="madrid") == 45
    np.testing.assert_allclose(data.reward, 200 * data.power * data.duration)
    assert data.job.values[data.required.values].tolist() == ["monthly"]
    assert data.allowed.sel(job="monthly").values.tolist() == [False, False, False, True, True]


def test_sources_and_licences_are_told_and_kept(built):
    by_file = {source.file: source for source in built.sources}
    assert built.licences["smard.csv"] == "CC BY 4.0"
    assert built.licences["nordic.csv"] == "not stated"
    assert any("repeat on 2025-10-26" in note for note in by_file["smard.csv"].notes)
    rate = "1 SEK = 0.09 EUR (2025-10-25, made)"
    assert any(rate in note for note in by_file["nordic.csv"].notes)
    attrs = built.instance.data.import_price.attrs
    assert attrs["licence"] == "CC BY 4.0" and "SMARD" in attrs["source"]
    assert "nordic.csv" in attrs["source"]


def test_commands_alone_give_a_verified_schedule_and_a_certificate(fleet, tmp_path):
    made, day, proof = (tmp_path / name for name in ("fleet.nc", "day.nc", "proof.json"))
    for words in (
        ("build", fleet, "--out", made),
        ("solve", made, "--gap", 0.05, "--out", day),
        ("verify", made, day),
        ("certify", made, day, "--out", proof),
    ):
        result = call(*words)
        assert result.exit_code == 0, result.output
    command = [sys.executable, "-m", "carbonsched.check", str(proof), str(made)]
    assert subprocess.run(command, capture_output=True).returncode == 0
    schedule = cs.Schedule.load(day)
    assert schedule.data.start.sel(job="monthly").sum() == 1


def test_a_sixth_site_is_one_entry(fleet, built, tmp_path):
    text = fleet.read_text(encoding="utf-8")
    (fleet.parent / "six.yaml").write_text(
        text.replace("jobs:\n  - {file", SIXTH + "jobs:\n  - {file"), encoding="utf-8"
    )
    six = cs.project.build(fleet.parent / "six.yaml").instance.data
    assert six.site.values.tolist() == [*built.instance.data.site.values, "oslo"]
    assert six.sel(site=built.instance.data.site).equals(built.instance.data)
    assert six.allowed.sel(site="oslo").sum() == six.sizes["job"] - 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("column: Spanien", "column: Spanein", "sites.madrid.price: smard.csv: there is no column"),
        ("{Zone Id: SE}", "{Zone Id: FI}", "intensities.csv: select: column 'Zone Id' has no 'FI'"),
        ("zone: Europe/Stockholm", "times: 1", "sites.stockholm.price: nordic.csv: column 'time'"),
        ("file: pvgis.csv", "file: pvgsi.csv", "pvgsi.csv: missing"),
        ("profile: slurm", "profile: slrum", "no such profile"),
        ("home: berlin", "home: paris", "services.chat.home: no row paris in latency.csv"),
        ("2025-10-27 12:00", "2025-11-27 12:00", "no value from"),
        ("SEK: {value", "NOK: {value", "no rate says what one SEK is worth in EUR"),
    ],
)
def test_faults_of_files_have_the_line_of_their_entry(fleet, old, new, told):
    text = fleet.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path = fleet.parent / "wrong.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(cs.InstanceError) as caught:
        cs.project.build(path)
    number = text[: text.index(old)].count("\n") + 1
    fitting = [fault for fault in caught.value.faults if told in fault]
    assert fitting, caught.value.faults
    if "value" not in told and "rate" not in told:  # what is told at every series concerned
        assert fitting[0].startswith(f"wrong.yaml, line {number}: "), fitting
