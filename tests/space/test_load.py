from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.errors import InputError
from hpsearch.space.hyperparameters import Choice, Fixed, Range
from hpsearch.space.load import dump_study, find_study_file, load_study, packaged_study_files, parse_study
from hpsearch.space.yaml_tree import NotReadableError, read_yaml, write_yaml

TEXT = "name: s\ndata: digits\nhyperparameters:\n  depth: 2\n"


@pytest.mark.parametrize(
    ("override", "form"),
    [
        ("hyperparameters.depth=5", Fixed(5)),
        ("hyperparameters.depth=[1,2]", Choice((1, 2))),
        ("hyperparameters.depth={low: 1, high: 3}", Range(1, 3, integer=True)),
        ("hyperparameters . depth = 5", Fixed(5)),
    ],
)
def test_an_override_takes_any_value_that_the_file_could_have(override: str, form: object) -> None:
    assert parse_study(TEXT, file="s.yaml", overrides=[override]).hyperparameters["depth"] == form


def test_overrides_make_missing_sections_and_the_last_one_wins() -> None:
    overrides = ["search.trials=5", "search.trials=1e1", "data.seed=4", "data.split.train=0.5"]
    overrides += ["data.split.dev=0.25", "data.split.test=0.25"]
    study = parse_study(TEXT, file="s.yaml", overrides=overrides)
    assert (study.search.trials, study.data.name, study.data.seed) == (10, "digits", 4)
    assert study.to_dict()["data"]["split"] == {"train": 0.5, "dev": 0.25, "test": 0.25}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study file with a table beside it, and another folder in which we are."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    file = tmp_path / "there" / "study.yaml"
    file.parent.mkdir()
    file.write_text(TEXT.replace("data: digits", "data: {name: csv, target: y, path: t.csv}"))
    return file


@pytest.mark.parametrize(
    ("override", "path"),
    [
        ("data.seed=1", "there/t.csv"),
        ("data.path=u.csv", "here/u.csv"),
        ("data.path=../u.csv", "u.csv"),
        ("data.path=~/u.csv", "home/u.csv"),
    ],
)
def test_a_path_starts_at_the_study_files_folder_and_one_that_is_typed_where_we_are(
    override: str, path: str, elsewhere: Path
) -> None:
    assert load_study(elsewhere, [override]).data.path == str(elsewhere.parents[1] / path)


def test_an_absolute_path_stays_and_only_its_last_part_tells_searches_apart(elsewhere: Path) -> None:
    one, other = (load_study(elsewhere, [f"data.path=/{folder}/t.csv"]) for folder in ("a", "b"))
    assert (one.data.path, other.data.path) == ("/a/t.csv", "/b/t.csv")
    assert one.identity() == other.identity()
    assert one.identity() != load_study(elsewhere, ["data.path=/a/u.csv"]).identity()
    assert parse_study(dump_study(one), file="s.yaml") == one


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("hyperparameters.epoch=5", "hyperparameters.epoch: unknown hyperparameter; did you mean 'epochs'?"),
        ("serach.trials=5", "serach: unknown key; did you mean 'search'?"),
        ("search.trails=5", "search.trails: unknown key; did you mean 'trials'?"),
        ("search.trials=0", "search.trials: must be at least 1, not 0"),
        ("search.trials=", "search.trials: must be a whole number, not nothing"),
        ("hyperparameters.depth={low: 3, high: 1}", "hyperparameters.depth: low is above high: 3 > 1"),
        ("hyperparameters.depth=[1, 1]", "hyperparameters.depth[1]: 1 is there twice"),
        ("name.first=x", "name: is not a mapping, so nothing can be set in it"),
        ("search.trials", "write PATH=VALUE, for instance hyperparameters.epochs=5"),
        ("search..trials=5", "write PATH=VALUE, for instance hyperparameters.epochs=5"),
        ("=5", "write PATH=VALUE, for instance hyperparameters.epochs=5"),
        ("model=[", "model: not valid YAML: expected the node content, but found '<stream end>'"),
        ("model=!!python/name:os.system", "model: tags are not allowed (a value starts with '!')"),
    ],
)
def test_a_wrong_override_is_named_in_place_of_file_and_line(override: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_study(TEXT, file="s.yaml", overrides=[override])
    assert str(raised.value) == f"--set {override}: {message}"


def test_a_mistake_in_the_file_is_told_before_one_in_an_override() -> None:
    with pytest.raises(InputError) as raised:
        parse_study(TEXT + "  width: 0\n", file="s.yaml", overrides=["search.trials=0"])
    message = "s.yaml:5: hyperparameters.width: must be at least 1 and at most 65536, not 0 (and 1 more error)"
    assert str(raised.value) == message


def test_an_override_can_mend_a_bad_file() -> None:
    study = parse_study(TEXT + "  width: 0\n", file="s.yaml", overrides=["hyperparameters.width=1"])
    assert study.hyperparameters["width"] == Fixed(1)


def test_anchors_and_aliases_are_read() -> None:
    text = TEXT + "  l1: &penalty {low: 1e-6, high: 1e-3, log: true}\n  l2: *penalty\n"
    study = parse_study(text, file="s.yaml")
    assert study.hyperparameters["l1"] == study.hyperparameters["l2"] == Range(1e-6, 1e-3, log=True)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load_study(file).name == "s"


def test_a_packaged_study_file_is_found_by_name_with_and_without_its_ending() -> None:
    packaged = packaged_study_files()["digits_mlp"]
    assert find_study_file("digits_mlp") == find_study_file("digits_mlp.yaml") == packaged


def test_a_file_here_is_preferred_to_a_packaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "digits_mlp.yaml").write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_study("digits_mlp.yaml").name == "s"


def test_a_packaged_name_in_another_folder_is_not_found() -> None:
    with pytest.raises(InputError, match="there is no such study file"):
        find_study_file("elsewhere/digits_mlp.yaml")


def test_loading_a_study_imports_nothing_heavy() -> None:
    heavy = "torch optuna mlflow pandas plotly sklearn numpy"
    program = (
        "import sys; from hpsearch.space.load import load_study; load_study('digits_mlp');"
        f"print(*[name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


words = st.text("ab1e-+_.:#'\"\\\n é")
plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc1e-."), inner, max_size=3),
    max_leaves=8,
)


@given(plain_data)
def test_written_yaml_reads_back_as_the_same_data(data: object) -> None:
    read = read_yaml(write_yaml(data)).value
    assert repr(read) == repr(data)


@given(st.text(max_size=60) | st.text("abc:{}[]-&*!?|>'\"#, \n\t%@1.e", max_size=40))
def test_any_text_is_read_or_refused_with_its_line(text: str) -> None:
    refused = None
    try:
        read_yaml(text)
    except NotReadableError as error:
        refused = error
    assert refused is None or (refused.line >= 1 and refused.what)


@given(st.text("abc:{}[]-&*!, \n1.e", max_size=60))
def test_any_end_of_a_study_file_is_read_or_refused_in_one_line(text: str) -> None:
    refused = None
    try:
        parse_study(TEXT + text, file="s.yaml")
    except InputError as error:
        refused = str(error)
    assert refused is None or (refused.startswith("s.yaml:") and "\n" not in refused)
