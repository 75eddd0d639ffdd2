"""What people and systems act on, made of an instance and its schedule: tables, files, a report."""

from carbonsched.output.page_table import PageTable, as_table
from carbonsched.output.provenance import Provenance, provenance

__all__ = ["PageTable", "Provenance", "as_table", "provenance"]
