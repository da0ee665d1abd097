"""Traces → attempts as columns: what is looked at of each run is kept, and its attempt is made when it is asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any

from opik_resume.base.columns.attempts import NO_TRIAL, AttemptColumns, Gathering, Made, Metrics, numbered
from opik_resume.base.columns.ids import Numbers, encoded
from opik_resume.base.columns.merging import merged
from opik_resume.base.process.garbage import collector
from opik_resume.base.records import LIGHT_MESSAGE, Attempt, CellState, Json
from opik_resume.base.states import INTERRUPTIONS
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.reading.attempts import LiveRun
from opik_resume.stores.opik.reading.reasons import Theirs
from opik_resume.stores.opik.wire import FACTS, moment, object_of

# fmt: off
_FIELDS = ("id", "item_id", "start_time", "end_time", "output", "metadata", "error_info", "feedback_scores", "usage",
           "total_estimated_cost", "project_id", "last_updated_at")
_ID, _ITEM, _START, _END, _OUTPUT, _METADATA, _ERROR, _SCORES, _USAGE, _COST, _PROJECT, _UPDATED = range(len(_FIELDS))
# fmt: on
_LARGE = {"output", "notes", "prints", "tries"}  # of what we say of a run
_SILENT = ((), (), None, None)  # who says nothing of metrics

Kept = tuple[Any, ...]
"""What is looked at of one run, in the order of ``_FIELDS``. Its output is True, its metadata what we say of the run."""

Times = Sequence[tuple[datetime, datetime | None]]
"""When each run began and ended."""


class LightRuns(Made):
    """The runs of one experiment by item and id: the source of their columns.

    Args:
        rows: their traces, each with the item that it ran as its ``item_id``. Of several of one id the last counts.
    """

    def __init__(self, experiment_id: str, rows: Iterable[Json]) -> None:
        self.explained: Sequence[Attempt] = ()  # of which their spans tell more than they do
        self._experiment_id = experiment_id
        with collector.rests():
            kept = {row["id"]: _kept(row) for row in rows}
            self._kept = sorted(kept.values(), key=itemgetter(_ITEM, _ID))

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def columns(self) -> AttemptColumns:
        """Of the attempts, as ``AttemptColumns.of`` makes them."""
        return merged(self.as_told, self.explained)

    @cached_property
    def _times(self) -> Times:
        with collector.rests():
            return [(moment(kept[_START]), moment(kept[_END]) if kept[_END] else None) for kept in self._kept]

    @cached_property
    def as_told(self) -> AttemptColumns:
        """Of what their traces tell alone."""
        gathering = Gathering()
        if self._kept:
            with collector.rests():
                gathering.add(*_told(self._kept, self._times))
            del self._times  # of many runs they are as large as the columns
        return gathering.columns(self, [Metrics(*said) for said in gathering.said])  # type: ignore[misc]

    def attempts(self, rows: Numbers) -> list[Attempt]:
        return [self._run(self._kept[row]).attempt for row in rows.tolist()]

    def ids(self, rows: Numbers) -> list[str]:
        return [self._kept[row][_ID] for row in rows.tolist()]

    def every_id(self, *, complete: bool = False) -> Iterator[str]:
        """The ids of all, or of those that are complete."""
        return (kept[_ID] for kept in self._kept if kept[_OUTPUT] or not complete)

    def runs(self, ids: Collection[str]) -> list[LiveRun]:
        """Those of these ids that are there."""
        return [self._run(kept) for kept in self._kept if kept[_ID] in ids] if ids else []

    def theirs(self) -> dict[str, Theirs]:
        """The runs of other programs, by project."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, kept in enumerate(self._kept):
            if kept[_PROJECT] and (not kept[_METADATA] or _trial(kept[_METADATA]) == NO_TRIAL):
                places[kept[_PROJECT]].append(place)
        return {project_id: self._theirs(some) for project_id, some in places.items()}

    def _theirs(self, places: Sequence[int]) -> Theirs:
        times = [self._times[place] for place in places]
        first, last = min(began for began, _ in times), max(ended or began for began, ended in times)
        ids = {self._kept[place][_ID] for place in places}
        return Theirs(ids, first, last, lambda some: self._attempts_of(ids & {*some}))

    def _attempts_of(self, ids: Collection[str]) -> list[Attempt]:
        return [run.attempt for run in self.runs(ids)]

    def _run(self, kept: Kept) -> LiveRun:
        row = dict(zip(_FIELDS, kept, strict=True))
        row["metadata"] = {FACTS: row["metadata"]} if row["metadata"] else None
        made = attempts.of_trace(row, self._experiment_id, row["item_id"], light=True)
        return attempts.live_run(row, made)


def _kept(row: Json) -> Kept:
    get = row.get
    metadata, error = get("metadata"), get("error_info")
    facts = metadata.get(FACTS) if isinstance(metadata, dict) else None
    return (
        row["id"],
        row["item_id"],
        row["start_time"],
        get("end_time"),
        get("output") is not None or None,
        _light_facts(facts) if isinstance(facts, dict) else None,
        _light_error(error) if error is not None else None,
        get("feedback_scores"),
        get("usage"),
        get("total_estimated_cost"),
        get("project_id"),
        get("last_updated_at"),
    )


def _light_facts(facts: Json) -> Json:
    return facts if _LARGE.isdisjoint(facts) else {key: facts[key] for key in facts if key not in _LARGE}


def _light_error(error: Any) -> Json:
    error = object_of(error)
    return {"exception_type": error.get("exception_type"), "message": (error.get("message") or "")[:LIGHT_MESSAGE]}


def _told(runs: Sequence[Kept], times: Times) -> Iterator[Sequence[Any]]:
    """The columns of one stretch: those of the attempts, without making them."""
    _, item_id, _, _, output, facts, error, _, usage, cost, _, _ = zip(*runs, strict=True)
    errors = ["" if each is None else each["exception_type"] or "" for each in error]
    said = [_said(each) if each else _SILENT for each in facts]
    yield encoded(item_id)
    yield [_trial(each) if each else NO_TRIAL for each in facts]
    yield [
        CellState.completed if done and what is _SILENT else _state(kept, error_type, what)
        for kept, done, error_type, what in zip(runs, output, errors, said, strict=True)
    ]
    yield [(ended - began).total_seconds() if ended else None for began, ended in times]
    yield [began.timestamp() for began, _ in times]
    yield [
        attempts.cost_of(ours or {}, theirs) if ours or theirs else None
        for ours, theirs in zip(facts, cost, strict=True)
    ]
    yield [attempts.tokens_of(each) if each else None for each in usage]
    yield range(len(runs))
    yield errors
    yield said


def _trial(facts: Json) -> int:
    trial = facts.get("trial")
    return numbered(trial) if isinstance(trial, int) else NO_TRIAL


def _state(kept: Kept, error_type: str, said: tuple[Any, ...]) -> CellState:
    """As ``state_of`` its attempt."""
    if kept[_OUTPUT]:
        failed, missing, *_ = said
        return CellState.scores_missing if failed or missing else CellState.completed
    if (kept[_METADATA] or {}).get("returned") or error_type in attempts.SCORING_ERRORS:
        return CellState.scoring_failed
    return CellState.task_failed if error_type and error_type not in INTERRUPTIONS else CellState.interrupted


def _said(facts: Json) -> tuple[Any, ...]:
    """What stands for :class:`~opik_resume.base.columns.attempts.Metrics`."""
    failed = tuple(
        score["name"] for score in facts.get("scores") or () if "value" in score and score.get("scoring_failed")
    )
    missing, scored_by, version = (facts.get(key) for key in ("missing_metrics", "scored_by", "version"))
    return (
        failed,
        attempts.names_of(missing) or (),
        attempts.names_of(scored_by),
        version if isinstance(version, str) else None,
    )
