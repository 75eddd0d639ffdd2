"""Figures of an instance and its schedule, for the book, the command line and the report.

Colour-blind safe (Okabe and Ito's colours), told apart in greyscale by hatching; dates on the axis
where the instance has timestamps, hours where its periods are numbered. `alt` has the words for
who cannot see a figure.
"""

from carbonsched.errors import extra

with extra("plot", "drawing figures"):
    import matplotlib as matplotlib  # or else say what brings it

from carbonsched.plots.balance import SUPPLY, USE, dispatch
from carbonsched.plots.carbon import budget
from carbonsched.plots.choice import KINDS, draw
from carbonsched.plots.money import stacked_benefit
from carbonsched.plots.on_page import book, page_svg
from carbonsched.plots.routes import flows
from carbonsched.plots.rows import bars, spread
from carbonsched.plots.runs import gantt
from carbonsched.plots.signals import prices
from carbonsched.plots.style import COLOURS, DARK, DPI, STYLE, WIDTH, panels, site_styles
from carbonsched.plots.timeline import hours_of
from carbonsched.plots.words import alt

__all__ = [
    "COLOURS",
    "DARK",
    "DPI",
    "KINDS",
    "STYLE",
    "SUPPLY",
    "USE",
    "WIDTH",
    "alt",
    "bars",
    "book",
    "budget",
    "dispatch",
    "draw",
    "flows",
    "gantt",
    "hours_of",
    "page_svg",
    "panels",
    "prices",
    "site_styles",
    "spread",
    "stacked_benefit",
]
