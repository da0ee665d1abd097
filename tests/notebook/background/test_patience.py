"""Questions that may take long: nobody waits for them, and no answer is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from opik_resume.notebook.background import patience
from opik_resume.notebook.background.patience import Soon
from tests.notebook.helpers import TIMEOUT


class Question:
    """Is answered when it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = threading.Event()
        self.error: Exception | None = None

    def __call__(self) -> int:
        self.asked += 1
        assert self.open.wait(TIMEOUT)
        if self.error is not None:
            raise self.error
        return self.asked


@pytest.fixture
def question(monkeypatch: pytest.MonkeyPatch) -> Iterator[Question]:
    monkeypatch.setattr(patience, "PATIENCE", 0.02)
    asked = Question()
    yield asked
    asked.open.set()


def impatient(question: Question) -> tuple[Soon, threading.Semaphore]:
    """One that has been asked and has no answer yet, and what is released when there is one."""
    late = threading.Semaphore(0)
    soon = Soon(lambda key: late.release())
    assert soon.ask("key", question) is None
    return soon, late


def test_an_answer_in_time_is_the_answer_and_no_news(question: Question) -> None:
    question.open.set()
    late: list[object] = []
    soon = Soon(late.append)
    assert [soon.ask("key", question), soon.ask("key", question)] == [1, 2]
    assert late == []


def test_a_late_answer_is_kept_for_whoever_asks_again(question: Question) -> None:
    soon, late = impatient(question)
    assert soon.ask("key", question) is None
    question.open.set()
    assert late.acquire(timeout=TIMEOUT)
    assert soon.ask("key", question) == 1
    assert soon.ask("key", question) == 2


def test_what_somebody_has_taken_in_time_is_not_kept_for_who_left(
    question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ask: one leaves, the other waits and takes the answer. It is old for whoever asks after that."""
    taken, told, real = threading.Event(), threading.Event(), time.monotonic

    def slow_in_the_task() -> float:
        if threading.current_thread().name == "opik-resume task":
            taken.wait(0.2)
        return real()

    monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=slow_in_the_task))
    soon = Soon(lambda _: told.set())
    assert soon.ask("key", question) is None
    question.open.set()
    monkeypatch.setattr(patience, "PATIENCE", TIMEOUT)
    assert soon.ask("key", question) == 1
    taken.set()
    told.wait(0.2)  # it is told if nobody was there when it came
    assert soon.ask("key", question) == 2


def test_a_late_error_is_raised_once(question: Question) -> None:
    soon, late = impatient(question)
    question.error = ValueError("the server is away")
    question.open.set()
    assert late.acquire(timeout=TIMEOUT)
    with pytest.raises(ValueError, match="the server is away"):
        soon.ask("key", question)
    question.error = None
    assert soon.ask("key", question) == 2


def test_an_answer_is_fresh_for_a_while(question: Question) -> None:
    question.open.set()
    soon = Soon(lambda key: None)
    assert [soon.ask("key", question, fresh=60.0) for _ in range(3)] == [1, 1, 1]
    assert soon.ask("other", question, fresh=60.0) == 2


def test_what_nobody_asks_for_again_is_forgotten(question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_KEPT_SECONDS", 0.0)
    soon, late = impatient(question)
    question.open.set()
    assert late.acquire(timeout=TIMEOUT)
    soon.ask("other", question)
    assert "key" not in soon._asked
