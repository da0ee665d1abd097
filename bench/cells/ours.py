"""What is timed of ours, each in a process of its own: ``python -m bench.cells.one WHAT FILE CELLS``.

Four trials an item, one run in ten failed. What is imported once a session is imported before the time is taken.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bench.subjects import processor_seconds

TRIALS, FAILED = 4, 10
_AT_ONCE = 5_000


def make_items(store: Any, cells: int) -> float:
    from opik_resume import create_dataset

    dataset = create_dataset("numbers", store=store)
    return processor_seconds(lambda: dataset.insert({"n": n, "reference": str(n)} for n in range(cells // TRIALS)))


def make(store: Any, cells: int) -> float:
    """An experiment as ``evaluate`` would have left it, without running it."""
    from opik_resume.base.ids import new_id
    from opik_resume.base.metadata import resume_state
    from opik_resume.base.records import Experiment, utc_now

    make_items(store, cells)
    dataset, now = store.dataset("numbers"), utc_now()
    state = resume_state.ResumeState("v1", default_runs_per_item=TRIALS)
    metadata = resume_state.embed({}, state)
    made = Experiment(new_id(), "e", dataset.id, "numbers", "v1", metadata, cells, now, now)
    store.create(made)
    batch = []
    for attempt in _attempts(made, store.listed(dataset.id, "v1")):
        batch.append(attempt)
        if len(batch) == _AT_ONCE:
            store.record(batch)
            batch = []
    store.record(batch)
    return 0.0


def _attempts(experiment: Any, item_ids: Any) -> Iterator[Any]:
    from opik_resume.base.ids import new_id
    from opik_resume.base.records import Attempt, ErrorInfo, ScoreResult

    began, number = experiment.created_at, 0
    error, scores = ErrorInfo("ValueError", "boom", "Traceback …"), (ScoreResult("equals", 1.0, "the same"),)
    for item_id in item_ids:
        for trial in range(TRIALS):
            number += 1
            start = (new_id(), experiment.id, item_id, trial, began, began + timedelta(seconds=2))
            if number % FAILED:
                yield Attempt(*start, True, True, {"output": str(number)}, scores, None, 1.5, 0.5, (), ("equals",))
            else:
                yield Attempt(*start, error=error, task_seconds=2.0)


def plan(_store: Any, _cells: int) -> float:
    from opik_resume import plan_resume

    return processor_seconds(lambda: len(plan_resume("e")))


def plan_table(_store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume import plan_resume

    made = plan_resume("e")
    return processor_seconds(made.to_pandas)


def listing(_store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume import experiments

    return processor_seconds(experiments)


def opened(store: Any, _cells: int) -> float:
    from opik_resume.notebook.background.readings import readings_of
    from opik_resume.notebook.widget.looking.payload import head_json

    def key_frame() -> None:
        reading = readings_of(store).read(store.named("e")[0].id)
        head_json(reading)
        reading.grid.states.tobytes()

    return processor_seconds(key_frame)


def result_table(store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume.experiment.reading import read_experiment
    from opik_resume.experiment.results.evaluation_result import build_result

    result = build_result(read_experiment(store.named("e")[0], store, heavy=True))
    return processor_seconds(lambda: (result.to_pandas(), result.failures))


def result_means(store: Any, _cells: int) -> float:
    from opik_resume.experiment.reading import read_experiment
    from opik_resume.experiment.results.evaluation_result import build_result

    result = build_result(read_experiment(store.named("e")[0], store, heavy=True))
    return processor_seconds(lambda: (repr(result), result.statistics()))


def evaluated(_store: Any, cells: int) -> float:
    from opik_resume import evaluate, get_dataset

    results: list[Any] = []
    dataset = get_dataset("numbers")
    seconds = processor_seconds(
        lambda: results.append(evaluate(dataset, lambda _: {"output": "x"}, [], trial_count=TRIALS, verbose=0))
    )
    assert results[0].complete
    assert results[0].expected == cells
    return seconds


SUBJECTS: dict[str, Callable[[Any, int], float]] = {
    "items": make_items,
    "make": make,
    "plan": plan,
    "pandas": plan_table,
    "list": listing,
    "open": opened,
    "result": result_table,
    "means": result_means,
    "evaluate": evaluated,
}
