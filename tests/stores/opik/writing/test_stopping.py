"""■ gives control back at once, whatever the server does meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.exceptions import EvaluationInterrupted
from opik_resume.metrics import Equals
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.reading.recalled import Memory
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer


class Interrupted:
    """A task in whose fourth call ■ is pressed, which does not return before it is released.

    What is asked of the server from then on, by the one whom the main thread waits for, is noted.
    """

    def __init__(self, store: OpikStore) -> None:
        self.asked: list[httpx.Request] = []
        self.released = threading.Event()
        self._calls = 0
        self._pressed = False
        store._client._http.event_hooks = {"request": [self._note]}

    def _note(self, request: httpx.Request) -> None:
        if self._pressed and threading.current_thread().name == "opik-resume-door":
            self.asked.append(request)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        self._calls += 1
        if self._calls == 4:
            self._pressed = True
            os.kill(os.getpid(), signal.SIGINT)
            self.released.wait()
        return {"output": str(item["n"])}


@pytest.fixture
def task(store: OpikStore) -> Iterator[Interrupted]:
    task = Interrupted(store)
    yield task
    task.released.set()


def test_an_interrupted_evaluation_asks_the_server_nothing(
    server: OpikServer, store: OpikStore, task: Interrupted
) -> None:
    dataset = numbers(store, 5)
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate(dataset, task, [Equals()], task_threads=1, verbose=0, trial_count=2)
    assert task.asked == []
    result = caught.value.result
    assert (result.expected, len(result.test_results)) == (10, 3)
    assert [test.test_case.task_output for test in result.test_results] == [{"output": "4"}] * 2 + [{"output": "3"}]
    assert store.flush(10)


def test_the_version_that_was_evaluated_is_remembered_not_the_newest(store: OpikStore, task: Interrupted) -> None:
    dataset = numbers(store, 5)
    pinned = dataset.latest()
    assert pinned is not None
    dataset.insert([{"n": 5, "reference": "5"}])
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate(pinned, lambda item: (dataset.get_items(), task(item))[1], task_threads=1, verbose=0)
    assert (task.asked, caught.value.result.expected) == ([], 5)


def test_what_only_the_server_knows_is_asked_for(store: OpikStore, task: Interrupted) -> None:
    broken = CountingTask(fail=lambda item, call: item["n"] < 4)
    first = evaluate(numbers(store, 6), broken, [Equals()], verbose=0)
    store._journal.shown(store._journal.entries(first.experiment_id))
    store._memory = Memory()
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate_resume(first.experiment_id, task, [Equals()], task_threads=1, verbose=0, store=store)
    assert task.asked, "the outputs of the first run are on the server alone"
    assert len(caught.value.result.test_results) == 5
