"""Evaluations by the real ``opik`` package that end in every way there is; prints the experiments' ids as JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import opik
from opik.evaluation import evaluate, evaluate_resume
from opik.evaluation.metrics.base_metric import BaseMetric
from opik.evaluation.metrics.score_result import ScoreResult
from opik.evaluation.samplers import RandomDatasetSampler

PROJECT = "demo"
client = opik.Opik(project_name=PROJECT)


class Equal(BaseMetric):
    def score(self, output: str, n: int, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, float(output == str(n)), reason="compared")


class Boom(BaseMetric):
    def score(self, output: str, **_: Any) -> ScoreResult:
        raise ValueError("metric exploded")


class Needs(BaseMetric):
    def score(self, output: str, context: str, **_: Any) -> ScoreResult:
        return ScoreResult(self.name, 1.0)


def task(item: dict[str, Any]) -> dict[str, Any]:
    return {"output": str(item["n"])}


def fails_at(n: int, error: BaseException) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def failing(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == n:
            raise error
        return task(item)

    return failing


def run(name: str, how: Callable[[dict[str, Any]], dict[str, Any]], *more: BaseMetric, **arguments: Any) -> None:
    dataset = client.get_or_create_dataset(name, project_name=PROJECT)
    dataset.insert([{"n": n} for n in range(5)])
    metrics = [Equal("equal"), *more]
    quiet: dict[str, Any] = {"task_threads": 1, "verbose": 0, "experiment_name": name}
    try:
        evaluate(dataset, how, metrics, **quiet, **arguments)
    except (Exception, KeyboardInterrupt) as error:
        print(name, type(error).__name__, file=sys.stderr)
    opik.flush_tracker()


def all_ways() -> None:
    run("whole", task, trial_count=2)
    run("task failed", fails_at(3, RuntimeError("model 500")), trial_count=2)
    run("metric raised", task, Boom("boom"))
    run("argument missing", task, Needs("needs"))
    run("argument missing, tolerated", task, Needs("needs"), error_tolerance=20)
    run("mapping raised", task, scoring_key_mapping={"x": lambda _: 1 / 0})
    run("sampled", fails_at(9, ValueError()), dataset_sampler=RandomDatasetSampler(max_samples=3, seed=1))
    run("filtered", task, dataset_filter_string='data.n = "2"')
    run("sampled by number", task, nb_samples=2)
    run("interrupted", fails_at(3, KeyboardInterrupt()))  # last: it upsets the SDK's spans from then on (B8)


def killed() -> None:
    def dies(item: dict[str, Any]) -> dict[str, Any]:
        if item["n"] == 1:
            opik.flush_tracker()
            os.kill(os.getpid(), signal.SIGKILL)
        return task(item)

    run("killed", dies)


def resume(experiment_id: str) -> None:
    calls = []

    def counting(item: dict[str, Any]) -> dict[str, Any]:
        calls.append(item["n"])
        return task(item)

    result = evaluate_resume(experiment_id, counting, [Equal("equal")], verbose=0)
    print(json.dumps({"calls": sorted(calls), "results": len(result.test_results)}))


if __name__ == "__main__":
    chosen: dict[str, Callable[..., None]] = {"all": all_ways, "killed": killed, "resume": resume}
    chosen[sys.argv[1]](*sys.argv[2:])
