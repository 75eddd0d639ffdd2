"""Instances that come with the package: the same from a checkout and from the built wheel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from by_hand import ROOT

import carbonsched as cs
from carbonsched.io.digest import digest
from carbonsched.io.store import EXAMPLES

MOST_BYTES = 3_000_000


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_the_folder_of_the_repository(name):
    held = cs.load(ROOT / "data" / name)
    assert cs.example(name).data.identical(held.data)


@pytest.mark.parametrize("name", ["Default", "", "../data/default", None])
def test_an_unknown_example_names_those_there_are(name):
    with pytest.raises(ValueError, match="choose from default, real-week, real-year"):
        cs.example(name)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Build the wheel, install it into a folder of its own, and return that."""
    home = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", home, ROOT]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = home.glob("*.whl")
    assert wheel.stat().st_size < MOST_BYTES
    install = ["install", "--no-deps", "--no-index", "--target", home / "site", wheel]
    subprocess.run([*pip, *install], check=True)
    return home / "site"


def installed(site: Path, code: str, folder: Path) -> str:
    """Run code with the installed package, in some folder, and return what it prints."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_ships_the_examples_with_sources_and_licences(site, tmp_path):
    shipped = site / "carbonsched" / "examples"
    assert sum(path.stat().st_size for path in shipped.rglob("*") if path.is_file()) < MOST_BYTES
    assert "Sources and licences" in (shipped / "README.md").read_text()
    code = (
        "import carbonsched as cs\n"
        "from carbonsched.io.digest import digest\n"
        "print(cs.__file__)\n"
        f"for name in {EXAMPLES}: print(digest(cs.example(name)))"
    )
    where, *digests = installed(site, code, tmp_path / "empty").split()
    assert Path(where).is_relative_to(site)
    assert digests == [digest(cs.load(ROOT / "data" / name)) for name in EXAMPLES]


def test_the_first_snippet_of_the_readme_works_in_an_empty_folder(site, tmp_path):
    snippet = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert "cs.example(" in snippet
    where = installed(site, f"{snippet}\nprint(cs.__file__)", tmp_path / "empty")
    assert Path(where.splitlines()[-1]).is_relative_to(site)
