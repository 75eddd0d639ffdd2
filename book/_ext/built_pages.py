"""What a built page holds: its links, the places that links may point at, and its text."""

import re
from dataclasses import dataclass, field
from html.entities import html5
from html.parser import HTMLParser
from pathlib import Path

SAID = {"max": "max", "min": "min", "arg": "arg"}
FORMULA = re.compile(r"\\\(.*?\\\)|\\\[.*?\\\]", flags=re.DOTALL)
UNREAD = {"script", "style", "svg", "title", "nav", "button", "template", "noscript"}
INLINE = {
    "a",
    "abbr",
    "b",
    "code",
    "em",
    "i",
    "kbd",
    "q",
    "span",
    "strong",
    "sub",
    "sup",
    "var",
    "wbr",
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


def readable(tex: str) -> str:
    """Return a formula as a line of text: letters and signs by their names, without what only sets it.

    >>> readable(r"\\kappa_{it} \\ge 1, \\bar P_i")
    'κ_it ≥ 1, P_i'
    """
    plain = re.sub(r"\\(?:begin|end)\{\w+\*?\}", "", tex)
    signs = re.sub(r"\\([A-Za-z]+)", lambda of: html5.get(f"{of[1]};", SAID.get(of[1], "")), plain)
    return " ".join(re.sub(r"[{}&\\]", "", re.sub(r"\\[,;:! ]", " ", signs)).split())


@dataclass
class Page:
    """A page as its readers, a link and a search see it."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)  # of anchors and of everything that is loaded
    text: str = ""  # of the article, without figures and buttons
    places: dict[str, int] = field(default_factory=dict)  # where in the text an id begins


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[tuple[str, bool, bool]] = []  # tag, is it of the article, is it read
        self.words: list[str] = []
        self.length = 0

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        classes = (attributes.get("class") or "").split()
        above = self.open[-1] if self.open else ("", False, True)
        article = above[1] or (tag == "article" and "bd-article" in classes)
        read = above[2] and tag not in UNREAD and "headerlink" not in classes
        named = []
        for name in (attributes.get("id"), attributes.get("name") if tag == "a" else None):
            if name:
                self.page.ids.add(name)
                if article:
                    named.append(name)
        self.page.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        self._part(tag)
        for name in named:
            self.page.places.setdefault(name, self.length)
        if tag not in VOID:
            self.open.append((tag, article, read))

    def handle_endtag(self, tag):
        self._part(tag)
        while any(name == tag for name, _, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if self.open and self.open[-1][1] and self.open[-1][2]:
            self._say(
                re.sub(r"\s+", " ", FORMULA.sub(lambda tex: readable(tex.group()[2:-2]), data))
            )

    def _say(self, words: str) -> None:
        if not words.strip() and (not self.words or self.words[-1].endswith(" ")):
            return
        self.words.append(words)
        self.length += len(words)

    def _part(self, tag: str) -> None:
        if tag not in INLINE:  # words of two blocks do not run into each other
            self._say(" ")


def read(path: Path) -> Page:
    """Return what is in a page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.page.text = "".join(reader.words)
    return reader.page
