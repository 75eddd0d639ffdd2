"""`carbonsched import`: what is understood is shown, and written tidily only if asked for."""

import tomllib

import pytest
from test_app import call

from carbonsched.sources import profiles, read
from carbonsched.sources.log_profile import JobProfile, LatencyProfile, RequestProfile

PRICES = """\
Datum von;Datum bis;Oman [€/MWh] Originalauflösungen;Jemen [€/MWh] Originalauflösungen
29.10.2023 01:00;x;1.000,5;1
29.10.2023 02:00;x;-;2
29.10.2023 02:00;x;-3,5;3
29.10.2023 03:00;x;4,5;\x1b[31m
"""


@pytest.fixture
def prices(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    return path


def test_the_profiles_are_listed():
    result = call("import", "--list")
    assert result.exit_code == 0
    words = result.stdout.split()
    for model in (None, JobProfile, RequestProfile, LatencyProfile):
        known = profiles() if model is None else profiles(model)
        assert known and set(known) <= set(words)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("slurm", "slurm is a profile of jobs: name it under jobs: of a project file"),
        ("burstgpt", "beside requests: in a service's demand"),
        ("latency-matrix", "name it under latency: of a project file"),
    ],
)
def test_a_profile_of_a_project_file_says_where_it_belongs(prices, name, told):
    result = call("import", prices, "--profile", name)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


def test_what_is_understood_is_shown(prices):
    result = call("import", prices, "--profile", "smard", "--column", "Oman")
    assert result.exit_code == 0
    for words in (
        "2023-10-29 01:00 CEST = 2023-10-28 23:00 UTC",
        "2023-10-29 03:00 CET = 2023-10-29 02:00 UTC",
        "€/MWh", "1 h", "4, 1 missing", "-3.5, 333.833, 1000.5", "Europe/Berlin", "CC BY 4.0",
        "- The hour that the clocks of Europe/Berlin repeat on 2023-10-29: taken in order",
        "- 1 of 4 values are missing: 2023-10-29 02:00 CEST to 2023-10-29 02:00 CET (1)",
    ):  # fmt: skip
        assert words in result.stdout
    assert list(prices.parent.iterdir()) == [prices]


def test_what_is_written_is_read_back(prices):
    out = prices.parent / "tidy.csv"
    words = ["import", prices, "--profile", "smard", "--column", "Oman", "--out", out]
    assert call(*words).exit_code == 0
    assert out.read_text().splitlines()[:3] == [
        "time,value [€/MWh]", "2023-10-28T23:00:00Z,1000.5", "2023-10-29T00:00:00Z,",
    ]  # fmt: skip
    first, again = read(prices, "smard", column="Oman"), read(out, "tidy")
    assert again.data.equals(first.data.rename(again.data.name))
    assert (again.unit, again.step) == (first.unit, first.step)
    before = out.read_bytes()
    assert call(*words).exit_code == 2
    assert out.read_bytes() == before
    assert call(*words, "--overwrite").exit_code == 0
    prices.with_name("mine.csv").write_text("something else")
    assert call(*words[:-1], prices.with_name("mine.csv"), "--overwrite").exit_code == 2
    assert call(*words[:-1], prices, "--overwrite").exit_code == 2
    assert prices.read_text(encoding="utf-8") == PRICES


def test_every_fault_is_told_and_nothing_is_written(prices):
    out = prices.parent / "tidy.csv"
    result = call("import", prices, "--profile", "smard", "--column", "Jemen", "--out", out)
    assert result.exit_code == 2
    assert "row 5, column 'Jemen [€/MWh] Originalauflösungen'" in result.stderr
    assert "\x1b" not in result.stderr
    assert not out.exists()


def test_what_is_missing_in_the_command_is_said(prices):
    assert call("import").exit_code == 2
    result = call("import", prices, "--profile", "smard")
    assert result.exit_code == 2
    assert "there are 2 columns of values: say which `column`: Oman, Jemen" in result.stderr
    assert "write COLUMN=VALUE" in call("import", prices, "--select", "a").stderr
    assert "no such profile" in call("import", prices, "--profile", "nope").stderr
    selected = call("import", prices, "--profile", "smard", "--column", "Oman",
                    "--select", "Datum bis=y")  # fmt: skip
    assert "column 'Datum bis' has no 'y'; it has x" in selected.stderr


def test_marks_are_said_and_the_size_of_a_plant_is_shown(tmp_path):
    path = tmp_path / "sun.csv"
    path.write_text(
        "Nominal power of the PV system (c-Si) (kWp):\t5.0\n\ntime;P;G(i)\n"
        "20230101:0010;0,5;0\n20230101:0110;1.900,5;0\n\n"
    )
    command = ("import", path, "--profile", "pvgis")
    told = " ".join(call(*command).stderr.split())
    assert told.endswith("its cells are numbers if you say decimal: ',' and thousands: '.'")
    shown = call(*command, "--decimal", ",", "--thousands", ".")
    assert shown.exit_code == 0 and "0.5, 950.5, 1900.5" in shown.stdout
    assert "plant it is of" in shown.stdout and "5 kW" in shown.stdout
    told = "decimal ';': input should be '.' or ','"
    assert told in " ".join(call(*command, "--decimal", ";").stderr.split())


def test_a_profile_is_printed_to_copy_from():
    result = call("import", "--list", "--profile", "slurm")
    assert result.exit_code == 0
    assert tomllib.loads(result.stdout)["kind"] == "jobs"
    assert "did you mean entsoe?" in call("import", "--list", "--profile", "entso").stderr
