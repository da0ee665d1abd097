"""The programs of ``cookbook.md`` in one process, as they are or with lines changed that import from ``opik.evaluation``.

``python -m tests.evaluation.examples.cookbook WAY FILE`` writes what each of them came to, as JSON. The ways: ``opik``;
``one``, the line that imports ``evaluate…`` is changed; ``every``, those of metrics and samplers as well.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import traceback
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

from tests.waiting import until

HERE = Path(__file__).parent
_SECTION = re.compile(r"^## (.+?)\n+```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
_EVERY = re.compile(r"^from opik\.evaluation(?=[. ])", re.MULTILINE)
_PLAIN = ("counted", "means", "right")
_IMPORT = re.compile(r"^from opik\.evaluation import (?=.*\bevaluate)", re.MULTILINE)


def programs() -> dict[str, str]:
    """The programs by title."""
    return dict(_SECTION.findall((HERE / "cookbook.md").read_text("utf-8")))


def changed(program: str) -> str:
    """The same, with that line changed and no other."""
    there, count = _IMPORT.subn("from opik_resume.evaluation import ", program)
    assert count == 1, program
    return there


def changed_everywhere(program: str) -> str:
    """The same, with every line changed that imports from ``opik.evaluation``."""
    return _EVERY.sub("from opik_resume.evaluation", program)


WAYS: dict[str, Callable[[str], str]] = {"opik": str, "one": changed, "every": changed_everywhere}


def mock_models() -> None:
    """Whoever asks a model gets an answer made of the question, or one as a judge gives it."""
    import litellm
    from openai.resources.chat.completions import Completions
    from openai.types.chat import ChatCompletion

    def answer(messages: list[dict[str, Any]], judging: bool) -> str:
        text = str(messages[-1]["content"])
        judged = {"score": len(text) % 2, "reason": ["it was asked to be"], "reasons": ["so"]}
        return json.dumps(judged) if judging else f"You said: {text}"

    def completion(*_: Any, model: str, messages: list[dict[str, Any]], **options: Any) -> Any:
        judging = bool(options.get("response_format")) or "JSON" in str(messages)
        message = {"role": "assistant", "content": answer(messages, judging)}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        return litellm.ModelResponse(
            model=model, choices=[{"index": 0, "finish_reason": "stop", "message": message}], usage=usage
        )

    def create(self: Any, *, model: str, messages: list[dict[str, Any]], **options: Any) -> ChatCompletion:
        return ChatCompletion.model_validate(completion(model=model, messages=messages).model_dump())

    litellm.completion = completion
    Completions.create = create  # type: ignore[method-assign,assignment]


def wait_for_all_results() -> None:
    """The SDK may return before the last result is counted: its callbacks are called after those who wait are woken."""
    from opik.evaluation.engine.evaluation_tasks_executor import StreamingExecutor as Executor

    get_results = Executor.get_results

    def patient(self: Any) -> list[Any]:
        futures.wait(self._submitted_futures)
        until(lambda: len(self._results) == sum(each.exception() is None for each in self._submitted_futures))
        return get_results(self)

    Executor.get_results = patient  # type: ignore[method-assign]


def as_text(value: Any) -> str:
    """To sort by: the order of a dict's keys says nothing."""
    return json.dumps(value, sort_keys=True, default=_plain)


def told(value: Any) -> Any:
    """A result as both programs can tell it: without ids, times, and the order in which runs ended."""
    runs = [
        {
            "item": {k: v if k != "id" else "there" for k, v in each.test_case.dataset_item_content.items()},
            "output": each.test_case.task_output,
            "scores": [[s.name, s.value, s.scoring_failed] for s in each.score_results],
        }
        for each in value.test_results
    ]
    by_item: dict[str, list[int]] = {}
    for each in value.test_results:
        by_item.setdefault(each.test_case.dataset_item_id, []).append(each.trial_id)
    aggregated = value.aggregate_evaluation_scores()
    statistics = getattr(aggregated, "aggregated_scores", aggregated)
    return {
        "name": getattr(value, "experiment_name", None),
        "runs": sorted(runs, key=as_text),
        "trials": sorted(sorted(trials) for trials in by_item.values()),
        "scores": {n: [s.mean, s.max, s.min, sorted(s.values), s.std, s.failed_count] for n, s in statistics.items()},
        "of experiment": [[s.name, s.value] for s in getattr(value, "experiment_scores", [])],
    }


def outcome(program: str) -> dict[str, Any]:
    """The public variables that say something of what the program came to."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    try:
        exec(compile(program, "program", "exec"), namespace)
    except Exception:
        return {"raised": traceback.format_exc()}
    results = {name: told(value) for name, value in namespace.items() if hasattr(value, "test_results")}
    return {"results": results} | {name: namespace[name] for name in _PLAIN if name in namespace}


def main(which: str, path: str) -> None:
    import opik

    mock_models()
    wait_for_all_results()
    outcomes = {}
    for title, program in programs().items():
        outcomes[title] = outcome(WAYS[which](program))
        opik.flush_tracker()
    Path(path).write_text(json.dumps(outcomes, default=_plain))


def _plain(value: Any) -> Any:
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
