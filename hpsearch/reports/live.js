
(function () {
  // A page that is written anew while its study runs: it loads itself again, and stays where it was scrolled to.
  const place = "hpsearch-place-" + location.pathname;
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) || "null");
    sessionStorage.removeItem(place);
    if (kept !== null) {
      history.scrollRestoration = "manual";
      const back = () => window.scrollTo(kept.x, kept.y);
      back();
      window.addEventListener("load", () => requestAnimationFrame(back));
    }
  } catch { /* storage is not allowed: the browser keeps the place by itself, more or less */ }
  function again() {
    if (document.hidden) return; // nobody looks
    try { sessionStorage.setItem(place, JSON.stringify({ x: window.scrollX, y: window.scrollY })); } catch { /* as above */ }
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
