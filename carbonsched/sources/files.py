"""Files opened, whatever they are packed in: bytes, text, and typed cells as text."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from carbonsched.errors import InstanceError, extra
from carbonsched.sources.layout import Layout

MOST_BYTES = 1_000_000_000  # of a file, unpacked

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def content_of(path: Path) -> bytes:
    """Return what a file holds, unpacked, if it is no more than may be."""
    from carbonsched.io.files import UnreadableError, read_bytes

    told = f"it holds more than {MOST_BYTES:,} bytes: cut it into parts"
    try:
        content = read_bytes(path, MOST_BYTES)
        if content[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(content)) as packed:
                content = packed.read(MOST_BYTES + 1)
        elif content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inside = archive.infolist()
                if sum(one.file_size for one in inside) > MOST_BYTES:
                    raise UnreadableError(told)
                if not any(one.filename == "[Content_Types].xml" for one in inside):
                    files = [one for one in inside if not one.is_dir()]
                    if len(files) != 1:
                        raise UnreadableError(
                            f"it packs {len(files)} files: unpack the one to read"
                        )
                    content = archive.read(files[0])
    except (UnreadableError, EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise InstanceError([str(error)], str(path)) from error
    if len(content) > MOST_BYTES:
        raise InstanceError([told], str(path))
    return content


def decoded(content: bytes, layout: Layout, where: str) -> tuple[str, tuple[str, ...]]:
    """Return a file's text, letters with accents as one, and in a note what encoding was found."""
    marked = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    encoding = marked or layout.encoding or "utf-8"
    try:
        return normalize("NFC", content.decode(encoding)), ()
    except LookupError as error:
        raise InstanceError([f"{encoding!r} is no encoding"], where) from error
    except UnicodeDecodeError as error:
        if marked or layout.encoding or b"\0" in content:
            raise InstanceError([f"it is not written in {encoding}: {error}"], where) from error
    told = "The file is not in UTF-8: read as Windows-1252."
    return content.decode("cp1252", errors="replace"), (told,)


def workbook(content: bytes, layout: Layout, path: Path) -> Iterable[tuple[int, list[str]]]:
    """Yield the number of each row of a sheet, and its cells as the layout would write them."""
    with extra("sources", "reading a workbook"):
        import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Exception as error:  # whatever is wrong inside the archive
        raise InstanceError([f"it is no workbook that can be read: {error}"], str(path)) from error
    named = {normalize("NFC", name): name for name in book.sheetnames}
    wanted = normalize("NFC", layout.sheet or book.sheetnames[0])
    if wanted not in named:
        told = f"it has no sheet {layout.sheet!r}, but {', '.join(map(repr, book.sheetnames))}"
        raise InstanceError([told], str(path))
    sheet = book[named[wanted]]
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [_cell(value, layout) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        yield number, cells + [""] * (len(row) - len(cells))


def sheets(content: bytes) -> list[str]:
    """Return the names of the sheets of a workbook that can be read."""
    with extra("sources", "reading a workbook"):
        import openpyxl

    return list(openpyxl.load_workbook(io.BytesIO(content), read_only=True).sheetnames)


def _cell(value: Any, layout: Layout) -> str:
    """Return a typed cell as the text that the layout would have for it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        rounded = pd.Timestamp(value).round("ms")  # a workbook counts days, and is off by some µs
        return rounded.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return repr(value).replace(".", layout.decimal)
    return normalize("NFC", str(value).strip())


def from_json(text: str, layout: Layout, where: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the columns, or records, of a JSON document as text, and what stands beside them."""
    try:
        given: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InstanceError([f"it is no JSON: {error}"], where) from error
    whole = given if isinstance(given, dict) else {}
    about = {key: str(value) for key, value in whole.items() if not isinstance(value, dict | list)}
    for key, value in whole.items():
        if isinstance(value, dict) and key != layout.json_key:
            about |= {f"{key}.{name}": str(one) for name, one in value.items()}
    body = given if isinstance(given, list) else whole.get(layout.json_key or "data")
    try:
        frame = pd.json_normalize(body) if isinstance(body, list) else pd.DataFrame(body)
        if frame.empty:
            raise ValueError
    except (ValueError, TypeError, AttributeError) as error:
        told = f"it has no table under {layout.json_key or 'data'!r}: columns or records"
        raise InstanceError([told], where) from error
    frame = frame.map(lambda value: _cell(None if _is_nan(value) else value, layout))
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row")
    return frame.astype("str"), about


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and bool(np.isnan(value))
