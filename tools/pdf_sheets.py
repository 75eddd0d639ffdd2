"""On which sheet of a PDF a place is, and what the outline says; of a PDF as Chromium writes it.

Its objects stand uncompressed behind a table of their places, so a few lines read them. A library
that reads any PDF would be one more package in every reader's environment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Sheets:
    """A PDF's sheets, its named places and its outline.

    Attributes
    ----------
    number : int
        How many sheets there are.
    places : dict of str to int
        The sheet, counted from one, of each place that a link of the document leads to.
    outline : list of tuple of str and int
        Each heading with its sheet, in order.
    """

    number: int
    places: dict[str, int]
    outline: list[tuple[str, int]]


def sheets_of(pdf: bytes) -> Sheets:
    """Read a PDF.

    Raises
    ------
    ValueError
        It is not written as expected: compressed objects, or no table of them.
    """
    objects = _objects(pdf)
    catalog = objects[_reference(pdf[pdf.rindex(b"trailer") :], b"Root")]
    sheet = {page: k for k, page in enumerate(_pages(objects, _reference(catalog, b"Pages")), 1)}
    named = objects[_reference(catalog, b"Dests")] if b"/Dests" in catalog else b""
    places = {
        _unescaped(name): sheet[int(page)]
        for name, page in re.findall(rb"/(\S+) \[(\d+) 0 R", named)
    }
    outline = list[tuple[str, int]]()
    if b"/Outlines" in catalog:
        for title, page in _headings(objects, objects[_reference(catalog, b"Outlines")]):
            outline.append((title, sheet[page]))
    return Sheets(len(sheet), places, outline)


def _objects(pdf: bytes) -> dict[int, bytes]:
    """Return each object's bytes up to its end, by the table at the end of the file."""
    start = re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)
    if start is None or not pdf[int(start[1]) :].startswith(b"xref"):
        raise ValueError("this PDF has no plain table of its objects")
    entries = re.findall(rb"(\d{10}) \d{5} ([nf])", pdf[int(start[1]) :])
    return {
        k: pdf[int(at) : pdf.index(b"endobj", int(at))]
        for k, (at, kind) in enumerate(entries)
        if kind == b"n"
    }


def _reference(of: bytes, name: bytes) -> int:
    found = re.search(rb"/" + name + rb" (\d+) 0 R", of)
    if found is None:
        raise ValueError(f"this PDF has no {name.decode()} where it is expected")
    return int(found[1])


def _pages(objects: dict[int, bytes], node: int) -> Iterator[int]:
    kids = re.search(rb"/Kids \[([^\]]*)\]", objects[node])
    if kids is None:
        yield node
        return
    for kid in re.findall(rb"(\d+) 0 R", kids[1]):
        yield from _pages(objects, int(kid))


def _headings(objects: dict[int, bytes], above: bytes) -> Iterator[tuple[str, int]]:
    found = re.search(rb"/First (\d+) 0 R", above)
    while found:
        entry = objects[int(found[1])]
        page = re.search(rb"/Dest \[(\d+) 0 R", entry)
        if page:
            yield _title(entry), int(page[1])
        yield from _headings(objects, entry)
        found = re.search(rb"/Next (\d+) 0 R", entry)


def _title(entry: bytes) -> str:
    """Return a title, which is UTF-16 in hexadecimal digits where it is not plain."""
    wide = re.search(rb"/Title <FEFF([0-9A-Fa-f]*)>", entry)
    if wide:
        return bytes.fromhex(wide[1].decode()).decode("utf-16-be")
    plain = re.search(rb"/Title \(((?:[^()\\]|\\.)*)\)", entry)
    return re.sub(rb"\\(.)", rb"\1", plain[1]).decode("latin-1") if plain else ""


def _unescaped(name: bytes) -> str:
    return re.sub(rb"#([0-9A-F]{2})", lambda h: bytes.fromhex(h[1].decode()), name).decode("utf-8")
