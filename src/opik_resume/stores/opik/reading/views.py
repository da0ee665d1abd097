"""What the views that a server computes beforehand do not show yet: other programs, the SDK among them, believe those.

No request makes a server compute them sooner: each write of an experiment, and ``finish``, puts it off to about a minute
after the last of them, and so does a GET of an experiment that has no view yet. So they are only looked at, in ways that
put nothing off.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from opik_resume.base.records import Attempt, Json
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import all_pages
from opik_resume.stores.opik.scores import refusal, same_value


def unseen(client: Client, experiment: Json, attempts: Sequence[Attempt]) -> int:
    """How many of these attempts the server's views do not show as they are: the few counts first, then run by run."""
    counted = _counted(client, experiment["id"])
    if counted < len(attempts):
        return len(attempts) - counted
    shown = _compared(client, experiment)
    return sum(not _shows(shown.get(attempt.id), attempt) for attempt in attempts)


def _counted(client: Client, experiment_id: str) -> int:
    """How many runs the list says that it has. A list may miss an experiment whose view is just being made."""
    query = {"experiment_ids": json.dumps([experiment_id]), "page": 1, "size": 1}
    rows = client.call("GET", "experiments", query=query)["content"]
    return int(rows[0].get("trace_count") or 0) if rows else 0


def _compared(client: Client, experiment: Json) -> dict[str, Json]:
    path = f"datasets/{experiment.get('dataset_id')}/items/experiments/items"
    query = {"experiment_ids": json.dumps([experiment["id"]]), "truncate": "true"}
    return {
        entry["trace_id"]: entry
        for item in all_pages(client, path, query)
        for entry in item.get("experiment_items") or ()
    }


def _shows(entry: Json | None, attempt: Attempt) -> bool:
    if entry is None or attempt.complete != (entry.get("output") is not None):
        return False
    there = {score["name"]: score["value"] for score in entry.get("feedback_scores") or ()}
    wanted = {score.name: score.value for score in attempt.scores if not score.scoring_failed and not refusal(score)}
    return not attempt.complete or all(name in there and same_value(there[name], wanted[name]) for name in wanted)
