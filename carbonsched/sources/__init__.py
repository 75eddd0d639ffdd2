"""Files of one's own as labelled data: one engine for all, and a profile of data for each source.

A profile (TOML) says how the files of a source are written; `text` reads cells, `clock` instants,
and every rule that was applied is named in the result.
"""

from carbonsched.sources.jobs import read_jobs
from carbonsched.sources.latency import latency_from_coordinates, read_latency
from carbonsched.sources.profile import Profile
from carbonsched.sources.profile import find as profile
from carbonsched.sources.profile import shipped as profiles
from carbonsched.sources.reading import read
from carbonsched.sources.reopt import read_reopt
from carbonsched.sources.requests import read_requests
from carbonsched.sources.series import Series
from carbonsched.sources.units import Rate

__all__ = [
    "Profile",
    "Rate",
    "Series",
    "latency_from_coordinates",
    "profile",
    "profiles",
    "read",
    "read_jobs",
    "read_latency",
    "read_reopt",
    "read_requests",
]
