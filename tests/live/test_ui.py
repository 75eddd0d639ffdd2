"""What a reader does with a live figure, in a browser: move, type, paste, load, save, read."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched import plots
from carbonsched.output.words import amount

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
IDLE = """() => { const status = document.querySelector(".cs-status").textContent;
    const busy = document.querySelector(".cs-figures").getAttribute("aria-busy");
    return busy === "false" && !/^(Loading|Solving|The solver)/.test(status); }"""


@pytest.fixture(scope="module")
def page(opened: Callable[..., Any]) -> Any:
    """A page that has solved once, its tables open."""
    page = opened()
    page.get_by_role("button", name="Solve it here").click()
    page.wait_for_function(IDLE)
    page.get_by_text("The tables behind it").click()
    for name in ("site.csv", "job.csv"):
        page.get_by_text(f"({name}").click()
    return page


@pytest.fixture(autouse=True)
def as_given(page: Any) -> None:
    """Put everything back before each test."""
    page.get_by_role("button", name="Back to the given tables").click()
    page.get_by_role("button", name="Sliders as given").click()
    page.wait_for_function(IDLE)


def objective(page: Any) -> str:
    return page.locator(".cs-headline strong").first.inner_text()


def write(page: Any, cell: str, text: str) -> None:
    box = page.get_by_label(cell, exact=True)
    box.fill(text)
    box.press("Tab")


def test_nothing_is_loaded_before_the_first_touch(opened: Callable[..., Any]) -> None:
    page = opened()
    page.wait_for_selector(".cs-slider")
    assert not page.evaluate("globalThis.carbonschedHighs || globalThis.carbonschedPackages")


def test_a_key_moves_a_slider_and_the_model_follows(page: Any, default: cs.Instance) -> None:
    before = objective(page)
    page.get_by_label("Price level").press("ArrowRight")
    page.wait_for_function(IDLE)
    data = default.data
    dearer = {name: 1.05 * data[name] for name in ("import_price", "export_price")}
    best = cs.solve(default.replace(**dearer), gap=1e-6)
    assert objective(page) == f"{amount(best.objective)} USD" != before


def test_the_last_answer_stays_while_the_next_is_sought(page: Any) -> None:
    busy, drawings, focus = page.evaluate(
        """async () => { const slider = document.querySelector("[data-setting=demand]");
        slider.focus(); slider.stepDown(); slider.dispatchEvent(new Event("input"));
        await new Promise((done) => setTimeout(done));
        const figures = document.querySelector(".cs-figures");
        return [figures.getAttribute("aria-busy"), figures.querySelectorAll("svg[role=img]").length,
            document.activeElement === slider]; }"""
    )
    assert (busy, drawings, focus) == ("true", 4, True)
    page.wait_for_function(IDLE)


@pytest.mark.parametrize(
    ("cell", "name", "at", "text"),
    [
        ("it_capacity of plains, MW", "it_capacity", {"site": "plains"}, "-1"),
        ("charge_efficiency of harbour", "charge_efficiency", {"site": "harbour"}, "0"),
        ("charge_efficiency of valley", "charge_efficiency", {"site": "valley"}, "1.5"),
        ("battery_min of valley, MWh", "battery_min", {"site": "valley"}, "500"),
        ("duration of align, periods", "duration", {"job": "align"}, "30"),
        ("power of evaluate, MW", "power", {"job": "evaluate"}, "9000"),
    ],
)
def test_what_the_schema_forbids_is_refused_in_pythons_words(
    page: Any, default: cs.Instance, cell: str, name: str, at: dict[str, str], text: str
) -> None:
    write(page, cell, text)
    changed = default.data[name].copy()
    changed.loc[at] = float(text) if changed.dtype.kind == "f" else int(text)
    with pytest.raises(cs.InstanceError) as refused:
        default.replace(**{name: changed})
    told = page.locator(".cs-faults p").all_inner_texts()
    assert told == list(refused.value.faults)
    assert page.get_by_label(cell, exact=True).get_attribute("aria-invalid") == "true"
    assert page.locator(".cs-status").inner_text().startswith("Not solved")


def test_text_that_says_nothing_is_refused_where_it_stands(page: Any) -> None:
    write(page, "it_capacity of plains, MW", "1,5")
    expected = (
        "site.csv, row 3, column it_capacity: '1,5' is not a number (MW), write a decimal "
        "point and no separators"
    )
    assert page.locator(".cs-faults p").all_inner_texts() == [expected]


def test_tables_saved_are_those_of_the_folder(
    page: Any, default: cs.Instance, tmp_path: Path
) -> None:
    write(page, "it_capacity of plains, MW", "111.25")
    page.wait_for_function(IDLE)
    folder = shutil.copytree(ROOT / "data" / "default", tmp_path / "default")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save site.csv").click()
    with (folder / "site.csv").open(encoding="utf-8") as file:
        known = next(csv.reader(file))
    kept = tmp_path / "site.csv"
    saved.value.save_as(kept)
    with kept.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (folder / "site.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, known, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    capacity = xr.where(default.data.site == "plains", 111.25, default.data.it_capacity)
    expected = default.replace(it_capacity=capacity).data
    xr.testing.assert_equal(cs.load(folder).data.drop_attrs(), expected.drop_attrs())

    page.get_by_role("button", name="Back to the given tables").click()
    page.get_by_label("Load CSV files").set_input_files(str(kept))
    page.wait_for_function(
        "document.querySelector('[aria-label=\"it_capacity of plains, MW\"]').value === '111.25'"
    )


def test_other_labels_are_shown_the_way_to_the_tutorial(page: Any, tmp_path: Path) -> None:
    other = tmp_path / "site.csv"
    other.write_text("site,it_capacity\nelsewhere,1\n", encoding="utf-8")
    page.get_by_label("Load CSV files").set_input_files(str(other))
    told = page.locator(".cs-faults")
    told.get_by_role("link").wait_for()
    assert "elsewhere" in told.inner_text()
    assert told.get_by_role("link").get_attribute("href") == "your-fleet.html"


def test_a_block_is_pasted_to_the_right_and_down(page: Any) -> None:
    paste = """([label, text]) => { const box = document.querySelector(`[aria-label="${label}"]`);
        const data = new DataTransfer(); data.setData("text/plain", text);
        const event = { clipboardData: data, bubbles: true, cancelable: true };
        box.dispatchEvent(new ClipboardEvent("paste", event)); }"""
    page.evaluate(paste, ["it_capacity of plains, MW", "130\t171\n160\t196\n"])
    cells = [f"{n} of {s}, MW" for s in ("plains", "valley") for n in ("it_capacity", "import_limit")]
    assert [page.get_by_label(c, exact=True).input_value() for c in cells] == [
        "130", "171", "160", "196",
    ]  # fmt: skip
    page.evaluate(paste, ["it_capacity of plains, MW", "1\n2\n3\n4\n"])
    assert page.locator(".cs-faults").get_by_role("link").is_visible()
    assert page.get_by_label(cells[0], exact=True).input_value() == "130"  # refused whole


def test_the_schedule_saved_keeps_the_balance(page: Any, default: cs.Instance, tmp_path: Path) -> None:
    with page.expect_download() as saved:
        page.get_by_role("button", name="flows.csv").click()
    saved.value.save_as(tmp_path / "flows.csv")
    with (tmp_path / "flows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def column(name: str) -> np.ndarray:
        return np.array([float(row[f"{name} [MW]"]) for row in rows])

    supply = column("grid_import") + column("generate") + column("discharge")
    use = column("facility_power") + column("grid_export") + column("charge")
    assert len(rows) == default.data.sizes["site"] * default.data.sizes["time"]
    assert use.max() > 100
    np.testing.assert_allclose(supply, use, atol=1e-5)


def test_a_phone_shows_all_of_it(opened: Callable[..., Any]) -> None:
    phone = opened(390)
    phone.get_by_role("button", name="Solve it here").click()
    phone.wait_for_function(IDLE)
    phone.get_by_text("The tables behind it").click()
    phone.get_by_text("(site_time.csv").click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = phone.evaluate(
        """() => [...document.querySelectorAll(".cs-live *")]
        .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.checkVisibility())
        .filter((e) => !["SCRIPT", "STYLE"].includes(e.tagName))
        .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
    )
    assert min(sizes) >= 11
    clipped = phone.evaluate(
        """() => [...document.querySelectorAll(".cs-figures svg")].flatMap((svg) => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter((t) => { const r = t.getBoundingClientRect();
            return r.left < frame.left - 1 || r.right > frame.right + 1 || r.bottom > frame.bottom + 1; })
            .map((t) => t.textContent); })"""
    )
    assert clipped == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_nothing_serious_to_say(page: Any, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make web")
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    write(page, "it_capacity of plains, MW", "-1")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    serious = [
        (fault["id"], [node["html"][:120] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_figures_look_as_the_books_do(page: Any, default: cs.Instance) -> None:
    look = page.evaluate("carbonsched.look")
    colours = {name: colour.lower() for name, colour in look["colours"].items()}
    assert colours == plots.style.COLOURS

    def styles(entries: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
        return {k: (e["label"], colours[e["colour"]], e["hatch"]) for k, e in entries.items()}

    books = {k: (label, colour.lower(), hatch) for k, (label, colour, hatch) in (plots.SUPPLY | plots.USE).items()}
    assert styles(look["supply"] | look["use"]) == books
    sites = {site: (site, colour.lower(), hatch) for site, (colour, hatch) in plots.site_styles(default).items()}
    assert styles(page.evaluate("Object.fromEntries(carbonsched.look.sites(['harbour', 'plains', 'valley']).map((l) => [l.label, l]))")) == sites
