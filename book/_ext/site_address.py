"""Where the book is published, if that is known: `BOOK_URL` in the environment of the build.

Pages that are shared name themselves and their picture by whole addresses. Nobody knows them here, so without `BOOK_URL`
the picture's path stays relative and no page claims an address of its own.
"""

import os
import re


def _tell(app, config):
    config.ogp_site_url = os.environ.get("BOOK_URL", "")


def _forget(app, pagename, templatename, context, doctree):
    if not app.config.ogp_site_url and "metatags" in context:
        context["metatags"] = re.sub(r'<meta property="og:url"[^>]*>\n?', "", context["metatags"])


def setup(app):
    """Run after sphinxext.opengraph has written its tags."""
    app.connect("config-inited", _tell)
    app.connect("html-page-context", _forget, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
