"""Attempts → traces with their links, scores and spans, in the shapes that Opik's pages show like the SDK's own.

The server takes a run for complete when its trace has an ``output``. So a trace is sent last, after its link, scores
and spans, and has an output only when the attempt is complete. What the task returned is in the root span whatever
came later. Facts that Opik has no place for are in the trace's ``metadata.opik_resume``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.stores.file.rows import of_score, value_of
from opik_resume.stores.opik.scores import refusal
from opik_resume.stores.opik.wire import FACTS, object_of, policy, stamp

TRACE_NAME = "evaluation_task"
SCORING_SPAN = "metrics_calculation"
_INTERNAL = "__opik_eval_internal__"
EMPTY_OUTPUT: Json = {"output": {}}  # stands for {}, which the server would not keep: the run would never be complete
_SCORE_FIELDS = tuple(field.name for field in fields(ScoreResult))


@dataclass(frozen=True, slots=True)
class Context:
    """What the rows of an attempt say besides the attempt: the item's content, where it belongs, the task's name, …"""

    content: Json
    project: str | None
    task: str
    runs: int
    revision: int
    prompts: Sequence[Json] = ()


def derived_id(attempt_id: str, role: str) -> str:
    """The id of something that belongs to an attempt: always the same one, version 7, of the attempt's own time."""
    digest = hashlib.blake2b(f"{attempt_id}/{role}".encode(), digest_size=10).hexdigest()
    variant = "89ab"[int(digest[4], 16) & 3]
    return f"{attempt_id[:13]}-7{digest[1:4]}-{variant}{digest[5:8]}-{digest[8:]}"


def task_span_id(attempt_id: str) -> str:
    """The id of the root span, under which spans of the user's own code nest."""
    return derived_id(attempt_id, "task")


def link(attempt: Attempt, context: Context) -> Json:
    """The experiment item."""
    return {
        "id": derived_id(attempt.id, "link"),
        "experiment_id": attempt.experiment_id,
        "dataset_item_id": attempt.item_id,
        "trace_id": attempt.id,
        "project_name": context.project,
        "execution_policy": policy(context.runs),
    }


def scores(attempt: Attempt, project: str | None) -> list[Json]:
    """The feedback scores: none of an attempt that is not complete, as in Opik."""
    if not attempt.complete:
        return []
    return [
        {
            "id": attempt.id,
            "project_name": project,
            "name": score.name,
            "value": score.value,
            "source": "sdk",
            "reason": score.reason,
            "category_name": score.category_name,
        }
        for score, kept in _kept_on_server(attempt)
        if kept
    ]


def trace(attempt: Attempt, context: Context) -> Json:
    """The whole row, to be sent last."""
    row: Json = {
        "id": attempt.id,
        "project_name": context.project,
        "name": TRACE_NAME,
        "start_time": stamp(attempt.started_at),
        "end_time": stamp(attempt.ended_at) if attempt.ended_at else None,
        "input": context.content,
        "metadata": {FACTS: _facts(attempt, context)},
        "source": "experiment",
    }
    if context.prompts:
        row["metadata"]["opik_prompts"] = list(context.prompts)
    if attempt.complete:
        row["output"] = output_of(attempt)
    elif attempt.error is not None:
        row["error_info"] = of_error(attempt.error)
    return row


def output_of(attempt: Attempt) -> Json:
    """What the task returned, in a form that the server keeps."""
    return attempt.task_output or EMPTY_OUTPUT


def of_error(error: ErrorInfo) -> Json:
    """The server refuses a blank type or traceback."""
    kind = error.exception_type.strip() or "Exception"
    return {
        "exception_type": kind,
        "message": error.message,
        "traceback": error.traceback if error.traceback.strip() else f"{kind}: {error.message}",
    }


def spans(attempt: Attempt, context: Context) -> list[Json]:
    """The task, its scoring and every metric, like the SDK's; on a repair they replace those of before."""
    end = _later(attempt.started_at, attempt.task_seconds, attempt.ended_at)
    task_end = stamp(end)
    task = _span(attempt, context, "task", context.task, stamp(attempt.started_at), task_end)
    task["input"] = {"item": context.content}
    if attempt.returned or attempt.task_output is not None:
        task["output"] = output_of(attempt)
    if not attempt.returned and attempt.error is not None:
        task["error_info"] = of_error(attempt.error)
    if not attempt.returned:
        return [task]
    scoring_end = stamp(_later(end, attempt.scoring_seconds, attempt.ended_at))
    return [task, *_scoring_spans(attempt, context, task_end, scoring_end)]


def _scoring_spans(attempt: Attempt, context: Context, start: str, end: str) -> Iterator[Json]:
    scoring = _span(attempt, context, "scoring", SCORING_SPAN, start, end) | {"tags": [_INTERNAL]}
    if attempt.error is not None:
        scoring["error_info"] = of_error(attempt.error)
    else:
        scoring["output"] = {
            "output": {"scores": {s.name: value_of(s) for s in attempt.scores if not s.scoring_failed}}
        }
    yield scoring
    seen: dict[str, int] = {}
    for score in attempt.scores:
        role = f"score {seen.setdefault(score.name, 0)} {score.name}"
        seen[score.name] += 1
        span = _span(attempt, context, role, score.name, start, end) | {"parent_span_id": scoring["id"]}
        error = error_of_score(score)
        span |= {"error_info": of_error(error)} if error else {"output": {"output": _all_fields(score)}}
        yield span


def _all_fields(score: ScoreResult) -> Json:
    """As ``dataclasses.asdict``, which takes ten times as long. JSON has no NaN."""
    return {name: getattr(score, name) for name in _SCORE_FIELDS} | {"value": value_of(score)}


def _span(attempt: Attempt, context: Context, role: str, name: str, start: str, end: str) -> Json:
    return {
        "id": derived_id(attempt.id, role),
        "trace_id": attempt.id,
        "project_name": context.project,
        "name": name,
        "type": "general",
        "start_time": start,
        "end_time": end,
        "source": "experiment",
    }


def _later(start: datetime, seconds: float | None, otherwise: datetime | None) -> datetime:
    return start + timedelta(seconds=seconds) if seconds is not None else otherwise or start


def _facts(attempt: Attempt, context: Context) -> Json:
    facts: Json = {
        "attempt": attempt.id,
        "trial": attempt.trial,
        "runs": context.runs,
        "revision": context.revision,
        "returned": attempt.returned,
        "complete": attempt.complete,
        "task_seconds": attempt.task_seconds,
        "scoring_seconds": attempt.scoring_seconds,
        "scores": [_score_facts(score, kept) for score, kept in _kept_on_server(attempt)],
    }
    if not_taken := _not_taken(attempt):
        facts["scores_not_taken"] = not_taken
    if attempt.notes:
        facts["notes"] = list(attempt.notes)
    if attempt.scored_by is not None:
        facts["scored_by"] = list(attempt.scored_by)
    if attempt.missing_metrics:
        facts["missing_metrics"] = list(attempt.missing_metrics)
    return facts | {"empty_output": True} if attempt.returned and not attempt.task_output else facts


def _score_facts(score: ScoreResult, kept: bool) -> Json:
    """A score that is a feedback score as well is told in short: its value may be corrected on the server."""
    if kept:
        return {"name": score.name, "metadata": score.metadata} if score.metadata else {"name": score.name}
    return of_score(score)


def _kept_on_server(attempt: Attempt) -> Iterator[tuple[ScoreResult, bool]]:
    """Each score, and whether it goes to the server as a feedback score, of which there is one a name: the last.

    One that the server would refuse does not: it would refuse all that is sent with it.
    """
    last = {score.name: number for number, score in enumerate(attempt.scores) if not score.scoring_failed}
    for number, score in enumerate(attempt.scores):
        good = attempt.complete and last.get(score.name) == number
        yield score, good and refusal(score) is None


def _not_taken(attempt: Attempt) -> dict[str, str]:
    """For whoever looks at the run there: the scores that it has here only, by name, and why."""
    scores = [score for score in attempt.scores if attempt.complete and not score.scoring_failed]
    return {score.name: why for score in scores if (why := refusal(score)) is not None}


def error_of_score(score: ScoreResult) -> ErrorInfo | None:
    """Why a metric failed, or None for a good score."""
    if not score.scoring_failed:
        return None
    info = object_of(object_of(score.metadata).get("error_info"))
    kind, _, message = (score.reason or "").partition(": ")
    return ErrorInfo(
        info.get("exception_type") or kind or "Exception",
        info.get("message") or message,
        info.get("traceback") or "",
    )
