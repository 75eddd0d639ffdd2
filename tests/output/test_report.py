"""The report: whole by itself, hostile to nobody, and true of what it is given."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib.image
import pandas as pd
import pytest
from by_hand import plain
from typer.testing import CliRunner

import carbonsched as cs
from carbonsched.cli.app import app
from carbonsched.plots import COLOURS, DARK, DPI, WIDTH

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>$\\frac$"


class Page(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def page_of(instance, schedule, folder, *more) -> Page:
    return Page(cs.report(instance, schedule, folder / "r.html", *more).read_text("utf-8"))


@pytest.fixture(scope="module")
def page(fleet, tmp_path_factory):
    proof = cs.certify(*fleet)
    return page_of(*fleet, tmp_path_factory.mktemp("report"), proof)


def test_it_asks_for_nothing(page):
    for tag, attrs in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "form")
        for name in ("src", "href", "srcset", "action", "data"):
            assert (attrs.get(name) or "data:").startswith("data:"), (tag, name)
        assert not any(name.startswith("on") for name in attrs)
    styles = re.findall(r"url\(|@import", page.text)
    assert not styles


def test_every_figure_has_words_and_follows_the_page(page):
    drawings = [attrs for attrs in page.all("div") if attrs.get("role") == "img"]
    assert len(drawings) == len(page.all("svg")) == 5 and not page.all("img")
    assert all(len(attrs["aria-label"]) > 40 for attrs in drawings)
    used = {
        name
        for _, attrs in page.elements
        for value in attrs.values()
        for name in re.findall(r"var\(--figure-(\w+),", value or "")
    }
    assert {"ink", "blue", "edge"} <= used
    for colours in (COLOURS, DARK):
        assert all(f"--figure-{name}: {colours[name]};" in page.text for name in used)


def test_a_figure_of_very_many_shapes_is_pixels(fleet, tmp_path, monkeypatch):
    monkeypatch.setattr("carbonsched.output.figures._MANY", 23)  # the fleet has 24
    images = page_of(*fleet, tmp_path).all("img")
    assert len(images) == 5
    for image in images:
        head, _, content = image["src"].partition(",")
        assert len(image["alt"]) > 40 and head == "data:image/png;base64"
        pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(content)))
        assert (pixels[0, 0, :3] == 1).all() and pixels.shape[1] == 2 * DPI * WIDTH


def test_it_says_what_the_schedule_is(page, fleet):
    instance, schedule = fleet
    frame = cs.plan(instance, schedule)
    for said in (
        f"{schedule.objective:,.0f} EUR",
        "every equation of the model holds",
        *frame.index,
    ):
        assert said in page.text
    assert "better exists: proved" in page.text and "by its file" not in page.text.split("Plan")[0]
    assert "USD" not in page.text and "CC0-1.0" in page.text
    assert "prefers-color-scheme: dark" in page.text and "@media print" in page.text
    assert len(page.all("table")) >= 5 and page.all("html") == [{"lang": "en"}]


def test_hostile_names_are_text(tmp_path):
    times = pd.date_range("2025-03-30", periods=2, freq="h")
    data = plain(1, 2, 2, 1, demand=1.0, reward=[1000, 0]).assign_coords(
        site=[EVIL], job=[EVIL, "b"], service=[EVIL], time=times
    )
    when = {name: ("job", times[[k, k]]) for name, k in (("release", 0), ("deadline", 1))}
    data = data.assign(when | {"home": ("service", [EVIL])})
    data["import_price"].attrs["source"] = EVIL
    instance = cs.Instance(
        data.assign_attrs(title=EVIL, description=EVIL, source=EVIL, licence=EVIL)
    )
    page = page_of(instance, cs.solve(instance, gap=0), tmp_path)
    assert not page.all("script") and all(image["src"] != "x" for image in page.all("img"))
    assert page.text.count(EVIL) >= 5 and any(
        EVIL in attrs.get("aria-label", "") for attrs in page.all("div")
    )


def test_a_broken_schedule_and_a_foreign_certificate_are_said(numbered, fleet, tmp_path):
    instance, schedule = numbered
    broken = replace(schedule, data=schedule.data.assign(soc=schedule.data.soc + 1))
    page = page_of(instance, broken, tmp_path, cs.certify(*fleet))
    assert "Not verified" in page.text and "(13) state of charge: broken by" in page.text
    assert "made for another instance" in page.text and "proved in exact" not in page.text
    assert "BROKEN" in page.text


def test_a_certificate_of_another_schedule_is_told(numbered, tmp_path):
    instance, schedule = numbered
    other = cs.solve(instance, "no_battery", gap=0)
    page = page_of(instance, schedule, tmp_path, cs.certify(instance, other))
    assert "made for another schedule" in page.text and "better exists: proved" not in page.text


def test_local_time_and_none_given(numbered, fleet, tmp_path):
    assert "America/New_York" in page_of(*fleet, tmp_path, None, "America/New_York").text
    assert "Cert" in page_of(*numbered, tmp_path).text
    with pytest.raises(ValueError, match="no known time zone"):
        cs.report(*fleet, tmp_path / "x.html", zone="Mars")
    assert not (tmp_path / "x.html").exists()


def test_sources_notes_and_the_description_are_in_it(built, tmp_path):
    made = built(
        """
        title: T
        description: Two made-up hours.
        licence: CC0-1.0
        horizon: {start: 2025-06-02 00:00, periods: 2, zone: UTC}
        sites:
          a:
            it_capacity: 5 MW
            price:
              {file: price.csv, times: 2, unit: USD/MWh,
               source: a made market, licence: CC BY 4.0}
            carbon_intensity: 0.3
        """,
        price_csv="time,price\n2025-06-02T00:00Z,20\n2025-06-02T01:00Z,30\n",
    )
    made.instance.save(tmp_path / "fleet")
    for instance in (made.instance, cs.load(tmp_path / "fleet")):  # and kept in files
        text = page_of(instance, cs.solve(instance, gap=0), tmp_path).text
        assumed = text.partition("Assumptions")[2].partition("Sources and licences")[0]
        assert "How the numbers were made" in assumed
        for said in ("price.csv: Multiplied by 2.", "not said, so: cooling 1 MW/MW: a"):
            assert said in assumed
        sources = text.partition("Sources and licences")[2].partition("Certificate")[0]
        assert re.search(r"import price\s*a made market\s*CC BY 4.0", sources)
        assert "Two made-up hours." in text and "CC0-1.0" in sources
    shown = CliRunner().invoke(app, ["show", str(tmp_path / "fleet")]).output
    assert "  - price.csv: Multiplied by 2." in shown and '["' not in shown


def test_notes_of_others_are_text(numbered, tmp_path):
    instance, schedule = numbered
    for stated in (EVIL, "[1]", "[" * 100_000):
        noted = cs.Instance(instance.data.assign_attrs(notes=stated))
        page = page_of(noted, schedule, tmp_path)
        assert stated in page.text and not page.all("script")
    assert "How the numbers were made" not in page_of(instance, schedule, tmp_path).text


def test_small_powers_have_their_digits(numbered, tmp_path):
    instance, _ = numbered
    small = instance.replace(power=0.00123)
    page = page_of(small, cs.solve(small, gap=0), tmp_path)
    assert page.text.partition("The plan")[2].count("0.00123") >= small.data.sizes["job"]
