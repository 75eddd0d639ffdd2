"""A search that shows where its words stand, also where the book is opened from a file.

Sphinx fetches each page it found to quote from it, which browsers refuse to a page that is a file. So the texts of all
pages come in one script, which only the search page loads.
"""

import json
from pathlib import Path

from built_pages import read

SCRIPT = Path(__file__).with_suffix(".js")


def _write(app, exception):
    if exception is not None or app.builder.name != "html":
        return
    texts = {}
    for path in sorted(Path(app.outdir).glob("*.html")):
        page = read(path)
        if path.stem in app.env.found_docs and page.text.strip():
            texts[path.stem] = {"text": page.text, "places": page.places}
    said = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    script = f"const PAGE_TEXTS = {said};\n" + SCRIPT.read_text(encoding="utf-8")
    (Path(app.outdir) / "_static" / SCRIPT.name).write_text(script, encoding="utf-8")


def setup(app):
    """Write the texts once all pages are written; `_templates/search.html` loads them."""
    app.config["html_show_search_summary"] = False  # it would be fetched
    app.connect("build-finished", _write, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
