"""A link inside the book that points at nothing fails the build.

Sphinx warns of a reference it cannot resolve; this also sees what templates, raw HTML and cells write.
"""

from os.path import normpath
from pathlib import Path
from urllib.parse import unquote, urlsplit

from built_pages import Page, read
from sphinx.errors import SphinxError

HERE = {"", "top"}  # of any page


def dead(folder: Path) -> list[str]:
    """Return the links of a folder of pages that lead nowhere, each with its page."""
    folder = folder.resolve()
    pages = {path: read(path) for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder)}: {link}"
        for path, page in pages.items()
        for link in sorted(set(page.links))
        if not _leads_somewhere(path, link, pages)
    ]


def _leads_somewhere(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:  # an address elsewhere, or data in the link itself
        return True
    target = Path(normpath(path.parent / unquote(parts.path))) if parts.path else path
    if target in pages:
        place = unquote(parts.fragment)
        return place in HERE or place in pages[target].ids
    return target.is_file()


def _check(app, exception):
    if exception is None and app.builder.name == "html":
        found = dead(Path(app.outdir))
        if found:
            raise SphinxError("links that lead nowhere:\n  " + "\n  ".join(found))


def setup(app):
    """Check the pages once all of them are written."""
    app.connect("build-finished", _check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
