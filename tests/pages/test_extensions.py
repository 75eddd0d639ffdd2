"""What the build does to its pages, on pieces small enough to see."""

import dead_links
import pytest
from accessible import mended
from built_pages import read, readable
from equation_links import linked
from grouped_attributes import apart
from inline_figures import inlined
from lean_assets import used
from names_by_module import short
from narrow_tables import narrowed

import carbonsched as cs


def test_text_and_places_of_a_page(tmp_path):
    page = tmp_path / "a.html"
    page.write_text(
        '<nav>menu</nav><article class="bd-article">'
        '<h1 id="top">One<a class="headerlink" href="#top">#</a></h1>'
        '<p>two</p><svg><text>no</text></svg><h2 id="next">three <b>four</b></h2></article>'
    )
    found = read(page)
    assert found.text == "One two three four "
    assert found.text[found.places["next"] :] == "three four "
    assert found.ids == {"top", "next"}


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\kappa_{it} \ge 1", "κ_it ≥ 1"),
        (r"\max_x \sum_i \pi^{imp}_{it}", "max_x ∑_i π^imp_it"),
        (r"\begin{aligned} a &\le b\, c \end{aligned}", "a ≤ b c"),
    ],
)
def test_a_search_quotes_formulas_as_text(tex, text):
    assert readable(tex) == text


@pytest.mark.parametrize(
    ("link", "dead"),
    [
        ("b.html", False),
        ("b.html#here", False),
        ("#", False),
        ("https://example.org/x", False),
        ("b.html#there", True),
        ("c.html", True),
        ("#there", True),
        ("picture.svg", True),
    ],
)
def test_a_dead_link_is_found(link, dead, tmp_path):
    (tmp_path / "a.html").write_text(f'<a href="{link}">go</a>')
    (tmp_path / "b.html").write_text('<p id="here">')
    assert dead_links.dead(tmp_path) == [f"a.html: {link}"] * dead


def test_a_figure_becomes_part_of_the_page():
    svg = (
        '<svg width="389pt" viewBox="0 0 389 200" xmlns="x">'
        '<path id="p" d="M 1 2"/><use href="#p"/></svg>'
    )
    assert inlined(svg, 'a "bar"', "f1") == (
        '<svg class="drawn" role="img" aria-label="a &quot;bar&quot;" viewBox="0 0 389 200">'
        '<path id="f1-p" d="M 1 2"/><use href="#f1-p"/></svg>'
    )


@pytest.mark.parametrize(
    ("said", "links"),
    [
        ("the balance (4)", "the balance :eq:`eq-4`"),
        ("of (1)-(16)", "of :eq:`eq-1`–:eq:`eq-16`"),
        ("(8)-(10), by", ":eq:`eq-8`–:eq:`eq-10`, by"),
        ("`sum(1)` and f(2)", "`sum(1)` and f(2)"),
        ("in (2030)", "in (2030)"),
        ("item (17)", "item (17)"),
    ],
)
def test_numbers_of_equations_are_links(said, links):
    assert linked(said) == links


def test_only_styles_that_can_meet_an_element_are_kept():
    css = ".a,.b .c{x:1}@media print{.b{y:2}.a:not(.z){y:3}}p{z:4}@font-face{src:url(f)}/* .a */"
    assert (
        used(css, {"a", "c"}) == ".a{x:1}@media print{.a:not(.z){y:3}}p{z:4}@font-face{src:url(f)}"
    )


def test_parameters_of_a_signature_are_no_list():
    assert "<dl>" not in mended("<dl>\n<dd><em>a</em>,</dd>\n<dd>b</dd>\n</dl>")


@pytest.mark.parametrize(
    ("cell", "on_the_page"),
    [
        ("<td>compute_only</td>", "<td>compute_<wbr>only</td>"),
        ('<th scope="row">us-ca</th>', '<th scope="row" class="whole">us-ca</th>'),
        ("<td>-1.5 to +2,000</td>", '<td class="whole">-1.5 to +2,000</td>'),
        ("<td>a service out of reach of all</td>", None),
        ('<td class="number">1_2</td>', '<td class="number">1_2</td>'),
    ],
)
def test_a_table_breaks_where_it_may(cell, on_the_page):
    written = f'<div class="cs-table"><table><tr>{cell}</tr></table></div>'
    expected = on_the_page or cell.replace("<td>", '<td class="sentence">')
    assert narrowed(written) == written.replace(cell, expected)
    assert narrowed(cell) == cell  # of a table that is none of ours


def test_attributes_described_together_get_an_entry_each():
    described = [
        "One.", "", "Attributes", "----------", "a : int", "    Of one.", "lower, upper : float",
        "    Closed bounds.", "", "Returns", "-------", "b, c : int",
    ]  # fmt: skip
    both = ["lower : float", "    Closed bounds.", "", "upper : float", "    Closed bounds.", ""]
    assert apart(described) == [*described[:6], *both, *described[9:]]


def test_names_in_the_list_of_a_page_are_told_apart():
    assert short("carbonsched.sources", "read()") != short("carbonsched.project", "read()")
    assert short("carbonsched", "Instance.save()") == "Instance.save()"


def properties():
    """Yield the properties of what the package shows, with their names."""
    for name in cs.__all__:
        shown = getattr(cs, name)
        if isinstance(shown, type):
            for own, what in vars(shown).items():
                if isinstance(what, property) and not own.startswith("_"):
                    yield f"{name}.{own}", what


def test_no_property_begins_with_what_would_be_read_as_its_type():
    """Napoleon takes what stands before a colon for a type."""
    begun = {name: (of.__doc__ or "").split("\n\n")[0] for name, of in properties()}
    assert begun and not [name for name, words in begun.items() if ": " in words]
