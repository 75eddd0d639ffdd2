"""Figures as part of the page: an SVG that a page shows is written into it.

Inside the page its colours, written as CSS variables, follow the reader's light or dark.
"""

import re
from hashlib import sha256
from html import escape, unescape
from pathlib import Path

IMAGE = re.compile(
    r'(?:<a class="[^"]*image-reference[^"]*" href="[^"]*\.svg">\s*)?'
    r'<img (?P<attributes>[^>]*\bsrc="[^"]*?(?P<name>[^"/]+\.svg)"[^>]*)/?>(?:\s*</a>)?'
)
PREAMBLE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>", flags=re.DOTALL)
ATTRIBUTES = re.compile(r'\s(?:width|height|version|role|xmlns(?::\w+)?|class)="[^"]*"')
REFERENCE = re.compile(r'(\bid="|url\(#|href="#)')


def inlined(svg: str, words: str, prefix: str) -> str:
    """Return an SVG file as an element of a page: described, as wide as its place, with ids of its own."""
    svg = REFERENCE.sub(rf"\g<1>{prefix}-", PREAMBLE.sub("", svg))
    opening = re.search(r"<svg\b[^>]*>", svg)
    assert opening, "a figure is not an SVG"
    described = f'<svg class="drawn" role="img" aria-label="{escape(words)}"'
    head = ATTRIBUTES.sub("", opening.group()).replace("<svg", described, 1)
    return head + svg[opening.end() :].strip()


def _inline(app, pagename, templatename, context, doctree):
    files = {name: Path(app.srcdir) / path for path, name in app.builder.images.items()}
    shown: list[Path] = []

    def replace(found: re.Match) -> str:
        file = files.get(unescape(found["name"]))
        if file is None:
            return found.group()
        shown.append(file)
        words = re.search(r'\balt="([^"]*)"', found["attributes"])
        prefix = f"f{len(shown)}{sha256(file.name.encode()).hexdigest()[:6]}"
        return inlined(
            file.read_text(encoding="utf-8"), unescape(words[1]) if words else "", prefix
        )

    if context.get("body"):
        context["body"] = IMAGE.sub(replace, context["body"])


def _remove_unshown(app, exception):
    if exception is None and app.builder.format == "html":
        folder = Path(app.outdir)
        pages = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.html"))
        for path in (folder / "_images").glob("*.svg"):
            if path.name not in pages:
                path.unlink()


def setup(app):
    """Rewrite each page as it is written."""
    app.connect("html-page-context", _inline)
    app.connect("build-finished", _remove_unshown, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
