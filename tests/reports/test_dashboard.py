from __future__ import annotations

from pathlib import Path

import pytest

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.reports.dashboard import fill, load_dashboard
from tests.reports.studies import study

GOOD = """\
title: "{name}"
intro: words
figures:
  - figure: best_so_far
    title: So far
"""

BAD = {
    "an unknown key": (GOOD + "colour: red\n", 6, "unknown key 'colour'"),
    "a key that is nearly right": (GOOD.replace("intro", "intros"), 2, "did you mean 'intro'?"),
    "an unknown key of a card": (GOOD + "    titel: x\n", 6, "did you mean 'title'?"),
    "an unknown figure": (GOOD.replace("best_so_far", "best_sofar"), 4, "did you mean 'best_so_far'?"),
    "an unknown option": (GOOD + "    options: {best: 3}\n", 6, "best_so_far has no option 'best'; it has no"),
    "an option that is nearly right": (
        GOOD.replace("best_so_far", "learning_curves") + "    options:\n      bset: 3\n",
        7,
        "did you mean 'best'?",
    ),
    "an option of the wrong type": (
        GOOD.replace("best_so_far", "learning_curves") + "    options: {best: many}\n",
        6,
        "learning_curves, option 'best': it should be a valid integer",
    ),
    "an option out of range": (
        GOOD.replace("best_so_far", "learning_curves") + "    options: {best: 99}\n",
        6,
        "less than or equal to 8",
    ),
    "a missing title": (GOOD.replace("    title: So far\n", ""), 4, "the key 'title' is missing"),
    "no figures": ("title: x\nfigures: []\n", 2, "figures: List should have at least 1 item"),
    "an unknown placeholder": (GOOD.replace("words", "the {metrics}"), 2, "did you mean 'metric'?"),
    "an empty placeholder": (GOOD.replace("words", "the {}"), 2, "unknown placeholder {}"),
    "a list": ("- a\n- b\n", 1, "a dashboard is a mapping"),
    "nothing": ("", 1, "the key 'figures' is missing"),
    "text that is not YAML": ("title: [\n", 2, "not valid YAML"),
    "a tag that would build a Python object": ("title: !!python/object/apply:os.system [x]\n", 1, "tags"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_dashboard_gets_one_line_with_its_place(tmp_path: Path, case: str) -> None:
    text, line, words = BAD[case]
    path = tmp_path / "page.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_dashboard(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: ")
    assert words in message
    assert "\n" not in message


def test_a_dashboard_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="there is no dashboard 'stduy'; did you mean 'study'"):
        load_dashboard("stduy")
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot read the dashboard"):
        load_dashboard("nowhere.yaml")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        load_dashboard(path)


def test_the_packaged_dashboard_shows_every_figure_once_with_words_above_it() -> None:
    dashboard = load_dashboard("study")
    assert sorted(card.figure for card in dashboard.figures) == sorted(registry.names("figure"))
    assert all(card.title and card.text for card in dashboard.figures)


def test_placeholders_are_filled_and_a_name_is_not_read_as_one() -> None:
    one = study(name="{metric}", direction="minimize")
    assert fill("{name}: {metric}, {better}", one, "dev loss") == "{metric}: dev loss, lower is better"
