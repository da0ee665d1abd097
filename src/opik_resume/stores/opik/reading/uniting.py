"""What a live reading shows and what the local file has, as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.merging import merged
from opik_resume.base.records import Attempt
from opik_resume.stores.file.journal import Entry
from opik_resume.stores.opik.reading.attempts import LiveRun, lightened
from opik_resume.stores.opik.reading.light import LightRuns
from opik_resume.stores.opik.scores import same_value


def united(
    live: Sequence[LiveRun], starts: Sequence[Attempt], entries: Iterable[Entry], *, heavy: bool
) -> list[Attempt]:
    """Starts, under what the server has of them, under what the journal has."""
    by_id = {start.id: start for start in starts}
    by_id.update((run.attempt.id, run.attempt) for run in live)
    by_id.update((e.attempt.id, e.attempt if heavy else lightened(e.attempt)) for e in entries)
    return [by_id[attempt_id] for attempt_id in sorted(by_id)]


def united_columns(runs: LightRuns, starts: Sequence[Attempt], entries: Iterable[Entry]) -> AttemptColumns:
    """As ``united``, of a light reading."""
    there = {run.attempt.id for run in runs.runs({start.id for start in starts})}
    begun = [start for start in starts if start.id not in there]
    return merged(runs.columns, [*begun, *(lightened(entry.attempt) for entry in entries)])


def shows(run: LiveRun, entry: Entry) -> bool:
    """Whether a live read shows what the journal has: its trace is the last that is sent."""
    if entry.attempt.trial is not None:
        return run.revision >= entry.revision
    there = {score.name: score.value for score in run.attempt.scores if not score.scoring_failed}
    scores = [score for score in entry.attempt.scores if not score.scoring_failed]
    return run.attempt.complete >= entry.attempt.complete and all(
        score.name in there and same_value(there[score.name], score.value) for score in scores
    )
