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
STYLE = re.compile(r"<style[^>]*>\s*\*\s*\{(?P<rules>[^}]*)\}\s*</style>")
ATTRIBUTES = re.compile(r'\s(?:width|height|version|role|xmlns(?::\w+)?|style|class)="[^"]*"')
PATH = re.compile(r'\bd="[^"]*"')
DECIMALS = re.compile(r"(\.\d\d)\d+")
REFERENCE = re.compile(r'(\bid="|url\(#|href="#)')


def inlined(svg: str, words: str, prefix: str) -> str:
    """Return an SVG file as an element of a page: described, as wide as its place, with ids of its own."""
    svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.S)
    rules = ";".join(found["rules"].strip() for found in STYLE.finditer(svg))
    svg = STYLE.sub("", svg).replace("<defs>\n </defs>", "")
    svg = REFERENCE.sub(rf"\g<1>{prefix}-", svg)
    svg = PATH.sub(lambda path: DECIMALS.sub(r"\1", path.group()), svg)  # a hundredth of a point is enough
    opening = re.search(r"<svg\b[^>]*>", svg, flags=re.S)
    assert opening, "a figure is not an SVG"
    kept = ATTRIBUTES.sub("", opening.group())
    head = kept.replace("<svg", f'<svg class="drawn" role="img" aria-label="{escape(words)}"', 1)
    if rules:  # of every element of the figure, and of nothing else on the page
        head = head.replace("<svg", f'<svg style="{escape(rules)}"', 1)
    return re.sub(r"\n\s*", "\n", head + svg[opening.end() :]).strip()


def _inline(app, pagename, templatename, context, doctree):
    files = {name: Path(app.srcdir) / path for path, name in app.builder.images.items()}

    def replace(found: re.Match) -> str:
        file = files.get(unescape(found["name"]))
        if file is None:
            return found.group()
        words = re.search(r'\balt="([^"]*)"', found["attributes"])
        svg = file.read_text(encoding="utf-8")
        counted = context.setdefault("inlined_figures", [])
        counted.append(file.name)
        prefix = f"f{len(counted)}{sha256(file.name.encode()).hexdigest()[:6]}"
        return inlined(svg, unescape(words[1]) if words else "", prefix)

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
