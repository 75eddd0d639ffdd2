"""What a new fleet names is there: profiles in its entries and in its comments."""

from __future__ import annotations

import re

from carbonsched.project.new_fleet import template
from carbonsched.sources import profiles
from carbonsched.sources.log_profile import JobProfile, LatencyProfile, RequestProfile


def test_every_profile_that_a_new_fleet_names_exists():
    named = re.findall(r"\bprofile: ([\w.-]+)", template()["fleet.yaml"])
    known = {*profiles(), *profiles(JobProfile)}
    known |= {*profiles(RequestProfile), *profiles(LatencyProfile)}
    assert named and set(named) <= known
