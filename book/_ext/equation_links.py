"""The number of an equation in a docstring is a link to it.

A docstring says "(7)" or "(1)-(16)", which reads well in a terminal; on the page it leads to the model's chapter.
"""

import re

EQUATIONS = range(1, 17)
# Not of code, a citation, a call, an item or a formula: text before it, and no name or bracket around it.
NUMBER = re.compile(r"(?<![\w`\[\])}/.:-])\((?P<number>\d{1,2})\)(?![\w(`])")
SPAN = re.compile(r"(?<=\(\d\))-(?=\(\d{1,2}\))")
QUOTED = re.compile(r"(``?[^`]+``?|:\w+:`[^`]*`)")


def linked(line: str) -> str:
    """Return a line of a docstring, in reStructuredText, with the equations it names as links.

    >>> linked("No import and export at once, (7), by `grid`")
    'No import and export at once, :eq:`eq-7`, by `grid`'
    """
    parts = QUOTED.split(SPAN.sub("–", line))
    return "".join(part if k % 2 else NUMBER.sub(_link, part) for k, part in enumerate(parts))


def _link(found: re.Match) -> str:
    number = int(found["number"])
    return f":eq:`eq-{number}`" if number in EQUATIONS else found.group()


def _link_docstring(app, what, name, obj, options, lines):
    literal = False
    for k, line in enumerate(lines):
        if line.strip().startswith((">>>", "...", ".. math")):
            literal = True
        elif not line.strip():
            literal = literal and k + 1 < len(lines) and lines[k + 1].startswith(" ")
        elif not literal:
            lines[k] = linked(line)


def setup(app):
    """Rewrite docstrings after napoleon has read them."""
    app.connect("autodoc-process-docstring", _link_docstring, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
