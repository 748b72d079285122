"use strict";
// Search, filters and folding of a report. Without it the page shows everything, folded by the browser alone.
(() => {
  const find = (query, from = document) => [...from.querySelectorAll(query)];
  const items = find(".item");
  const tools = document.getElementById("tools");
  const said = document.getElementById("said");
  const search = document.getElementById("search");
  const selects = find("select", tools);
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  for (const select of selects) {
    const name = select.dataset.of;
    const values = [...new Set(items.map((item) => item.dataset[name]).filter(Boolean))].sort();
    for (const value of values) {
      const option = document.createElement("option");
      option.value = option.textContent = value;
      select.append(option);
    }
    select.parentElement.hidden = values.length < 2;
  }
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const fits =
        selects.every((select) => !select.value || item.dataset[select.dataset.of] === select.value) &&
        words.every((word) => textOf(item).includes(word));
      if (item.hidden === fits) item.hidden = !fits;
      shown += fits;
    }
    const filtered = words.length > 0 || selects.some((select) => select.value);
    for (const group of find("[data-group]")) {
      group.hidden = filtered && !find(".item", group).some((item) => !item.hidden);
      if (filtered && group.matches("details") && !group.hidden) group.open = true;
    }
    said.textContent = `${shown.toLocaleString("en")} of ${items.length.toLocaleString("en")} shown`;
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, items.length > 500 ? 120 : 0);
  });
  for (const select of selects) select.addEventListener("change", show);
  tools.addEventListener("submit", (event) => { event.preventDefault(); show(); });
  tools.addEventListener("reset", () => setTimeout(show));
  const fold = (open) => { for (const part of find("main details")) part.open = open && !part.hidden; };
  document.getElementById("unfold").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  const inline = document.getElementById("inline");
  inline.addEventListener("click", () => {
    const on = document.body.classList.toggle("inline");
    inline.setAttribute("aria-pressed", String(on));
  });
  tools.hidden = items.length === 0;
  show();
})();
