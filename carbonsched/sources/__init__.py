"""Files of one's own as labelled data: one engine for all, and a profile of data for each source.

A profile (TOML) says how the files of a source are written; `text` reads cells, `clock` instants,
and every rule that was applied is named in the result.
"""

from carbonsched.sources.profile import Profile
from carbonsched.sources.profile import find as profile
from carbonsched.sources.profile import shipped as profiles
from carbonsched.sources.series import Series, read
from carbonsched.sources.units import Rate

__all__ = ["Profile", "Rate", "Series", "profile", "profiles", "read"]
