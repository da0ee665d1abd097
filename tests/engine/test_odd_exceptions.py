"""Exceptions that are no help: whatever their attributes, their text and their chains do, they fail their own run alone."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from opik_resume import evaluate, plan_resume
from opik_resume.base.records import Json, utc_now
from opik_resume.base.text.tracebacks import MESSAGE_LIMIT, error_info
from opik_resume.engine.retrying import stated
from opik_resume.engine.retrying.policy import Retries, presses
from opik_resume.stores.protocol import Store
from tests.builders import numbers


class NoAttributes(Exception):
    """As a client's that makes attributes of a response that is not there."""

    def __getattr__(self, name: str) -> NoReturn:
        raise KeyError(name)


class NoRequest(Exception):
    """As httpx's, of which a request is asked that never was."""

    @property
    def response(self) -> NoReturn:
        raise RuntimeError("the .response property has not been set")

    status_code = code = status = body = reason = retry_after = details = response


class NoWords(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


@dataclass(frozen=True)
class Frozen(Exception):
    """Nothing can be set on it, not where it was raised either."""

    status: int


class Unreadable:
    """In the place of a header's value, and of headers."""

    def __str__(self) -> str:
        raise ValueError("no words")

    items = get = property(__str__)


def with_response(**told: Any) -> Exception:
    error = ValueError("no")
    error.response = SimpleNamespace(**told)  # type: ignore[attr-defined]
    return error


def in_a_circle() -> Exception:
    first, second = ValueError("first"), NoWords("second")
    first.__cause__, second.__cause__ = second, first
    return first


ODD = {
    "attributes raise": NoAttributes("a"),
    "properties raise": NoRequest("a"),
    "frozen": Frozen(500),
    "no words": NoWords("a"),
    "unreadable header": with_response(headers={"retry-after": Unreadable()}, status_code=429),
    "unreadable headers": with_response(headers=Unreadable(), status_code=429),
    "a status of many digits": with_response(status_code=10**400),
    "in a circle": in_a_circle(),
    "a group": ExceptionGroup("several", [NoAttributes("a"), NoRequest("b"), in_a_circle()]),
    "StopIteration": StopIteration("a"),
    "StopAsyncIteration": StopAsyncIteration("a"),
    "GeneratorExit": GeneratorExit("a"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_they_tell_is_asked_without_harm(case: str) -> None:
    error = ODD[case]
    for asked in (presses, Retries(1).passes, stated.status, stated.codes, error_info):
        asked(error)
    stated.seconds_until(error, utc_now())


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("how", [{"task_threads": 1}, {"task_threads": 4}, {"timeout": 20.0}, {"adaptive": False}])
@pytest.mark.parametrize("scoring", [False, True])
def test_they_fail_their_run_alone(store: Store, case: str, how: Any, scoring: bool) -> None:
    def bad(n: int) -> None:
        if n == 1:
            raise ODD[case]

    def task(item: Json) -> Json:
        if not scoring:
            bad(item["n"])
        return {"n": item["n"]}

    class Judge:
        name = "judge"

        def score(self, n: int, **_: Any) -> float:
            if scoring:
                bad(n)
            return 1.0

    result = evaluate(numbers(store, 3), task, [Judge()], verbose=0, max_wait=0, **how)
    failed = result.failures
    if scoring and isinstance(ODD[case], Exception):
        assert result.complete
        assert failed.error_type.tolist() == [type(ODD[case]).__name__]
    else:
        assert len(result.test_results) == 2
        assert (failed.state.tolist(), failed.error_type.tolist()) == (
            ["scoring_failed" if scoring else "task_failed"], [type(ODD[case]).__name__],
        )  # fmt: skip


def test_one_without_a_word_is_known_by_its_kind(store: Store) -> None:
    """As of an ``assert`` in a metric."""

    class Judge:
        name = "judge"

        def score(self, n: int) -> float:
            raise AssertionError

    result = evaluate(numbers(store, 2), lambda item: {"n": 1}, [Judge()], verbose=0)
    assert set(result.failures.message) == {"judge: AssertionError"}
    assert result.failure_groups.group.tolist() == ["AssertionError"]
    assert len(plan_resume(result.experiment_id)["AssertionError"]) == 2


@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("threads", [1, 4])
def test_they_are_raised_where_that_is_wanted(store: Store, case: str, threads: int) -> None:
    def task(item: Json) -> Json:
        raise ODD[case]

    with pytest.raises(type(ODD[case])) as raised:
        evaluate(numbers(store, 2), task, verbose=0, max_wait=0, task_threads=threads, raise_on_failure=True)
    assert raised.value is ODD[case]


def test_no_more_of_a_long_message_is_read_than_is_kept() -> None:
    """Rules are looked for in all of it, several times, while nothing else goes on."""
    assert len(stated.text_of(ValueError("x" * 2_000_000))) <= MESSAGE_LIMIT
