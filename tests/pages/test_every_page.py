"""Every page of the built book, as a reader's browser shows it from its file."""

from pathlib import Path

import pytest
import yaml
from looks import (
    inaccessible,
    loaded,
    look,
    overflowing,
    sideways,
    small_text,
    undescribed,
    unheard_of,
)

BOOK = Path(__file__).parent.parent.parent / "book"
CONTENTS = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [chapter["file"] for part in CONTENTS["parts"] for chapter in part["chapters"]]
PAGES = [CONTENTS["root"], *CHAPTERS, "genindex", "search"]
FIRST_LOAD = 1_500_000  # bytes, before a reader touches anything that loads more
# What takes axe-core seconds a page, contrast letter by letter, is judged where every kind of thing
# stands, in a light and a dark view; on every page in all four views by `make test-long`.
THOROUGH = {"index": "phone", "reproduce": "desktop", "search": "desktop"}


def page_of(site, name):
    path = site / f"{name}.html"
    assert path.is_file(), f"{name} is not in the built book: `make site` builds it anew"
    return path


@pytest.mark.parametrize("name", PAGES)
def test_desktop(name, site, browser, axe):
    with look(browser, page_of(site, name), "desktop", "light") as seen:
        assert loaded(seen) <= FIRST_LOAD
        faults = unheard_of(seen) + overflowing(seen) + undescribed(seen)
        assert faults + inaccessible(seen, axe, thorough=name in THOROUGH) == []


@pytest.mark.parametrize(("name", "width"), THOROUGH.items())
def test_in_the_dark(name, width, site, browser, axe):
    with look(browser, page_of(site, name), width, "dark") as seen:
        assert inaccessible(seen, axe) == []


@pytest.mark.parametrize("name", PAGES)
def test_phone(name, site, browser):
    with look(browser, page_of(site, name), "phone", "dark") as seen:
        assert unheard_of(seen) + overflowing(seen) + small_text(seen) + sideways(seen) == []


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", ["desktop", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_all_views(name, width, theme, site, browser, axe):
    with look(browser, page_of(site, name), width, theme) as seen:
        faults = unheard_of(seen) + overflowing(seen) + small_text(seen) * (width == "phone")
        assert faults + inaccessible(seen, axe) == []
