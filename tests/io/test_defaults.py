"""What a folder may leave out, and how else it may lay out a table."""

from __future__ import annotations

import json

import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.io.digest import digest


@pytest.fixture
def saved(tmp_path):
    """Return a folder of two jobs, services and sites, and the instance that is in it."""
    data = plain(2, 3, 2, 2, latency=[[1.0, 2.0], [3.0, 4.0]], home=["A", "B"])
    instance = cs.Instance(data)
    return instance.save(tmp_path / "fleet"), instance


def allowed(folder):
    return cs.load(folder).data.allowed.values.tolist()


def test_jobs_may_run_everywhere_unless_a_table_says_otherwise(saved):
    folder, instance = saved
    (folder / "job_site.csv").unlink()
    package = folder / "datapackage.json"
    said = json.loads(package.read_text())
    said["resources"] = [r for r in said["resources"] if r["path"] != "job_site.csv"]
    package.write_text(json.dumps(said))
    read = cs.load(folder)
    assert read.data.allowed.values.all() and read.data.identical(instance.data)
    assert digest(read) == digest(instance)
    assert "allowed" in (read.save(folder) / "job_site.csv").read_text()  # as before


def test_a_table_of_exceptions(saved):
    folder, _ = saved
    (folder / "job_site.csv").write_text("job,site,allowed\nj1,A,false\n")
    assert allowed(folder) == [[True, True], [False, True]]
    (folder / "job_site.csv").write_text("job,site,allowed\n")
    assert allowed(folder) == [[True, True], [True, True]]


def test_a_list_of_where_a_job_may_run_is_no_list_of_exceptions(saved):
    """Where it says "A: true" of a job and nothing of B, B is anybody's guess."""
    folder, _ = saved
    (folder / "job_site.csv").write_text("job,site,allowed\nj0,A,false\nj1,A,true\n")
    with pytest.raises(cs.InstanceError) as error:
        cs.load(folder)
    assert list(error.value.faults) == ["job_site.csv: no row for job=j1, site=B"]


def test_without_a_table_a_job_too_large_for_every_site_is_still_a_fault():
    data = plain(2, 3, 1, 0, power=500.0).drop_vars("allowed")
    with pytest.raises(cs.InstanceError, match="job j0: power 500 MW, no allowed site"):
        cs.Instance(data)


def test_a_wide_table_has_a_column_a_site(saved):
    folder, instance = saved
    table = folder / "service_site.csv"
    table.write_text("service,B,A\ns1,4.0,3.0\ns0,2.0,1.0\n")
    assert cs.load(folder).data.identical(instance.data)
    table.write_text("site,s0,s1\nA,1.0,3.0\nB,2.0,4.0\n")
    assert cs.load(folder).data.identical(instance.data)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("service,A,C\ns0,1,2\ns1,3,4\n", "label C is not in site.csv"),
        ("service,A\ns0,1\ns1,3\n", "no row for service=s0, site=B"),
        ("service,A,A\ns0,1,2\ns1,3,4\n", "column 'A': given 2 times"),
        ("service,A,B\ns0,1,\ns1,3,4\n", "row 2, column latency: an empty cell"),
        ("service,A,B\ns0,1\ns1,3,4\n", "row 2, column B: 2 cells, expected 3"),
        ("service,A,B\ns0,1,-2\ns1,3,4\n", "service_site.csv, row 2, column latency"),
        ("service\ns0\ns1\n", "column latency: missing"),
    ],
)
def test_a_faulty_wide_table_names_file_and_place(saved, text, fault):
    folder, _ = saved
    (folder / "service_site.csv").write_text(text)
    with pytest.raises(cs.InstanceError) as error:
        cs.load(folder)
    assert "service_site.csv" in str(error.value) and fault in str(error.value)
