"""A package says what Python says: numbers, the validator's words, the plan and the answer."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.core.first_fit import first_fit
from carbonsched.core.instance import derived
from carbonsched.core.schema import PARAMETERS
from carbonsched.core.validate import find_faults
from carbonsched.page.package import _PLANNED, package, script
from carbonsched.page.points import moved
from carbonsched.page.recipe import Recipe
from carbonsched.page.refusals import refusals


@pytest.fixture(scope="module")
def made(instance: cs.Instance, recipe: Recipe) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patched:  # a recipe takes seconds
        patched.setattr("carbonsched.page.package.recipe_of", lambda data: recipe)
        return package("small", instance, ["joint", "energy_only"])


@pytest.fixture(scope="module")
def words(instance: cs.Instance) -> dict[str, str]:
    return refusals(instance.data)


def test_a_script_holds_the_package_and_is_the_same_for_the_same(made):
    text = script(made)
    assert text == script(json.loads(json.dumps(made)))
    packed = re.search(r'\["small"\] = "(.*)"', text)[1]
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == made


def test_given_are_the_numbers_of_the_instance(instance, made):
    assert set(made["given"]) == set(PARAMETERS)
    for name in ("import_price", "demand", "duration", "carbon_budget"):
        array = instance.data[name]
        values = made["given"][name]
        assert values["dims"] == list(array.dims)
        assert [
            np.inf if v == "inf" else v for v in values["data"]
        ] == array.values.ravel().tolist()
    assert set(made["given"]["release"]["data"]) <= set(made["labels"]["time"])


def test_the_reference_is_the_schedule_of_solve(instance, made):
    schedule = cs.solve(instance, gap=1e-6, progress=False)
    reference = made["methods"]["joint"]["reference"]
    assert reference["objective"] == pytest.approx(schedule.objective, rel=1e-6)
    assert len(reference["values"]["soc"]) == schedule.data.soc.size


def test_a_plan_goes_by_what_is_named_only(instance, made):
    choice = made["model"]["methods"]["energy_only"]
    data = instance.data
    free = [n for n in PARAMETERS if data[n].dtype.kind == "f" and n not in _PLANNED]
    free = [name for name in free if name != "step_hours"]
    other = first_fit(derived(moved(data, free, np.random.default_rng(0))))
    for name in ("start", "route"):
        assert choice["plan"][name] == other[name].values.ravel().tolist()


@pytest.mark.parametrize(
    ("key", "name", "value"),
    [
        ("least", "it_capacity", -3.0), ("above", "discharge_efficiency", 0.0),
        ("most", "charge_efficiency", 1.5), ("finite", "demand", np.nan),
        ("huge", "value", -2e15), ("above_battery", "battery_min", 1e6),
    ],
)  # fmt: skip
def test_words_are_those_that_the_validator_says_of_another_value(
    instance, words, key, name, value
):
    data = instance.data.copy(deep=True)
    data[name].values.flat[-1] = value
    said = next(f.sentence for f in find_faults(data) if f.name == name)
    quantity = PARAMETERS[name]
    bound = quantity.upper if key == "most" else quantity.lower
    told = words[key].replace("{bound}", f"{bound:g}").replace("{most}", "1e+15")
    assert said.endswith(f": {told}")


def test_words_of_jobs_are_those_of_the_validator(instance, words):
    data = instance.data
    job = str(data.job.values[-1])
    long = data.copy(deep=True)
    long["duration"].values[-1] = 77
    said = next(f.sentence for f in find_faults(long) if f.name == "duration")
    held = re.search(r"holds (\d+)", said)[1]
    assert said == words["window"].format(job=job, duration=77, held=held)
    hot = data.copy(deep=True)
    hot["power"].values[-1] = 12345.0
    said = next(f.sentence for f in find_faults(hot) if f.name == "power")
    assert said == words["no_room"].format(job=job, power="12345")


def test_no_word_keeps_a_number_or_a_job_of_the_instance(instance, words):
    for key, said in words.items():
        assert not re.search(r"\d", said), (key, said)
        assert str(instance.data.job.values[0]) not in said
