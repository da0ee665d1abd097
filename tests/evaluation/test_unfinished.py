"""The cell of an interrupted evaluate, run again: that an unfinished one exists is said, then it goes on."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from opik_resume import close_experiment, connect, evaluate, evaluate_resume, exceptions, get_dataset, plan_resume
from opik_resume.base.ids import new_id
from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.metrics import Equals
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import unstarted
from tests.opik_server import OpikServer

ITEMS, BROKEN = 8, 3


def answer(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] < BROKEN:
        raise RuntimeError("cut")
    return {"output": str(item["n"])}


def other(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": ""}


def run(data: Dataset | DatasetVersion, task: Any = answer, name: str | None = None) -> str:
    return evaluate(data, task, [Equals()], experiment_name=name, verbose=0, task_threads=2).experiment_id


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [message for message in caplog.messages if "unfinished" in message.lower()]


@pytest.mark.parametrize("name", [None, "the same", "another"])
def test_an_unfinished_one_is_said_whatever_its_name(
    store: Store, caplog: pytest.LogCaptureFixture, name: str | None
) -> None:
    data = numbers(store, ITEMS)
    first = run(data, name="the same")
    assert said(caplog) == []
    second = run(data, name=name)
    (line,) = said(caplog)
    assert first in line
    assert f"{ITEMS - BROKEN} of {ITEMS}" in line
    assert f"evaluate_resume({first!r}, …)" in line
    assert f"%opik_resume {first}" in line
    assert second != first, "it goes on"


def _breaking(item: dict[str, Any], word: str) -> dict[str, Any]:
    raise RuntimeError(word)


def first_of(kind: str) -> Any:
    return (lambda item: answer(dict(item))) if kind == "lambda" else functools.partial(_breaking, word="one")


def second_of(kind: str) -> Any:
    return (lambda item: other(dict(item))) if kind == "lambda" else functools.partial(_breaking, word="two")


@pytest.mark.parametrize("kind", ["lambda", "partial"])
def test_a_name_that_all_of_a_kind_have_is_no_name(store: Store, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    data = numbers(store, ITEMS)
    first = run(data, first_of(kind))
    run(data, second_of(kind))
    assert said(caplog) == []
    run(data, first_of(kind))
    (line,) = said(caplog)
    assert first in line


def test_it_is_said_before_anything_runs(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    data = numbers(store, ITEMS)
    run(data)
    heard: list[int] = []

    def listening(item: dict[str, Any]) -> dict[str, Any]:
        heard.append(len(said(caplog)))
        return {}

    listening.__name__ = "answer"
    run(data, listening)
    assert set(heard) == {1}


def test_of_several_the_newest_is_named(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    data = numbers(store, ITEMS)
    run(data)
    second = run(data)
    caplog.clear()
    run(data)
    (line,) = said(caplog)
    assert second in line


def finish(data: Dataset, experiment_id: str, store: Store) -> None:
    evaluate_resume(experiment_id, other, [Equals()], verbose=0)


def close(data: Dataset, experiment_id: str, store: Store) -> None:
    close_experiment(experiment_id)


def hold(data: Dataset, experiment_id: str, store: Store) -> None:
    store.leases.acquire(experiment_id, new_id())


def insert(data: Dataset, experiment_id: str, store: Store) -> None:
    data.insert([{"n": 99, "reference": "99"}])


@pytest.mark.parametrize("change", [finish, close, hold, insert])
def test_nothing_is_said_of_one_that_is_finished_closed_running_or_of_other_items(
    store: Store, caplog: pytest.LogCaptureFixture, change: Any
) -> None:
    data = numbers(store, ITEMS)
    change(data, run(data), store)
    run(data)
    assert said(caplog) == []


def test_nothing_is_said_of_another_task_or_dataset(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    run(numbers(store, ITEMS))
    run(numbers(store, ITEMS, "other"))
    run(get_dataset("numbers"), other)
    assert said(caplog) == []


def test_one_that_only_its_status_calls_unfinished_is_not(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    data = numbers(store, ITEMS)
    first = run(data, other)
    store.update(first, status="running")  # killed after its last run
    run(data, other)
    assert said(caplog) == []


def test_an_ambiguous_name_marks_which_are_unfinished(store: Store) -> None:
    data = numbers(store, ITEMS)
    run(data, name="twice")
    run(data, other, name="twice")
    unstarted(store, "twice", data)
    with pytest.raises(exceptions.AmbiguousExperiment) as caught:
        plan_resume("twice")
    endings = [line.partition(" UTC")[2] for line in str(caught.value).splitlines()[1:]]
    assert endings == [
        f", unfinished: 0 of {ITEMS} runs complete",
        f", complete: {ITEMS} runs",
        f", unfinished: {ITEMS - BROKEN} of {ITEMS} runs complete",
    ]


def test_on_a_server_it_costs_no_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with OpikServer() as server:
        store = connect(server.url)
        data = numbers(store, ITEMS)
        ids: list[str] = []
        asked = count(server, lambda: ids.append(run(data)))
        (first,) = ids
        assert said(caplog) == []
        assert count(server, lambda: run(data)) <= asked
        (line,) = said(caplog)
        assert first in line
        assert f"{ITEMS - BROKEN} of {ITEMS}" in line
        store.flush(10)
        close_all()


def count(server: OpikServer, call: Any) -> int:
    before = len(server.requests)
    call()
    return len([r for r in server.requests[before:] if r.method == "GET"])
