"use strict";
// Search in a catalogue. The texts come as a script when somebody begins to search: without a host nothing else is loaded.
(() => {
  const form = document.getElementById("find");
  const input = document.getElementById("q");
  const list = document.getElementById("found");
  const said = document.getElementById("said");
  const up = form.dataset.up;
  const MOST = 50;
  let pages = null;
  let waiting = null;
  const load = () => {
    waiting ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = `${up}assets/search.js`;
      script.addEventListener("load", () => {
        pages = window.registryPages.map(([path, address, name, text]) => ({
          path, address, name, low: address.toLowerCase(), title: name.toLowerCase(), text: text.toLowerCase(),
        }));
        done();
      });
      document.head.append(script);
    });
    return waiting;
  };
  const score = (page, words) => {
    let sum = 0;
    for (const word of words) {
      if (page.low.includes(word)) sum += page.low.endsWith(word) ? 4 : 3;
      else if (page.title.includes(word)) sum += 2;
      else if (page.text.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = [];
    const start = performance.now();
    if (words.length) {
      for (const page of pages) {
        const sum = score(page, words);
        if (sum) hits.push([sum, page]);
      }
      hits.sort((a, b) => b[0] - a[0]);
    }
    form.dataset.took = (performance.now() - start).toFixed(1);
    list.replaceChildren(...hits.slice(0, MOST).map(([, page]) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = up + page.path;
      link.textContent = page.address;
      item.append(link, page.name ? ` ${page.name}` : "");
      return item;
    }));
    const shown = hits.length > MOST ? `, the best ${MOST} shown` : "";
    said.textContent = words.length ? `${hits.length.toLocaleString("en")} found${shown}` : "";
    form.dataset.settled = Number(form.dataset.settled ?? 0) + 1;
  };
  form.hidden = false;
  input.addEventListener("focus", load);
  input.addEventListener("input", () => load().then(search));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    load().then(() => { search(); list.querySelector("a")?.focus(); });
  });
  form.addEventListener("keydown", (event) => {
    const links = [input, ...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && at >= 0 && links[at + step]) { event.preventDefault(); links[at + step].focus(); }
    if (event.key === "Escape") { input.value = ""; search(); input.focus(); }
  });
})();
