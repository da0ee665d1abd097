"""Answers are read fast, and as Python's own reader reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.text.jsontext import loads
from opik_resume.stores.opik.rest.encoding import encoded, read_json

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANY)
def test_what_was_written_is_read(value: Any) -> None:
    assert read_json(encoded(value)) == loads(encoded(value))
    plain = json.dumps(value).encode()
    assert read_json(plain) == loads(plain)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 2**64 - 1, 2**64, -(2**64), 10**18, 10**19, 10**400])
def test_integers_of_any_size_stay_exact(number: int) -> None:
    for value in (number, [number], {"n": {"deep": number}}):
        assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud83d"', '"\\ud83d\\ude00"', '{"a": "\\udc00 \\\\ud800"}', "NaN", "[Infinity, -Infinity]", "1e400", "-0", "1E5",
        '{"a": 1, "a": 2}', "[" * 900 + "]" * 900, '"\u2028"', " 1 ", "",
    ],
)  # fmt: skip
def test_what_other_programs_write_is_read_as_python_reads_it(text: str) -> None:
    def outcome(read: Any) -> str:
        try:
            return repr(read(text.encode()))
        except ValueError as error:
            return type(error).__bases__[0].__name__

    assert outcome(read_json) == outcome(loads)


@pytest.mark.parametrize("text", [b"", b"{", b"<html>", b"\xff", b'{"a": 1} x', b"{'a': 1}"])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text)
