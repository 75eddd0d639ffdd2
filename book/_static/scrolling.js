// What scrolls inside itself can be scrolled from the keyboard: equations and tables that are wider than the screen.
"use strict";

function reachByKeyboard() {
  const boxes = document.querySelectorAll(".bd-article :is(div.math, mjx-container, .output_area, .pst-scrollable-table-container)");
  for (const box of boxes) {
    const scrolls = /auto|scroll/.test(getComputedStyle(box).overflowX) && box.scrollWidth > box.clientWidth;
    if (scrolls) box.tabIndex = 0;
    else if (box.tabIndex === 0 && box.tagName !== "MJX-CONTAINER") box.removeAttribute("tabindex");
  }
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  reachByKeyboard();
  window.addEventListener("resize", reachByKeyboard);
});
