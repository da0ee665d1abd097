"""Attempts ↔ traces with their links, scores and spans, in the shapes that Opik's pages show like the SDK's own.

The server takes a run for complete when its trace has an ``output``. So a trace is sent last, after its link, scores
and spans, and has an output only when the attempt is complete. What the task returned is in the root span whatever
came later. Facts that Opik has no place for are in the trace's ``metadata.opik_resume``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from opik_resume.records import Attempt, ErrorInfo, Json, RunDetails, ScoreResult, Span
from opik_resume.stores.opik.wire import FACTS, moment, object_of, policy, stamp
from opik_resume.stores.rows import LIGHT_MESSAGE, of_score

TRACE_NAME = "evaluation_task"
SCORING_SPAN = "metrics_calculation"
VALIDATION_SUFFIX = "_arg_validation"  # of the SDK's spans for a metric whose arguments are missing
SCORING_ERRORS = {"ScoreMethodMissingArguments"}
_INTERNAL = "__opik_eval_internal__"
_EMPTY: Json = {"output": {}}  # stands for {}, which the server would not keep: the run would never be complete
_SCORE_FIELDS = tuple(field.name for field in fields(ScoreResult))
_LARGEST = 1e9  # the server takes no score beyond


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


# To the server


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
    return attempt.task_output or _EMPTY


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
    task_end = _later(attempt.started_at, attempt.task_seconds, attempt.ended_at)
    task = _span(attempt, context, "task", context.task, attempt.started_at, task_end)
    task["input"] = {"item": context.content}
    if attempt.returned:
        task["output"] = output_of(attempt)
    elif attempt.error is not None:
        task["error_info"] = of_error(attempt.error)
    return [task, *_scoring_spans(attempt, context, task_end)] if attempt.returned else [task]


def _scoring_spans(attempt: Attempt, context: Context, start: datetime) -> Iterator[Json]:
    end = _later(start, attempt.scoring_seconds, attempt.ended_at)
    scoring = _span(attempt, context, "scoring", SCORING_SPAN, start, end) | {"tags": [_INTERNAL]}
    if attempt.error is not None:
        scoring["error_info"] = of_error(attempt.error)
    else:
        scoring["output"] = {"output": {"scores": {s.name: s.value for s in attempt.scores if not s.scoring_failed}}}
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
    """As ``dataclasses.asdict``, which takes ten times as long."""
    return {name: getattr(score, name) for name in _SCORE_FIELDS}


def _span(attempt: Attempt, context: Context, role: str, name: str, start: datetime, end: datetime) -> Json:
    return {
        "id": derived_id(attempt.id, role),
        "trace_id": attempt.id,
        "project_name": context.project,
        "name": name,
        "type": "general",
        "start_time": stamp(start),
        "end_time": stamp(end),
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
    return facts | {"empty_output": True} if attempt.returned and not attempt.task_output else facts


def _score_facts(score: ScoreResult, kept: bool) -> Json:
    """A score that is a feedback score as well is told in short: its value may be corrected on the server."""
    if kept:
        return {"name": score.name, "metadata": score.metadata} if score.metadata else {"name": score.name}
    return of_score(score)


def _kept_on_server(attempt: Attempt) -> Iterator[tuple[ScoreResult, bool]]:
    """Each score, and whether it goes to the server as a feedback score, of which there is one a name: the last."""
    last = {score.name: number for number, score in enumerate(attempt.scores) if not score.scoring_failed}
    for number, score in enumerate(attempt.scores):
        good = attempt.complete and last.get(score.name) == number
        yield score, good and bool(score.name.strip()) and abs(score.value) <= _LARGEST


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


# From the server


def facts_of(row: Json) -> Json:
    """What we said about the run; empty for one that another program made."""
    return object_of(object_of(row.get("metadata")).get(FACTS))


def attempt(row: Json, experiment_id: str, item_id: str, *, light: bool) -> Attempt:
    """The attempt of a trace. What the task returned when scoring failed is in its spans: see :func:`with_spans`."""
    facts, output = facts_of(row), row.get("output")
    scores = tuple(_scores(facts.get("scores") or (), row.get("feedback_scores") or ()))
    trial = facts.get("trial")
    error = _error(row.get("error_info"), light=light)
    return Attempt(
        id=row["id"],
        experiment_id=experiment_id,
        item_id=item_id,
        trial=trial if isinstance(trial, int) else None,
        started_at=moment(row["start_time"]),
        ended_at=moment(row["end_time"]) if row.get("end_time") else None,
        returned=output is not None or bool(facts.get("returned")) or _scoring_raised(error),
        complete=output is not None,
        task_output=None if light or output is None else _output(output, facts),
        scores=_lightened(scores) if light else scores,
        error=error,
        task_seconds=facts.get("task_seconds"),
        scoring_seconds=facts.get("scoring_seconds"),
    )


def details(row: Json, of_trace: Iterable[Json], url: str | None) -> RunDetails:
    """What a trace and its spans tell besides the attempt."""
    listed = sorted((_read_span(span) for span in of_trace), key=lambda span: (span.started_at, span.id))
    return RunDetails(row.get("input"), tuple(listed), row.get("usage") or {}, row.get("total_estimated_cost"), url)


def _read_span(row: Json) -> Span:
    return Span(
        id=row["id"],
        parent_id=row.get("parent_span_id"),
        name=row.get("name") or "",
        kind=row.get("type") or "general",
        started_at=moment(row["start_time"]),
        ended_at=moment(row["end_time"]) if row.get("end_time") else None,
        input=row.get("input"),
        output=row.get("output"),
        error=_error(row.get("error_info"), light=False),
        model=row.get("model"),
        usage=row.get("usage") or {},
        cost=row.get("total_estimated_cost"),
    )


def lightened(made: Attempt) -> Attempt:
    """The attempt without what is large: see :class:`~opik_resume.records.Attempt`."""
    error = made.error and replace(made.error, message=made.error.message[:LIGHT_MESSAGE], traceback="")
    return replace(made, task_output=None, error=error, scores=_lightened(made.scores))


def with_spans(made: Attempt, of_trace: Iterable[Json]) -> Attempt:
    """The attempt with what only its spans tell: the output kept of a failed scoring, and metrics that raised."""
    listed = list(of_trace)
    root = next((span for span in listed if _is_task(span)), None)
    if not made.complete and scoring_broke(listed):
        made = replace(made, returned=True)
    if not made.complete and root is not None and root.get("output") is not None:
        facts = {"empty_output": root["output"] == _EMPTY}
        made = replace(made, returned=True, task_output=_output(root["output"], facts))
    if made.trial is not None or not made.complete:
        return made
    scoring = {span["id"] for span in listed if span.get("name") == SCORING_SPAN}
    return with_failures(made, [span for span in listed if span.get("parent_span_id") in scoring], light=False)


def with_failures(made: Attempt, metric_spans: Sequence[Json], *, light: bool) -> Attempt:
    """A complete attempt of another program, with the metrics that its spans say raised and that have no score."""
    there = {score.name for score in made.scores}
    failed: dict[str, ScoreResult] = {}
    for span in metric_spans:
        name = str(span.get("name", "")).removesuffix(VALIDATION_SUFFIX)
        error = _error(span.get("error_info"), light=light)
        if error is not None and name not in there:
            failed[name] = _failed(name, error, light=light)
    return replace(made, scores=(*made.scores, *failed.values()))


def scoring_broke(of_trace: Iterable[Json]) -> bool:
    """Whether these spans tell of a scoring that raised: the task had come back."""
    return any(
        span.get("name") == SCORING_SPAN and span.get("parent_span_id") is None and span.get("error_info")
        for span in of_trace
    )


def _is_task(span: Json) -> bool:
    return span.get("parent_span_id") is None and span.get("name") != SCORING_SPAN


def _scoring_raised(error: ErrorInfo | None) -> bool:
    return error is not None and error.exception_type in SCORING_ERRORS


def _output(output: Any, facts: Json) -> Json:
    if facts.get("empty_output"):
        return {}
    return output if isinstance(output, dict) else {"output": output}


def _error(info: Any, *, light: bool) -> ErrorInfo | None:
    if not isinstance(info, dict) or not info.get("exception_type"):
        return None
    message, traceback = info.get("message") or "", info.get("traceback") or ""
    return ErrorInfo(info["exception_type"], message[:LIGHT_MESSAGE] if light else message, "" if light else traceback)


def _scores(told: Sequence[Json], feedback: Sequence[Json]) -> Iterator[ScoreResult]:
    """In our order, values as the server has them now, then those that others gave."""
    given = {row["name"]: row for row in feedback if row.get("name")}
    for entry in told:
        name = entry["name"]
        if "value" in entry:
            yield ScoreResult(**entry)
        elif name in given:
            yield _feedback(given.pop(name), entry.get("metadata"))
    for row in given.values():
        yield _feedback(row, None)


def _feedback(row: Json, metadata: Json | None) -> ScoreResult:
    return ScoreResult(row["name"], float(row["value"]), row.get("reason"), row.get("category_name"), metadata)


def _failed(name: str, error: ErrorInfo, *, light: bool) -> ScoreResult:
    if light:
        return ScoreResult(name, 0.0, scoring_failed=True)
    reason = f"{error.exception_type}: {error.message}" if error.message else error.exception_type
    return ScoreResult(name, 0.0, reason, metadata={"error_info": asdict(error)}, scoring_failed=True)


def _lightened(scores: Sequence[ScoreResult]) -> tuple[ScoreResult, ...]:
    return tuple(ScoreResult(score.name, score.value, scoring_failed=score.scoring_failed) for score in scores)
