"""Folders that are wrong in every way we know: a clear error, or the solve of the clean folder."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
import xarray as xr
from corruptions import REGISTRY, base
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app


@pytest.fixture(scope="module")
def clean() -> cs.Instance:
    return base()


@pytest.fixture
def spoilt(request, clean, tmp_path) -> Path:
    folder = clean.save(tmp_path / "folder")
    REGISTRY[request.param].damage(folder)
    return folder


def call(*words: object):
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output and "internal error" not in result.output
    assert all(c.isprintable() or c == "\n" for c in result.output)
    return result


def test_the_untouched_folder_is_sound(clean, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xr.testing.assert_identical(cs.load(clean.save(tmp_path)).data, clean.data)


@pytest.mark.parametrize("spoilt", REGISTRY, indirect=True)
def test_each_corruption_has_the_outcome_it_is_listed_with(spoilt, request, clean):
    """Proves: no corruption is loaded as if nothing were; each is named by file, row and column."""
    kind = REGISTRY[request.node.callspec.params["spoilt"]]
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        if kind.outcome == "error":
            with pytest.raises(cs.InstanceError) as caught:
                cs.load(spoilt)
            said = str(caught.value)
        else:
            loaded = cs.load(spoilt)
            said = "; ".join(str(w.message) for w in noted)
    for word in kind.words:
        assert word in said
    if kind.outcome == "same":
        xr.testing.assert_identical(loaded.data, clean.data)
        assert not noted
    if kind.outcome == "warns":
        assert {w.category for w in noted} == {cs.SuspiciousValueWarning}


ON_DEMAND = [
    name if k % 8 == 0 else pytest.param(name, marks=pytest.mark.long)
    for k, name in enumerate(REGISTRY)
]


@pytest.mark.parametrize("spoilt", ON_DEMAND, indirect=True)
def test_the_command_line_says_it_in_a_sentence(spoilt, request):
    kind = REGISTRY[request.node.callspec.params["spoilt"]]
    result = call("info", spoilt)
    assert result.exit_code == (2 if kind.outcome == "error" else 0), result.output
    expected = {"error": "error: ", "warns": "warning: ", "same": ""}[kind.outcome]
    assert expected in result.output
    assert ("warning" in result.output) == (kind.outcome == "warns")


WARNED = [name for name, kind in REGISTRY.items() if kind.outcome == "warns"]
WARNED[3:] = [pytest.param(name, marks=pytest.mark.long) for name in WARNED[3:]]


@pytest.mark.parametrize("spoilt", WARNED, indirect=True)
def test_what_is_only_suspicious_solves_or_says_why_not(spoilt, tmp_path):
    result = call("solve", spoilt, "--out", tmp_path / "s.nc", "--time-limit", 20)
    assert "warning: " in result.output
    assert result.exit_code in (0, 1)
    if result.exit_code == 0:
        assert call("verify", spoilt, tmp_path / "s.nc").exit_code == 0
        assert json.loads((tmp_path / "s.json").read_text())["status"] == "optimal"
    else:
        assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]


def test_an_error_leaves_no_file(clean, tmp_path):
    folder = clean.save(tmp_path / "folder")
    REGISTRY["text for a number"].damage(folder)
    assert call("solve", folder, "--out", tmp_path / "s.nc").exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["default", "real-week"])
def test_the_data_of_the_repository_is_not_suspicious(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", cs.SuspiciousValueWarning)
        cs.load(Path(__file__).parents[2] / "data" / name)


@pytest.mark.parametrize("seed", range(5))
def test_generated_instances_are_not_suspicious(seed):
    with warnings.catch_warnings():
        warnings.simplefilter("error", cs.SuspiciousValueWarning)
        cs.generate(seed=seed)
