"""Pages in a real browser, headless: no error in the console, every figure drawn, nothing of a user's executed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hpsearch.reports import page
from hpsearch.reports.comparison_page import write_comparison
from hpsearch.reports.page import write_page
from hpsearch.search.records import Dimension, StudyRecord
from tests.reports.comparisons.contestants import comparison, contestant, two
from tests.reports.studies import placed, search, study, trial, weighed
from tests.reports.test_page import EVIL, evil

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
    pytest.mark.slow,
]

STUDIES = {
    "none": lambda: search(0),
    "one": lambda: search(1),
    "ten": lambda: search(10),
    "hundred": lambda: search(100),
    "a thousand": lambda: search(1000),
    "ten thousand": lambda: placed(search(10_000, epochs=5)),
    "one hyperparameter": lambda: study(*(trial(n, n / 30, params={"x": n / 30}) for n in range(30))),
    "equal values": lambda: study(*(trial(n, 0.5, params={"x": n / 30}) for n in range(30))),
    "minimized": lambda: replace(search(60), direction="minimize"),
    "options only": lambda: study(
        *(trial(n, n / 30, params={"a": n % 2, "b": str(n % 3)}) for n in range(30)),
        dimensions=(Dimension("a", options=(0, 1)), Dimension("b", options=("0", "1", "2"))),
    ),
    "several objectives": lambda: weighed(search(120), third=True),
    "hostile": evil,
}
COMPARISONS = {
    "two": lambda: two(target=0.8),
    "hostile": lambda: comparison(
        *(
            contestant(name + EVIL, [0.5, best], [best], metric=EVIL, sampler=EVIL, study_file=EVIL,
                       dimensions=(Dimension(EVIL, options=(EVIL, "other")), Dimension("x", low=0.0, high=9.0)),
                       data_section={EVIL: EVIL})
            for name, best in (("a", 0.6), ("b", 0.7))
        ),
        target=0.6,
    ),
}  # fmt: skip


def opened(record: StudyRecord, folder: Path, width: int) -> tuple[str, str]:
    """The page as it stands after its script has run, and what the browser said."""
    return seen(write_page(record, folder / "page.html"), folder, width)


def seen(path: Path, folder: Path, width: int) -> tuple[str, str]:
    """The same of a page that is written already."""
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr", f"--window-size={width},20000", "--virtual-time-budget=20000", "--dump-dom",
        path.as_uri(),
    ]  # fmt: skip
    for _ in range(3):  # on a busy machine the browser may end before it has painted a first frame: then once more
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if 'class="figure js-plotly-plot"' in done.stdout or 'class="data"' not in done.stdout:
            break
    return done.stdout, done.stderr


CASES = [*((kind, 1400) for kind in STUDIES), ("hundred", 390), ("ten thousand", 390)]


@pytest.mark.parametrize(("kind", "width"), CASES)
def test_a_page_opens_without_an_error_and_runs_nothing_of_a_users(kind: str, width: int, tmp_path: Path) -> None:
    nothing_is_wrong(*opened(STUDIES[kind](), tmp_path, width))


@pytest.mark.parametrize(("kind", "width"), [(kind, width) for kind in COMPARISONS for width in (1400, 390)])
def test_a_comparison_opens_without_an_error_and_runs_nothing_of_a_users(kind: str, width: int, tmp_path: Path) -> None:
    path = write_comparison(COMPARISONS[kind](), tmp_path / "page.html")
    dom, said = seen(path, tmp_path, width)
    nothing_is_wrong(dom, said)
    assert dom.count('class="data"') == 6


def nothing_is_wrong(dom: str, said: str) -> None:
    """No error, no script that was stopped, every figure drawn, and no element that a name made."""
    console = [line for line in said.splitlines() if ":CONSOLE" in line]
    # A script of a user's that got into the page would be stopped by its policy, and be named here.
    bad = ("Error", "Refused", "Content Security Policy")
    assert not [line for line in console if any(word in line for word in bad)], console
    assert dom.count('class="figure js-plotly-plot"') == dom.count('class="data"')
    assert "<img" not in dom
    assert dom.count("<script") == dom.count("</script>") == dom.count('type="application/json"') + 2


def test_an_error_and_a_foreign_script_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset = page._asset
    for wrong in ("hpsearch.start();", "</main>"):
        more = {"hpsearch.start();": "nothing();", "</main>": "</main><script>alert(1)</script>"}[wrong]
        with monkeypatch.context() as patch:
            patch.setattr(page, "_asset", lambda name, w=wrong, m=more: asset(name).replace(w, m))
            with pytest.raises(AssertionError):
                test_a_page_opens_without_an_error_and_runs_nothing_of_a_users("ten", 1400, tmp_path)
