"""What the book on paper shows of what its pages fold."""

from looks import look
from pdf import CHAPTERS


def test_solutions_are_unfolded_and_code_that_only_draws_is_not(site, browser):
    with look(browser, site / "table1.html", "desktop", "light") as seen:
        page = seen.page
        solutions = page.locator(".tag_hide-cell").count()
        folded = page.locator("details").count()
        page.evaluate(CHAPTERS)
        titles = page.locator(".unfolded-title").all_inner_texts()
        assert titles == ["Solution"] * solutions
        assert page.locator(".unfolded .cell_output").first.is_visible()
        assert 0 < page.locator("details").count() == folded - solutions


def test_a_dropdown_keeps_its_title_and_its_words(site, browser):
    with look(browser, site / "diagnosis.html", "desktop", "light") as seen:
        seen.page.evaluate(CHAPTERS)
        titles = seen.page.locator(".unfolded-title").all_inner_texts()
        assert "Solution, in words" in titles
        assert all(seen.page.locator(".unfolded > *").nth(k).is_visible() for k in range(4))
