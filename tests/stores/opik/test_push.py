"""An experiment of the embedded store on a server: the same in everything, however often and with whatever faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume
from opik_resume.base.records import ScoreResult
from opik_resume.evaluation import pushing
from opik_resume.evaluation.pushing import push
from opik_resume.exceptions import ArgumentError, DatasetAlreadyExists, ServerError
from opik_resume.experiment.reading import read_experiment
from opik_resume.metrics import BaseMetric, Equals
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from tests.builders import CountingTask, numbers
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults


class Raises(BaseMetric):
    def score(self, output: str, **_: Any) -> ScoreResult:
        raise ValueError("no score today")


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalStore]:
    opened = LocalStore(tmp_path / "embedded.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def experiment_id(local: LocalStore) -> str:
    """Of a dataset with three versions, the second pinned, with a failed run and a metric that raised."""
    dataset = numbers(local, 6)
    first, *rest = dataset.get_items()
    dataset.update([{**first, "n": 50, "reference": "50"}])
    pinned = dataset.versions()[0]
    dataset.delete([rest[0]["id"]])
    task = CountingTask(fail=lambda item, call: item["n"] == 2)
    metrics = [Equals(), Raises("raises")]
    return evaluate(pinned, task, metrics, trial_count=2, verbose=0, experiment_name="mine", nb_samples=4).experiment_id


def picture(server: OpikServer) -> list[Any]:
    """What the server has, row by row, without the times of writing."""
    state = server.state
    rows = [*state.traces.values(), *state.spans.values(), *state.experiment_items.values()]
    rows += [score for scores in state.scores.values() for score in scores.values()]
    hidden = {"created_at", "last_updated_at", "metadata"}
    return [len(state.datasets), *({k: v for k, v in row.items() if k not in hidden} for row in rows)]


def test_it_is_the_same_there(local: LocalStore, store: OpikStore, server: OpikServer, experiment_id: str) -> None:
    assert push("mine", store, store=local).startswith(server.url.removesuffix("api/"))
    here, there = (read_experiment(each.get(experiment_id), each, heavy=True) for each in (local, store))
    assert there.items == here.items
    assert (there.grid.states == here.grid.states).all()
    assert there.grid.attempts == here.grid.attempts
    assert (there.experiment.expected, there.experiment.version_name) == (8, "v2")
    assert there.experiment.metadata == here.experiment.metadata


def test_twice_changes_nothing(local: LocalStore, store: OpikStore, server: OpikServer, experiment_id: str) -> None:
    push(experiment_id, store, store=local)
    before = picture(server)
    server.forget_requests()
    push(experiment_id, store, store=local)
    assert picture(server) == before
    writes = [str(request) for request in server.requests if faults.is_write(request)]
    assert writes == []


@pytest.mark.parametrize("position", range(12))
def test_a_push_that_broke_off_goes_on(
    position: int, local: LocalStore, store: OpikStore, server: OpikServer, experiment_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(pushing, "PATIENCE", 0.1)
    fault = server.faults.add(faults.DropAfter(), faults.is_write, times=None, after=position)
    try:
        push(experiment_id, store, store=local)
    except ServerError:
        pass
    server.faults.remove(fault)
    push(experiment_id, store, store=local)
    assert store.flush(10)
    there = read_experiment(store.get(experiment_id), store, heavy=True)
    here = read_experiment(local.get(experiment_id), local, heavy=True)
    assert there.grid.attempts == here.grid.attempts
    assert len(server.state.experiment_items) == len(server.state.traces) == 8
    (dataset,) = server.state.datasets.values()
    assert len(dataset.versions) == 2


def test_it_is_finished_there(local: LocalStore, store: OpikStore, server: OpikServer, experiment_id: str) -> None:
    push(experiment_id, store, store=local)
    task = CountingTask()
    assert evaluate_resume(experiment_id, task, [Equals()], store=store, verbose=0).complete
    assert dict(task.calls) == {2: 2}
    assert server.state.experiments[experiment_id]["status"] == "completed"


def test_a_complete_one_is_completed_there_with_its_scores(
    local: LocalStore, store: OpikStore, server: OpikServer
) -> None:
    def mean(results: list[Any]) -> ScoreResult:
        return ScoreResult("mean", 0.5)

    made = evaluate(numbers(local, 3), CountingTask(), verbose=0, experiment_scoring_functions=[mean])
    push(made.experiment_id, store, store=local)
    experiment = server.state.experiments[made.experiment_id]
    assert (experiment["status"], experiment["experiment_scores"]) == ("completed", [{"name": "mean", "value": 0.5}])


def test_chosen_items_go_with_it(local: LocalStore, store: OpikStore) -> None:
    dataset = numbers(local, 5)
    ids = [item["id"] for item in dataset.get_items()][1:3]
    made = evaluate(dataset, CountingTask(), dataset_item_ids=ids, verbose=0)
    push(made.experiment_id, store, store=local)
    assert store.get(made.experiment_id).item_ids == tuple(ids)


def test_another_dataset_of_that_name_is_left_alone(local: LocalStore, store: OpikStore, experiment_id: str) -> None:
    numbers(store, 2)
    with pytest.raises(DatasetAlreadyExists, match="another dataset 'numbers'"):
        push(experiment_id, store, store=local)


def test_only_to_a_server(local: LocalStore, experiment_id: str) -> None:
    with pytest.raises(ArgumentError, match="to must be an Opik server"):
        push(experiment_id, local, store=local)
