"""Print the book as one PDF: all chapters as one page of HTML, printed by the system's Chromium.

    python tools/pdf.py

Its last line says where the PDF lies, or why there is none: a missing Chromium is no failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from browser import FLAGS, chromium

ROOT = Path(__file__).parent.parent
SINGLE = ROOT / "_build" / "singlehtml"
PDF = ROOT / "_build" / "carbonsched.pdf"
STYLE = (ROOT / "tools" / "pdf.css").read_text(encoding="utf-8")
# Chapters stand below the front page, two levels down; on paper each is a chapter. Code that only
# draws or computes stays in the notebooks; whatever else the pages fold is for a reader to see, a
# solution and what it prints too.
CHAPTERS = """() => {
  document.querySelector("#every-chapter > h2")?.remove();  // they follow
  for (const old of document.querySelectorAll(".toctree-wrapper :is(h3, h4, h5, h6)")) {
    const heading = document.createElement(`h${Number(old.tagName[1]) - 2}`);
    heading.append(...old.childNodes);
    old.replaceWith(heading);
  }
  for (const folded of document.querySelectorAll("details")) {
    if (folded.matches(".above-input") && !folded.closest(".tag_hide-cell")) continue;
    const summary = folded.querySelector(":scope > summary");
    const words = (summary.querySelector(".collapsed") ?? summary).textContent.trim();
    const said = words.replace(/^Show (an? )?/, "");
    const title = document.createElement("p");
    title.className = "unfolded-title";
    const file = /^[\\w/]+\\.\\w+/.test(said);  // whose name is written as it is
    title.textContent = (file ? said.charAt(0) : said.charAt(0).toUpperCase()) + said.slice(1);
    const box = document.createElement("div");
    box.className = "unfolded";
    box.append(title, ...[...folded.childNodes].filter((node) => node !== summary));
    folded.replaceWith(box);
  }
  for (const live of document.querySelectorAll(".cs-live")) {
    const note = document.createElement("p");
    note.className = "on-paper";
    note.textContent = "On paper this stands as the book solved it; in a browser it can be moved, "
      + "and is solved anew there.";
    live.before(note);
  }
  for (const one of document.querySelectorAll(".toggle-hidden"))
    one.classList.remove("toggle-hidden");
}"""
# The theme keeps each table and listing on one sheet; before a long one half a sheet is empty.
LONG = """(most) => {
  for (const one of document.querySelectorAll("table, [class*='highlight-'], .admonition"))
    one.classList.toggle("long", one.offsetHeight > most);
}"""
SHEET = {"width": 665, "height": 985}  # px: A4 within its margins
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


def print_page(page_file: Path, browser: str) -> None:
    """Print a page with numbers, an outline and its formulas."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=browser, args=FLAGS)
        page = opened.new_page(color_scheme="light")
        page.set_default_timeout(180_000)
        page.add_init_script("localStorage.setItem('mode', 'light')")
        page.goto(page_file.as_uri())
        page.evaluate("window.MathJax?.startup?.promise")
        page.evaluate(CHAPTERS)
        page.add_style_tag(content=STYLE)
        page.set_viewport_size(SHEET)
        page.emulate_media(media="print")
        page.evaluate(LONG, SHEET["height"] / 3)
        page.pdf(
            path=PDF,
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "17mm", "right": "17mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
            outline=True,
            tagged=True,
        )
        opened.close()


if __name__ == "__main__":
    found = chromium()
    if found is None:
        print(
            "No PDF was made: Chromium, which prints it, is not here "
            "(on Debian: apt install chromium)."
        )
    else:
        print_page(build(), found)
        print(f"The same as a PDF: {PDF}")
