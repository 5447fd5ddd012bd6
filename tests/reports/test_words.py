from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpsearch.events import Scalar
from hpsearch.reports.words import duration, label, number, plain, scalar, shorten, two_lines


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (3.0, "3"), (512, "512"), (0.98765, "0.9877"), (0.5, "0.5"), (1e-4, "0.0001"),
        (0.00001234, "1.234e-5"), (1e-7, "1e-7"), (12345.6, "12346"), (99999.5, "100000"), (-0.25, "-0.25"),
        (2.5e9, "2.5e9"), (1e6, "1e6"), (float("inf"), "inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(min_value=1e-12, max_value=1e12))
def test_a_short_number_is_within_half_of_its_last_digit(value: float) -> None:
    assert math.isclose(float(number(value)), value, rel_tol=5.1e-4)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (None, "none"), ("leaky_relu", "leaky_relu"), (1, "1")]
)
def test_values_are_written_as_in_a_study_file(value: Scalar, text: str) -> None:
    assert scalar(value) == text


def test_a_name_is_written_with_spaces() -> None:
    assert label("learning_rate") == "learning rate"
    assert label("_") == "_"


def test_long_text_becomes_one_short_line() -> None:
    assert shorten("a\n  b\tc") == "a b c"
    assert shorten("x" * 100, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 s"), (7.26, "7.3 s"), (59.4, "59 s"), (59.97, "1 min 0 s"), (200, "3 min 20 s"),
        (3599.7, "1 h 0 min"), (7500, "2 h 5 min"), (97200, "1 d 3 h"),
    ],
)  # fmt: skip
def test_times_come_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.text())
def test_plain_text_has_nothing_that_plotly_would_interpret(text: str) -> None:
    assert not set("<>%$") & set(plain(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("adam", "adam"),
        ("xavier_normal", "xavier_<br>normal"),
        ("a_long_name_in_parts", "a_long_name_<br>in_parts"),
        ("averagedmomentum", "averagedmomentum"),
        ("<b>_bold_text", "&lt;b&gt;_<br>bold_text"),
    ],
)
def test_a_long_label_breaks_at_an_underscore(text: str, shown: str) -> None:
    assert two_lines(text) == shown
