"use strict";
(function () {
  // Figures come in light colours; in the dark each colour is replaced by its counterpart.
  const swaps = JSON.parse(document.getElementById("swaps").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const touch = window.matchMedia("(pointer: coarse)");
  const own = (key) => Object.prototype.hasOwnProperty.call(swaps, key);
  const parse = (text) =>
    JSON.parse(text, (_, value) => (dark.matches && typeof value === "string" && own(value) ? swaps[value] : value));

  // Panels stand in as many columns as there is room for; the layout's meta says how many at most.
  function placePanels(layout, width) {
    const meta = layout.meta || {};
    if (!meta.panels) return;
    const margin = layout.margin;
    const innerX = width - margin.l - margin.r;
    const room = meta.columns > 2 ? 230 : 330;
    const columns = Math.max(1, Math.min(meta.columns, meta.panels, Math.floor((innerX + meta.gapX) / (room + meta.gapX))));
    const title = layout.yaxis.title;
    const rows = Math.ceil(meta.panels / columns);
    const innerY = rows * meta.height + (rows - 1) * meta.gapY;
    const panel = (innerX - (columns - 1) * meta.gapX) / columns;
    for (let index = 0; index < meta.panels; index++) {
      const suffix = index ? String(index + 1) : "";
      const left = (index % columns) * (panel + meta.gapX) / innerX;
      const top = 1 - Math.floor(index / columns) * (meta.height + meta.gapY) / innerY;
      layout["xaxis" + suffix].domain = [left, Math.min(1, left + panel / innerX)];
      layout["yaxis" + suffix].domain = [Math.max(0, top - meta.height / innerY), top];
      if (meta.shared) layout["yaxis" + suffix].title = { ...title, text: index % columns ? "" : title.text };
    }
    layout.height = innerY + margin.t + margin.b;
  }

  const config = { displaylogo: false, responsive: false, displayModeBar: false };
  const figures = Array.from(document.querySelectorAll(".figure"), (element) => ({
    element,
    text: element.parentElement.nextElementSibling.textContent,
  }));
  function draw(figure) {
    const { data, layout } = parse(figure.text);
    const least = (layout.meta && layout.meta.minWidth) || 0;
    const width = Math.max(figure.element.parentElement.clientWidth, least);
    placePanels(layout, width);
    layout.width = width;
    if (touch.matches) layout.dragmode = false; // a finger on a figure scrolls the page
    figure.drawn = width;
    figure.element.style.minHeight = layout.height + "px";
    Plotly.react(figure.element, data, layout, config);
  }
  // A figure is drawn when it comes near the screen: a long page opens at once.
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      draw(figures.find((figure) => figure.element === entry.target));
    }
  }, { rootMargin: "1200px" });
  figures.forEach((figure) => near.observe(figure.element));
  const redraw = () => figures.filter((figure) => figure.drawn).forEach(draw);
  dark.addEventListener("change", redraw);
  let waiting = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(redraw, 150);
  });
  window.addEventListener("beforeprint", () => figures.filter((figure) => !figure.drawn).forEach(draw));

  // The table of trials: sort by a click on a heading, search in all cells, show a hundred rows more at a time.
  document.querySelectorAll(".trials").forEach((block) => {
    const body = block.querySelector("tbody");
    const search = block.querySelector("input");
    const more = block.querySelector(".more");
    const said = block.querySelector("output");
    const headings = Array.from(block.querySelectorAll("th"));
    let rows = Array.from(body.rows);
    const texts = new Map(rows.map((row) => [row, Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase()]));
    let most = 100;

    function show() {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of rows) {
        const fits = wanted.every((word) => texts.get(row).includes(word));
        if (fits) found++;
        row.hidden = !fits || found > most;
      }
      more.hidden = found <= most;
      said.textContent = found.toLocaleString("en") + (found === 1 ? " trial" : " trials");
    }
    function sort(column, numeric, down) {
      const key = (row) => {
        const text = row.cells[column].textContent;
        if (text === "—") return null;
        return numeric ? Number(text) : text;
      };
      const keyed = rows.map((row) => [key(row), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
      });
      rows = keyed.map(([, row]) => row);
      body.append(...rows);
      show();
    }
    headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(column, heading.classList.contains("num"), down);
    }));
    search.addEventListener("input", () => { most = 100; show(); });
    more.addEventListener("click", () => { most += 100; show(); });
    show();
  });
})();
