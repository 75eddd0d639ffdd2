"""The built pages in the system's Chromium; skipped, with the reason, where one is missing."""

import pytest
from by_hand import ROOT

SITE = ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built pages."""
    if not (SITE / "index.html").is_file():
        pytest.skip("the book is not built: `make book` builds it")
    return SITE


@pytest.fixture(scope="session")
def axe():
    """Return the source of axe-core."""
    script = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed: `make web` brings it")
    return script.read_text(encoding="utf-8")
