"""``python -m bench.cells``: time and memory against the number of cells, on the embedded store.

Four trials an item, one run in ten failed. Each figure is of a process of its own. Seconds are those of the processor:
a busy machine makes them longer, not others. With ``--evaluate`` so many no-op runs are evaluated, too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.subjects import peak_megabytes

ROOT = Path(__file__).parents[1]
TRIALS, FAILED = 4, 10
NAMES = {
    "plan": "plan_resume",
    "pandas": "plan.to_pandas",
    "list": "experiments()",
    "open": "open in the widget: first key frame",
    "result": "result.to_pandas and failures",
    "means": "repr(result) and statistics",
}
_AT_ONCE = 5_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--evaluate", type=int, default=0, help="this many no-op runs")
    options = parser.parse_args()
    print("| what | cells | s | peak MB |\n|---|---:|---:|---:|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for cells in options.cells:
            path = Path(folder) / f"{cells}.sqlite3"
            _call("make", path, cells)
            for what, name in NAMES.items():
                print(_line(name, cells, _call(what, path, cells)), flush=True)
        if options.evaluate:
            path = Path(folder) / "evaluated.sqlite3"
            _call("items", path, options.evaluate)
            print(_line("evaluate, no-op", options.evaluate, _call("evaluate", path, options.evaluate)), flush=True)


def _line(name: str, cells: int, figures: dict[str, float]) -> str:
    return f"| {name} | {cells:,} | {figures['seconds']:.2f} | {figures['megabytes']:.0f} |"


def _call(what: str, path: Path, cells: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.cells", "--one", what, str(path), str(cells)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    figures: dict[str, float] = json.loads(printed.splitlines()[-1])
    return figures


def one(what: str, path: str, cells: str) -> None:
    """One figure, in this process."""
    from opik_resume import connect

    store = connect(path)
    seconds = SUBJECTS[what](store, int(cells))
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


def _timed(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def make_items(store: Any, cells: int) -> float:
    from opik_resume import create_dataset

    dataset = create_dataset("numbers", store=store)
    return _timed(lambda: dataset.insert({"n": n, "reference": str(n)} for n in range(cells // TRIALS)))


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

    return _timed(lambda: len(plan_resume("e")))


def plan_table(_store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume import plan_resume

    made = plan_resume("e")
    return _timed(made.to_pandas)


def listing(_store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume import experiments

    return _timed(experiments)


def opened(store: Any, _cells: int) -> float:
    from opik_resume.notebook.background.readings import readings_of
    from opik_resume.notebook.widget.payload import head_json

    def key_frame() -> None:
        reading = readings_of(store).read(store.named("e")[0].id)
        head_json(reading)
        reading.grid.states.tobytes()

    return _timed(key_frame)


def result_table(store: Any, _cells: int) -> float:
    importlib.import_module("pandas")  # that takes a second of its own

    from opik_resume.experiment.reading import read_experiment
    from opik_resume.experiment.results import build_result

    result = build_result(read_experiment(store.named("e")[0], store, heavy=True))
    return _timed(lambda: (result.to_pandas(), result.failures))


def result_means(store: Any, _cells: int) -> float:
    from opik_resume.experiment.reading import read_experiment
    from opik_resume.experiment.results import build_result

    result = build_result(read_experiment(store.named("e")[0], store, heavy=True))
    return _timed(lambda: (repr(result), result.statistics()))


def evaluated(_store: Any, cells: int) -> float:
    from opik_resume import evaluate, get_dataset

    results: list[Any] = []
    dataset = get_dataset("numbers")
    seconds = _timed(
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


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
