"""JSON text of ours: what is read back is what was written, and can be kept by every file, table and server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.text.jsontext import NOT_JSON, as_read_back, clean, from_json, to_json
from tests.strategies import JSON

ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "é 😀 \ud83d!",
        "\\ud83d",
        "\ude00",
        "\ud83d\ude00",
        "\ud83d\ud83d\ude00",
        "\\\ud83d",
        "\\\\\ud83d",
        "a\ude00\ude00",
    ]
)


@given(JSON)
def test_json_is_read_back_as_it_was_written(value: Any) -> None:
    assert as_read_back(value) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_exact(number: float) -> None:
    assert repr(as_read_back([number])[0]) == repr(number)


@given(ANY_TEXT)
def test_any_text_becomes_one_that_everything_can_keep_in_keys_and_values_alike(text: str) -> None:
    wanted = clean(text)
    wanted.encode("utf-8")
    assert wanted == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") or "\\ud" in wanted
    assert as_read_back({text: [text]}) == {wanted: [wanted]}
    assert clean(wanted) == wanted


@given(ANY_TEXT)
def test_files_that_hold_halves_of_pairs_as_escapes_are_read_as_clean_text(text: str) -> None:
    assert from_json(json.dumps({text: [text]})) == {clean(text): [clean(text)]}


def test_a_pair_in_two_halves_is_one_letter() -> None:
    assert clean("\ud83d\ude00") == as_read_back("\ud83d\ude00") == "😀"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, object(), {(1, 2): 3}])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(NOT_JSON):
        to_json(value)
