"""What a reader does with a live figure, in a browser: move, type, paste, load, save, read."""

from __future__ import annotations

import csv
import json
import re
import shutil
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched import plots
from carbonsched.output.words import amount
from carbonsched.plots import money

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
CAPACITY = "it_capacity of plains, MW"
IDLE = """() => { const status = document.querySelector(".cs-status").textContent;
    const busy = document.querySelector(".cs-figures").getAttribute("aria-busy");
    return busy === "false" && !/^(Loading|Solving|The solver)/.test(status); }"""
# Move a slider and look before the answer can be there.
MOVED = """async () => { const slider = document.querySelector("[data-setting=demand]");
    slider.focus(); slider.stepDown(); slider.dispatchEvent(new Event("input"));
    await new Promise((done) => setTimeout(done));
    const figures = document.querySelector(".cs-figures");
    const drawn = figures.querySelectorAll("svg[role=img]").length;
    return [figures.getAttribute("aria-busy"), drawn, document.activeElement === slider]; }"""
PASTE = """([label, text]) => { const box = document.querySelector(`[aria-label="${label}"]`);
    const data = new DataTransfer(); data.setData("text/plain", text);
    const event = { clipboardData: data, bubbles: true, cancelable: true };
    box.dispatchEvent(new ClipboardEvent("paste", event)); }"""
LETTERS = """() => [...document.querySelectorAll(".cs-live *")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .filter((e) => e.checkVisibility() && e.tagName !== "SCRIPT")
    .map((e) => parseFloat(getComputedStyle(e).fontSize))"""
CLIPPED = """() => [...document.querySelectorAll(".cs-figures svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    const out = (r) => r.left < frame.left - 1 || r.right > frame.right + 1 ||
        r.bottom > frame.bottom + 1;
    return [...svg.querySelectorAll("text")].filter((t) => out(t.getBoundingClientRect()))
        .map((t) => t.textContent); })"""

# Of the figure whose words begin so: marks of its axes, bars, and the points of its paths.
SHAPES = """(words) => { const svg = document.querySelector(`svg[aria-label^="${words}"]`);
    const numbers = (e, names) => names.map((n) => Number(e.getAttribute(n)));
    const marks = [...svg.querySelectorAll("text.cs-quiet")].map((e) => [e.textContent,
        ...numbers(e, ["x", "y"])]);
    const bars = [...svg.querySelectorAll(":scope > rect")].map((e) => [
        e.getAttribute("stroke") !== null, ...numbers(e, ["x", "y", "width"])]);
    const paths = [...svg.querySelectorAll(":scope > path")].map((e) => [
        e.getAttribute("fill") === "none", e.getAttribute("d")]);
    return { words: svg.getAttribute("aria-label"), marks, bars, paths }; }"""


@pytest.fixture(scope="module")
def best(default: cs.Instance) -> cs.Schedule:
    return cs.solve(default, gap=1e-6)


@pytest.fixture(scope="module")
def address(paged: Callable[[str], str], default: cs.Instance, best: cs.Schedule) -> str:
    import live_pages

    return paged(live_pages.sliders(default, best, "default", ""))


@pytest.fixture(scope="module")
def solved(opened: Callable[..., Any], address: str) -> Any:
    """A page that has solved once, its tables open."""
    page = opened(address)
    page.get_by_role("button", name="Solve it here").click()
    page.wait_for_function(IDLE)
    page.get_by_text("The tables behind it").click()
    for name in ("site.csv", "job.csv"):
        page.get_by_text(f"({name}").click()
    return page


@pytest.fixture
def page(solved: Any) -> Any:
    """That page, with every number as given."""
    solved.get_by_role("button", name="Back to the given tables").click()
    solved.get_by_role("button", name="Sliders as given").click()
    solved.wait_for_function(IDLE)
    return solved


def objective(page: Any) -> str:
    return page.locator(".cs-headline strong").first.inner_text()


def write(page: Any, cell: str, text: str) -> None:
    box = page.get_by_label(cell, exact=True)
    box.fill(text)
    box.press("Tab")


def told(page: Any) -> list[str]:
    return page.locator(".cs-faults p").all_inner_texts()


def kept(page: Any, button: str, path: Path) -> list[dict[str, str]]:
    """Save what a button saves, and return its rows."""
    with page.expect_download() as saved:
        page.get_by_role("button", name=button).click()
    saved.value.save_as(path)
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_nothing_is_loaded_before_the_first_touch(
    opened: Callable[..., Any], address: str, best: cs.Schedule
) -> None:
    page = opened(address)
    assert objective(page) == f"{amount(best.objective)} USD"
    assert not page.evaluate("globalThis.carbonschedHighs || globalThis.carbonschedPackages")


@pytest.mark.parametrize("name", ["live", "live-table1"])
def test_the_books_pages_tell_what_python_finds(
    name: str, default: cs.Instance, best: cs.Schedule
) -> None:
    notebook = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
    shown = [o["data"]["text/html"] for c in notebook["cells"] for o in c.get("outputs", [])
             if "text/html" in o.get("data", {})]  # fmt: skip
    start = "".join(shown[0]).partition('<script type="application/json">')[2]
    start = json.loads(start.partition("</script>")[0])
    assert start["objective"] == pytest.approx(best.objective, abs=0.06)
    assert start["emissions"] == pytest.approx(best.emissions, rel=1e-3)
    assert start["budget"] == default.data.carbon_budget.item()
    assert [job["name"] for job in start["jobs"]] == default.data.job.values.tolist()


def test_a_key_moves_a_slider_and_the_model_follows(page: Any, default: cs.Instance) -> None:
    before = objective(page)
    page.get_by_label("Price level").press("ArrowRight")
    page.wait_for_function(IDLE)
    prices = ("import_price", "export_price")
    dearer = default.replace(**{name: 1.05 * default.data[name] for name in prices})
    assert objective(page) == f"{amount(cs.solve(dearer, gap=1e-6).objective)} USD" != before


def test_the_last_answer_stays_while_the_next_is_sought(page: Any) -> None:
    assert page.evaluate(MOVED) == ["true", 4, True]
    page.wait_for_function(IDLE)


def test_escape_gives_up_and_the_last_answer_stays(page: Any) -> None:
    before = objective(page)
    page.evaluate(
        f"""async () => {{ await ({MOVED})();
        document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {{ key: "Escape", bubbles: true }})); }}"""
    )
    page.wait_for_function(IDLE)
    assert page.locator(".cs-status").inner_text().startswith("Cancelled")
    assert objective(page) == before


def test_no_schedule_is_said_in_words(page: Any) -> None:
    page.get_by_label("Inference demand").press("End")
    page.wait_for_function(IDLE)
    before = objective(page)
    page.get_by_label("Carbon budget").press("Home")
    page.wait_for_function(IDLE)
    assert page.locator(".cs-status").inner_text().startswith("No schedule")
    assert objective(page) == before


@pytest.mark.parametrize(
    ("cell", "name", "at", "text"),
    [
        (CAPACITY, "it_capacity", {"site": "plains"}, "-1"),
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
    assert told(page) == list(refused.value.faults)
    assert page.get_by_label(cell, exact=True).get_attribute("aria-invalid") == "true"
    assert page.locator(".cs-status").inner_text().startswith("Not solved")


@pytest.mark.parametrize(
    ("cell", "name", "at", "text"),
    [
        (CAPACITY, "it_capacity", {"site": "plains"}, "127521"),  # kW
        ("charge_limit of harbour, MW", "charge_limit", {"site": "harbour"}, "123456.789"),
        ("power of evaluate, MW", "power", {"job": "evaluate"}, "1e-6"),
    ],
)
def test_a_value_that_looks_like_another_unit_is_doubted_in_pythons_words(
    page: Any, default: cs.Instance, cell: str, name: str, at: dict[str, Any], text: str
) -> None:
    assert not page.locator(".cs-doubts p").count()
    write(page, cell, text)
    changed = default.data[name].astype(float)
    changed.loc[at] = float(text)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        default.replace(**{name: changed})
    words = [str(w.message) for w in raised if "is the unit right?" in str(w.message)]
    assert page.locator(".cs-doubts p").all_inner_texts() == words != []
    assert not told(page)


def test_text_that_says_nothing_is_refused_where_it_stands(
    page: Any, default: cs.Instance, tmp_path: Path
) -> None:
    write(page, CAPACITY, "1,5")
    plains = str(default.data.it_capacity.sel(site="plains").item())
    folder = shutil.copytree(ROOT / "data" / "default", tmp_path / "default")
    table = (folder / "site.csv").read_text(encoding="utf-8")
    (folder / "site.csv").write_text(table.replace(plains, '"1,5"'), encoding="utf-8")
    with pytest.raises(cs.InstanceError) as refused:
        cs.load(folder)
    assert told(page) == list(refused.value.faults)


def test_tables_saved_are_those_of_the_folder(
    page: Any, default: cs.Instance, tmp_path: Path
) -> None:
    write(page, CAPACITY, "111.25")
    rows = kept(page, "Save site.csv", tmp_path / "site.csv")
    folder = shutil.copytree(ROOT / "data" / "default", tmp_path / "default")
    known = (folder / "site.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    with (folder / "site.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, known, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    capacity = xr.where(default.data.site == "plains", 111.25, default.data.it_capacity)
    expected = default.replace(it_capacity=capacity).data
    xr.testing.assert_equal(cs.load(folder).data.drop_attrs(), expected.drop_attrs())

    page.get_by_role("button", name="Back to the given tables").click()
    page.get_by_label("Load CSV files").set_input_files(str(tmp_path / "site.csv"))
    loaded = f"""document.querySelector('[aria-label="{CAPACITY}"]').value === "111.25" """
    page.wait_for_function(loaded)


def test_other_labels_are_shown_the_way_to_the_tutorial(page: Any, tmp_path: Path) -> None:
    other = tmp_path / "site.csv"
    other.write_text("site,it_capacity\nelsewhere,1\n", encoding="utf-8")
    page.get_by_label("Load CSV files").set_input_files(str(other))
    link = page.locator(".cs-faults").get_by_role("link")
    link.wait_for()
    assert "elsewhere" in told(page)[0]
    assert link.get_attribute("href") == "your-fleet.html"


def test_a_block_is_pasted_to_the_right_and_down(page: Any) -> None:
    def values() -> list[str]:
        columns, sites = ("it_capacity", "import_limit"), ("plains", "valley")
        cells = [f"{column} of {site}, MW" for site in sites for column in columns]
        return [page.get_by_label(cell, exact=True).input_value() for cell in cells]

    page.evaluate(PASTE, [CAPACITY, "130\t171\n160\t196\n"])
    assert values() == ["130", "171", "160", "196"]
    page.evaluate(PASTE, [CAPACITY, "1\n2\n3\n4\n"])
    assert page.locator(".cs-faults").get_by_role("link").is_visible()
    assert values() == ["130", "171", "160", "196"]  # refused whole


def test_the_schedule_saved_keeps_the_balance(
    page: Any, default: cs.Instance, tmp_path: Path
) -> None:
    rows = kept(page, "flows.csv", tmp_path / "flows.csv")

    def column(name: str) -> np.ndarray:
        return np.array([float(row[f"{name} [MW]"]) for row in rows])

    supply = column("grid_import") + column("generate") + column("discharge")
    use = column("facility_power") + column("grid_export") + column("charge")
    assert len(rows) == default.data.sizes["site"] * default.data.sizes["time"]
    assert use.max() > 100
    np.testing.assert_allclose(supply, use, atol=1e-5)


def drawn(page: Any, words: str, along: str) -> tuple[dict[str, Any], Callable[[Any], Any]]:
    """Return a figure's shapes and what turns its pixels into amounts, by the marks of its axis."""
    shapes = page.evaluate(SHAPES, words)
    pixel = {"x": 1, "y": 2}[along]
    amounts = [mark for mark in shapes["marks"] if re.fullmatch(r"[−-]?[\d.,\u202f]+", mark[0])]
    level = Counter(mark[3 - pixel] for mark in amounts).most_common(1)[0][0]
    marks = {float(re.sub(r"[,\u202f]", "", m[0]).replace("−", "-")): m[pixel]
             for m in amounts if m[3 - pixel] == level}  # fmt: skip
    (low, from_), (high, to) = min(marks.items()), max(marks.items())
    return shapes, lambda at: low + (np.asarray(at) - from_) * (high - low) / (to - from_)


def heights(path: str) -> list[float]:
    """Return the levels of a stepped path, in order."""
    return [float(at) for at in re.findall(r"(?:M[^,]*,|L[^,]*,|V)(-?[\d.e-]+)", path)]


def test_the_dispatch_is_drawn_as_high_as_its_numbers(page: Any, tmp_path: Path) -> None:
    """Proves: a figure's shapes, read off its own axis, are the amounts of the saved table."""
    rows = pd.DataFrame(kept(page, "flows.csv", tmp_path / "flows.csv"))
    shapes, megawatts = drawn(page, "Power balance of each site", "y")
    supply, use = plots.SUPPLY, plots.USE  # drawn in this order: a test of their looks says so
    paths = iter(shapes["paths"])
    for _, table in rows.groupby("site", sort=False):
        flows = {
            c.split(" ")[0]: table[c].astype(float).to_numpy() for c in table.filter(like="[MW]")
        }
        for stack, sign in ((supply, 1), (use, -1)):
            base = np.zeros(len(table))
            for name in stack:
                there, back = np.split(megawatts(heights(next(paths)[1])), 2)
                np.testing.assert_allclose(there, base + sign * flows[name], atol=1e-3)
                np.testing.assert_allclose(back[::-1], base, atol=1e-3)
                base = base + sign * flows[name]
        line, path = next(paths)
        assert line
        np.testing.assert_allclose(megawatts(heights(path)), flows["facility_power"], atol=1e-3)


def test_the_terms_are_drawn_as_long_as_they_are_told(page: Any) -> None:
    """Proves: each bar's pieces have the lengths of its terms, incomes to the right of zero."""
    page.get_by_label("Price level").press("ArrowRight")
    page.wait_for_function(IDLE)
    shapes, thousand = drawn(page, "Terms of the objective", "x")
    rows: dict[float, list[np.ndarray]] = {}
    for _, x, y, width in shapes["bars"]:
        rows.setdefault(y, []).append(1e3 * thousand([x, x + width]))
    said = dict(re.findall(r"(now|as given): (.*?)(?=; as given:|\.$)", shapes["words"]))
    assert list(said) == ["now", "as given"] and said["now"] != said["as given"]
    for row, words in zip(sorted(rows), said.values(), strict=True):
        told = [float(n.replace(",", "").replace("−", "-"))
                for n in re.findall(r"[a-z] ([−-]?[\d,.]+)(?=, |$)", words)]  # fmt: skip
        long = [float(to - from_) for from_, to in rows[row]]
        assert len(told) >= 5
        np.testing.assert_allclose(sorted(long), sorted(map(abs, told)), atol=1)
        ends = np.array(rows[row])
        assert ends.max() == pytest.approx(sum(n for n in told if n > 0), abs=5)
        assert ends.min() == pytest.approx(sum(n for n in told if n < 0), abs=5)


def test_jobs_are_drawn_where_their_windows_and_runs_are(
    page: Any, default: cs.Instance, tmp_path: Path
) -> None:
    jobs = pd.DataFrame(kept(page, "jobs.csv", tmp_path / "jobs.csv")).set_index("job")
    bars = page.evaluate(SHAPES, "Gantt chart")["bars"]
    data = default.data
    first = data.indexes["time"].get_indexer(pd.Index(data.release.values))
    last = data.indexes["time"].get_indexer(pd.Index(data.deadline.values))
    windows = [bar for bar in bars if not bar[0]]
    edges = np.array([[x, x + width] for _, x, _, width in windows]).ravel()
    order = np.argsort(first, kind="stable")
    periods = np.stack([first, last + 1], axis=1)[order].ravel()
    wide, left = np.polyfit(periods, edges, 1)
    np.testing.assert_allclose(left + wide * periods, edges, atol=1e-6)
    runs = {
        round((y + 9) * 2): ((x - left) / wide, width / wide) for run, x, y, width in bars if run
    }
    rows = {
        round((bar[2] + 3) * 2): job
        for bar, job in zip(windows, data.job.values[order], strict=True)
    }
    started = pd.to_datetime(jobs["start [UTC]"]).dropna()
    assert len(runs) == len(started) > 3
    for row, (begin, length) in runs.items():
        job = rows[row]
        at = data.indexes["time"].get_loc(started[job])
        assert (begin, length) == (
            pytest.approx(at),
            pytest.approx(int(data.duration.sel(job=job))),
        )


def test_a_phone_shows_all_of_it(opened: Callable[..., Any], address: str) -> None:
    phone = opened(address, 390)
    phone.get_by_role("button", name="Solve it here").click()
    phone.wait_for_function(IDLE)
    phone.get_by_text("The tables behind it").click()
    phone.get_by_text("(site_time.csv").click()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert min(phone.evaluate(LETTERS)) >= 11
    assert phone.evaluate(CLIPPED) == []


def test_a_method_picked_fills_its_row(
    opened: Callable[..., Any], paged: Callable[[str], str], default: cs.Instance, best: cs.Schedule
) -> None:
    import live_pages

    schedules = {"joint": best, "no_battery": cs.solve(default, "no_battery", gap=1e-6)}
    paper = pd.read_csv(ROOT / "data" / "paper" / "table1.csv", index_col="method")
    page = opened(paged(live_pages.methods(default, schedules, paper, "default")))
    page.get_by_role("button", name="no battery").click()
    page.wait_for_function(IDLE)
    cells = page.locator("tr[data-method=no_battery] td").all_inner_texts()
    found = amount(schedules["no_battery"].objective)
    assert cells[:3] == [amount(float(paper.loc["no_battery", "objective"])), found, found]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_nothing_serious_to_say(page: Any, theme: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make web")
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    write(page, CAPACITY, "-1")
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    serious = [
        (fault["id"], [node["html"][:120] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_figures_look_as_the_books_do(page: Any, default: cs.Instance) -> None:
    look = page.evaluate(
        """() => { const { sites, ...rest } = carbonsched.look;
        return { ...rest, sites: sites(["harbour", "plains", "valley"]) }; }"""
    )
    assert look["colours"] == plots.style.COLOURS

    def style(entry: dict[str, str]) -> tuple[str, str, str]:
        return entry["label"], look["colours"][entry["colour"]], entry["hatch"]

    flows = {name: style(entry) for name, entry in (look["supply"] | look["use"]).items()}
    assert flows == {
        name: (label, colour.lower(), hatch)
        for name, (label, colour, hatch) in (plots.SUPPLY | plots.USE).items()
    }
    terms = {name: style(entry)[1:] for name, entry in look["terms"].items()}
    assert terms == {name: (colour.lower(), hatch) for name, (colour, hatch) in money.TERMS.items()}
    sites = plots.site_styles(default).items()
    assert [style(entry) for entry in look["sites"]] == [(n, c.lower(), h) for n, (c, h) in sites]
