"""What the real SDK does against the stand-in: one process runs all of it and prints one JSON object."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

import opik
from opik.evaluation import evaluate, evaluate_experiment, evaluate_resume
from opik.evaluation.metrics.base_metric import BaseMetric
from opik.evaluation.metrics.score_result import ScoreResult
from opik.evaluation.samplers import RandomDatasetSampler
from opik.evaluation.test_result import TestResult

PROJECT = "demo"
QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 4}

client = opik.Opik(project_name=PROJECT)


class Exact(BaseMetric):
    def score(self, output: str, expected: str, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, float(output == expected), reason="compared")


class NeedsContext(BaseMetric):
    def score(self, output: str, context: str, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, 1.0)


class Task:
    """Answers right, counts its calls, raises for the questions in ``broken``."""

    def __init__(self, *broken: str) -> None:
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.broken = set(broken)

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        with self._lock:  # trials of one question run side by side
            self.calls[item["question"]] += 1
        if item["question"] in self.broken:
            raise ValueError("boom")
        return {"output": item["expected"]}


def mean(results: list[TestResult]) -> ScoreResult:
    values = [score.value for result in results for score in result.score_results]
    return ScoreResult("mean", sum(values) / len(values))


def dataset(name: str, count: int = 5) -> opik.Dataset:
    made = client.create_dataset(name, project_name=PROJECT)
    made.insert(
        [{"question": f"q{n}", "expected": f"a{n}", "category": "odd" if n % 2 else "even"} for n in range(count)]
    )
    return made


def exact() -> list[BaseMetric]:
    return [Exact("exact", track=False)]


def trials() -> dict[str, Any]:
    result = evaluate(dataset("trials"), Task(), exact(), trial_count=2, experiment_scoring_functions=[mean], **QUIET)
    return {"id": result.experiment_id, "runs": len(result.test_results)}


def chosen() -> dict[str, Any]:
    """nb_samples, filter, ids and sampler: the items each of them runs."""
    items = dataset("chosen", 6)
    ids = [item["id"] for item in items.get_items() if item["question"] in {"q0", "q5"}]
    ways: dict[str, dict[str, Any]] = {
        "samples": {"nb_samples": 2},
        "filter": {"dataset_filter_string": 'data.category = "odd"'},
        "ids": {"dataset_item_ids": ids},
        "sampler": {"dataset_sampler": RandomDatasetSampler(max_samples=3)},
    }
    found = {}
    for name, way in ways.items():
        task = Task()
        result = evaluate(items, task, exact(), **way, **QUIET)
        again = Task()
        evaluate_resume(result.experiment_id, again, exact(), verbose=0)
        found[name] = {"asked": sorted(task.calls), "asked again": sorted(again.calls)}
    return found


def fails_and_resumes() -> dict[str, Any]:
    """One item fails; then the dataset changes; then a resume of the pinned version, and one of nothing."""
    items, broken, mended, idle = dataset("fails"), Task("q3"), Task(), Task()
    raised = None
    try:  # what it raises with is still on its way to the server afterwards
        evaluate(items, broken, exact(), experiment_name="fails", trial_count=2, **QUIET)
    except ValueError as error:
        raised = str(error)
    opik.flush_tracker()
    items.insert([{"question": "new", "expected": "new"}])
    items.delete([item["id"] for item in items.get_items() if item["question"] == "q0"])
    (experiment,) = client.get_experiments_by_name("fails", project_name=PROJECT)
    result = evaluate_resume(experiment.id, mended, exact(), verbose=0)
    evaluate_resume(experiment.id, idle, exact(), verbose=0)
    return {
        "id": experiment.id,
        "raised": raised,
        "asked": broken.calls,
        "asked again": mended.calls,
        "idle": idle.calls,
        "runs": len(result.test_results),
        "questions": sorted({result.test_case.dataset_item_content["question"] for result in result.test_results}),
    }


def scoring_fails() -> dict[str, Any]:
    """A score argument is missing: no run is complete."""
    items, task = dataset("unscored", 2), Task()
    raised = None
    try:
        evaluate(items, Task(), [*exact(), NeedsContext("needs", track=False)], experiment_name="unscored", **QUIET)
    except Exception as error:
        raised = type(error).__name__
    opik.flush_tracker()
    (experiment,) = client.get_experiments_by_name("unscored", project_name=PROJECT)
    evaluate_resume(experiment.id, task, exact(), verbose=0)
    return {"id": experiment.id, "raised": raised, "asked again": task.calls}


def scored_again() -> dict[str, Any]:
    first = evaluate(dataset("again", 3), Task(), exact(), experiment_name="again", **QUIET)
    second = evaluate_experiment("again", [Exact("second", track=False)], verbose=0, project_name=PROJECT)
    opik.flush_tracker()
    return {"id": first.experiment_id, "same": second.experiment_id == first.experiment_id}


def prompted() -> dict[str, Any]:
    prompt = opik.Prompt("greet", "Answer {{question}}", project_name=PROJECT)
    result = evaluate(dataset("prompted", 1), Task(), exact(), prompt=prompt, **QUIET)
    return {"id": result.experiment_id}


def looked_up() -> dict[str, Any]:
    """Reads that our own client shares with the SDK: traces of an experiment, spans of a trace."""
    experiment = evaluate(dataset("looked", 3), Task(), exact(), **QUIET)
    traces = client.search_traces(PROJECT, f'experiment_id = "{experiment.experiment_id}"', truncate=False)
    spans = client.search_spans(PROJECT, trace_id=traces[0].id)
    found = client.get_experiment_by_id(experiment.experiment_id)
    version = client.get_dataset("looked", project_name=PROJECT).get_version_info()
    client.auth_check()  # raises when refused
    return {
        "traces": [trace.output for trace in traces],
        "spans": sorted(str(span.name) for span in spans),
        "items": len(found.get_items()),
        "of dataset": len(client.get_dataset_experiments("looked", project_name=PROJECT)),
        "version": version and version.version_name,
    }


SCENARIOS = [trials, chosen, fails_and_resumes, scoring_fails, scored_again, prompted, looked_up]

if __name__ == "__main__":
    told = {scenario.__name__: scenario() for scenario in SCENARIOS}
    client.end()
    print(json.dumps(told))
