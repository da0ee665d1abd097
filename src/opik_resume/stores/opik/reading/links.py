"""The links of an experiment to its runs, and the runs that they lead to one by one.

The server tells links from views that it computes beforehand: they may lag behind by a minute or more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

from opik_resume.base.records import Json
from opik_resume.exceptions import IncompleteAnswer, RequestRefused
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import all_pages

_AT_ONCE = 4  # traces looked at by themselves at a time


class Links:
    """Reads links of one server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of(self, experiment: Json, *, truncate: bool = True) -> list[Json]:
        """The links of an experiment with their traces' main fields, as rows of traces: may lag behind.

        They need not say in which projects the traces are: most likely in the experiment's.
        """
        query = {"experiment_ids": json.dumps([experiment["id"]]), "truncate": str(truncate).lower()}
        dataset_id = str(experiment.get("dataset_id"))
        path = f"datasets/{dataset_id}/items/experiments/items"
        return [
            {
                "start_time": entry.get("created_at"),
                **entry,
                "id": entry["trace_id"],
                "metadata": entry.get("trace_metadata"),
                "project_id": entry.get("project_id") or experiment.get("project_id"),
                "experiment": {"id": experiment["id"], "dataset_item_id": entry["dataset_item_id"]},
            }
            for item in self._client.presence.ask(dataset_id, lambda: all_pages(self._client, path, query))
            for entry in item.get("experiment_items") or ()
        ]

    def runs(self, experiment: Json, *, light: bool, open_ones: bool) -> list[Json]:
        """The runs on a server that cannot find traces by their experiment: its links, which tell no error.

        ``open_ones``: look at each run by itself that they do not show complete.
        """
        found = self.of(experiment, truncate=light)
        self.check_whole(experiment, {row["id"] for row in found}, linked(experiment) if open_ones else 0)
        whole = [row for row in found if not open_ones or _tells_all(row)]
        return whole + self.looked_up([row for row in found if open_ones and not _tells_all(row)])

    def looked_up(self, links: Sequence[Json]) -> list[Json]:
        """The traces of these links that there are, one by one."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="opik-resume-traces") as pool:
            traces = pool.map(lambda row: self.trace(row["id"]), links)
            return [
                {**t, "experiment": row["experiment"]} for row, t in zip(links, traces, strict=True) if t is not None
            ]

    def trace(self, trace_id: str, *, seen: bool = False) -> Json | None:
        """One trace, whole, or None. ``seen``: it was there, so that a 404 is not believed at once."""

        def call() -> Json:
            found: Json = self._client.call("GET", f"traces/{trace_id}")
            return found

        try:
            return self._client.presence.ask(trace_id, call, seen=True) if seen else call()
        except RequestRefused as error:
            if error.status != 404:
                raise
            return None

    def check_whole(self, experiment: Json, seen: Collection[str], count: int) -> None:
        """Raises IncompleteAnswer when the server says that there are more runs than were seen."""
        if len(seen) < count:
            raise IncompleteAnswer(
                f"{self._client.settings.label} has {count} runs of experiment {experiment.get('name')!r} and shows "
                f"only {len(seen)} of them: nothing was decided from that. Try again in a few minutes."
            )


def linked(experiment: Json) -> int:
    """How many traces an experiment has, there or not."""
    return int(experiment.get("trace_count") or 0)


def _tells_all(row: Json) -> bool:
    """Whether a row of the views will do: it is complete, and what we said of it is not cut."""
    return row.get("output") is not None and not isinstance(row["metadata"], str)
