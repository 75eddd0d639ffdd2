"""Mends what the theme and docutils write against the rules of accessible pages (WCAG 2.1, as axe-core tests them)."""

import re

PARAMETERS = re.compile(r"<dl>\s*((?:<dd>.*?</dd>\s*)+)</dl>", flags=re.S)
CITATION = re.compile(r'<div class="citation" id="(?P<id>[^"]*)" role="doc-biblioentry">')

ID = re.compile(r'(?<=[\w"])\s+id="([^"]+)"')


def mended(body: str) -> str:
    """Return the body of a page with its roles and lists in order."""
    # A signature of several lines is a definition list without terms: make it a plain box.
    body = PARAMETERS.sub(lambda found: _plain(found[1]), body)
    # What opens a folded cell is called by the words it shows.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # The children of a list are its items.
    body = CITATION.sub(r'<div class="citation" id="\g<id>" role="listitem">', body)
    return _with_unique_ids(body)


def _with_unique_ids(body: str) -> str:
    """Drop an id that an element above has: sphinx-proof calls every proof of a page "proof"."""
    taken: set[str] = set()

    def keep(found: re.Match) -> str:
        repeated = found[1] in taken
        taken.add(found[1])
        return "" if repeated else found.group()

    return ID.sub(keep, body)


def _plain(parameters: str) -> str:
    lines = re.sub(r"<dd>", '<span class="sig-line">', parameters).replace("</dd>", "</span>")
    return f'<span class="sig-lines">{lines}</span>'


def _mend(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = mended(context["body"])


def setup(app):
    """Mend each page as it is written."""
    app.connect("html-page-context", _mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
