"""The list of what a page holds tells two functions of one name apart: `sources.read()`, `project.read()`.

Headings have the whole name, `carbonsched.sources.read`, from `add_module_names`. Beside the page there is no room for
it: there the name of the package, which all of them share, is left out.
"""

PACKAGE = "carbonsched."


def short(module: str, name: str) -> str:
    """Return a name as the list has it, which is the name within the package.

    >>> short("carbonsched.sources", "read()"), short("carbonsched", "Instance.save()")
    ('sources.read()', 'Instance.save()')
    """
    return f"{module}.{name}".removeprefix(PACKAGE)


def _rename(app, domain, objtype, content):
    for signature in content.parent.children:
        if domain == "py" and signature.get("module") and signature.get("_toc_name"):
            signature["_toc_name"] = short(signature["module"], signature["_toc_name"])


def setup(app):
    """Rename once an object is described, before the list is made."""
    app.connect("object-description-transform", _rename)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
