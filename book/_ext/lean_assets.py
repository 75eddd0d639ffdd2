"""A site that carries only what its pages use.

The theme brings every icon, every utility class and every language there is: 5 MB, of which these pages use a tenth. And
a notebook to download is there to be run: its outputs stand on the page.
"""

import logging
import re
import shutil
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

NEVER_READ = [
    "_static/**/*.map",
    "_static/**/*webpack-macros.html",
    "_static/scripts/fontawesome.js*",
    "_static/vendor/fontawesome/webfonts/*.woff2",
]
SHRUNK = [
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "sphinx-design.min.css",
    "mystnb.*.css",
]
RULE = re.compile(r"(?P<selectors>[^{};]+)\{(?P<body>(?:[^{}]|\{[^{}]*\})*)\}")
CLASS = re.compile(r"\.(-?[A-Za-z_](?:[\w-]|\\.)*)")
BRACKETED = re.compile(r":(?:not|is|where|has)\([^()]*\)")


def used(css: str, words: set[str]) -> str:
    """Return a style sheet without the rules none of whose selectors can meet an element.

    Parameters
    ----------
    css
        A style sheet without comments.
    words
        Every word of the pages and of their scripts: a class that is none of them is on no element.
    """

    def meets(selector: str) -> bool:
        needed = CLASS.findall(BRACKETED.sub("", selector))
        return all(name.replace("\\", "") in words for name in needed)

    def keep(rule: re.Match) -> str:
        selectors, body = rule["selectors"].strip(), rule["body"]
        if selectors.startswith(("@media", "@supports", "@layer", "@container")):
            inside = RULE.sub(keep, body)
            return f"{selectors}{{{inside}}}" if inside.strip() else ""
        if selectors.startswith("@"):  # a font, key frames, a page
            return rule.group()
        met = [one for one in _split(selectors) if meets(one)]
        return f"{','.join(met)}{{{body}}}" if met else ""

    return RULE.sub(keep, re.sub(r"/\*.*?\*/", "", css, flags=re.S))


def _split(selectors: str) -> list[str]:
    """Split a list of selectors at its commas, not at those inside brackets."""
    return re.findall(r"(?:[^,(]|\((?:[^()]|\([^()]*\))*\))+", selectors)


def _shrink_styles(static: Path, pages: str) -> None:
    files = [*static.rglob("*.js"), *static.parent.glob("live/live.js")]
    scripts = [path.read_text(encoding="utf-8") for path in files]
    words = set(re.findall(r"[\w:-]+", pages + "\n".join(scripts)))
    for pattern in SHRUNK:
        for path in static.glob(pattern):
            path.write_text(used(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def _shrink_icons(static: Path) -> None:
    """Keep of the icon fonts what a style sheet names: the fonts are under the SIL Open Font License."""
    sheets = "".join(path.read_text(encoding="utf-8") for path in static.rglob("*.css"))
    named = {int(code, 16) for code in re.findall(r"\\(f[0-9a-f]{3}|[0-9a-f]{2})\b", sheets)}
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    for path in (static / "vendor/fontawesome/webfonts").glob("*.ttf"):
        if path.name != "fa-solid-900.ttf":
            path.unlink()  # brands, and outlines: no page shows one
            continue
        font = TTFont(path, recalcTimestamp=False)
        subset = Subsetter(Options())
        subset.populate(unicodes=named)
        subset.subset(font)
        font.save(path)
    sheet = static / "styles/pydata-sphinx-theme.css"
    text = sheet.read_text(encoding="utf-8")
    text = re.sub(r"@font-face\{[^}]*fa-(?:regular|brands|v4)[^}]*\}", "", text)
    text = re.sub(r'url\([^)]*\.woff2\) format\("woff2"\),', "", text)
    sheet.write_text(text, encoding="utf-8")


def _empty_notebooks(sources: Path) -> None:
    import nbformat  # takes seconds, and a build only

    for path in sources.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)


def _shrink(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir)
    static = folder / "_static"
    for pattern in NEVER_READ:
        for path in folder.glob(pattern):
            path.unlink()
    shutil.rmtree(static / "locales", ignore_errors=True)  # the theme's words in other languages
    _shrink_styles(static, "".join(p.read_text(encoding="utf-8") for p in folder.glob("*.html")))
    _shrink_icons(static)
    _empty_notebooks(folder / "_sources")


def setup(app):
    """Shrink what was copied, once all of it is."""
    app.connect("build-finished", _shrink, priority=650)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
