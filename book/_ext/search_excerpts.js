// Quotes the page below each result of the search, from PAGE_TEXTS, which the build writes above.
// Sphinx's own `Search` writes the results, one item of a list at a time; it also cuts the excerpt and marks the words.
"use strict";

function addExcerpt(item, terms, marks) {
  const link = item.querySelector("a");
  if (!link || item.querySelector(".context")) return;
  const target = new URL(link.href);
  const page = PAGE_TEXTS[target.pathname.split("/").pop().replace(/\.html$/, "")];
  if (!page) return;
  const place = decodeURIComponent(target.hash.slice(1));
  const start = page.places[place] ?? 0;
  // What is said of an object ends where the next begins; a page, or a part of one, goes on.
  const next = place.includes(".") ? Object.values(page.places).filter((at) => at > start) : [];
  const text = page.text.slice(start, Math.min(page.text.length, ...next));
  const summary = Search.makeSearchSummary(text, [...terms, ...marks]); // stems, and the words themselves
  if (!summary) return;
  item.appendChild(summary);
  marks.forEach((word) => _highlightText(summary, word, "highlighted"));
}

document.addEventListener("DOMContentLoaded", () => {
  const query = new URLSearchParams(window.location.search).get("q");
  const results = document.getElementById("search-results");
  if (!query || !results) return;
  Search.htmlToText = (text) => text; // the texts are no HTML any more
  const [, terms, , marks] = Search._parseQuery(query);
  const addAll = () => results.querySelectorAll("ul.search > li").forEach((item) => addExcerpt(item, terms, marks));
  new MutationObserver(addAll).observe(results, { childList: true, subtree: true });
  addAll();
});
