"""A fleet as one file: sites, jobs and services as entries, series by the files they come from.

Reading it joins what lies on disk to an instance; every fault is told by file and line, and what
the file does not say is said.
"""

from carbonsched.project.building import Built, build
from carbonsched.project.file import Project, read
from carbonsched.project.for_editors import json_schema
from carbonsched.project.gathered import Source
from carbonsched.project.new_fleet import template

__all__ = ["Built", "Project", "Source", "build", "json_schema", "read", "template"]
