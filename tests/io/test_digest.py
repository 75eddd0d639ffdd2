"""The fingerprint of an instance: labels and values, and nothing that holds by default."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.io.digest import digest
from carbonsched.io.stated import stated

# What version 0.1 made of the same instances, before `battery_final` and `required` were there:
# certificates and cached results out in the world name these.
OF_VERSION_0_1 = {
    "default": "ca97ca13a1884077245880d5eb9be6b8fb93d3cc459ffc82280b2e8827fc985b",
    "real-week": "344490bb759ad8d06a6bbfe74ee4a4d11feae357f6fa8e2ff50ab9e1be461dc3",
}


class Water(cs.Family):
    name = "water"
    parameters = (cs.Quantity("water_rate", ("site",), "m3/MWh", lower=0, default=0.0),)


def test_old_instances_have_their_old_digest():
    """The default instance was another then."""
    default = cs.load(Path(__file__).parent / "version_0_1" / "default")
    assert digest(default) == OF_VERSION_0_1["default"]
    assert digest(cs.example("real-week")) == OF_VERSION_0_1["real-week"]


def test_a_certificate_of_version_0_1_is_accepted():
    certificate = cs.Certificate.load(Path(__file__).with_name("certificate-0.1.json"))
    instance = cs.generate(sites=2, periods=4, jobs=2, services=1, seed=3)
    certificate.check(instance)
    with pytest.raises(cs.CertificateError):
        certificate.check(instance.replace(required=xr.ones_like(instance.data.required)))


def test_what_differs_from_its_default_counts():
    instance = cs.generate(seed=1)
    others = [
        instance.replace(battery_final=instance.data.battery_min),
        instance.replace(required=xr.ones_like(instance.data.required)),
        instance.replace(
            it_capacity=instance.data.it_capacity.expand_dims(time=instance.data.time)
        ),
        instance.with_families([Water()], water_rate=1.0),
    ]
    assert len({digest(one) for one in (instance, *others)}) == 5
    assert digest(instance.with_families([Water()])) == digest(instance)
    assert digest(others[0].replace(battery_final=instance.data.battery_initial)) == digest(
        instance
    )


def test_a_default_follows_what_it_is_taken_from():
    instance = cs.generate(seed=1)
    fuller = instance.replace(battery_initial=instance.data.battery_energy)
    assert "battery_final" not in stated(fuller)
    kept = fuller.replace(battery_final=instance.data.battery_initial)
    assert "battery_final" in stated(kept)
    np.testing.assert_array_equal(kept.data.battery_final, instance.data.battery_initial)


def test_a_source_of_its_own_is_stated_though_the_value_is_the_default():
    data = cs.generate(seed=1).data.copy()
    data["required"] = data.required.assign_attrs(source="the customer")
    instance = cs.Instance(data)
    assert "required" in stated(instance, sourced=True)
    assert "required" not in stated(instance)
    data["battery_initial"] = data.battery_initial.assign_attrs(source="the operator")
    instance = cs.Instance(data.drop_vars("battery_final"))
    assert "battery_final" not in stated(instance, sourced=True)
