"""Latencies by hand, both forms of a table against each other, and the geometry of the globe."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError
from carbonsched.sources.latency import latency_from_coordinates, read_latency

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CARBONSCHED_SHARED", ROOT.parent / "shared" / "data"))

MATRIX = """\
Source;North;South;West
North;;20,5;
South;22,5;;31
Isle;;;
"""


def test_a_matrix_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "latency.csv"
    path.write_text(MATRIX.replace(",", "."))
    found = read_latency(path, rename={"North": "oslo"})
    nan = np.nan
    expected = [[0, 20.5, nan], [22.5, 0, 31], [nan, nan, nan]]
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert (list(found.index), list(found.columns)) == (
        ["oslo", "South", "Isle"],
        ["oslo", "South", "West"],
    )
    assert found.attrs["notes"] == (
        "No latency is told from Isle.",
        "Missing: 1 pair: oslo to West.",
        "0 ms is taken from a place to itself, where none is told: 2 places.",
        "The directions of 1 of 1 pair differ, at most by 2 ms (South, oslo): each way is kept.",
    )
    assert found.attrs["licence"]
    assert read_latency(path, to_itself=1.0).loc["South", "South"] == 1.0


def test_a_table_of_pairs_is_the_same_matrix(tmp_path: Path) -> None:
    wide, long = tmp_path / "wide.csv", tmp_path / "long.csv"
    wide.write_text("Source,B,A\nA,3,1\nB,,4\n")
    long.write_text("From,To,RTT_ms\nA,B,3\nA,A,1\nB,A,4\nB,A,4\n")
    found = read_latency(long)
    pd.testing.assert_frame_equal(found, read_latency(wide), check_names=False)
    assert found.attrs["notes"][0].startswith("Repeats of a pair")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Source,A\nA,1\nA,1\n", "row 3: the origin 'A' is told once more"),
        ("Source,A\nB,-1\n", "from 'B' to 'A': -1 ms is less than nothing"),
        ("Source,A\nB,fast\n", "row 2, column 'A': 'fast' is no number"),
        ("Source,A\n,1\n", "row 2: the origin has no name"),
        ("Source\nA\n", "no destination beside its first column"),
        ("origin,destination,ms\nA,B,1\nA,B,2\n", "row 3: from 'A' to 'B' is told once more"),
        ("origin,destination,ms\nA,,1\n", "row 2: it has no name of a place"),
    ],
)
def test_faults(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "latency.csv"
    path.write_text(text)
    with pytest.raises(InstanceError, match=words):
        read_latency(path)


def test_names_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "latency.csv"
    path.write_text("Source,East US,West US\nEast US,,71\nWest US,73,\n")
    with pytest.raises(InstanceError) as error:
        read_latency(path, rename={"East USA": "virginia", "East US": "West US"})
    told = "\n".join(error.value.faults)
    assert "no place 'East USA': did you mean 'East US'?" in told
    assert "two places would be called 'West US'" in told


places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(places, places)
def test_the_way_back_is_as_long_and_none_is_longer_than_half_round(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    both = {"a": one, "b": other}
    found = latency_from_coordinates(both, both, path_factor=1.0, overhead=0.0).to_numpy()
    assert np.allclose(found, found.T, atol=1e-9)
    assert np.allclose(np.diag(found), 0.0)
    assert found.max() <= 2 * np.pi * 6371.0088 / (299.792458 / 1.468) + 1e-9


def test_distances_that_one_knows() -> None:
    poles = {"north": (90.0, 0.0), "south": (-90.0, 77.0), "equator": (0.0, 12.0)}
    found = latency_from_coordinates(poles, poles, path_factor=2.0, overhead=3.0)
    quarter = np.pi / 2 * 6371.0088
    ms = 2 * quarter * 2.0 * 1.468 / 299.792458
    assert found.loc["north", "equator"] == pytest.approx(3 + ms)
    assert found.loc["north", "south"] == pytest.approx(3 + 2 * ms)
    meridian = {f"{lat}": (float(lat), -70.0) for lat in range(-60, 61, 20)}
    steps = latency_from_coordinates(meridian, meridian, path_factor=1.0, overhead=0.0)
    assert all(steps.loc[a, b] == pytest.approx(ms / 2 * 20 / 90) for a, b in pairwise(steps.index))


def test_coordinates_that_are_none() -> None:
    with pytest.raises(InstanceError) as error:
        latency_from_coordinates({"x": (91.0, 0.0)}, {"y": (0.0, 181.0)}, path_factor=0.5)
    assert len(error.value.faults) == 3
    with pytest.raises(InstanceError, match="overhead"):
        latency_from_coordinates({}, {}, overhead=-1.0)


REGIONS = {
    "West US": (37.8, -122.4),
    "South Central US": (29.4, -98.5),
    "East US": (37.4, -79.8),
    "UK South": (50.9, -0.8),
    "Germany West Central": (50.1, 8.7),
    "Australia East": (-33.9, 151.2),
    "North Europe": (53.3, -6.3),
    "West Europe": (52.4, 4.9),
    "Japan East": (35.7, 139.8),
    "Southeast Asia": (1.3, 103.8),
    "Brazil South": (-23.6, -46.6),
    "Sweden Central": (60.7, 17.1),
    "Korea Central": (37.6, 127.0),
    "Central India": (18.6, 73.9),
    "South Africa North": (-25.7, 28.2),
}


def test_the_matrix_of_azure() -> None:
    path = SHARED / "latency_azure" / "raw" / "latency.csv"
    if not path.exists():
        pytest.skip(f"there is no {path.name} of Azure beside the repository")
    raw = pd.read_csv(path, index_col=0)
    found = read_latency(path)
    known = raw.stack().dropna()
    assert all(found.loc[pair] == known[pair] for pair in known.index)
    names = [name for name in raw.index if name in raw.columns]
    square = raw.loc[names, names].to_numpy()
    upper = np.triu(np.ones_like(square, bool), 1) & np.isfinite(square + square.T)
    differ = (square != square.T) & upper
    assert (
        f"The directions of {differ.sum():,} of {upper.sum():,} pairs differ"
        in found.attrs["notes"][-1]
    )
    # What an estimate without a detour leaves out: the median is the default path factor.
    straight = latency_from_coordinates(REGIONS, REGIONS, path_factor=1.0, overhead=0.0)
    true = found.loc[list(REGIONS), list(REGIONS)]
    factor = (true / straight).to_numpy()[~np.eye(len(REGIONS), dtype=bool)]
    assert np.median(factor) == pytest.approx(1.8, abs=0.05)
    assert np.percentile(factor, [10, 90]) == pytest.approx([1.3, 2.6], abs=0.1)
