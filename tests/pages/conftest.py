"""The built pages in the system's Chromium; skipped, with the reason, where one is missing."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "_build" / "html"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built pages."""
    if not (SITE / "index.html").is_file():
        pytest.skip("the book is not built: `make book` builds it")
    return SITE


@pytest.fixture(scope="session")
def browser(site):
    """Yield one Chromium for all tests of a worker."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium here: on Debian, `apt install chromium`")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe():
    """Return the source of axe-core."""
    script = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not installed: `make web` brings it")
    return script.read_text(encoding="utf-8")
