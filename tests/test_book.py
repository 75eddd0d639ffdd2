"""What is committed of the book is what a reader should see: executed, tidy, described."""

import re
import subprocess
import sys
from inspect import ismodule
from pathlib import Path

import pytest
import yaml
from notebook_files import read_notebook

import carbonsched

BOOK = Path(__file__).parent.parent / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
ALONE = ("your-fleet", "your-files", "rerun-it", "model", "hardness", "extend", "data-dictionary")
# typed by readers
TUTORIALS = ("your-fleet", "your-files", "rerun-it", "extend", "data-dictionary")
MARK = "nbval-check-output"  # a tag: a comment would stand on the page
# a home or a scratch folder, or an object printed by its address: true on one machine, on one day
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|var)/\w|\bat 0x[0-9a-f]{6,}")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return read_notebook(request.param)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def text_of(output):
    """Everything an output says in words: printed text and text representations."""
    shown = [text for kind, text in output.get("data", {}).items() if kind.startswith("text/")]
    return "\n".join([output.get("text", ""), *shown])


def test_notebook_is_valid(notebook):
    import nbformat

    nbformat.validate(notebook)


def test_notebook_ran_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), "run `make execute`"


def test_notebook_has_outputs_and_no_complaints(notebook):
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert outputs
    assert [o.ename for o in outputs if o.output_type == "error"] == []
    assert [o.text for o in outputs if o.get("name") == "stderr"] == []


def test_marked_cells_print_something_that_can_be_compared(notebook):
    """Pictures differ between machines: a marked cell prints rounded numbers, or tables of them."""
    marked = [cell for cell in code_cells(notebook) if MARK in cell.metadata.get("tags", [])]
    assert marked, f"no cell is marked {MARK}"
    for cell in marked:
        assert cell.outputs, cell.source
        shown = [output.get("data", {}) for output in cell.outputs]
        assert {kind for data in shown for kind in data} <= {"text/plain", "text/html"}, cell.source
        written = [data["text/html"] for data in shown if "text/html" in data]
        assert all(text.startswith('<div class="cs-table"') for text in written), cell.source


def test_no_mark_stands_on_the_page(notebook):
    assert [cell.source for cell in code_cells(notebook) if "NBVAL_" in cell.source] == []


def test_notebook_is_of_no_particular_machine(notebook):
    said = [text_of(o) for cell in code_cells(notebook) for o in cell.outputs]
    sources = [cell.source for cell in notebook.cells]
    assert [hit.group() for text in said + sources for hit in MACHINE.finditer(text)] == []
    assert set(notebook.metadata) <= {"kernelspec", "language_info", "mystnb"}, "run `make execute`"


@pytest.mark.parametrize("name", ALONE)
def test_a_tutorial_finds_its_data_wherever_it_is_saved(name):
    """What it needs comes with the package, or the page says what to save beside it."""
    notebook = read_notebook(BOOK / f"{name}.ipynb")
    assert [cell.source for cell in code_cells(notebook) if '"../' in cell.source] == []
    code = "\n".join(cell.source for cell in code_cells(notebook))
    beside = re.findall(r"^from families import (.+)$", code, re.MULTILINE)
    said = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    needed = [module for line in beside for module in line.split(", ")]
    assert [m for m in needed if f"{{download}}`{m}.py <families/{m}.py>`" not in said] == []


HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


@pytest.mark.parametrize("name", TUTORIALS)
def test_what_a_tutorial_shows_can_be_typed(name):
    """Every name in its code is defined in code that it shows."""
    notebook = read_notebook(BOOK / f"{name}.ipynb")
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            shown += re.findall(
                r"^```python\n(.*?)^```", cell.source, flags=re.MULTILINE | re.DOTALL
            )
        elif not HIDDEN & set(cell.metadata.get("tags", [])):
            shown.append(cell.source)
    assert shown
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "-"]
    read = subprocess.run(command, input="\n".join(shown), capture_output=True, text=True)
    assert read.returncode == 0, read.stdout


def test_every_picture_is_described(notebook):
    """The words for those who cannot see it, and a caption for those who can."""
    for cell in code_cells(notebook):
        if any(kind.startswith("image/") for o in cell.outputs for kind in o.get("data", {})):
            words = cell.metadata.get("mystnb", {})
            assert words.get("image", {}).get("alt", "").strip(), cell.source
            assert words.get("figure", {}).get("caption", "").strip(), cell.source


def test_no_markup_stands_raw_in_what_is_shown(notebook):
    """Captions of tables, and the words for those who cannot see a figure, are no Markdown."""
    cells = code_cells(notebook)
    tables = [o["data"].get("text/html", "") for c in cells for o in c.outputs if "data" in o]
    captions = [one for text in tables for one in re.findall(r"<caption>(.*?)</caption>", text)]
    spoken = [c.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for c in cells]
    assert [words for words in captions + spoken if re.search(r"`|\*\*|\$|\{\w+\}", words)] == []


def test_figure_names_are_unique():
    cells = [c for path in NOTEBOOKS for c in read_notebook(path).cells]
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells]
    names = [name for name in figures if name]
    assert len(names) == len(set(names))


@pytest.mark.skipif(not NOTEBOOKS, reason="no chapters yet")
def test_contents_and_files_agree():
    """Every entry of the table of contents exists, and every chapter is in it."""
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    pages = {path.stem for path in [*NOTEBOOKS, *BOOK.glob("*.md")]}
    assert {contents["root"], *chapters} == pages


def test_every_public_name_has_its_entry():
    page = "\n".join(path.read_text(encoding="utf-8") for path in BOOK.glob("api*.md"))
    directive = r"^\.\. (?:auto|py:)(?:function|class|exception|data):: (\w+)(?:\(\))?$"
    described = re.findall(directive, page, flags=re.MULTILINE)
    modules = {name for name in carbonsched.__all__ if ismodule(getattr(carbonsched, name))}
    assert sorted(described) == sorted(set(carbonsched.__all__) - modules)
