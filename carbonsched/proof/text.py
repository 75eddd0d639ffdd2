"""Texts of others in what is printed: one short line each, so that none can pass for a proof."""

from __future__ import annotations

import re
import unicodedata

WIDTH = 60  # columns: with what stands beside it, no more than a line of a terminal
LONGEST = 400  # of a title, and of a limit that is missed, which names labels
_WORD = re.compile(r"[A-Za-z0-9_.+-]{1,40}")


def printable(text: str) -> str:
    """Return a text with everything escaped that is no character to be seen."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def line(text: str, width: int = WIDTH) -> str:
    r"""Return a text as one line: printable, single spaces, cut to some columns of a terminal.

    Examples
    --------
    >>> line("highs \x1b[2J\n" + 80 * " " + "proved     root gap 0.0000%")
    'highs [2J proved root gap 0.0000%'
    """
    spaced = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text)
    words = " ".join(spaced.split())
    if len(words) <= width and words.isascii():
        return words
    columns, kept = 0, []
    for character in words:
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if columns > width:
            break
        kept.append(character)
    return "".join(kept).rstrip()


def quoted(text: str, width: int = WIDTH) -> str:
    """Return a text as one line in quotation marks, but for a bare word.

    Examples
    --------
    >>> quoted("highs"), quoted("highs, proved")
    ('highs', "'highs, proved'")
    """
    return text if _WORD.fullmatch(text) else repr(line(text, width))
