"""Write what the book's reference pages list: every figure, and every name of the schema.

    python tools/reference_pages.py

`book/figures.md` is written whole, from the captions that the notebooks carry and the files that
their code reads; of `book/glossary.md` what follows the mark, from `carbonsched.core.schema`. The
tests ask that both are up to date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from carbonsched.core.schema import DECISIONS, DIMENSIONS, PARAMETERS, Quantity

if TYPE_CHECKING:
    import nbformat

BOOK = Path(__file__).parents[1] / "book"
MARK = "<!-- tools/reference_pages.py writes what follows -->"
READ = re.compile(r"\"\.\./((?:data/(?!scripts)|benchmarks/)[^\"]*)\"")
EXAMPLE = re.compile(r"cs\.example\(\"([^\"]*)\"\)")
FIGURES = """# Every figure

Each with the chapter that draws it and what that chapter reads. A figure is drawn again by running
its chapter: `python tools/notebooks.py book/CHAPTER.ipynb`, or `make execute` for all of them.
Files are named as they lie in the repository; `data/README.md` says what made each.
"""


def chapters() -> Iterator[str]:
    """Yield the notebooks' names in the order of the book."""
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    yield contents["root"]
    for part in contents["parts"]:
        names = (chapter["file"] for chapter in part["chapters"])
        yield from (name for name in names if (BOOK / f"{name}.ipynb").exists())


def data_of(sources: Iterable[str]) -> str:
    """Return what some code reads: files of the repository, or instances that it draws."""
    code = EXAMPLE.sub(r'"../data/\1"', "\n".join(sources))
    files = dict.fromkeys(re.sub(r"\{.*?\}", "*", path) for path in READ.findall(code))
    named = [f"`{path}`" for path in files]
    return ", ".join(named + ["instances that `generate` draws"] * ("cs.generate(" in code)) or (
        "numbers that the chapter draws"
    )


def code_of(cells: Iterable[nbformat.NotebookNode]) -> Iterator[str]:
    """Yield what a chapter runs, its own modules beside it included."""
    for cell in cells:
        if cell.cell_type == "code":
            yield cell.source
            for name in re.findall(r"^import (\w+)$", cell.source, flags=re.MULTILINE):
                if (module := BOOK / f"{name}.py").exists():
                    yield module.read_text(encoding="utf-8")


def figures() -> str:
    """Return the page of figures."""
    import nbformat  # takes seconds, and this page only

    page = [FIGURES]
    for name in chapters():
        cells = nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells
        drawn = [
            found for cell in cells if (found := cell.metadata.get("mystnb", {}).get("figure"))
        ]
        if drawn:
            data = data_of(code_of(cells))
            page.append(f"\n**{{doc}}`{name}`**, from {data}:\n\n")
        for figure in drawn:
            shows = re.split(r"(?<=\.) (?=[A-Z])", figure["caption"])[0]
            page.append(f"- {{numref}}`{figure['name']}`: {shows}\n")
    return "".join(page)


def equations(numbers: str) -> str:
    """Return where a quantity stands: "8-10" and "5, 7" as links, words as they are."""
    return re.sub(r"\d+", lambda n: f"{{eq}}`eq-{n.group()}`", numbers.replace("-", " to "))


def unit(q: Quantity) -> str:
    """Return the unit of a quantity as words."""
    words = {"1": "without a unit", "bool": "yes or no", "unit": "in units of workload"}
    return words.get(q.unit) or (f"a {q.unit}" if q.unit.endswith("label") else f"in {q.unit}")


def terms(quantities: Mapping[str, Quantity]) -> Iterator[str]:
    """Yield each name with its meaning, symbol, unit, dimensions and equations, by the alphabet."""
    for name, q in sorted(quantities.items()):
        by = f"by {' and '.join(q.dims)}" if q.dims else "one number"
        varies = ", or by the period too" if q.varies else ""
        said = f"{q.meaning[:1].upper()}{q.meaning[1:]}: ${q.symbol}$, {unit(q)}, {by}{varies};"
        yield f"{name}\n  {said} {equations(q.equation)}.\n"


def listing(title: str, entries: Iterable[str]) -> str:
    """Return one part of the glossary."""
    return f"\n## {title}\n\n```{{glossary}}\n" + "\n".join(entries) + "```\n"


def glossary() -> str:
    """Return the glossary: what a person wrote, and the names of the schema."""
    written, mark, _ = (BOOK / "glossary.md").read_text(encoding="utf-8").partition(MARK)
    sets = (f"{name}\n  A dimension: {meaning}.\n" for name, meaning in DIMENSIONS.items())
    return (
        f"{written}{mark}\n"
        + listing("Names: what everything is over", sets)
        + listing("Names: what is given", terms(PARAMETERS))
        + listing("Names: what is decided", terms(DECISIONS))
    )


if __name__ == "__main__":
    (BOOK / "figures.md").write_text(figures(), encoding="utf-8")
    (BOOK / "glossary.md").write_text(glossary(), encoding="utf-8")
