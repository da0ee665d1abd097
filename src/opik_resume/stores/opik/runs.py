"""Attempts → traces with their links and scores, in the shapes that Opik's pages show like the SDK's own.

The server takes a run for complete when its trace has an ``output``. So a trace is sent last, after its link, scores
and spans, and has an output only when the attempt is complete. What the task returned is in the root span whatever
came later. Facts that Opik has no place for are in the trace's ``metadata.opik_resume``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opik_resume.base.records import Attempt, ErrorInfo, Json, ScoreResult
from opik_resume.base.text.excerpt import excerpt
from opik_resume.stores.file.rows import of_score, of_try
from opik_resume.stores.opik.scores import refusal
from opik_resume.stores.opik.wire import FACTS, object_of, policy, stamp

TRACE_NAME = "evaluation_task"
SCORING_SPAN = "metrics_calculation"
LOOKING_SPAN = "task_span_metrics_calculation"
SCORING_SPANS = (SCORING_SPAN, LOOKING_SPAN)
VALIDATION_SUFFIX = "_arg_validation"  # of spans for a metric whose arguments are missing
PRINTED_ENDS = 1_000  # characters of what a run printed that its trace holds, of the beginning and of the end
EMPTY_OUTPUT: Json = {"output": {}}  # stands for {}, which the server would not keep: the run would never be complete


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
    given = (attempt.steps or {}).get("trace") or {}
    row |= {key: given[key] for key in ("tags", "thread_id") if key in given}
    row["metadata"] = {**object_of(given.get("metadata")), **row["metadata"]}
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
    traceback = error.traceback if error.traceback.strip() else f"{kind}: {error.message}"
    return error.told | {"exception_type": kind, "traceback": traceback}


def root_is_theirs(attempt: Attempt) -> bool:
    """Whether the task made its root span itself, which may be lost: what it returned is then kept with the trace."""
    return bool(object_of((attempt.steps or {}).get("task")).get("traced"))


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
    if attempt.cost is not None:
        facts["cost"] = attempt.cost
    if attempt.notes:
        facts["notes"] = list(attempt.notes)
    if attempt.prints:
        facts["prints"] = excerpt(attempt.prints, PRINTED_ENDS)
    if attempt.scored_by is not None:
        facts["scored_by"] = list(attempt.scored_by)
    if attempt.missing_metrics:
        facts["missing_metrics"] = list(attempt.missing_metrics)
    if attempt.version is not None:
        facts["version"] = attempt.version
    if attempt.tries:
        facts["tries"] = [of_try(made) for made in attempt.tries]
    if not attempt.complete and attempt.task_output is not None and root_is_theirs(attempt):
        facts["output"] = attempt.task_output
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
