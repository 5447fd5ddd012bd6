
(function () {
  // A page that is written anew while its study runs: it loads itself again, and stays as its reader left it: where it
  // was scrolled to, what was opened, the views, the search and the order of the table.
  const place = "hpsearch-place-" + location.pathname;
  const title = (element) => element.closest(".card").querySelector("h2").textContent;
  const details = () => Array.from(document.querySelectorAll(".card details"), (element) => ({
    element,
    name: title(element) + "\n" + element.querySelector("summary").textContent,
  }));
  const search = () => document.querySelector(".trials input");
  const headings = () => Array.from(document.querySelectorAll(".trials thead th"));
  function standing() {
    const sorted = headings().find((heading) => heading.getAttribute("aria-sort"));
    return {
      x: window.scrollX, y: window.scrollY,
      open: details().filter(({ element }) => element.open).map(({ name }) => name),
      views: hpsearch.figures.filter(({ view }) => view).map(({ element, view }) => [title(element), view]),
      words: search() ? search().value : "",
      sorted: sorted ? [sorted.textContent, sorted.getAttribute("aria-sort")] : null,
    };
  }
  function stand(kept) {
    details().forEach(({ element, name }) => { if (kept.open.includes(name)) element.open = true; });
    const views = new Map(kept.views);
    hpsearch.figures.forEach((figure) => { figure.view = views.get(title(figure.element)) || 0; });
    const [name, way] = kept.sorted || [];
    const button = headings().filter((heading) => heading.textContent === name).map((heading) => heading.firstChild)[0];
    if (button) for (let click = way === "descending" ? 2 : 1; click > 0; click--) button.click();
    if (search() && kept.words) {
      search().value = kept.words;
      search().dispatchEvent(new Event("input"));
    }
  }
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) || "null");
    sessionStorage.removeItem(place);
    if (kept !== null) {
      history.scrollRestoration = "manual";
      stand(kept);
      const back = () => window.scrollTo(kept.x, kept.y);
      back();
      window.addEventListener("load", () => requestAnimationFrame(back));
    }
  } catch { /* storage is not allowed: the browser keeps the place by itself, more or less */ }
  function again() {
    if (document.hidden) return; // nobody looks
    try { sessionStorage.setItem(place, JSON.stringify(standing())); } catch { /* as above */ }
    location.reload();
  }
  // A file cannot ask whether there is news.
  if (location.protocol === "file:") {
    window.setInterval(again, 15000);
    return;
  }
  const own = document.querySelector('meta[name="version"]').content;
  async function look() {
    try {
      const answer = await fetch("version", { cache: "no-store" });
      if (answer.ok && (await answer.text()) !== own) again();
    } catch { /* the command has ended: this page stays as it is */ }
  }
  window.setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  look();
})();
