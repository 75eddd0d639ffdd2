"""The tables of a schedule as an Excel workbook: a sheet each, the head frozen, names as text."""

from __future__ import annotations

import io
import math
import re

import pandas as pd

from carbonsched.core.instance import Instance
from carbonsched.errors import extra
from carbonsched.io.folder import frames
from carbonsched.output.tables import TABLES, headed
from carbonsched.schedule import Schedule

_MOST_ROWS = 1_048_575  # below the head
_LONGEST_NAME = 31  # of a sheet
_NUMBER, _WIDEST = 8, 60  # letters
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what the format cannot hold


def workbook(instance: Instance, schedule: Schedule) -> bytes:
    """Return the workbook of every table of a schedule and of its instance; instants are in UTC.

    Sheets of what is given are called as the files of a folder, after "given".

    Raises
    ------
    ValueError
        A table has more rows than a sheet; or the schedule is not one of this instance.
    MissingExtraError
        openpyxl is not installed.
    """
    with extra("export", "writing a workbook"):
        from openpyxl import Workbook
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "carbonsched"
    book.properties.title = _UNPRINTABLE.sub("", str(instance.data.attrs.get("title", "")))
    for name, frame in _sheets(instance, schedule).items():
        if len(frame) > _MOST_ROWS:
            raise ValueError(f"{name}: {len(frame):,} rows, a sheet has at most {_MOST_ROWS:,}")
        sheet = book.create_sheet(name)
        for row, values in enumerate((frame.columns, *frame.itertuples(index=False)), start=1):
            for column, value in enumerate(values, start=1):
                cell = sheet.cell(row, column)
                if isinstance(value, str):
                    cell.value = _UNPRINTABLE.sub("", value)
                    cell.data_type = "s"  # a name that begins with "=" is no formula
                elif not pd.isna(value):
                    plain = value.item() if hasattr(value, "item") else value
                    cell.value = "INF" if plain == math.inf else plain  # as a folder says it
        sheet.freeze_panes = "A2"
        for column, head in enumerate(frame.columns, start=1):
            letter = sheet.cell(1, column).column_letter
            sheet.column_dimensions[letter].width = _width(str(head), frame[head])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _width(head: str, column: pd.Series) -> int:
    """Return in letters how wide a column is in which its head and its longest text can be read."""
    if "UTC" in head:
        longest = len("2025-01-01 00:00:00")
    elif pd.api.types.is_numeric_dtype(column):
        longest = _NUMBER
    else:
        longest = max((len(str(value)) for value in column.drop_duplicates()), default=0)
    return min(max(len(head), longest) + 2, _WIDEST)


def _sheets(instance: Instance, schedule: Schedule) -> dict[str, pd.DataFrame]:
    """Return what stands on each sheet: what is decided, then what is given."""
    decided = {name: made(instance, schedule) for name, made in TABLES.items()}
    given = {
        f"given {name}"[:_LONGEST_NAME]: headed(frame, frame.attrs["units"])
        for name, frame in frames(instance).items()
    }
    return decided | given
