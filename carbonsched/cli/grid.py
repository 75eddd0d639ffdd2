"""Tables in the terminal: no number, instant or name is broken, and no column is left out.

What one table has no room for stands in another below, by the same labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from carbonsched.cli.terminal import console, plain

_TEXT = 24  # letters from which on a text may be broken between words


def print_grid(
    heads: Sequence[tuple[str, str]], columns: Sequence[list[str]], numeric: Sequence[bool]
) -> None:
    """Print columns side by side, the first of them the labels.

    Parameters
    ----------
    heads : sequence of tuple of str
        Name and unit of each column; the unit, if there is one, is in a line below.
    columns : sequence of list of str
    numeric : sequence of bool
        Which columns are flush right.
    """
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table

    terminal = console()
    cells = [list(map(plain, column)) for column in columns]
    texts, least, most = list[str](), list[int](), list[int]()
    for (name, unit), column in zip(heads, cells, strict=True):
        name, unit = plain(name).replace("_", " "), f"[{plain(unit)}]" if unit else ""
        longest = max(map(cell_len, (*column, *name.split(), unit)), default=0)
        texts.append("\n".join([*wrap(name, longest or 1, break_long_words=False), unit]).rstrip())
        words = (word for text in column for word in text.split())
        broken = max(_TEXT // 2, *map(cell_len, (*name.split(), unit, *words)))
        most.append(longest)
        least.append(min(broken, longest) if longest > _TEXT else longest)
    gap = 2 if 1 + sum(least) + 2 * len(least) <= terminal.width else 1
    for block in _blocks(least, terminal.width - 1, gap):
        grid = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, gap - 1, 0, 0))
        left = terminal.width - 1 - sum(least[k] + gap for k in block)
        for k in block:
            width = min(most[k], least[k] + max(left, 0))
            left -= width - least[k]
            side = "right" if numeric[k] else "left"
            grid.add_column(texts[k], justify=side, overflow="fold", width=width)
        for row in zip(*(cells[k] for k in block), strict=True):
            grid.add_row(*row)
        terminal.print(grid)


def _blocks(widths: Sequence[int], room: int, gap: int) -> Iterator[list[int]]:
    """Yield which columns stand side by side in each table, the first in every one."""
    block = [0]
    for k in range(1, len(widths)):
        if len(block) > 1 and sum(widths[j] + gap for j in (*block, k)) > room:
            yield block
            block = [0]
        block.append(k)
    yield block
