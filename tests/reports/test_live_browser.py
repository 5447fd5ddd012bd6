"""A page that is written anew while it is looked at, in a real browser: it comes again as its reader left it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpsearch.cli.watch import Page, serve
from hpsearch.reports.page import write_page
from tests.cli.command import wait_for
from tests.reports.driver import DRIVER, Browser, browser
from tests.reports.studies import search
from tests.reports.test_browser import BROWSER

pytestmark = [
    pytest.mark.skipif(BROWSER is None or DRIVER is None, reason="no Chromium with its chromedriver on this machine"),
    pytest.mark.slow,
]

LEAVE = """
document.querySelector("details").open = true;
hpsearch.figures[0].element.parentElement.previousElementSibling.children[1].click();
document.querySelectorAll(".trials th button")[2].click();
document.querySelectorAll(".trials th button")[2].click();
const search = document.querySelector(".trials input");
search.value = "adam";
search.dispatchEvent(new Event("input"));
window.scrollTo(0, 700);
"""
STANDING = """
return [
  document.querySelector('meta[name="version"]').content,
  Array.from(document.querySelectorAll("details"), (element) => element.open),
  hpsearch.figures.filter((figure) => figure.view)
    .map((figure) => [figure.element.closest(".card").querySelector("h2").textContent, figure.view]),
  document.querySelector("[aria-sort]")?.textContent,
  document.querySelector("[aria-sort]")?.getAttribute("aria-sort"),
  document.querySelector(".trials input").value,
  document.querySelectorAll(".trials tbody tr").length > 0,
  Math.round(window.scrollY),
];
"""


def test_a_page_that_is_loaded_again_stands_as_it_was_left(tmp_path: Path) -> None:
    page = Page(write_page(search(40), tmp_path / "page.html", live="one"), "one")
    server = serve(page, 0)
    try:
        with browser(str(BROWSER)) as opened:
            opened.open(f"http://127.0.0.1:{server.server_address[1]}/")
            wait_for(lambda: opened.run("return hpsearch.figures[0].drawn > 0"), "the first figure")
            opened.run(LEAVE)
            left = opened.run(STANDING)
            assert left[1][0] is True
            assert left[2] == [["The best value so far", 1]]
            assert left[4:] == ["descending", "adam", True, 700]
            write_page(search(45), page.path, live="two")
            page.version = "two"
            wait_for(lambda: opened.run("return document.readyState === 'complete'") and _again(opened), "a new page")
            assert opened.run(STANDING) == ["two", *left[1:]]
    finally:
        server.shutdown()
        server.server_close()


def _again(opened: Browser) -> bool:
    standing = opened.run(STANDING)
    return bool(standing[0] == "two" and standing[-1] > 0)
