"""A user's program with the real ``opik`` package in it: ``python program.py SCENARIO…`` prints one JSON object."""

from __future__ import annotations

import asyncio
import contextvars
import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar, cast

import opik
from opik import opik_context
from opik.evaluation import metrics, models

from opik_resume import EvaluationResult, connect, evaluate, evaluate_experiment, evaluate_resume
from opik_resume.lifecycle import conclude as concluding
from opik_resume.stores import open_store
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.integrations.shared import EMBEDDED, OWN, Heard

Json = dict[str, Any]
Function = TypeVar("Function", bound=Callable[..., Any])


def track(**options: Any) -> Callable[[Function], Function]:
    """The package's decorator, with types."""
    return cast("Callable[[Function], Function]", opik.track(**options))


def server() -> Store:
    """The one of ``STORE_URL``, else the one that the package is configured for."""
    return connect(os.environ.get("STORE_URL"))


def embedded() -> Store:
    return open_store(Path("embedded.sqlite3"))


def run(name: str, task: Any, scoring: Any = (), count: int = 2, threads: int = 2, **more: Any) -> EvaluationResult:
    store: Store | None = more.pop("store", None)
    dataset = numbers(store or server(), count, f"dataset of {name}")
    return evaluate(dataset, task, scoring, experiment_name=name, verbose=0, task_threads=threads, **more)


@track()
def inner(n: int) -> str:
    return str(n)


@track(project_name="a project of its own")
def outer(n: int) -> str:
    return inner(n)


@track(type="llm")
def ask(n: int) -> str:
    usage = {"prompt_tokens": n, "completion_tokens": 1, "total_tokens": n + 1}
    opik_context.update_current_span(usage=usage, model="small", provider="openai", total_cost=0.25)
    return str(n)


def traced(item: Json) -> Json:
    return {"output": outer(item["n"])}


# Where spans come from


def workers() -> None:
    run("workers", traced, count=12, threads=4)


def coroutines() -> None:
    @track()
    async def slow(n: int) -> str:
        await asyncio.sleep(0)
        return inner(n)

    async def task(item: Json) -> Json:
        first, _ = await asyncio.gather(slow(item["n"]), asyncio.create_task(slow(item["n"])))
        return {"output": first}

    run("coroutines", task, count=8, threads=4)


def threads_of_the_task() -> None:
    def task(item: Json) -> Json:
        with ThreadPoolExecutor(1) as pool:
            return {"output": pool.submit(contextvars.copy_context().run, outer, item["n"]).result()}

    run("threads of the task", task)


def elsewhere() -> None:
    """In another process, which was not forked from this one."""

    @track()
    def holding(what: Any) -> Any:
        """What cannot be pickled does not have to be."""
        return what

    def task(item: Json) -> Json:
        opik_context.update_current_trace(tags=["from a worker"])
        holding(threading.Lock())
        if item["n"] == 2:
            raise ValueError(outer(item["n"]))
        return {"output": outer(item["n"]), "asked": ask(item["n"]), "pid": os.getpid()}

    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        run("elsewhere", task, [metrics.Equals(name="equals")], count=3, executor=pool)


def costs() -> Json:
    """What the server knows at the moment the result is there."""
    result = run("costs", lambda item: {"output": ask(item["n"])})
    store = server()
    known = [store.details(attempt.id) for attempt in store.attempts(result.experiment_id)]
    return {"known": [details and details.cost for details in known]}


def given_to_our_span() -> None:
    def task(item: Json) -> Json:
        opik_context.update_current_span(usage={"total_tokens": 5}, model="small", total_cost=0.5, tags=["mine"])
        scores: Any = [{"name": "thumbs", "value": 1.0}]
        opik_context.update_current_trace(feedback_scores=scores, tags=["mine"], output={"mine": 1})
        return {"output": inner(item["n"])}

    run("given", task)


def integration() -> None:
    from openai import OpenAI
    from opik.integrations.openai import track_openai

    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as provider:
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        client = track_openai(OpenAI(api_key="none", base_url=f"http://127.0.0.1:{provider.server_port}/v1"))

        def task(item: Json) -> Json:
            answer = client.chat.completions.create(model="small", messages=[{"role": "user", "content": "?"}])
            return {"output": answer.choices[0].message.content}

        run("integration", task)
        provider.shutdown()


class Provider(BaseHTTPRequestHandler):
    """An LLM provider that always says the same."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "42"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [choice]}
        text = json.dumps({**body, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Silence."""


def switched_off() -> None:
    opik.set_tracing_active(False)
    run("switched off", traced)
    opik.set_tracing_active(True)


def late() -> None:
    """The server takes longer for this span than we wait."""

    @track()
    def late_span(n: int) -> str:
        return str(n)

    concluding.TRACES_SECONDS = 0.1
    run("late", lambda item: {"output": late_span(item["n"])}, count=1)


# What must not reach other runs


def failures() -> None:
    @track()
    def fail(n: int) -> str:
        if n == 1:
            raise ValueError("no answer")
        return inner(n)

    run("failures", lambda item: {"output": fail(item["n"])}, count=3, threads=1)


def interruptions() -> None:
    """The package leaves the span of an interrupted function open; newest first, so it is not the last run."""

    @track()
    def interrupted(n: int) -> str:
        if n == 1:
            raise KeyboardInterrupt
        return inner(n)

    def task(item: Json) -> Json:
        try:
            return {"output": interrupted(item["n"])}
        except KeyboardInterrupt:
            if item["reference"] == "1":
                return {"output": "interrupted"}
            raise

    run("interruptions", task, [metrics.Equals()], count=3, threads=1)


def look_around(item: Json) -> Json:
    context = opik.context_storage
    found = {"project": context.get_context_project_name(), "spans": context.span_data_stack_size()}
    return {"output": outer(item["n"]), **found}


def callers_spans() -> Json:
    """The program has a span open, and one that an interrupt has left there."""

    @track(project_name=OWN)
    def leaky() -> None:
        raise KeyboardInterrupt

    @track(project_name=OWN)
    def main() -> Json:
        before = opik_context.get_current_span_data()
        run("caller", look_around)
        after = opik_context.get_current_span_data()
        outer(0)
        return {"same": before == after and before is not None}

    found = main()
    try:
        leaky()
    except KeyboardInterrupt:
        pass
    run("after a leak", look_around)
    opik.context_storage.clear_all()
    return found


# Metrics


class Local(models.OpikBaseModel):
    """A judge's model that needs no network."""

    def __init__(self) -> None:
        super().__init__("local")

    def generate_chat_completion(self, messages: Any, response_format: Any = None, **more: Any) -> Any:
        content = json.dumps({"score": 1, "reason": ["because"]}) if response_format else "think of it"
        return {"role": "assistant", "content": content}

    async def agenerate_chat_completion(self, messages: Any, response_format: Any = None, **more: Any) -> Any:
        return self.generate_chat_completion(messages, response_format)

    def generate_string(self, *args: Any, **more: Any) -> str:
        raise AssertionError("these judges chat")

    def generate_provider_response(self, *args: Any, **more: Any) -> Any:
        raise AssertionError("these judges chat")


class Patient(metrics.GEval):
    """A judge whose ``score`` is a coroutine, as those are that call ``ascore``."""

    async def score(self, output: str, **ignored: Any) -> Any:
        verdict = await self.ascore(output)
        verdict.metadata, verdict.category_name = {"asked": 1}, "good"
        return verdict


def all_kinds(project: str | None = None) -> list[Any]:
    judge: Json = {
        "task_introduction": "judge",
        "evaluation_criteria": "all",
        "model": Local(),
        "project_name": project,
    }
    return [
        metrics.Equals(project_name=project),
        metrics.Hallucination(model=Local(), project_name=project),
        metrics.GEval(name="judge", **judge),
        Patient(name="patient", **judge),
    ]


def scores_of(result: EvaluationResult) -> list[Any]:
    return [
        [[s.name, s.value, s.reason, s.category_name, s.metadata] for s in test.score_results]
        for test in result.test_results
    ]


def answer(item: Json) -> Json:
    return {"output": str(item["n"]), "input": "?"}


def judged() -> Json:
    there = run("judged in a file", answer, all_kinds(EMBEDDED), store=embedded())
    here = run("judged", answer, all_kinds())
    return {"server": scores_of(here), "file": scores_of(there)}


class Moody(metrics.BaseMetric):
    """Raises until it is in the mood."""

    mood = False

    def score(self, output: str, **ignored: Any) -> Any:
        if not Moody.mood:
            raise ValueError("not now")
        return metrics.score_result.ScoreResult(name=self.name, value=1.0)


def repaired() -> None:
    run("repaired", answer, [Moody("moody")])
    Moody.mood = True
    evaluate_resume("repaired", answer, [Moody("moody")], verbose=0)


def theirs() -> Json:
    """Runs that the package itself made are scored again by us."""
    dataset = opik.Opik().get_dataset("dataset of judged")
    result = opik.evaluate(dataset, answer, [metrics.Equals(track=False)], experiment_name="theirs", verbose=0)
    opik.flush_tracker()
    evaluate_experiment("theirs", [metrics.Equals(name="again")], verbose=0)
    return {"traces": sorted(str(test.test_case.trace_id) for test in result.test_results)}


# The embedded store


def embedded_store() -> Json:
    @track(project_name=EMBEDDED)
    def alone(n: int) -> str:
        return str(n)

    result = run("embedded", lambda item: {"output": alone(item["n"])}, store=embedded())
    return {"complete": result.complete}


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        workers, coroutines, threads_of_the_task, elsewhere, costs, given_to_our_span, integration, switched_off, failures, interruptions,
        callers_spans, judged, repaired, theirs, embedded_store, late,
    )
}  # fmt: skip


def main(*names: str) -> None:
    heard = Heard()
    told: Json = {name: SCENARIOS[name]() for name in names or SCENARIOS}
    told["pid"] = os.getpid()
    told["heard"] = heard.sentences
    told["left"] = str(opik_context.get_current_span_data() or opik_context.get_current_trace_data())
    opik.flush_tracker()
    print(json.dumps(told))  # the last line: the package prints, too


if __name__ == "__main__":
    main(*sys.argv[1:])
