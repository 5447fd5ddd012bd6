"""Bad study files: each gets one line with file, line, what is wrong and what was probably meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpsearch.errors import InputError
from hpsearch.space.load import load_study

HEAD = "name: s\ndata: digits\nhyperparameters:\n"  # the next line is line 4
GOOD = HEAD + "  depth: 2\n"  # a whole study file; the next line is line 5

CASE = re.compile(r"^=== (.+)\n((?s:.*?))^>>> (.*)$", re.MULTILINE)
NAME_RULE = "must start with a letter or digit and have only letters, digits, '-', '_' and '.', at most 64"


def written_cases() -> dict[str, tuple[str, str]]:
    """What is wrong → the text of the file, and the message after the file's name."""
    written = Path(__file__).with_name("bad_study_files.txt").read_text(encoding="utf-8")
    return {
        what: (text.replace("<head>\n", HEAD).replace("<good>\n", GOOD), message)
        for what, text, message in CASE.findall(written)
    }


BAD = {
    **written_cases(),
    "an empty file": ("", ": the file is empty"),
    "a control character": (GOOD + "model: \x01", r":5: not valid YAML: the character '\x01'"),
    "a name that is too long": (
        GOOD.replace("name: s", "name: " + "s" * 65),
        f":1: name: {NAME_RULE}, not '{'s' * 56}...",
    ),
    "nested too deeply": (GOOD + "model: " + "[" * 40 + "]" * 40, ":5: nested too deeply"),
    "nested deeper than Python's stack": (GOOD + "model: " + "[" * 5000, ":5: nested too deeply"),
    "too many values": (
        GOOD + "model: [" + "1, " * 30_000,
        ":5: too large: more than 20000 values, aliases written out",
    ),
    "a number with thousands of digits": (
        HEAD + "  epochs: " + "9" * 5000,
        ":4: a number with too many digits",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_study_file_gets_one_exact_line(what: str, tmp_path: Path) -> None:
    text, message = BAD[what]
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load_study(file)
    assert str(raised.value) == f"{file}{message}"
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


def test_there_are_many_bad_files() -> None:
    assert len(BAD) > 100


def test_the_good_beginnings_of_the_bad_files_are_good(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(GOOD, encoding="utf-8")
    assert load_study(file).name == "s"


def test_a_missing_file_names_the_nearest_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_study.yaml").touch()
    monkeypatch.chdir(tmp_path)
    for wrong, meant in (("my_stdy.yaml", "my_study.yaml"), ("digit_mlp", "digits_mlp")):
        with pytest.raises(InputError) as raised:
            load_study(wrong)
        assert str(raised.value) == f"{wrong}: there is no such study file; did you mean {meant!r}?"


def test_a_folder_is_no_study_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        load_study(tmp_path)
    assert str(raised.value) == f"{tmp_path}: is a folder, not a study file"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "study.yaml"
    file.write_text(GOOD, encoding="utf-8")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError) as raised:
        load_study(file)
    assert str(raised.value) == f"{file}: cannot be read: Permission denied"


def test_a_file_in_another_encoding_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_bytes(b"name: s\n# caf\xe9\n")
    with pytest.raises(InputError) as raised:
        load_study(file)
    assert str(raised.value) == f"{file}:2: is not UTF-8 text"


def test_a_file_over_one_megabyte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text(GOOD + "#" * 1_000_000, encoding="utf-8")
    with pytest.raises(InputError) as raised:
        load_study(file)
    assert str(raised.value) == f"{file}: is larger than one megabyte: this is no study file"


def test_a_path_that_no_system_takes_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be a path"):
        load_study("x" * 10_000)
