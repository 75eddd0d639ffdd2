"""Print the book as one PDF: all chapters as one page of HTML, printed by the system's Chromium.

    python tools/pdf.py

Its last line says where the PDF lies, or why there is none: a missing Chromium is no failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from browser import FLAGS, chromium
from pdf_sheets import Sheets, sheets_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).parent.parent
SINGLE = ROOT / "_build" / "singlehtml"
PDF = ROOT / "_build" / "carbonsched.pdf"
STYLE = (ROOT / "tools" / "pdf.css").read_text(encoding="utf-8")
CHAPTERS = (ROOT / "tools" / "pdf_chapters.js").read_text(encoding="utf-8")
# The theme keeps each table and listing on one sheet; before a long one half a sheet is empty.
LONG = """(most) => {
  for (const one of document.querySelectorAll("table, [class*='highlight-'], .admonition, dt"))
    one.classList.toggle("long", one.offsetHeight > most);
}"""
SHEET = {"width": 665, "height": 985}  # px: A4 within its margins
NUMBER = """(sheets) => {
  for (const link of document.querySelectorAll(".chapters a"))
    link.lastElementChild.textContent = sheets[link.hash.slice(1)] ?? "";
}"""
FOOT = (
    '<div style="width:100%;font:8pt sans-serif;color:#57606a;text-align:center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def build() -> Path:
    """Build all chapters as one page and return it."""
    shutil.rmtree(SINGLE, ignore_errors=True)
    command = [
        str(Path(sys.executable).with_name("jupyter-book")),
        "build",
        "book",
        "--config",
        "_config.yml",
    ]
    command += ["--path-output", ".", "--builder", "custom", "--custom-builder", "singlehtml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        sys.exit(
            f"{done.stdout[-3000:]}{done.stderr[-3000:]}\nThe one page of all chapters failed."
        )
    return SINGLE / "index.html"


def parts() -> list[str]:
    """Return the titles of the book's parts, in order."""
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    return [part["caption"] for part in contents["parts"]]


def numbered(page: "Page") -> bytes:
    """Print a page that has been prepared, with the sheets of its chapters in its contents.

    Only what is printed knows its sheets; so it is printed twice, and nothing may have moved.
    """

    def printed() -> bytes:
        return page.pdf(
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "17mm", "right": "17mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            outline=True,
            tagged=True,
        )

    places = sheets_of(printed()).places
    page.evaluate(NUMBER, places)
    pdf = printed()
    if sheets_of(pdf).places != places:
        raise RuntimeError("the numbers in the list of contents have moved what they number")
    return pdf


def prepare(page: "Page", page_file: Path) -> None:
    """Open the one page of all chapters as it is to be printed."""
    page.set_default_timeout(180_000)
    page.add_init_script("localStorage.setItem('mode', 'light')")
    page.route("**/live/live.js", lambda route: route.abort())  # what cannot move stands as a table
    page.goto(page_file.as_uri())
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate(CHAPTERS, parts())
    page.add_style_tag(content=STYLE)
    page.set_viewport_size({"width": SHEET["width"], "height": SHEET["height"]})
    page.emulate_media(media="print")
    page.evaluate(LONG, SHEET["height"] / 3)


def print_page(page_file: Path, browser: str) -> Sheets:
    """Print a page with numbers, contents, an outline and its formulas."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=FLAGS)
        page = opened.new_page(color_scheme="light")
        prepare(page, page_file)
        pdf = numbered(page)
        opened.close()
    PDF.write_bytes(pdf)
    return sheets_of(pdf)


if __name__ == "__main__":
    found = chromium()
    if found is None:
        print(
            "No PDF was made: Chromium, which prints it, is not here "
            "(on Debian: apt install chromium)."
        )
    else:
        sheets = print_page(build(), found)
        print(f"The same as a PDF, {sheets.number} sheets: {PDF}")
