"""What the book on paper shows of what its pages fold."""

import pytest
from looks import look
from pdf import CHAPTERS, PDF, STYLE, numbered
from pdf_sheets import sheets_of

BOOK = """<style>h1 { break-before: page }</style><h1>Front page</h1>
<section id="every-chapter"><h2>Every chapter</h2>
<div class="toctree-wrapper"><span id="document-a"></span><section id="a"><h3>A – one</h3>
<p style="break-after: page">See <a href="#document-b">the next</a>.</p>
<section id="same"><h4>What you see</h4><ul><li>WORDS</li></ul></section></section></div>
<div class="toctree-wrapper"><span id="document-b"></span><section id="b"><h3>B</h3>
<section id="same-again"><h4>What you see</h4><ul><li>WORDS</li></ul></section></section></div>
</section>""".replace("WORDS", "The same words. " * 20)


def test_solutions_are_unfolded_and_code_that_only_draws_is_not(site, browser):
    with look(browser, site / "table1.html", "desktop", "light") as seen:
        page = seen.page
        solutions = page.locator(".tag_hide-cell").count()
        folded = page.locator("details").count()
        page.evaluate(CHAPTERS, [])
        titles = page.locator(".unfolded-title").all_inner_texts()
        assert titles == ["Solution"] * solutions
        assert page.locator(".unfolded .cell_output").first.is_visible()
        assert 0 < page.locator("details").count() == folded - solutions


def test_a_dropdown_keeps_its_title_and_its_words(site, browser):
    with look(browser, site / "diagnosis.html", "desktop", "light") as seen:
        seen.page.evaluate(CHAPTERS, [])
        titles = seen.page.locator(".unfolded-title").all_inner_texts()
        assert "Solution, in words" in titles
        assert all(seen.page.locator(".unfolded > *").nth(k).is_visible() for k in range(4))


@pytest.fixture
def small_book(browser):
    """Return the page of a book of two chapters in two parts, prepared for paper."""
    context = browser.new_context()
    page = context.new_page()
    page.set_content(BOOK)
    page.evaluate(CHAPTERS, ["First", "Second"])
    page.add_style_tag(content=STYLE)
    yield page
    context.close()


def test_the_contents_name_the_sheet_of_each_chapter(small_book):
    sheets = sheets_of(numbered(small_book))
    assert small_book.locator(".chapters .part p").all_inner_texts() == ["First", "Second"]
    told = [link.inner_text().split() for link in small_book.locator(".chapters a").all()]
    assert told == [["A", "–", "one", "2"], ["B", "4"]]
    assert sheets.number == 4
    chapters = [(title, sheet) for title, sheet in sheets.outline if title != "What you see"]
    assert chapters == [("Front page", 1), ("Contents", 1), ("A – one", 2), ("B", 4)]
    assert sheets.places["document-b"] == 4  # where a link to a chapter leads


def test_what_two_chapters_say_is_printed_once(small_book):
    again = small_book.locator("#same-again").inner_text()
    assert again.split("\n\n") == ["What you see", "As in A – one."]
    assert "The same words." in small_book.locator("#same").inner_text()


def test_another_pdf_is_refused():
    with pytest.raises(ValueError, match="no plain table"):
        sheets_of(b"%PDF-1.5\nstartxref\n9\n%%EOF\n")


def test_the_printed_book_has_every_chapter():
    """Of the PDF that lies there; it is printed by `make book`."""
    if not PDF.is_file():
        pytest.skip("there is no PDF: `make book` prints it, where Chromium is")
    sheets = sheets_of(PDF.read_bytes())
    linked = {name: k for name, k in sheets.places.items() if name.startswith("document-")}
    assert linked and set(linked.values()) <= {sheet for _, sheet in sheets.outline}
    assert len(set(linked.values())) == len(linked)  # each on a sheet of its own
    assert sheets.outline[-1][1] <= sheets.number
