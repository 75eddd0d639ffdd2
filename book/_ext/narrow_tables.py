"""Lets the tables of a page fit a phone: where a long name may break, and where a short one may not.

A notebook's table says what it says; how wide a screen is only the page can know.
"""

import re

TABLE = re.compile(r'<div class="cs-table".*?</table>', flags=re.S)
CELL = re.compile(r'<(?P<tag>td|th scope="row")>(?P<text>[^<]*)</t')
INTERVAL = re.compile(r"[\d.,+\-−]+ to [\d.,+\-−]+")
NAME = 8  # letters of a name that stays whole, though it has a hyphen: us-ca
SENTENCE = 24  # letters that are not squeezed into a column of single words


def narrowed(body: str) -> str:
    """Return a page whose tables break where they may."""
    return TABLE.sub(lambda table: CELL.sub(_cell, table.group()), body)


def _cell(found: re.Match) -> str:
    text = found["text"]
    if INTERVAL.fullmatch(text) or len(text) <= NAME:
        kind = ' class="whole"'
    elif len(text) > SENTENCE:
        kind = ' class="sentence"'
    else:
        kind = ""
    return f"<{found['tag']}{kind}>{text.replace('_', '_<wbr>')}</t"


def _narrow(app, pagename, templatename, context, doctree):
    if context.get("body"):
        context["body"] = narrowed(context["body"])


def setup(app):
    """Change each page as it is written."""
    app.connect("html-page-context", _narrow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
