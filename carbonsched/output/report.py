"""A report of a schedule: one page of HTML that needs no network, for people to read and print."""

from __future__ import annotations

from pathlib import Path

from carbonsched.core.instance import Instance
from carbonsched.errors import extra
from carbonsched.io.files import replacing
from carbonsched.keywords import named_keywords
from carbonsched.output.page import content
from carbonsched.proof.certificate import Certificate
from carbonsched.schedule import Schedule


@named_keywords
def report(
    instance: Instance,
    schedule: Schedule,
    path: str | Path,
    certificate: Certificate | None = None,
    zone: str | None = None,
) -> Path:
    """Write a report of a schedule: one HTML file with figures, tables and what they rest on.

    It holds everything within itself, asks for nothing from a network and runs no script; it prints
    well, and follows the reader's light or dark. The schedule is verified anew, and a certificate
    checked anew; what does not hold is said so in the report.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Of this instance.
    path : path
    certificate : Certificate, optional
        Whose verdict is to be in it.
    zone : str, optional
        The time zone that instants are told in; by default that of each site where the instance
        has it, or else UTC. Figures, of several sites together,
        are in the one that all of them have, or else UTC.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        The schedule is not one of this instance, or there is no such zone.
    MissingExtraError
        A package is not installed: ``pip install 'carbonsched[export]'`` brings all.

    Examples
    --------
    >>> import tempfile
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=1, periods=2, jobs=1, services=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = cs.report(instance, cs.solve(instance), f"{folder}/report.html")
    ...     page.read_text(encoding="utf-8").partition(">")[0]
    '<!DOCTYPE html'
    """
    with extra("export", "writing a report"):
        from jinja2 import Environment, PackageLoader, StrictUndefined
    loader = PackageLoader("carbonsched.output")
    page = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    ).get_template("report.html")  # fmt: skip
    text = page.render(content(instance, schedule, certificate, zone))
    path = Path(path)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
