"""One kind of failure is one group, whatever varies in its message."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume.base.records import LIGHT_MESSAGE
from opik_resume.experiment.failures.failure_groups import MAX_LENGTH, failure_group, pattern

FOLDED = [
    ("Rate limit reached: Limit 10000, Used 9876. Try again in 1.25s.", "Rate limit reached: Limit <number>, Used <number>. Try again in <number>s."),
    ("Error code: 429 - {'error': {'message': 'slow down'}}", "Error code: 429 - {<value>: {<value>: <value>}}"),
    ("HTTP 503 from https://api.example.com/v1/chat?id=7, retrying", "HTTP 503 from <url>, retrying"),
    ("HTTP/1.1 500", "HTTP/1.1 500"),
    ("status_code=404", "status_code=404"),
    ("429 too many requests, request 17", "429 too many requests, request <number>"),
    ("503 The model is overloaded", "503 The model is overloaded"),
    ("429 Client Error: Too Many Requests for url: http://h/7", "429 Client Error: Too Many Requests for url: <url>"),
    ("the judge said: 502 Bad Gateway", "the judge said: 502 Bad Gateway"),
    ("500 items of 612 Items and 404 more", "<number> items of <number> Items and <number> more"),
    ("request req_011CQv4TzYbN3 failed", "request req_<id> failed"),
    ("trace 01a218bf-2dcb-7466-ae41-1bb3a302119c is gone", "trace <id> is gone"),
    ("no object 3f2a9c1b", "no object <id>"),
    ("no object ffab1234 or ABCD0001", "no object <id> or <id>"),
    ("req_00053225, req-00053225 and req_0006677b", "req_<id>, req-<id> and req_<id>"),
    ("req_40d52d5d, run-1d234567 and retry-1m5s", "req_<id>, run-<id> and retry-<number>s"),
    ("item_12 and item-13 and row 14", "item_<number> and item-<number> and row <number>"),
    ("expected int64 or float32, got utf8", "expected int64 or float32, got utf8"),
    ("[Errno 2] No such file: '/tmp/a/b.json'", "[Errno <number>] No such file: <value>"),
    ("cannot open /var/data/run 7/x", "cannot open <path> <number>/x"),
    ("cannot open data/run_3/items.jsonl now", "cannot open <path> now"),
    (r"cannot open C:\Users\me\x.txt", "cannot open <path>"),
    ("<function judge at 0x7f4e495bcae0> raised", "<function judge at <address>> raised"),
    ("connect to 10.0.0.7:8080 refused", "connect to <address> refused"),
    ("connect to localhost:5173 and db.example.org:5432", "connect to <address> and <address>"),
    ("mail to ann.b@example.com bounced", "mail to <email> bounced"),
    (r"'the agent\'s \'first\' word' is missing", "<value> is missing"),
    (r'"say \"no\"" and "yes"', "<value> and <value>"),
    (r"not in 'C:\data\' now", "not in <value> now"),
    ("took 12 ms, 3.5%, 1,234 tokens, -4e-3", "took <number> ms, <number>%, <number> tokens, <number>"),
    ("try again in 7m12.34s, 6m0s or 1h2m3s", "try again in <number>s, <number>s or <number>s"),
    ("try again in 120ms", "try again in <number>s"),
    ("try again in 1h12m33s, 2d3h or 1h30m", "try again in <number>s, <number>s or <number>s"),
    ("3d model of 7b and 4k, 12MiB/s, h264", "<number>d model of <number>b and <number>k, <number>MiB/s, h264"),
    ("at 2026-11-26T16:43:01Z", "at <number>Z"),
    ("don't know the user's name", "don't know the user's name"),
    ("yes and/or no, input/output", "yes and/or no, input/output"),
    ("  two\n   lines\t", "two lines"),
    ("", ""),
]  # fmt: skip


@pytest.mark.parametrize(("message", "expected"), FOLDED)
def test_what_varies_is_folded(message: str, expected: str) -> None:
    assert pattern(message) == expected


def test_a_group_is_the_type_and_the_pattern() -> None:
    assert failure_group("KeyError", "'answer'") == "KeyError: <value>"
    assert failure_group("TimeoutError", "") == "TimeoutError"
    assert failure_group("A", "x 1") == failure_group("A", "x 2") != failure_group("B", "x 1")


@given(st.text(max_size=300))
def test_a_pattern_is_one_short_line(message: str) -> None:
    found = pattern(message)
    assert len(found) <= MAX_LENGTH
    assert found == found.strip()
    assert len(found.splitlines()) <= 1


@given(
    st.sampled_from([message for message, _ in FOLDED if not re.search("code|HTTP|^[45]|502", message)]),
    st.integers(0, 9), st.integers(0, 9),
)  # fmt: skip
def test_other_digits_are_the_same_group(message: str, old: int, new: int) -> None:
    lone = re.compile(rf"(?<![\w.])\d*{old}\d*(?= (?:failed|tokens|ms)|, Used|\. Try)")
    assert pattern(lone.sub(lambda m: m.group().replace(str(old), str(new)), message)) == pattern(message)


@example("", 0, "17d8656d-1145-aeed-d5bd-c0cf81d4a2da", "")
@example("", 0, "5d12d345-1145-aeed-d5bd-c0cf81d4a2da", "")
@given(st.from_regex(r"\A[a-z ]{0,10}\Z"), st.integers(), st.uuids(), st.text("abcxyz /", max_size=8))
def test_numbers_ids_and_quoted_values_never_tell_apart(words: str, number: int, uuid: object, value: str) -> None:
    one = pattern(f"{words}: {number} of {uuid} is '{value}'")
    assert one == pattern(f"{words}: 7 of 01a218bf-2dcb-7466-ae41-1bb3a302119c is 'else'")


def test_every_process_says_the_same() -> None:
    code = "import sys; from opik_resume.experiment.failures.failure_groups import pattern; print(pattern(sys.argv[1]))"
    for message, expected in FOLDED[:4]:
        said = subprocess.run([sys.executable, "-c", code, message], check=True, capture_output=True, text=True)
        assert said.stdout.strip() == expected


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quoted_value_that_is_longer_than_what_is_read_is_one(quote: str) -> None:
    """A light reading has cut it already."""
    for length in (LIGHT_MESSAGE, 10 * LIGHT_MESSAGE):
        said = f"no answer for {quote}{'word ' * length}{quote}"
        assert pattern(said) == pattern(said[:LIGHT_MESSAGE]) == "no answer for <value>"
    assert pattern(f"no answer for {quote}word") == f"no answer for {quote}word", "this one ends there"


@given(st.text(alphabet="ab'\"\\ \x00 1", max_size=2 * LIGHT_MESSAGE), st.integers(0, LIGHT_MESSAGE))
def test_a_light_message_has_the_group_of_the_whole(message: str, more: int) -> None:
    whole = message + "'x " * more
    assert pattern(whole) == pattern(whole[:LIGHT_MESSAGE])


def test_a_huge_message_is_read_at_its_beginning() -> None:
    assert len(pattern("ab " * 1_000_000)) == MAX_LENGTH
    assert pattern("1 " * 5_000).startswith("<number> <number>")


@given(
    ids=st.tuples(*2 * [st.text("0123456789abcdef", min_size=8, max_size=32).filter(lambda text: not text.isalpha())]),
    prefix=st.sampled_from(["req_", "run-", "trace_id: req_"]),
)
def test_whichever_digits_an_id_has_it_is_one_group(ids: tuple[str, str], prefix: str) -> None:
    assert len({pattern(f"{prefix}{each} failed") for each in ids}) == 1
