"""The core stands alone: it pulls no other room, and nothing that a page in a browser lacks."""

import subprocess
import sys
from pathlib import Path

import carbonsched

CORE = Path(carbonsched.__file__).parent / "core"
ROOMS = (
    "judge",
    "solver",
    "io",
    "bounds",
    "columns",
    "proof",
    "diagnosis",
    "forecasts",
    "stochastic",
    "operate",
    "study",
    "output",
    "cli",
    "front",
    "plots",
)
WITHOUT = ("distributed", "typer", "matplotlib", "h5netcdf")


def loaded_by(modules: list[str]) -> set[str]:
    """Return the modules that a new Python has after some imports."""
    code = f"import sys\nfor name in {modules!r}: __import__(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_core_pulls_no_other_room():
    files = [path.relative_to(CORE.parents[1]) for path in CORE.rglob("*.py")]
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    assert len(modules) > 20
    loaded = loaded_by(modules)
    assert set(modules) <= loaded
    assert not loaded & {f"carbonsched.{room}" for room in ROOMS}
    assert not loaded & set(WITHOUT)


def test_the_judge_and_a_family_of_ones_own_need_no_solver():
    loaded = loaded_by(["carbonsched.judge.verify", "carbonsched.core.family"])
    assert not loaded & {"linopy", "highspy"}
