"""A project file in TOML: what the same in YAML makes, and faults by line."""

from __future__ import annotations

import json

import pytest
import yaml
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app


def written(value):
    """Return a value as TOML has it in a line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(k)} = {written(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return json.dumps(value)


def test_it_says_what_yaml_says(tmp_path):
    for name, text in cs.project.template(["north", "south"]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = yaml.safe_load((tmp_path / "fleet.yaml").read_text("utf-8"))
    said = {key: value for key, value in said.items() if value is not None}
    lines = [f"{key} = {written(value)}" for key, value in said.items() if key != "sites"]
    for name, site in said["sites"].items():
        lines.append(f"[sites.{name}]")
        lines += [f"{key} = {written(value)}" for key, value in site.items()]
    (tmp_path / "fleet.toml").write_text("\n".join(lines), encoding="utf-8")
    one, other = (cs.project.build(tmp_path / f"fleet.{form}") for form in ("yaml", "toml"))
    assert one.instance.data.identical(other.instance.data)
    assert one.defaults == other.defaults and one.notes == other.notes
    told = CliRunner().invoke(app, ["show", str(tmp_path / "fleet.toml")])
    assert told.exit_code == 0 and "My fleet" in told.output


FLEET = """\
title = "T"
horizon = {start = 2025-06-02T00:00:00, periods = 4, zone = "UTC"}

[defaults.sites]
battery = {energy = 2, charge = 1}

[sites."nørre".generation.sun]
available = 1

[sites."nørre"]
it_capacity = "5000 kW"
price.time_of_use = [{hours = "0-2", price = 70}]
price.otherwise = 60
carbon_intensity = 0.3
battery = "none"

[[jobs]]
name = "first"
power = 1
duration = 2
reward = 5

[[jobs]]
name = "second"
power = 1
duration = "3 h"
reward = 5

[jobs.running]
site = "nørre"
done = "1 h"
"""


def of(text, tmp_path):
    (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
    return cs.project.build(tmp_path / "fleet.toml")


def test_tables_lists_and_dotted_keys(tmp_path):
    data = of(FLEET, tmp_path).instance.data
    assert data.site.values.tolist() == ["nørre"] and data.it_capacity.item() == 5
    assert data.import_price.values.tolist() == [[70, 70, 60, 60]]
    assert data.battery_energy.item() == 0 and data.generation_available.values.tolist() == [
        [1] * 4
    ]
    assert data.duration.values.tolist() == [2, 2] and data.required.values.tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"5000 kW"', '"5000 km"', "line 11: sites.nørre.it_capacity: "),
        ("carbon_intensity", "carbon_intensite", "line 14: sites.nørre: unknown key carbon_inte"),
        ('"3 h"', '"3 kg"', "line 26: jobs.second.duration: "),
        ('site = "nørre"', 'site = "nora"', "line 30: jobs.second.running.site: no site nora"),
        ("available = 1", "availble = 1", "line 8: sites.nørre.generation.sun: unknown key"),
        ('reward = 5\n\n[[jobs]]', 'reward = -5\n\n[[jobs]]', "line 21: jobs.first.reward: -5"),
        ("[defaults.sites]", "[defaults.sites", "line 4: not TOML: "),
        ("power = 1\nduration = 2", "power = 1\npower = 2", "line 20: not TOML: Cannot overwrite"),
    ],
)  # fmt: skip
def test_a_fault_has_its_line(tmp_path, old, new, told):
    assert FLEET.count(old)
    with pytest.raises(cs.InstanceError) as caught:
        of(FLEET.replace(old, new, 1), tmp_path)
    assert any(one.startswith(f"fleet.toml, {told}") for one in caught.value.faults), caught.value


@pytest.mark.parametrize("text", ["", "a = " + "[" * 5000, "a" + ".a" * 60 + " = 1"])
def test_what_is_no_project_is_refused(tmp_path, text):
    with pytest.raises(cs.InstanceError, match=r"fleet\.toml, line 1: "):
        of(text, tmp_path)
