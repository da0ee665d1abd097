"""Traces with their links, scores and spans → attempts, ours and those of other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from opik_resume.base import records
from opik_resume.base.records import LIGHT_MESSAGE, Attempt, ErrorInfo, Json, RunDetails, ScoreResult, Span
from opik_resume.exceptions import InvalidTaskOutput
from opik_resume.stores.file import rows
from opik_resume.stores.opik import runs
from opik_resume.stores.opik.wire import FACTS, moment, object_of

_OUR_METADATA = (FACTS, "opik_prompts")
SCORING_ERRORS = ("ScoreMethodMissingArguments",)
"""The types of errors that say that the task had come back."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """An attempt as a live read shows it, and the revision that we gave it (0: another program's)."""

    attempt: Attempt
    revision: int
    project_id: str | None
    updated_at: str


def live_run(row: Json, made: Attempt) -> LiveRun:
    """The attempt that was made of a trace, with what the trace tells besides."""
    revision = facts_of(row).get("revision")
    known = revision if isinstance(revision, int) else 0
    return LiveRun(made, known, row.get("project_id"), row.get("last_updated_at") or "")


def facts_of(row: Json) -> Json:
    """What we said about the run; empty for one that another program made."""
    metadata = row.get("metadata")
    return object_of(metadata.get(FACTS)) if isinstance(metadata, dict) else {}


def of_trace(row: Json, experiment_id: str, item_id: str, *, light: bool) -> Attempt:
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
        task_output=None if light else _kept_output(output, facts),
        scores=_lightened(scores) if light else scores,
        error=error,
        task_seconds=facts.get("task_seconds"),
        scoring_seconds=facts.get("scoring_seconds"),
        notes=() if light else tuple(facts.get("notes") or ()),
        prints=None if light else _text(facts.get("prints")),
        scored_by=names_of(facts.get("scored_by")),
        missing_metrics=names_of(facts.get("missing_metrics")) or (),
        version=version if isinstance(version := facts.get("version"), str) else None,
        cost=cost_of(facts, row.get("total_estimated_cost")),
        tokens=tokens_of(row.get("usage")),
        tries=() if light else tuple(map(rows.try_of, facts.get("tries") or ())),
        steps=None if light else _given(row),
    )


def details(row: Json, spans: Iterable[Json], url: str | None) -> RunDetails:
    """What a trace and its spans tell besides the attempt."""
    listed = sorted((_read_span(span) for span in spans), key=lambda span: (span.started_at, span.id))
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
    """The attempt without what is large: see :class:`~opik_resume.base.records.Attempt`."""
    error = made.error and replace(made.error, message=made.error.message[:LIGHT_MESSAGE], traceback="")
    bare = replace(made, task_output=None, notes=(), prints=None, tries=(), error=error)
    return replace(bare, scores=_lightened(made.scores))


def has_kept_output(made: Attempt) -> bool:
    """Whether its spans have an output that its trace has not: scoring failed, or what the task returned is no dict."""
    refused = made.error is not None and made.error.exception_type == InvalidTaskOutput.__name__
    return not made.complete and (made.returned or refused)


def with_spans(made: Attempt, spans: Iterable[Json]) -> Attempt:
    """The attempt with what only its spans tell: the output kept of a failed scoring, and metrics that raised."""
    listed = list(spans)
    root = next((span for span in listed if _is_task(span)), None)
    if not made.complete and scoring_broke(listed):
        made = replace(made, returned=True)
    if not made.complete and root is not None and root.get("output") is not None:
        facts = {"empty_output": root["output"] == runs.EMPTY_OUTPUT}
        returned = made.returned or made.trial is None  # of our own runs we have said it
        made = replace(made, returned=returned, task_output=_output(root["output"], facts))
    if made.trial is not None or not made.complete:
        return made
    scoring = {span["id"] for span in listed if span.get("name") in runs.SCORING_SPANS}
    return with_failures(made, [span for span in listed if span.get("parent_span_id") in scoring], light=False)


def with_failures(made: Attempt, metric_spans: Sequence[Json], *, light: bool) -> Attempt:
    """A complete attempt of another program, with the metrics that its spans say raised and that have no score."""
    there = {score.name for score in made.scores}
    failed: dict[str, ScoreResult] = {}
    for span in metric_spans:
        name = str(span.get("name", "")).removesuffix(runs.VALIDATION_SUFFIX)
        error = _error(span.get("error_info"), light=light)
        if error is not None and name not in there:
            failed[name] = _failed(name, error, light=light)
    return replace(made, scores=(*made.scores, *failed.values()))


def scoring_broke(spans: Iterable[Json]) -> bool:
    """Whether these spans tell of a scoring that raised: the task had come back."""
    return any(
        span.get("name") == runs.SCORING_SPAN and span.get("parent_span_id") is None and span.get("error_info")
        for span in spans
    )


def _is_task(span: Json) -> bool:
    return span.get("parent_span_id") is None and span.get("name") not in runs.SCORING_SPANS


def _scoring_raised(error: ErrorInfo | None) -> bool:
    return error is not None and error.exception_type in SCORING_ERRORS


def _kept_output(output: Any, facts: Json) -> Json | None:
    return facts.get("output") if output is None else _output(output, facts)


def _given(row: Json) -> Json | None:
    """What the trace has besides what we send: a repair sends it whole, and must not take it away."""
    metadata = {key: value for key, value in object_of(row.get("metadata")).items() if key not in _OUR_METADATA}
    given = {"tags": row.get("tags"), "thread_id": row.get("thread_id"), "metadata": metadata}
    kept = {key: value for key, value in given.items() if value}
    return {"trace": kept} if kept and facts_of(row) else {} if facts_of(row) else None


def _output(output: Any, facts: Json) -> Json:
    if facts.get("empty_output"):
        return {}
    return output if isinstance(output, dict) else {"output": output}


def _number(told: Any) -> float | None:
    return float(told) if isinstance(told, (int, float)) else None


def cost_of(facts: Json, estimated: Any) -> float | None:
    """What a run cost: as we said, else as the server estimates it."""
    return _number(facts["cost"]) if "cost" in facts else _number(estimated) or None


def tokens_of(usage: Any) -> int | None:
    """How many tokens a run used."""
    return int(_number(object_of(usage).get("total_tokens")) or 0) or None


def names_of(told: Any) -> tuple[str, ...] | None:
    """A list of names as facts have it; None when that is none."""
    return tuple(map(str, told)) if isinstance(told, list) else None


def _text(told: Any) -> str | None:
    return told if isinstance(told, str) else None


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
            yield rows.score(entry)
        elif name in given:
            yield _feedback(given.pop(name), entry.get("metadata"))
    for row in given.values():
        yield _feedback(row, None)


def _feedback(row: Json, metadata: Json | None) -> ScoreResult:
    return ScoreResult(row["name"], float(row["value"]), row.get("reason"), row.get("category_name"), metadata)


def _failed(name: str, error: ErrorInfo, *, light: bool) -> ScoreResult:
    failed = ScoreResult(name, 0.0, error.message, metadata={"error_info": error.told}, scoring_failed=True)
    return records.lightened(failed) if light else failed


def _lightened(scores: Sequence[ScoreResult]) -> tuple[ScoreResult, ...]:
    return tuple(map(records.lightened, scores))
