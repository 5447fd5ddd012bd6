"use strict";
// What the table knows of a trial, for the figures' hover texts: filled by the second part of this script.
const hpsearch = { texts: new Map() };

(function () {
  // Figures come in light colours; in the dark each colour is replaced by its counterpart.
  const swaps = JSON.parse(document.getElementById("swaps").textContent);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const touch = window.matchMedia("(pointer: coarse)");
  const root = document.documentElement;
  let printing = false;
  // Pixels that fit on a page of A4 or letter under a card's words; a wide figure is drawn wider, and made smaller.
  const PAPER = { width: 680, height: 800, wide: 920, panel: 260 };
  const isDark = () => !printing && (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const own = (object, key) => Object.prototype.hasOwnProperty.call(object, key);
  const parse = (text) => {
    const dark = isDark();
    return JSON.parse(text, (_, value) => (dark && typeof value === "string" && own(swaps, value) ? swaps[value] : value));
  };

  // Panels stand in as many columns as there is room for; the layout's meta says how many at most.
  function placePanels(layout, width) {
    const meta = layout.meta || {};
    if (!meta.panels) return;
    const margin = layout.margin;
    const innerX = width - margin.l - margin.r;
    const room = meta.columns > 2 ? 230 : printing ? 200 : 330;
    const columns = Math.max(1, Math.min(meta.columns, meta.panels, Math.floor((innerX + meta.gapX) / (room + meta.gapX))));
    const title = layout.yaxis.title;
    const rows = Math.ceil(meta.panels / columns);
    const many = columns === 1 && meta.panels > 3 ? 0.75 * meta.height : meta.height;
    const fits = (PAPER.height * Math.max(1, width / PAPER.width) - margin.t - margin.b - (rows - 1) * meta.gapY) / rows;
    const high = printing ? Math.min(many, PAPER.panel, Math.max(70, fits)) : many;
    const innerY = rows * high + (rows - 1) * meta.gapY;
    const panel = (innerX - (columns - 1) * meta.gapX) / columns;
    for (let index = 0; index < meta.panels; index++) {
      const suffix = index ? String(index + 1) : "";
      const left = (index % columns) * (panel + meta.gapX) / innerX;
      const top = 1 - Math.floor(index / columns) * (high + meta.gapY) / innerY;
      layout["xaxis" + suffix].domain = [left, Math.min(1, left + panel / innerX)];
      layout["yaxis" + suffix].domain = [Math.max(0, top - high / innerY), top];
      if (meta.shared) layout["yaxis" + suffix].title = { ...title, text: index % columns ? "" : title.text };
    }
    layout.height = innerY + margin.t + margin.b;
  }

  // Text in a figure has the width that it has: captions and titles break where there is no room, and lines end earlier
  // where the labels behind them need more of it.
  const LETTER = 0.54; // of the size of the font, on average
  function broken(text, width, size) {
    const most = Math.max(12, Math.floor(width / (LETTER * size)));
    const lines = [];
    for (const word of text.split(" ")) {
      const last = lines.length - 1;
      if (last >= 0 && lines[last].length + word.length < most) lines[last] += " " + word;
      else lines.push(word);
    }
    return lines;
  }
  function breakCaptions(layout, width) {
    const margin = layout.margin;
    for (const note of layout.annotations || []) {
      if (note.name !== "caption") continue;
      const lines = broken(note.text, width - margin.l - margin.r, note.font.size);
      note.text = lines.join("<br>");
      margin.t += (lines.length - 1) * 1.3 * note.font.size;
    }
  }
  function breakTitles(layout, width) {
    const innerX = width - layout.margin.l - layout.margin.r;
    let most = 1;
    for (const [name, axis] of Object.entries(layout)) {
      if (!name.startsWith("xaxis") || !axis.title || !axis.title.text || axis.title.text.includes("&")) continue;
      const [left, right] = axis.domain || [0, 1];
      const lines = broken(axis.title.text, (right - left) * innerX, axis.title.font.size);
      axis.title.text = lines.join("<br>");
      most = Math.max(most, lines.length);
    }
    const more = (most - 1) * 17;
    layout.margin.b += more;
    layout.height += more;
  }
  function giveLabelsRoom(layout, width) {
    const innerX = width - layout.margin.l - layout.margin.r;
    for (const note of layout.annotations || []) {
      if (note.name !== "end") continue;
      const axis = layout["xaxis" + note.xref.slice(1)];
      const share = Math.min(0.6, (note.text.length * LETTER * note.font.size + 12) / ((axis.domain[1] - axis.domain[0]) * innerX));
      axis.range[1] = Math.max(axis.range[1], (note.x - axis.range[0] * share) / (1 - share));
    }
  }

  // Points that are trials say all hyperparameters, which stand in the page once, in the table.
  const KINDS = { i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array };
  function unpacked(values) {
    if (!values || Array.isArray(values)) return values || [];
    const bytes = Uint8Array.from(atob(values.bdata), (letter) => letter.charCodeAt(0));
    return Array.from(new KINDS[values.dtype](bytes.buffer));
  }
  function tellTrials(trace) {
    if (!trace.meta || !trace.meta.trials || !hpsearch.texts.size) return;
    trace.text = unpacked(trace.customdata).map((number) => hpsearch.texts.get(number) || "");
    trace.hovertemplate = trace.hovertemplate.replace("<extra>", "<br>%{text}<extra>");
  }

  // A figure may have several views: what each changes of the traces, and of the layout.
  function merge(target, changes) {
    for (const [key, value] of Object.entries(changes)) {
      const part = value && typeof value === "object" && !Array.isArray(value) && !value.bdata;
      if (part && target[key]) merge(target[key], value);
      else target[key] = value;
    }
  }
  function choose(figure, data, layout) {
    const views = layout.meta && layout.meta.views;
    if (!views) return;
    figure.view = Math.min(figure.view, views.length - 1);
    const bar = figure.element.parentElement.previousElementSibling;
    if (!bar.children.length) {
      bar.hidden = false;
      views.forEach((view, index) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = view.label;
        button.addEventListener("click", () => { figure.view = index; draw(figure); });
        bar.append(button);
      });
    }
    Array.from(bar.children, (button, index) => button.setAttribute("aria-pressed", String(index === figure.view)));
    views[figure.view].data.forEach((changes, index) => merge(data[index], changes));
    merge(layout, views[figure.view].layout);
  }

  const config = { displaylogo: false, responsive: false, displayModeBar: false };
  const figures = Array.from(document.querySelectorAll(".figure"), (element) => ({
    element,
    text: element.parentElement.nextElementSibling.textContent,
    view: 0,
  }));
  hpsearch.figures = figures;
  function draw(figure) {
    const { data, layout } = parse(figure.text);
    const meta = layout.meta || {};
    const least = Math.max(meta.minWidth || 0, printing && meta.columns > 2 ? PAPER.wide : 0);
    const room = printing ? PAPER.width : figure.element.parentElement.clientWidth;
    const width = Math.max(room, least);
    figure.element.style.zoom = printing && width > room ? room / width : ""; // paper does not scroll
    choose(figure, data, layout);
    data.forEach(tellTrials);
    breakCaptions(layout, width);
    placePanels(layout, width);
    breakTitles(layout, width);
    giveLabelsRoom(layout, width);
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
  const redraw = () => figures.filter((figure) => figure.drawn).forEach(draw);
  hpsearch.start = () => figures.forEach((figure) => near.observe(figure.element));
  // The room of a figure changes with the window, and with a scroll bar that comes or goes.
  let waiting = 0;
  const room = new ResizeObserver(() => {
    if (printing) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => {
      figures.filter((figure) => figure.drawn && figure.drawn !== figure.element.parentElement.clientWidth).forEach(draw);
    }, 120);
  });
  figures.forEach((figure) => room.observe(figure.element.parentElement));
  // On paper everything is there, and light.
  window.addEventListener("beforeprint", () => { printing = true; figures.forEach(draw); });
  window.addEventListener("afterprint", () => { printing = false; redraw(); });

  // The switch between light and dark; where the browser allows it, it is remembered.
  const switches = Array.from(document.querySelectorAll(".themes button"));
  function setTheme(theme) {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    switches.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.theme === theme)));
    redraw();
  }
  switches.forEach((button) => button.addEventListener("click", () => {
    setTheme(button.dataset.theme);
    try { window.localStorage.setItem("hpsearch-theme", button.dataset.theme); } catch { /* not allowed: not kept */ }
  }));
  try { setTheme(window.localStorage.getItem("hpsearch-theme") || ""); } catch { /* as the system */ }
  system.addEventListener("change", redraw);
})();
