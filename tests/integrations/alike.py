"""Evaluations that are run once by the ``opik`` package and once by us: ``python alike.py sdk|ours`` on its server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import opik
from opik import opik_context
from opik.evaluation import metrics
from opik.evaluation.metrics.score_result import ScoreResult
from opik.evaluation.scorers import ScorerWrapperMetric

Json = dict[str, Any]
PROJECT = "alike"
DATASET = "numbers"
Function = TypeVar("Function", bound=Callable[..., Any])


def track(**options: Any) -> Callable[[Function], Function]:
    """The package's decorator, with types."""
    return cast("Callable[[Function], Function]", opik.track(**options))


# Tasks


def task(item: Json) -> Json:
    return {"output": str(item["n"])}


def other_name(row: Json, more: int = 3) -> Json:
    return task(row)


class Model:
    def answer(self, question: Json) -> Json:
        return task(question)

    def __call__(self, item: Json) -> Json:
        return task(item)


async def coroutine(item: Json) -> Json:
    await asyncio.sleep(0)
    return task(item)


def failing(item: Json) -> Json:
    return deeper(item)


def deeper(item: Json) -> Json:
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ValueError("no answer") from error


def silent(item: Json) -> Json:
    raise ValueError


@track()
def inner(n: int) -> str:
    return str(n)


@track(name="looked up", type="tool", tags=["t"], metadata={"m": 1})
def outer(n: int) -> str:
    return inner(n)


def nested(item: Json) -> Json:
    return {"output": outer(item["n"])}


@track(name="mine", type="tool", tags=["mine"])
def tracked(item: Json) -> Json:
    return {"output": outer(item["n"])}


def giving(item: Json) -> Json:
    """It gives to its span and its trace what an LLM call would."""
    usage = {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    opik_context.update_current_span(
        name="renamed", usage=usage, model="small", provider="openai", total_cost=0.5, tags=["a", "b"],
        metadata={"m": 1}, input={"more": 2},
    )  # fmt: skip
    opik_context.update_current_trace(tags=["of trace"], metadata={"t": [1]}, thread_id="thread")
    return task(item)


def talk(item: Json) -> Json:
    said = [("user", "hello"), ("assistant", "as an AI model, as an AI model"), ("user", "bye")]
    return {"conversation": [{"role": role, "content": content} for role, content in said]}


# Metrics


class Plain(metrics.BaseMetric):
    def score(self, output: str, reference: str, n: int = 0, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, 1.0, "why", "category", {"m": [1]})


class Untracked(metrics.BaseMetric):
    def __init__(self) -> None:
        super().__init__("untracked", track=False)

    def score(self, output: str) -> ScoreResult:
        return ScoreResult(self.name, 0.5)


class Several(metrics.BaseMetric):
    def score(self, output: str, **ignored: Any) -> list[ScoreResult]:
        return [ScoreResult("first", 1.0), ScoreResult("second", 0.25, "because")]


class Raising(metrics.BaseMetric):
    def score(self, output: str, **ignored: Any) -> ScoreResult:
        return below()


def below() -> ScoreResult:
    raise RuntimeError("no judge today")


class Needy(metrics.BaseMetric):
    def score(self, output: str, context: str, **ignored: Any) -> ScoreResult:
        raise AssertionError("never called")


class ByPosition(metrics.BaseMetric):
    def score(self, output: str, /, n: int) -> ScoreResult:
        return ScoreResult(self.name, float(n), output)


class Awaited(metrics.BaseMetric):
    """One that has a better way for coroutines, which an evaluation does not take."""

    def score(self, output: str, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, 1.0, "asked in turn")

    async def ascore(self, output: str, **ignored: Any) -> ScoreResult:
        raise AssertionError("nobody awaits it")


class Failed(metrics.BaseMetric):
    def score(self, output: str, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, 0.0, "not now", scoring_failed=True)


class Calling(metrics.BaseMetric):
    """A metric that calls a tracked function."""

    def score(self, output: str, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, float(inner(1)))


class Looking(metrics.BaseMetric):
    """One that looks at the span of the task."""

    def score(self, output: str, task_span: Any, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, float(len(task_span.spans)), describe(task_span))


def describe(span: Any) -> str:
    below = ", ".join(map(describe, span.spans))
    return f"{span.name} {span.type} {span.input} → {span.output} {span.tags} {span.metadata} ({below})"


def function(dataset_item: Json, task_outputs: Json) -> ScoreResult:
    return ScoreResult(
        "of function", float(task_outputs["output"] == dataset_item["reference"]), str(dataset_item["n"])
    )


def spanned(dataset_item: Json, task_outputs: Json, task_span: Any) -> ScoreResult:
    return ScoreResult("of span", 1.0, describe(task_span))


def only_span(task_span: Any) -> ScoreResult:
    return ScoreResult("only", float(len(task_span.spans)))


def mean(results: Sequence[Any]) -> ScoreResult:
    return ScoreResult(
        "combined", sum(r.value for r in results) / len(results), reason=", ".join(r.name for r in results)
    )


def ensemble() -> list[Any]:
    return [metrics.AggregatedMetric("ensemble", [metrics.Equals(), metrics.Contains(name="holds"), Untracked()], mean)]


SCENARIOS: dict[str, Callable[[], Json]] = {
    "plain": lambda: {"task": task, "scoring_metrics": [Plain("judge"), Untracked(), metrics.Equals()]},
    "no metrics": lambda: {"task": task},
    "trials": lambda: {"task": task, "scoring_metrics": [metrics.Equals()], "trial_count": 3},
    "other name": lambda: {"task": other_name},
    "method": lambda: {"task": Model().answer},
    "callable object": lambda: {"task": Model()},
    "partial": lambda: {"task": partial(other_name, more=4)},
    "lambda": lambda: {"task": lambda x: {"output": x["reference"]}},
    "coroutine": lambda: {"task": coroutine, "scoring_metrics": [metrics.Equals()]},
    "failing": lambda: {"task": failing, "scoring_metrics": [metrics.Equals()]},
    "silent": lambda: {"task": silent, "scoring_metrics": [metrics.Equals()]},
    "nested": lambda: {"task": nested, "scoring_metrics": [Calling("calling")]},
    "tracked": lambda: {"task": tracked},
    "several": lambda: {"task": task, "scoring_metrics": [Several("several")]},
    "raising": lambda: {"task": task, "scoring_metrics": [Plain("before"), Raising("raising"), Plain("after")]},
    "needy": lambda: {"task": task, "scoring_metrics": [Plain("before"), Needy("needy")]},
    "needy, tolerated": lambda: {
        "task": task, "scoring_metrics": [Plain("before"), Needy("needy")], "error_tolerance": 20,
    },
    "failed": lambda: {"task": task, "scoring_metrics": [Failed("failed")]},
    "mapped": lambda: {
        "task": task, "scoring_metrics": [Plain("judge")],
        "scoring_key_mapping": {"n": "reference", "more": lambda keys: keys["output"]},
    },
    "mapping raises": lambda: {
        "task": task, "scoring_metrics": [Plain("judge")], "scoring_key_mapping": {"n": lambda _: 1 / 0}
    },
    "giving": lambda: {"task": giving},
    "conversation": lambda: {"task": talk, "scoring_metrics": [metrics.ConversationDegenerationMetric()]},
    "by position": lambda: {"task": task, "scoring_metrics": [ByPosition("positional")]},
    "awaited": lambda: {"task": task, "scoring_metrics": [Awaited("awaited")]},
    "aggregated, needy": lambda: {
        "task": task, "scoring_metrics": [metrics.AggregatedMetric("ensemble", [Needy("needy")], mean)],
        "error_tolerance": 20,
    },
    "looking at a tracked one": lambda: {"task": tracked, "scoring_metrics": [Looking("looking")]},
    "looking at a gift": lambda: {"task": giving, "scoring_metrics": [Looking("looking")]},
    "functions": lambda: {"task": task, "scoring_functions": [function]},
    "wrapped": lambda: {"task": task, "scoring_metrics": [ScorerWrapperMetric(cast("Any", function), "wrapped")]},
    "aggregated": lambda: {"task": task, "scoring_metrics": ensemble()},
    "looking": lambda: {"task": nested, "scoring_metrics": [metrics.Equals(), Looking("looking")]},
    "span functions": lambda: {"task": nested, "scoring_functions": [function, spanned, only_span]},
}  # fmt: skip


def by_sdk(name: str, arguments: Json) -> Any:
    dataset = opik.Opik(project_name=PROJECT).get_dataset(DATASET, project_name=PROJECT)
    return opik.evaluate(dataset, experiment_name=f"sdk {name}", verbose=0, task_threads=1, **arguments)


def by_us(name: str, arguments: Json) -> Any:
    from opik_resume import connect, evaluate, get_dataset

    dataset = get_dataset(DATASET, store=connect())
    return evaluate(dataset, experiment_name=f"ours {name}", verbose=0, task_threads=1, **arguments)


def scores_of(result: Any) -> list[Any]:
    tests = sorted(result.test_results, key=lambda test: test.trial_id)
    return [[vars(score) for score in test.score_results] for test in tests]


def prepare() -> None:
    dataset = opik.Opik(project_name=PROJECT).create_dataset(DATASET, project_name=PROJECT)
    dataset.insert([{"n": 1, "reference": "1"}])


def main(who: str, *names: str) -> None:
    if who == "sdk":
        prepare()
    told: Json = {}
    for name in names or SCENARIOS:
        try:
            told[name] = scores_of((by_sdk if who == "sdk" else by_us)(name, SCENARIOS[name]()))
        except Exception as error:
            told[name] = f"{type(error).__name__}: {error}"
    opik.flush_tracker()
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
