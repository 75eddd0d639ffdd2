"""The commands of the benchmark without a solver: what they write, take, and refuse."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_app import call

import carbonsched as cs
from carbonsched.bench.entries import read_entries
from carbonsched.bench.recipe import made, recipes
from carbonsched.bench.submission import Submission
from carbonsched.core.schema import PRICES
from carbonsched.io import write_netcdf
from carbonsched.io.digest import digest


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def priced(here) -> Path:
    """A submission of prices alone, all zero: at them no job costs any power."""
    data, folder = made(recipes()["paper-0"]).data, here / "one"
    folder.mkdir()
    said = ("paper-0", "free", "A. Name", "by hand", "a desk", date(2026, 1, 2), 1.0)
    Submission(*said).write(folder)
    prices = {n: (dims, np.zeros([data.sizes[d] for d in dims])) for n, dims in PRICES.items()}
    coords = {dim: data[dim] for dim in ("site", "time")}
    write_netcdf(xr.Dataset(prices, coords), folder / "prices.nc")
    return folder


def test_check_and_submit_a_bound(priced):
    """The second time, and what claims more than it proves, are refused."""
    done = call("bench", "check", "one")
    assert done.exit_code == 0 and done.output.startswith("one: [open, ")
    told = done.output.removeprefix("one: ")
    done = call("bench", "submit", "one", "--entries", "home")
    assert (done.exit_code, done.output) == (0, f"paper-0  free  {told}")
    (entry,) = read_entries(Path("home"))
    assert (entry.entry, entry.outcome, entry.value) == ("free", "bound", None)
    again = call("bench", "submit", "one", "--entries", "home")
    assert again.exit_code == 2 and "paper-0 has an entry free" in again.output
    about = priced / "submission.toml"
    about.write_text("bound = 1.0\n" + about.read_text())
    done = call("bench", "check", "one", "nowhere")
    assert done.exit_code == 1
    assert "a bound of 1 is claimed, proved is" in done.output and "nowhere" in done.output


def test_the_table_of_a_record_in_words_and_as_a_document(priced):
    assert call("bench", "submit", "one", "--entries", "home").exit_code == 0
    done = call("bench", "table", "--entries", "home")
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.output.splitlines() if "paper-0" in line]
    assert "bound" in line and "nan" not in done.output
    first = f"{len(recipes())} instances, 1 of them with an entry; 1 entries."
    assert first in done.output.splitlines()
    done = call("bench", "table", "--entries", "home", "--json")
    document = json.loads(done.output)
    assert document["reading"][0] == first
    rows = {row["instance"]: row for row in document["instances"]}
    assert rows["paper-0"]["bound"] > 0 and rows["paper-0"]["value"] is None
    assert rows["paper-1"]["outcome"] == "open"
    assert len(json.loads(call("bench", "table", "--json").output)["methods"]) > 1


def test_make_writes_the_instance_of_the_table_once(here):
    done = call("bench", "make", "paper-0", "--out", "made")
    assert done.exit_code == 0 and done.output.startswith("paper-0  ")
    assert digest(cs.load("made/paper-0")) == recipes()["paper-0"].sha256
    again = call("bench", "make", "paper-0", "--out", "made")
    assert again.exit_code == 2 and "made/paper-0 exists" in again.output
    done = call("bench", "make", "paper-0", "--out", "made", "--form", "netcdf")
    assert done.exit_code == 0 and (here / "made" / "paper-0.nc").is_file()


def test_a_model_beside_an_instance_comes_with_its_metadata(monkeypatch):
    pytest.importorskip("yaml")
    wrote = []
    monkeypatch.setattr(
        "carbonsched.bench.files.write_mps", lambda instance, path: wrote.append(path.name)
    )
    done = call("bench", "make", "paper-0", "--out", "made", "--mps")
    assert done.exit_code == 0, done.output
    assert wrote == ["paper-0.mps.gz"]
    first = Path("made/metadata.yaml").read_text().splitlines()
    assert first[:2] == ["benchmarks:", "  carbonsched-paper-0:"]


def test_run_refuses_what_is_no_method_and_what_is_there(monkeypatch):
    done = call("bench", "run", "paper-0", "--method", "magic")
    assert done.exit_code == 2 and "method 'magic', choose from highs-start, " in done.output
    (Path("submissions") / "paper-0" / "columns").mkdir(parents=True)
    done = call("bench", "run", "paper-0", "--method", "columns")
    assert done.exit_code == 2
    assert "submissions/paper-0/columns: exists, and is not replaced" in done.output
    asked = []
    monkeypatch.setattr(
        "carbonsched.bench.run.run",
        lambda name, instance, method, folder, **how: asked.append((name, method, how)) or "done",
    )
    done = call("bench", "run", "paper-0", "--method", "rolling", "--by", "me", "--no-proof")
    assert (done.exit_code, done.output) == (0, "paper-0  done\n")
    how = {"time_limit": 60.0, "gap": 0.001, "by": "me", "on": "", "proof": False}
    assert asked == [("paper-0", "rolling", how)]
