(parts) => {
  const made = (tag, kind, words = "") => {
    const element = document.createElement(tag);
    element.className = kind;
    element.textContent = words;
    return element;
  };

  const titleOf = (chapter) => {
    const title = chapter.querySelector("h1").cloneNode(true);
    title.querySelectorAll(".headerlink, [id]").forEach((one) => one.remove());
    return title.textContent.trim();
  };

  // Chapters stand below the front page, two levels down; on paper each is a chapter.
  for (const old of document.querySelectorAll(".toctree-wrapper :is(h3, h4, h5, h6)")) {
    const heading = document.createElement(`h${Number(old.tagName[1]) - 2}`);
    heading.append(...old.childNodes);
    old.replaceWith(heading);
  }
  // What a link to a chapter leads to stands before it: that is the sheet before.
  for (const place of document.querySelectorAll(".toctree-wrapper > span[id]")) {
    const chapter = place.nextElementSibling?.querySelector("h1");
    chapter?.prepend(place);
  }

  // A list of the chapters, whose sheets are known once the book was printed.
  document.querySelector("#every-chapter > h2")?.remove();
  const contents = made("nav", "chapters");
  contents.append(made("h2", "", "Contents"));
  document.querySelectorAll("#every-chapter > .toctree-wrapper").forEach((part, at) => {
    const list = made("ol", "");
    for (const chapter of part.querySelectorAll(":scope > section")) {
      const link = made("a", "", titleOf(chapter));
      link.href = `#${chapter.id}`;
      link.append(made("span", "leader"), made("span", "sheet"));
      const item = made("li", "");
      item.append(link);
      list.append(item);
    }
    const whole = made("div", "part");
    whole.append(made("p", "", parts[at] ?? ""), list);
    contents.append(whole);
  });
  document.querySelector("#every-chapter")?.prepend(contents);

  // Code that only draws or computes stays in the notebooks; whatever else the pages fold is for a
  // reader to see, a solution and what it prints too.
  for (const folded of document.querySelectorAll("details")) {
    if (folded.matches(".above-input") && !folded.closest(".tag_hide-cell")) continue;
    const summary = folded.querySelector(":scope > summary");
    const words = (summary.querySelector(".collapsed") ?? summary).textContent.trim();
    const said = words.replace(/^Show (an? )?/, "");
    const file = /^[\w/]+\.\w+/.test(said); // whose name is written as it is
    const title = (file ? said.charAt(0) : said.charAt(0).toUpperCase()) + said.slice(1);
    const box = made("div", "unfolded");
    box.append(made("p", "unfolded-title", title), ...[...folded.childNodes].filter((node) => node !== summary));
    folded.replaceWith(box);
  }
  for (const one of document.querySelectorAll(".toggle-hidden")) one.classList.remove("toggle-hidden");

  for (const live of document.querySelectorAll(".cs-live"))
    live.before(made("p", "on-paper", "On paper this stands as the book solved it; in a browser it can be moved, "
      + "is solved anew there, and has more figures."));
  // What several pages say in the same words, on paper one of them says.
  const first = new Map();
  for (const list of document.querySelectorAll(".toctree-wrapper section > ul")) {
    const words = list.textContent.replace(/\s+/g, " ").trim();
    const chapter = list.closest(".toctree-wrapper > section");
    if (words.length < 200) continue;
    if (!first.has(words)) first.set(words, chapter);
    else {
      const link = made("a", "", titleOf(first.get(words)));
      link.href = `#${first.get(words).id}`;
      const note = made("p", "", "As in ");
      note.append(link, ".");
      list.replaceWith(note);
    }
  }
}
