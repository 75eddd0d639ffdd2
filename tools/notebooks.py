"""Run notebooks in place and tidy them, so that a commit shows only what changed.

    python tools/notebooks.py book/model.ipynb book/table1.ipynb

Every notebook runs from its own folder. What depends on the machine or the minute is left out:
messages on standard error, timings in the cell metadata, the patch version of Python.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "pygments_lexer": "ipython3",  # which knows lines for the shell too
}
TRANSIENT = ("execution", "collapsed", "scrolled", "ExecuteTime")


def merged(outputs):
    """Join neighbouring pieces of one stream: how they were cut is chance."""
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        if kept and output.output_type == "stream" == kept[-1].output_type:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def tidy(notebook):
    """Drop from an executed notebook what depends on the machine or the minute."""
    kept = {key: notebook.metadata[key] for key in ("mystnb",) if key in notebook.metadata}
    kept |= {"kernelspec": KERNEL, "language_info": LANGUAGE}
    notebook.metadata = nbformat.from_dict(kept)
    for cell in notebook.cells:
        for key in TRANSIENT:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
    return notebook


def run(path):
    """Execute one notebook and write it back; on an error the file stays as it was."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    nbformat.validate(tidy(notebook))
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, flush=True)
        run(Path(name))
