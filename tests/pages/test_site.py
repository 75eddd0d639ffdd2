"""The built book as a whole: size, links, search, front page, what it says when shared."""

import re

import dead_links
from looks import look

WHOLE_SITE = 12_000_000  # bytes


def test_the_whole_site_is_small(site):
    sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    largest = sorted(sizes, key=sizes.__getitem__, reverse=True)[:5]
    assert sum(sizes.values()) <= WHOLE_SITE, [
        f"{p.relative_to(site)}: {sizes[p]}" for p in largest
    ]


def test_no_link_leads_nowhere(site):
    assert dead_links.dead(site) == []


def test_search_quotes_the_pages_it_finds(site, browser):
    with look(browser, site / "search.html", "desktop", "light", "?q=battery") as seen:
        excerpts = seen.page.locator("#search-results .context")
        excerpts.first.wait_for()
        seen.page.wait_for_function(
            "!document.querySelector('#search-results h2').innerText.startsWith('Searching')"
        )
        texts = excerpts.all_inner_texts()
        assert len(texts) >= 5
        assert sum("batter" in text.lower() for text in texts) >= 0.8 * len(texts)
        assert seen.page.locator("#search-results .context .highlighted").count() >= 5
        assert seen.errors == []


def test_the_front_page_is_one_screen(site, browser):
    """Question, figure, numbers, commands, readers and citation are seen without a scroll."""
    parts = ["question", "figure", "numbers", "commands", "readers", "cite"]
    for width in ("desktop", "phone"):
        with look(browser, site / "index.html", width, "light") as seen:
            ends = {
                part: seen.page.locator(f".front-{part}, .tag_front-{part}").first.bounding_box()
                for part in parts
            }
            down = seen.page.viewport_size["height"]
            assert {p for p, box in ends.items() if box["y"] + box["height"] > down} == set(), width


def test_figures_follow_the_theme(site, browser):
    colours = []
    for theme in ("light", "dark"):
        with look(browser, site / "index.html", "desktop", theme) as seen:
            letters = seen.page.locator("svg.drawn text").first
            colours.append(letters.evaluate("one => getComputedStyle(one).fill"))
    assert colours == ["rgb(27, 31, 36)", "rgb(230, 237, 243)"]


def test_ids_are_unique(site):
    """Also those of the figures, which all come from one program."""
    for path in site.glob("*.html"):
        ids = re.findall(r'\sid="([^"]+)"', path.read_text(encoding="utf-8"))
        assert sorted(one for one in set(ids) if ids.count(one) > 1) == [], path.name


def test_a_shared_page_has_title_description_and_picture(site):
    head = (site / "index.html").read_text(encoding="utf-8").split("</head>")[0]
    said = dict(re.findall(r'<meta (?:property|name)="([\w:]+)" content="([^"]*)"', head))
    assert said["og:title"].startswith("Carbon-aware")
    assert len(said["description"]) > 50
    assert (site / said["og:image"]).is_file() or said["og:image"].startswith("http")
    assert 'rel="icon"' in head


def test_no_two_names_of_the_reference_read_the_same(site):
    """In headings, and in the list beside the page."""
    for path in site.glob("api*.html"):
        page = path.read_text(encoding="utf-8")
        heads = re.findall(
            r'<dt class="sig sig-object py" id="(carbonsched[^"]*)">(.*?)</dt>', page, re.S
        )
        for place, said in heads:
            parts = re.findall(r'class="sig-(?:pre)?name [^>]*><span class="pre">([^<]*)', said)
            assert "".join(parts) in (place, place.rsplit(".", 1)[-1]), path.name
        inside = [place for place, said in heads if "sig-prename" not in said]
        assert all(place.split(".")[-2][0].isupper() for place in inside)  # of a class
        listed = set(
            re.findall(
                r'nav-link" href="#(carbonsched[^"]*)"><code[^>]*><span class="pre">([^<]*)', page
            )
        )
        assert len(listed) == len(heads) == len({name for _, name in listed}), path.name


def test_a_table_in_a_fold_stands_on_one_ground(site, browser):
    """What stays in sight as a table scrolls must have the ground of the rest, to cover it."""
    with look(browser, site / "beat-this.html", "phone", "dark") as seen:
        seen.page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = true"
        )
        grounds = seen.page.evaluate(
            """[...document.querySelectorAll(".cs-table tbody th")].map((head) => {
              let around = head.parentElement;
              while (getComputedStyle(around).backgroundColor === "rgba(0, 0, 0, 0)")
                around = around.parentElement;
              return [head, around].map((one) => getComputedStyle(one).backgroundColor).join();
            })"""
        )
        assert len({ground for pair in grounds for ground in pair.split(",rgb")}) >= 2
        assert all(len(set(re.findall(r"rgb\([^)]*\)", pair))) == 1 for pair in grounds)


def test_a_phone_shows_a_wide_table_as_cards(site, browser):
    with look(browser, site / "fleets.html", "phone", "light") as seen:
        seen.page.wait_for_selector(".cards")
        table = seen.page.locator(".cards table").first
        cells = table.locator("tbody tr").first.locator("td")
        heads = table.locator("thead th").all_text_contents()
        assert [one.get_attribute("data-head") for one in cells.all()] == heads[1:]
        assert table.get_attribute("role") == "table"
        seen.page.set_viewport_size({"width": 1440, "height": 900})
        seen.page.wait_for_function("!document.querySelector('.cards, .narrow')")
