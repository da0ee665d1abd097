"""Why runs of other programs are not complete, and which of their metrics raised: their spans tell, not their traces."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from opik_resume.base.records import Attempt, Json
from opik_resume.stores.opik import runs
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import condition, count, everything
from opik_resume.stores.opik.wire import stamp

_FAILING = condition("error_info", "error_container", "is_not_empty", "")
_SCORING = condition("name", "string", "=", runs.SCORING_SPAN)
_MARGIN = timedelta(minutes=10)  # between a run and the first or the last of its spans


@dataclass(frozen=True)
class Theirs:
    """Runs of other programs in one project.

    ``first`` is when the first of them began, ``last`` when the last one ended. ``made`` gives the attempts of some ids,
    which need not be theirs.
    """

    ids: Collection[str]
    first: datetime
    last: datetime
    made: Callable[[Collection[str]], Iterable[Attempt]]

    @classmethod
    def of(cls, attempts: Sequence[Attempt]) -> Theirs:
        """Of one or more attempts."""
        by_id = {attempt.id: attempt for attempt in attempts}
        first = min(attempt.started_at for attempt in attempts)
        last = max(attempt.ended_at or attempt.started_at for attempt in attempts)
        return cls(by_id.keys(), first, last, lambda ids: [by_id[each] for each in ids if each in by_id])


def explained(client: Client, project_id: str, theirs: Theirs, *, light: bool) -> dict[str, Attempt]:
    """Those of these runs that their spans tell more of, by id.

    It takes one look at the failing spans of the time, rather than a request a run.

    Raises:
        RequestRefused: the server does not know how to find them.
        IncompleteAnswer: it cannot be established that these are all.
    """
    failing = _spans(client, project_id, theirs, _FAILING)
    if not failing:
        return {}
    by_trace: dict[str, list[Json]] = defaultdict(list)
    for span in failing:
        by_trace[span["trace_id"]].append(span)
    found = list(theirs.made(by_trace))
    of_metrics = any(attempt.complete for attempt in found)
    scoring = {span["id"] for span in _spans(client, project_id, theirs, _SCORING)} if of_metrics else set()
    return {a.id: _with_reason(a, by_trace[a.id], scoring, light=light) for a in found}


def _spans(client: Client, project_id: str, theirs: Theirs, wanted: Json) -> list[Json]:
    """The spans of these runs that match, out of all that do in the time of these runs."""
    limits = ((">=", stamp(theirs.first - _MARGIN)), ("<=", stamp(theirs.last + _MARGIN)))
    time = [condition("start_time", "date_time", *limit) for limit in limits]
    filters, exclude = [wanted, *time], ["input", "output", "metadata", "usage", "tags"]
    body = {"project_id": project_id, "filters": filters, "truncate": True, "exclude": exclude}
    query = {**body, "filters": json.dumps(filters), "truncate": "true", "exclude": json.dumps(exclude)}

    def total() -> int:
        return count(client, "spans", query)

    number = total()
    found = everything(client, "spans/search", body, at_least=total, total=number) if number else ()
    return [span for span in found if span.get("trace_id") in theirs.ids]


def _with_reason(made: Attempt, failing: Sequence[Json], scoring: set[str], *, light: bool) -> Attempt:
    if made.complete:
        return attempts.with_failures(made, [s for s in failing if s.get("parent_span_id") in scoring], light=light)
    return replace(made, returned=made.returned or attempts.scoring_broke(failing))
