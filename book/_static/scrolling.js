// What is wider than the screen: a table gets smaller letters, then cards; what still scrolls does so from the keyboard.
"use strict";

const WIDE = ".bd-article :is(.cs-table, .pst-scrollable-table-container)";
const MOST_CARDS = 15; // rows: a longer table is easier to scroll sideways than down

function scrolls(box) {
  return /auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth;
}

/** Say before each cell of a card what its column is, and that cards are still a table. */
function nameCells(table) {
  const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
  const roles = { table: "table", tr: "row", td: "cell", "thead th": "columnheader", "tbody th": "rowheader" };
  for (const row of table.tBodies[0].rows)
    [...row.cells].slice(1).forEach((cell, k) => (cell.dataset.head = heads[k + 1]));
  table.setAttribute("role", roles.table);
  table.querySelectorAll("thead, tbody").forEach((group) => group.setAttribute("role", "rowgroup"));
  for (const [selector, role] of Object.entries(roles).slice(1))
    table.querySelectorAll(selector).forEach((one) => one.setAttribute("role", role));
}

function fit() {
  for (const box of document.querySelectorAll(WIDE)) {
    const table = box.querySelector(":scope > table");
    box.classList.remove("narrow", "cards");
    if (!table?.tHead || innerWidth > 600 || !scrolls(box)) continue;
    box.classList.add("narrow");
    if (!scrolls(box) || table.tHead.rows.length > 1 || table.tBodies[0].rows.length > MOST_CARDS) continue;
    nameCells(table);
    box.classList.replace("narrow", "cards");
  }
}

function reachByKeyboard() {
  const boxes = document.querySelectorAll(`.bd-article :is(div.math, mjx-container, .output_area), ${WIDE}`);
  for (const box of boxes) {
    if (scrolls(box)) box.tabIndex = 0;
    else if (box.tabIndex === 0 && !box.matches("mjx-container, .cs-table")) box.removeAttribute("tabindex");
  }
}

function look() {
  fit();
  reachByKeyboard();
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  look();
  window.addEventListener("resize", look);
  document.querySelectorAll("details").forEach((one) => one.addEventListener("toggle", look));
});
