"""The figures by name, for who chooses one while the program runs."""

from __future__ import annotations

from datetime import tzinfo

from matplotlib.figure import Figure

from carbonsched.core.instance import Instance
from carbonsched.plots.balance import dispatch
from carbonsched.plots.carbon import budget
from carbonsched.plots.flow_map import flow_map, places_of
from carbonsched.plots.routes import flows
from carbonsched.plots.runs import gantt
from carbonsched.plots.signals import prices
from carbonsched.schedule import Schedule

KINDS = ("dispatch", "gantt", "budget", "prices", "flows")


def draw(
    kind: str, instance: Instance, schedule: Schedule | None = None, zone: tzinfo | None = None
) -> Figure:
    """Draw a figure by its name; "flows" as a map where every site has coordinates.

    Parameters
    ----------
    kind : {"dispatch", "gantt", "budget", "prices", "flows"}
    instance : Instance
    schedule : Schedule, optional
        All but "prices" need one.
    zone : tzinfo, optional
        Whose clocks dates are told by; by default UTC.

    Raises
    ------
    ValueError
        There is no such figure, or it is one of a schedule and there is none.

    Examples
    --------
    >>> import carbonsched as cs
    >>> figure = draw("prices", cs.generate(sites=2, periods=4, jobs=1, services=1))
    >>> [axis.get_title() for axis in figure.axes[:2]]
    ['site-1', 'site-2']
    """
    require_figure(kind, schedule)
    if kind == "prices" or schedule is None:
        return prices(instance, zone=zone)
    if kind == "flows":
        return (flows if places_of(instance.data) is None else flow_map)(instance, schedule)
    drawn = {"dispatch": dispatch, "gantt": gantt, "budget": budget}[kind]
    return drawn(instance, schedule, zone=zone)


def require_figure(kind: str, schedule: Schedule | None) -> None:
    """Raise ValueError where there is no such figure, or it is one of a schedule without one."""
    if kind not in KINDS:
        raise ValueError(f"figure {kind!r}, choose from {', '.join(KINDS)}")
    if kind != "prices" and schedule is None:
        raise ValueError(f"the figure {kind} is one of a schedule: give it too")
