"""Why runs of other programs are not complete, and which of their metrics raised: their spans tell, not their traces."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from opik_resume.base.records import Attempt, Json
from opik_resume.stores.opik import runs
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import condition, count, everything
from opik_resume.stores.opik.wire import stamp

_FAILING = condition("error_info", "error_container", "is_not_empty", "")
_SCORING = condition("name", "string", "=", runs.SCORING_SPAN)
_MARGIN = timedelta(minutes=10)  # between a run and the first or the last of its spans


def explained(client: Client, project_id: str, theirs: Sequence[Attempt], *, light: bool) -> dict[str, Attempt]:
    """Those of these attempts that their spans tell more of, by id.

    It takes one look at the failing spans of the time, rather than a request a run.

    Raises:
        RequestRefused: the server does not know how to find them.
        IncompleteAnswer: it cannot be established that these are all.
    """
    failing = _spans(client, project_id, theirs, _FAILING)
    if not failing:
        return {}
    of_metrics = {a.id for a in theirs if a.complete} & {span["trace_id"] for span in failing}
    scoring = {span["id"] for span in _spans(client, project_id, theirs, _SCORING)} if of_metrics else set()
    by_trace: dict[str, list[Json]] = defaultdict(list)
    for span in failing:
        by_trace[span["trace_id"]].append(span)
    return {a.id: _with_reason(a, by_trace[a.id], scoring, light=light) for a in theirs if a.id in by_trace}


def _spans(client: Client, project_id: str, theirs: Sequence[Attempt], wanted: Json) -> list[Json]:
    """The spans of these runs that match, out of all that do in the time of these runs."""
    ids = {attempt.id for attempt in theirs}
    first = min(attempt.started_at for attempt in theirs) - _MARGIN
    last = max(attempt.ended_at or attempt.started_at for attempt in theirs) + _MARGIN
    time = [condition("start_time", "date_time", *limit) for limit in ((">=", stamp(first)), ("<=", stamp(last)))]
    filters, exclude = [wanted, *time], ["input", "output", "metadata", "usage", "tags"]
    body = {"project_id": project_id, "filters": filters, "truncate": True, "exclude": exclude}
    query = {**body, "filters": json.dumps(filters), "truncate": "true", "exclude": json.dumps(exclude)}

    def total() -> int:
        return count(client, "spans", query)

    number = total()
    found = everything(client, "spans/search", body, at_least=total, total=number) if number else ()
    return [span for span in found if span.get("trace_id") in ids]


def _with_reason(made: Attempt, failing: Sequence[Json], scoring: set[str], *, light: bool) -> Attempt:
    if made.complete:
        return attempts.with_failures(made, [s for s in failing if s.get("parent_span_id") in scoring], light=light)
    return replace(made, returned=made.returned or attempts.scoring_broke(failing))
