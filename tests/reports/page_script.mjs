// Runs a page's own script in Node with the little of a browser that it needs, and prints what it did as JSON.
// node page_script.mjs PAGE WIDTH [dark]
import { readFileSync } from "node:fs";

const [path, width, dark] = process.argv.slice(2);
const html = readFileSync(path, "utf8");

class Element {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, dataset: {}, style: {}, children: [], listeners: {}, hidden: false });
    Object.assign(this, { value: "", className: "", own: "", parentElement: null });
  }
  set textContent(text) { this.own = String(text); this.children = []; }
  get textContent() { return this.own + this.children.map((child) => child.textContent).join(""); }
  append(...children) { for (const child of children) { child.parentElement = this; this.children.push(child); } }
  replaceChildren(...children) { this.children = []; this.append(...children); }
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  addEventListener(kind, listener) { (this.listeners[kind] ||= []).push(listener); }
  fire(kind) { (this.listeners[kind] || []).forEach((listener) => listener({})); }
  click() { clicked.push(this); this.fire("click"); }
  querySelector(what) { return this.parts[what]; }
}

const clicked = [];
const scripts = [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)].map(([, about, text]) => ({ about, text }));
const data = (name) => scripts.filter(({ about }) => about.includes(name)).map(({ text }) => text);
const withText = (text) => { const element = new Element("script"); element.textContent = text; return element; };

// A figure stands in its frame; the bar of its views stands before that, its data behind.
const bars = [];
const figures = data('class="data"').map((text) => {
  const [bar, frame, figure] = [new Element("div"), new Element("div"), new Element("div")];
  frame.append(figure);
  Object.assign(frame, { clientWidth: Number(width), previousElementSibling: bar, nextElementSibling: withText(text) });
  bars.push(bar);
  return figure;
});
const tables = data('class="rows"').map((text) => {
  const block = new Element("div");
  block.parts = { ".rows": withText(text) };
  for (const part of ["thead tr", "tbody", "input", ".more", "output", ".save"]) block.parts[part] = new Element(part);
  return block;
});
const themes = ["", "light", "dark"].map((theme) => Object.assign(new Element("button"), { dataset: { theme } }));
const byId = { swaps: withText(data('id="swaps"')[0]), runs: withText(data('id="runs"')[0]) };
const lists = { ".figure": figures, ".trials": tables, ".themes button": themes };
const listeners = {};
const saved = [];
globalThis.document = {
  documentElement: new Element("html"),
  getElementById: (id) => byId[id],
  querySelectorAll: (what) => lists[what],
  createElement: (tag) => new Element(tag),
};
globalThis.window = {
  matchMedia: (query) => ({ matches: query.includes("dark") && dark === "dark", addEventListener() {} }),
  addEventListener: (kind, listener) => { listeners[kind] = listener; },
  setTimeout: () => 0, clearTimeout() {},
  localStorage: { getItem: () => null, setItem() {} },
};
globalThis.IntersectionObserver = class {
  constructor(tell) { this.tell = tell; }
  observe(target) { this.tell([{ isIntersecting: true, target }]); }
  unobserve() {}
};
globalThis.ResizeObserver = class { observe() {} };
globalThis.Blob = class { constructor(parts) { this.text = parts.join(""); } };
globalThis.URL = { createObjectURL: (blob) => { saved.push(blob.text); return "blob:"; }, revokeObjectURL() {} };
const drawn = new Map();
globalThis.Plotly = {
  react: (element, traces, layout) => drawn.set(element, { data: traces, layout, count: (drawn.get(element)?.count ?? 0) + 1 }),
};

(0, eval)(scripts.filter(({ about }) => !about).at(-1).text);

const shown = () => figures.map((figure) => drawn.get(figure));
const [table] = tables;
const rows = () => table.parts.tbody.children.map((row) => row.children.map((cell) => cell.textContent));
const says = {
  first: JSON.parse(JSON.stringify(shown())),
  rows: rows(),
  count: table.parts.output.textContent,
  more: !table.parts[".more"].hidden,
  headings: table.parts["thead tr"].children.map((heading) => heading.textContent),
  links: table.parts.tbody.children.map((row) => row.children[0].children[0]?.href ?? null),
};
const sort = (column) => table.parts["thead tr"].children[column].children[0].click();
sort(2); says.up = rows();
sort(2); says.down = rows();
says.sorted = table.parts["thead tr"].children[2].attributes["aria-sort"];
table.parts.input.value = "ADAM pruned";
table.parts.input.fire("input");
says.found = rows();
table.parts[".save"].click();
says.csv = saved[0];
table.parts.input.value = "";
table.parts.input.fire("input");
if (says.more) { table.parts[".more"].click(); says.all = rows().length; }
const views = bars.find((bar) => bar.children.length);
if (views) {
  views.children[1].click();
  says.views = views.children.map((button) => [button.textContent, button.attributes["aria-pressed"]]);
  says.second = drawn.get(figures[bars.indexOf(views)]);
}
themes[2].click();
says.darkened = shown();
listeners.beforeprint();
says.printed = shown();
says.zooms = figures.map((figure) => figure.style.zoom);
listeners.afterprint();
console.log(JSON.stringify(says));
