"""A browser, and a page with a live figure as the book's pages have them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from by_hand import ROOT

BUILT = ROOT / "_build" / "web" / "live"
GROUND = """<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>A live figure</title>
<link rel="stylesheet" href="{css}"><style>
html[data-theme="dark"] {{ --figure-ink: #e6edf3; --figure-quiet: #adb5bd; --figure-rule: #444c56;
--figure-paper: #121212; --figure-blue: #3b8fd6; --pst-color-danger: #ff8f87; }}
body {{ margin: 1rem; background: var(--figure-paper, #fff); font-family: sans-serif; }}
a {{ color: var(--figure-blue, #0072b2); }}
h1 {{ color: var(--figure-ink); }}
</style></head><body><main><h1>Live</h1>{place}</main></body></html>"""

sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture(scope="session")
def paged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return the address of a page around what a notebook of the live pages shows."""
    if lacking := [n for n in ("live", "highs", "default") if not (BUILT / f"{n}.js").exists()]:
        pytest.skip(f"the pages' scripts are not built ({', '.join(lacking)}): make web")
    css = (ROOT / "book" / "_static" / "live.css").as_uri()

    def page(place: str) -> str:
        place = place.replace('class="cs-live"', f'class="cs-live" data-base="{BUILT.as_uri()}/"')
        place = place.replace('src="live/', f'src="{BUILT.as_uri()}/')
        file = tmp_path_factory.mktemp("page") / "page.html"
        file.write_text(GROUND.format(css=css, place=place), encoding="utf-8")
        return file.as_uri()

    return page


@pytest.fixture(scope="module")
def opened(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page in a window of some width."""
    contexts = []

    def open_page(address: str, width: int = 1200) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
