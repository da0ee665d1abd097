"""An experiment changes hands: what one program started, the other finishes. Complete runs are kept, the rest runs once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opik_resume import connect, evaluate, evaluate_resume, experiments, plan_resume
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer, sdk

BY_SDK = str(Path(__file__).with_name("by_sdk.py"))


@pytest.fixture
def server() -> Iterator[OpikServer]:
    with OpikServer() as running:
        yield running
        assert running.problems == []


@pytest.fixture
def store(server: OpikServer) -> Iterator[Store]:
    yield connect(server.url)
    close_all()


def test_what_the_sdk_started_we_finish(server: OpikServer, store: Store, tmp_path: Path) -> None:
    assert "died: no answer" in sdk.run(server.url, tmp_path, BY_SDK, "evaluate", "theirs")
    assert {cell.reason for cell in plan_resume("theirs").cells} == {"RuntimeError: no answer"}
    task = CountingTask()
    result = evaluate_resume("theirs", task, [Equals()], verbose=0)
    assert dict(task.calls) == dict.fromkeys((0, 5, 10, 15), 2)
    assert (result.complete, len(result.test_results), result.undelivered) == (True, 40, 0)
    assert "called 0, results 40" in sdk.run(server.url, tmp_path, BY_SDK, "resume", result.experiment_id)


def test_what_we_started_the_sdk_finishes(server: OpikServer, store: Store, tmp_path: Path) -> None:
    task = CountingTask(fail=lambda item, call: item["n"] < 7)
    result = evaluate(numbers(store, 20), task, [Equals()], experiment_name="ours", trial_count=2, verbose=0)
    assert (len(result.test_results), result.undelivered) == (26, 0)
    assert "called 14, results 40" in sdk.run(server.url, tmp_path, BY_SDK, "resume", result.experiment_id)
    assert len(plan_resume("ours")) == 0
    assert experiments()[["done", "expected", "state"]].to_numpy().tolist() == [[40, 40, "complete"]]
