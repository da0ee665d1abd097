"""A run's spans as the browser gets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opik_resume.base.records import ErrorInfo, RunDetails, Span, utc_now
from opik_resume.notebook.widget.looking.details import LONGEST, details_json, shortened, tokens

START = utc_now()


def span(id_: str, parent: str | None = None, at: float = 0.0, **fields: Any) -> Span:
    return Span(id_, parent, f"span {id_}", "general", START + timedelta(seconds=at), **fields)


def details(*spans: Span, **fields: Any) -> RunDetails:
    return RunDetails(**{"input": None, "spans": spans, "usage": {}, "cost": None, "url": None, **fields})


def test_spans_are_in_the_order_of_their_tree() -> None:
    told = details_json(details(span("a"), span("b", at=1), span("c", "a", at=2), span("d", "c", at=3), span("e", "a")))
    assert [(each["id"], each["depth"]) for each in told["spans"]] == [("a", 0), ("c", 1), ("d", 2), ("e", 1), ("b", 0)]


def test_a_span_whose_parent_is_missing_is_a_root_and_one_that_turns_in_a_circle_does_no_harm() -> None:
    told = details_json(details(span("a", "gone"), span("b", "c"), span("c", "b")))
    assert [(each["id"], each["depth"]) for each in told["spans"]] == [("a", 0)]


def test_a_span_says_when_it_began_and_how_long_it_took() -> None:
    ended = span("b", at=1.5, ended_at=START + timedelta(seconds=2))
    first, second = details_json(details(span("a"), ended))["spans"]
    assert (first["after"], first["seconds"]) == (0.0, None)
    assert (second["after"], second["seconds"]) == (1.5, 0.5)


def test_tokens_and_cost_are_those_of_the_run_else_the_sum_of_its_steps() -> None:
    steps = (span("a", usage={"prompt_tokens": 3, "completion_tokens": 4}, cost=0.5), span("b", usage={}, cost=0.25))
    told = details_json(details(*steps))
    assert (told["tokens"], told["cost"]) == (7, 0.75)
    told = details_json(details(*steps, usage={"total_tokens": 9}, cost=0.1))
    assert (told["tokens"], told["cost"]) == (9, 0.1)
    assert details_json(details())["cost"] is None
    assert tokens({"total_tokens": 0}) is None


def test_an_error_is_told_as_that_of_a_cell() -> None:
    (told,) = details_json(details(span("a", error=ErrorInfo("KeyError", "x", "File …"))))["spans"]
    assert told["error"] == {"type": "KeyError", "message": "x", "traceback": "File …", "stack": []}


@pytest.mark.parametrize("value", [None, 7, "short", ["a"], {"a": {"b": None}}])
def test_what_is_short_stays_what_it_is(value: Any) -> None:
    assert shortened(value) == value


def test_what_is_long_becomes_the_beginning_of_its_text() -> None:
    told = shortened({"prompt": "x" * LONGEST})
    assert told.startswith('{"prompt":"xxx')
    assert told.endswith("… (13 more characters)")
    assert len(shortened("y" * 2 * LONGEST)) < LONGEST + 50
