"""Integers and keys that no server reads are marked, wherever they stand, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume.base.text.encoding import encoded
from opik_resume.base.text.jsontext import from_json, to_json
from opik_resume.base.text.limits import LONG_KEYS, LONGEST_KEY, MOST_DIGITS, marked, within

LONG = 10**MOST_DIGITS  # one digit too many
KEY = "k" * 50_001


@pytest.mark.parametrize(
    "number", [LONG, LONG - 1, -LONG, 1 - LONG, 10 * LONG, 7**2000, 10**4000, 10 ** (MOST_DIGITS - 1)]
)
def test_an_integer_is_a_number_or_the_marked_text_of_it(number: int) -> None:
    (made,), notes = encoded([number])
    if len(str(number)) <= MOST_DIGITS:
        assert (made, notes) == (number, ())
    else:
        assert made == f"<int {number}>"
        assert int(made.removeprefix("<int ").removesuffix(">")) == number, "nothing is lost"
        assert notes == ("int kept as marked text: [0]",)


@pytest.mark.parametrize("length", [1, LONGEST_KEY, LONGEST_KEY + 1, 50_000, 200_000])
@pytest.mark.parametrize("letter", ["k", "é", "😀"])
def test_a_key_stays_or_is_in_a_list_beside_the_others(length: int, letter: str) -> None:
    key = letter * (length // len(letter.encode()))
    value = {"a": {key: {"deep": 1}, "other": 2}, "b": 3}
    made, notes = encoded(value)
    if len(key.encode()) <= LONGEST_KEY:
        assert (made, notes) == (value, ())
    else:
        assert made == {"a": {"other": 2, LONG_KEYS: [[key, {"deep": 1}]]}, "b": 3}
        assert notes == ("dict kept as pairs where its keys are too long: ['a']",)


def test_the_name_of_that_list_may_be_taken() -> None:
    value = {KEY: 1, LONG_KEYS: "mine"}
    assert encoded(value)[0] == {LONG_KEYS: "mine", f"{LONG_KEYS}'": [[KEY, 1]]}


def test_both_at_once_and_beside_what_is_no_json() -> None:
    value = {KEY: [LONG, {1}], "t": "1" * 2000, "f": [1.5] * 2000}
    made, _ = encoded(value)
    assert made == {"t": "1" * 2000, "f": [1.5] * 2000, LONG_KEYS: [[KEY, [f"<int {LONG}>", [1]]]]}
    assert encoded(made) == (made, ())


NUMBERS = st.integers() | st.integers(1, 4000).map(lambda digits: 10**digits)
KEYS = st.text(max_size=5) | st.sampled_from([KEY, "é" * 40_000])
VALUES: st.SearchStrategy[Any] = st.recursive(
    NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.just("9" * 3000) | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, st.integers(0, 150))
@example(["x" * 99, LONG], 0)
def test_where_it_stands_makes_no_difference(value: Any, before: int) -> None:
    """``within`` looks at samples of the text: none slips through, whatever stands before it."""
    whole = ["x" * before, value]
    made = marked(whole)
    assert readable(made)
    assert (made == whole) == readable(whole)
    for text in (to_json(whole), to_json(whole).encode()):
        assert not within(text, whole) or readable(whole)
        assert within(to_json(made), made) or "9" * 3000 in to_json(made) or "<int" in to_json(made)
    assert from_json(to_json(made)) == made


def readable(value: Any) -> bool:
    """As a server reads: no long number, no long key."""

    def number(text: str) -> int:
        if len(text) > MOST_DIGITS:
            raise OverflowError
        return int(text)

    def pairs(listed: list[tuple[str, Any]]) -> dict[str, Any]:
        if any(len(key.encode()) > LONGEST_KEY for key, _ in listed):
            raise OverflowError
        return dict(listed)

    try:
        json.loads(to_json(value), parse_int=number, object_pairs_hook=pairs)
    except OverflowError:
        return False
    return True
