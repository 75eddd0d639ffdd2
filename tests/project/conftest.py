"""Project files written below `tmp_path`, and the faults of one, by line."""

from __future__ import annotations

import textwrap

import pytest

import carbonsched as cs


@pytest.fixture
def written(tmp_path):
    """Write a project file, and files beside it, and return its path."""

    def write(text: str, **files: str):
        for name, content in files.items():
            (tmp_path / name.replace("_csv", ".csv")).write_text(textwrap.dedent(content))
        path = tmp_path / "fleet.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def built(written):
    """Build what a text says."""
    return lambda text, **files: cs.project.build(written(text, **files))


@pytest.fixture
def faults(written):
    """Return the faults of a text, each with file and line."""

    def found(text: str, **files: str) -> tuple[str, ...]:
        with pytest.raises(cs.InstanceError) as caught:
            cs.project.build(written(text, **files))
        return caught.value.faults

    return found
