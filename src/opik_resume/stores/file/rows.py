"""Rows of the local file ↔ records, and the JSON text in them."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from opik_resume.base.columns.scores import Told
from opik_resume.base.records import (
    LIGHT_MESSAGE,
    Attempt,
    DatasetRecord,
    ErrorInfo,
    Experiment,
    Item,
    ItemFacts,
    Json,
    ScoreResult,
    Try,
    VersionRecord,
    lightened,
)
from opik_resume.base.text.encoding import as_float, float_text
from opik_resume.base.text.jsontext import clean, from_json, to_json
from opik_resume.exceptions import StoreError

T = TypeVar("T")

_FURTHER = ("reason", "category_name", "metadata", "scoring_failed")  # fields of a score that most scores do without
_NO_SCORES = "[]"
_BROKEN = (ValueError, TypeError, KeyError, AttributeError)  # what a row raises that somebody else has written, or cut
NO_TIME = datetime.fromtimestamp(0, UTC)  # of a row that does not tell it

ATTEMPT_COLUMNS = (
    "id, experiment_id, item_id, trial, started_at, ended_at, returned, complete, task_output, scores, "
    "error_type, error_message, error_traceback, task_seconds, scoring_seconds, notes, scored_by, missing_metrics, version, "
    "cost, prints, tries"
)
LIGHT_ATTEMPT_COLUMNS = (
    "id, experiment_id, item_id, trial, started_at, ended_at, returned, complete, NULL AS task_output, scores, "
    f"error_type, substr(error_message, 1, {LIGHT_MESSAGE}) AS error_message, '' AS error_traceback, "
    "task_seconds, scoring_seconds, NULL AS notes, scored_by, missing_metrics, version, cost, NULL AS prints, NULL AS tries"
)
DERIVED_COLUMNS = "seconds, began, failed_metrics"  # of others, for who reads those of every attempt
EXPERIMENT_COLUMNS = (
    "e.id, e.name, e.dataset_id, coalesce(d.deleted_name, d.name) AS dataset_name, e.version_number, e.metadata, e.expected, "
    "e.created_at, e.updated_at, e.status, e.tags, e.project_name, e.item_ids, e.scores"
)


def digest(item: Item) -> str:
    """What makes two items duplicates: their data and their execution policy, not their id."""
    text = json.dumps([item.data, item.runs_per_item], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def dataset(row: sqlite3.Row) -> DatasetRecord:
    name = row["name"] if row["deleted_name"] is None else row["deleted_name"]
    return DatasetRecord(row["id"], name, row["description"], moment(row["created_at"]))


def version(row: sqlite3.Row, *, is_latest: bool) -> VersionRecord:
    return VersionRecord(
        row["id"],
        row["dataset_id"],
        row["number"],
        row["items_total"],
        moment(row["created_at"]),
        version_hash=row["id"][-8:],  # as a server makes it
        items_added=row["items_added"],
        items_modified=row["items_modified"],
        items_deleted=row["items_deleted"],
        is_latest=is_latest,
        tags=("latest",) if is_latest else (),
    )


def item(row: sqlite3.Row, facts: ItemFacts) -> Item:
    """Raises StoreError when the row is broken."""
    try:
        return Item(row["id"], _object(row["data"]), row["runs_per_item"], facts)
    except _BROKEN as error:
        raise _broken("dataset item", row, error) from error


def experiment(row: sqlite3.Row) -> Experiment:
    """One whose row is broken must not hide the others: it has a ``problem`` and little else."""
    try:
        return _experiment(row)
    except _BROKEN as error:
        return Experiment(
            id=row["id"],
            name=str(row["name"]),
            dataset_id=row["dataset_id"],
            dataset_name=row["dataset_name"],
            version_name=f"v{row['version_number']}",
            metadata={},
            expected=row["expected"],
            created_at=NO_TIME,
            updated_at=NO_TIME,
            status=row["status"],
            problem=str(_broken("experiment", row, error)),
        )


def _experiment(row: sqlite3.Row) -> Experiment:
    return Experiment(
        id=row["id"],
        name=row["name"],
        dataset_id=row["dataset_id"],
        dataset_name=row["dataset_name"],
        version_name=f"v{row['version_number']}",
        metadata=_object(row["metadata"]),
        expected=row["expected"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        status=row["status"],
        tags=tuple(from_json(row["tags"])),
        project_name=row["project_name"],
        item_ids=tuple(from_json(row["item_ids"])) if row["item_ids"] is not None else None,
        scores=scores(row["scores"]),
    )


def of_experiment(record: Experiment) -> tuple[Any, ...]:
    """The values of a row of ``experiments``."""
    return (
        record.id,
        record.name,
        record.dataset_id,
        int(record.version_name.removeprefix("v")),
        to_json(record.metadata),
        record.expected,
        record.status,
        record.created_at.isoformat(),
        record.updated_at.isoformat(),
        to_json(record.tags),
        record.project_name,
        to_json(record.item_ids) if record.item_ids is not None else None,
        of_scores(record.scores),
    )


def attempt(row: sqlite3.Row, *, light: bool = False) -> Attempt:
    """Raises StoreError when the row is broken."""
    return part(row, lambda row: _attempt(row, light=light))


def part(row: sqlite3.Row, made: Callable[[sqlite3.Row], T]) -> T:
    """What is made of the row of an attempt. Raises StoreError when the row is broken."""
    try:
        return made(row)
    except _BROKEN as error:
        raise _broken("run", row, error) from error


def _attempt(row: sqlite3.Row, *, light: bool) -> Attempt:
    return Attempt(
        id=row["id"],
        experiment_id=row["experiment_id"],
        item_id=row["item_id"],
        trial=row["trial"],
        started_at=moment(row["started_at"]),
        ended_at=moment(row["ended_at"]) if row["ended_at"] else None,
        returned=bool(row["returned"]),
        complete=bool(row["complete"]),
        task_output=from_json(row["task_output"]) if row["task_output"] is not None else None,
        scores=scores(row["scores"], light=light),
        error=error(row),
        task_seconds=row["task_seconds"],
        scoring_seconds=row["scoring_seconds"],
        notes=tuple(from_json(row["notes"])) if row["notes"] else (),
        scored_by=_names(row["scored_by"]),
        missing_metrics=_names(row["missing_metrics"]) or (),
        version=row["version"],
        cost=row["cost"],
        prints=row["prints"],
        tries=tuple(map(try_of, from_json(row["tries"]))) if row["tries"] else (),
    )


def error(row: sqlite3.Row) -> ErrorInfo | None:
    """The error of an attempt."""
    error_type = row["error_type"]
    return ErrorInfo(error_type, row["error_message"], row["error_traceback"]) if error_type else None


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(from_json(text))


def scores(text: str, *, light: bool = False) -> tuple[ScoreResult, ...]:
    """The scores of an attempt."""
    if text == _NO_SCORES:
        return ()
    make = _light_score if light else ScoreResult
    return tuple(make(**row) for row in map(_with_number, from_json(text)))


def values(text: str) -> tuple[Told, ...]:
    """The scores of an attempt, without what goes with them."""
    if text == _NO_SCORES:
        return ()
    return tuple((row["name"], as_float(row["value"]), bool(row.get("scoring_failed"))) for row in from_json(text))


def score(row: Json) -> ScoreResult:
    """What ``of_score`` made."""
    return ScoreResult(**_with_number(row))


def _with_number(row: Json) -> Json:
    return row if type(row["value"]) is float else {**row, "value": as_float(row["value"])}


def of_scores(scores: Sequence[ScoreResult]) -> str:
    """Scores as JSON text: most are a name and a value."""
    return to_json([of_score(score) for score in scores]) if scores else _NO_SCORES


def _light_score(name: str, value: float, scoring_failed: bool = False, **more: Any) -> ScoreResult:
    return (
        lightened(ScoreResult(name, value, scoring_failed=True, **more)) if scoring_failed else ScoreResult(name, value)
    )


def started(row: sqlite3.Row) -> Attempt:
    """A start that never reported back. Raises StoreError when the row is broken."""
    try:
        return Attempt(row["id"], row["experiment_id"], row["item_id"], row["trial"], moment(row["started_at"]))
    except _BROKEN as error:
        raise _broken("start of a run", row, error) from error


def of_attempt(record: Attempt) -> tuple[Any, ...]:
    """The values of ``ATTEMPT_COLUMNS``."""
    error = record.error
    return (
        record.id,
        record.experiment_id,
        record.item_id,
        record.trial,
        record.started_at.isoformat(),
        record.ended_at.isoformat() if record.ended_at else None,
        record.returned,
        record.complete,
        to_json(record.task_output) if record.task_output is not None else None,
        of_scores(record.scores),
        error.exception_type if error else None,
        clean(error.message) if error else None,
        clean(error.traceback) if error else None,
        record.task_seconds,
        record.scoring_seconds,
        to_json(record.notes) if record.notes else None,
        to_json(record.scored_by) if record.scored_by is not None else None,
        to_json(record.missing_metrics) if record.missing_metrics else None,
        record.version,
        record.cost,
        record.prints,
        to_json([of_try(each) for each in record.tries]) if record.tries else None,
    )


def of_try(made: Try) -> Json:
    """A try in JSON, without the fields at their defaults."""
    row: Json = {"number": made.number, "started_at": made.started_at.isoformat(), "seconds": made.seconds}
    further = {"error_type": made.error_type, "message": clean(made.message), "waited": made.waited}
    return row | {key: value for key, value in further.items() if value}


def try_of(row: Json) -> Try:
    """What ``of_try`` made."""
    return Try(**{**row, "started_at": moment(row["started_at"])})


def derived(record: Attempt) -> tuple[Any, ...]:
    """The values of ``DERIVED_COLUMNS``."""
    seconds = (record.ended_at - record.started_at).total_seconds() if record.ended_at else None
    failed = record.failed_metrics
    return seconds, record.started_at.timestamp(), to_json(failed) if failed else None


def of_score(score: ScoreResult) -> Json:
    """A score without the fields at their defaults."""
    row: Json = {"name": score.name, "value": value_of(score)}
    for field in _FURTHER:
        value = getattr(score, field)
        if value is not None and value is not False:
            row[field] = value
    return row


def value_of(score: ScoreResult) -> float | str:
    """A score's value in JSON: NaN and infinity are texts there."""
    return score.value if math.isfinite(score.value) else float_text(score.value)


def _object(text: str) -> Json:
    found = from_json(text)
    if not isinstance(found, dict):
        raise TypeError(f"a JSON object was expected, not {text[:20]}")
    return found


def _broken(what: str, row: sqlite3.Row, error: Exception) -> StoreError:
    return StoreError(
        f"The row of the {what} {row['id']} is broken in the local file ({type(error).__name__}: {error})."
    )


def moment(text: str) -> datetime:
    """A moment as it is kept."""
    return datetime.fromisoformat(text)
