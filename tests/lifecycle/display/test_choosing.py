"""How a run is shown, wherever it runs: pure rules."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from opik_resume.base.process import hosts
from opik_resume.base.process.hosts import Place
from opik_resume.evaluation import arguments
from opik_resume.exceptions import ArgumentError
from opik_resume.lifecycle.display.choosing import Display, Kind, chosen

PLACES = {
    "terminal": Place(terminal=True),
    "pipe": Place(),
    "open notebook": Place(kernel=True, watched=True),
    "executed notebook": Place(kernel=True),
    "notebook started from a terminal": Place(kernel=True, terminal=True),
    "script started from a notebook": Place(watched=True),
}


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("terminal", "bar"),
        ("pipe", "lines"),
        ("open notebook", "grid"),
        ("executed notebook", "lines"),
        ("notebook started from a terminal", "lines"),
        ("script started from a notebook", "lines"),
    ],
)
def test_it_is_shown_as_it_can_be_seen(place: str, kind: Kind) -> None:
    assert chosen("auto", 1, PLACES[place]) == kind
    assert chosen("auto", 2, PLACES[place]) == kind


@pytest.mark.parametrize("place", PLACES)
def test_what_was_said_decides_and_0_is_nothing_at_all(place: str) -> None:
    for display in ("auto", "grid", "bar", "lines"):
        assert chosen(display, 0, PLACES[place]) is None
    assert chosen(None, 1, PLACES[place]) is None
    kinds: tuple[Display, ...] = ("grid", "bar", "lines")
    assert [chosen(display, 1, PLACES[place]) for display in kinds] == list(kinds)


@pytest.mark.parametrize(
    ("environment", "watched"),
    [
        ({}, False),
        ({"JPY_SESSION_NAME": "/home/ada/questions.ipynb"}, True),
        ({"JPY_SESSION_NAME": ""}, False),
        ({"JPY_PARENT_PID": "17"}, False),  # nbclient sets it, too
        ({"VSCODE_PID": "17"}, True),
        ({"COLAB_RELEASE_TAG": "release-colab"}, True),
        ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, True),
        ({"KAGGLE_KERNEL_RUN_TYPE": "Batch"}, False),
    ],
)
def test_who_looks_is_known_from_who_started_the_kernel(environment: dict[str, str], *, watched: bool) -> None:
    assert hosts.watched(environment) == watched


def test_no_stream_and_a_closed_one_are_no_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not hosts.in_kernel()
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed, object()):
        monkeypatch.setattr(sys, "stderr", stream)
        assert not hosts.place().terminal


@pytest.mark.parametrize(
    ("display", "on_event", "words"),
    [
        ("widget", None, 'display must be "auto", "grid", "bar", "lines" or None, got \'widget\''),
        (True, None, "display must be"),
        ("grid", None, "needs a Jupyter kernel, and none runs in this process"),
        ("auto", "print", "on_event must be a plain function that takes an event, got 'print'"),
        ("auto", lambda: None, "on_event <lambda> cannot be called with one argument, the event"),
        ("auto", threading.Event().set, "on_event set cannot be called with one argument, the event"),
    ],
)
def test_what_cannot_be_meant_is_refused(display: object, on_event: object, words: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        arguments.watching(1, display, on_event)
    assert words in str(refused.value)


def test_nobody_would_await_a_coroutine() -> None:
    async def on_event(event: object) -> None: ...

    with pytest.raises(ArgumentError, match="on_event must be a plain function"):
        arguments.watching(1, "auto", on_event)
