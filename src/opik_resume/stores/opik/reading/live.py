"""The runs of an experiment as they are now: its traces, not the views that the server computes beforehand.

Those views lag behind by a minute or more once they exist, and a resume planned from them pays twice. Traces filtered by
``experiment_id`` are looked up through the raw links.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from opik_resume.base.records import Attempt, Json
from opik_resume.base.text import redaction
from opik_resume.exceptions import IncompleteAnswer, RequestRefused
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.reading.reasons import explained
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import PAGE, all_at_once, all_pages, condition, count, everything
from opik_resume.stores.opik.wire import stamp

UNEXPLAINED = (
    "This server cannot be asked which scores failed in runs of other programs: such runs count as complete, and what is "
    "missing from them is not shown."
)
_UNUSED = ["usage", "comments", "guardrails_validations", "tags"]
_AT_ONCE = 4  # traces looked at by themselves at a time


logger = redaction.logger("opik_resume")


@dataclass(frozen=True, slots=True)
class LiveRun:
    """An attempt as a live read shows it, and the revision that we gave it (0: another program's)."""

    attempt: Attempt
    revision: int
    project_id: str | None
    updated_at: str


class LiveRuns:
    """Reads runs of one server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._unexplained: set[str] = set()  # experiments whose runs' spans could not be asked for, as of the last time

    def note(self, experiment_id: str) -> str | None:
        """What the last reading of an experiment could not tell, as a sentence for people, or None."""
        return UNEXPLAINED if experiment_id in self._unexplained else None

    def of(
        self, experiment: Json, *, light: bool, since: datetime | None = None, known: Collection[str] = ()
    ) -> list[LiveRun]:
        """Every run of an experiment; with ``since`` only those that were written from then on.

        Args:
            experiment: its row; unless there is a ``since``, as the server tells it now: how many runs it has counts.
            light: without what is large.
            since: as above.
            known: runs that the journal has anyway: nobody looks for them when their links arrived before them.

        Raises:
            IncompleteAnswer: it cannot be established that these are all.
        """
        wanted = [condition("experiment_id", "string", "=", experiment["id"])]
        if since is not None:
            wanted.append(condition("last_updated_at", "date_time", ">=", stamp(since)))
        try:
            found = self._of_projects(experiment, wanted, known, light=light)
        except RequestRefused as error:
            if error.status != 400:
                raise
            found = self._without_filter(experiment, light=light, open_ones=since is None)
        listed = [self._run(row, experiment, light=light) for row in self._placed(found, experiment)]
        return self._with_reasons(experiment["id"], listed, light=light)

    def trace(self, trace_id: str, *, seen: bool = False) -> Json | None:
        """One trace, whole, or None. ``seen``: it was there, so that a 404 is not believed at once."""

        def call() -> Json:
            found: Json = self._client.call("GET", f"traces/{trace_id}")
            return found

        try:
            found = self._client.presence.ask(trace_id, call, seen=True) if seen else call()
        except RequestRefused as error:
            if error.status != 404:
                raise
            return None
        return found

    def whole(self, row: Json) -> LiveRun:
        """A run with all that its trace and its spans tell. ``row`` is its trace, whole."""
        reference = row.get("experiment") or {}
        made = attempts.of_trace(row, reference.get("id", ""), reference.get("dataset_item_id", ""), light=False)
        if made.trial is None or attempts.has_kept_output(made):
            made = attempts.with_spans(made, self.spans(row["id"], row.get("project_id")))
        return _live_run(row, made)

    def spans(self, trace_id: str, project_id: str | None) -> list[Json]:
        """The spans of one trace."""
        query = {"trace_id": trace_id, "truncate": "false", **({"project_id": project_id} if project_id else {})}
        return all_pages(self._client, "spans", query, size=500)

    # Traces

    def _of_projects(self, experiment: Json, wanted: list[Json], known: Collection[str], *, light: bool) -> list[Json]:
        """Usually all traces are in the experiment's project; when there are links to more, in others too.

        What is in none of the projects that the links name was deleted, has not arrived, or is where nobody would look.
        """
        project_id = experiment.get("project_id")
        linked = _linked(experiment) if len(wanted) == 1 else 0
        found = self._of_project(project_id, wanted, linked, light=light) if project_id else []
        if len(found) < linked:
            links = self._compared(experiment)
            self._check_whole(experiment, {row["id"] for row in (*found, *links)}, linked)
            others = {row.get("project_id") for row in links} - {None, project_id}
            for other in sorted(others, key=str):
                found += self._of_project(str(other), wanted, linked - len(found), light=light)
            there = {row["id"] for row in found}.union(known)
            found += self._looked_up([row for row in links if row["id"] not in there])
        return found

    def _check_whole(self, experiment: Json, seen: Collection[str], linked: int) -> None:
        if len(seen) < linked:
            raise IncompleteAnswer(
                f"{self._client.settings.label} has {linked} runs of experiment {experiment.get('name')!r} and shows "
                f"only {len(seen)} of them: nothing was decided from that. Try again in a few minutes."
            )

    def _of_project(self, project_id: str, wanted: list[Json], about: int, *, light: bool) -> list[Json]:
        """The traces in one project, of which there are about so many."""
        body = {
            "project_id": project_id,
            "filters": wanted,
            "truncate": light,
            "exclude": [*_UNUSED, "input"],
        }
        query = {
            "project_id": project_id,
            "filters": json.dumps(wanted),
            "truncate": "true" if light else "false",
            "exclude": json.dumps([*_UNUSED, "input"]),
        }
        counting = query | {"truncate": "true", "exclude": json.dumps([*_UNUSED, "input", "output", "metadata"])}

        def total() -> int:
            return count(self._client, "traces", counting)

        def found() -> list[Json]:
            rows = all_at_once(self._client, "traces", query, about) if about > PAGE else None
            return rows if rows is not None else list(everything(self._client, "traces/search", body, at_least=total))

        rows = self._client.presence.ask(project_id, found)
        return self._with_whole_facts(rows, body) if light else rows

    def _with_whole_facts(self, rows: list[Json], body: Json) -> list[Json]:
        """Long metadata comes as the beginning of its text: those rows' metadata is asked for again, whole."""
        cut = {row["id"] for row in rows if isinstance(row.get("metadata"), str)}
        if not cut:
            return rows
        again = {**body, "truncate": False, "exclude": [*_UNUSED, "input", "output"]}
        rows_again = everything(self._client, "traces/search", again, at_least=lambda: len(rows))
        whole = {row["id"]: row.get("metadata") for row in rows_again}
        missing = cut - whole.keys()
        if missing:
            raise IncompleteAnswer(f"{self._client.settings.label} did not send {len(missing)} traces again.")
        return [{**row, "metadata": whole[row["id"]]} if row["id"] in cut else row for row in rows]

    def _without_filter(self, experiment: Json, *, light: bool, open_ones: bool) -> list[Json]:
        """The runs on a server that cannot find traces by their experiment: its links, which tell no error.

        ``open_ones``: look at each run by itself that they do not show complete.
        """
        found = self._compared(experiment, truncate=light)
        self._check_whole(experiment, {row["id"] for row in found}, _linked(experiment) if open_ones else 0)
        whole = [row for row in found if not open_ones or _tells_all(row)]
        return whole + self._looked_up([row for row in found if open_ones and not _tells_all(row)])

    def _looked_up(self, links: Sequence[Json]) -> list[Json]:
        """The traces of these links that there are, one by one."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="opik-resume-traces") as pool:
            traces = pool.map(lambda row: self.trace(row["id"]), links)
            return [
                {**t, "experiment": row["experiment"]} for row, t in zip(links, traces, strict=True) if t is not None
            ]

    def _compared(self, experiment: Json, *, truncate: bool = True) -> list[Json]:
        """The links of an experiment with their traces' main fields, as rows of traces: may lag behind."""
        query = {"experiment_ids": json.dumps([experiment["id"]]), "truncate": str(truncate).lower()}
        dataset_id = str(experiment.get("dataset_id"))
        path = f"datasets/{dataset_id}/items/experiments/items"
        return [
            {
                "start_time": entry.get("created_at"),
                **entry,
                "id": entry["trace_id"],
                "metadata": entry.get("trace_metadata"),
                "experiment": {"id": experiment["id"], "dataset_item_id": entry["dataset_item_id"]},
            }
            for item in self._client.presence.ask(dataset_id, lambda: all_pages(self._client, path, query))
            for entry in item.get("experiment_items") or ()
        ]

    def _placed(self, rows: Sequence[Json], experiment: Json) -> Iterator[Json]:
        """Rows that say which item they ran; one linked to several experiments says it of one only."""
        elsewhere = [row for row in rows if _item_of(row, experiment["id"]) is None]
        links = {row["id"]: row["experiment"] for row in self._compared(experiment)} if elsewhere else {}
        lost = [row["id"] for row in elsewhere if row["id"] not in links]
        if lost:
            raise IncompleteAnswer(
                f"{self._client.settings.label} does not say which dataset item {len(lost)} runs of this experiment "
                f"belong to ({lost[0]}, …): nothing was decided from that. Try again in a few minutes."
            )
        for row in rows:
            yield row if _item_of(row, experiment["id"]) else {**row, "experiment": links[row["id"]]}

    def _run(self, row: Json, experiment: Json, *, light: bool) -> LiveRun:
        made = attempts.of_trace(row, experiment["id"], row["experiment"]["dataset_item_id"], light=light)
        return _live_run(row, made)

    # Why a run of another program is not complete, and which of its metrics raised

    def _with_reasons(self, experiment_id: str, listed: list[LiveRun], *, light: bool) -> list[LiveRun]:
        by_project: dict[str, list[LiveRun]] = defaultdict(list)
        for run in listed:
            if run.attempt.trial is None and run.project_id:
                by_project[run.project_id].append(run)
        better: dict[str, Attempt] = {}
        try:
            for project_id, theirs in by_project.items():
                better |= explained(self._client, project_id, [run.attempt for run in theirs], light=light)
            self._unexplained.discard(experiment_id)
        except (
            RequestRefused
        ) as error:  # it does not know the filter: the reasons stay those of the traces, and it is said
            logger.info("Spans of experiment %s: %s", experiment_id, error)
            self._unexplained.add(experiment_id)
        found = [replace(run, attempt=better[run.attempt.id]) if run.attempt.id in better else run for run in listed]
        return found if light else [self._with_kept_output(run) for run in found]

    def _with_kept_output(self, run: LiveRun) -> LiveRun:
        if not attempts.has_kept_output(run.attempt):
            return run
        listed = self.spans(run.attempt.id, run.project_id)
        return replace(run, attempt=attempts.with_spans(run.attempt, listed))


def _live_run(row: Json, made: Attempt) -> LiveRun:
    revision = attempts.facts_of(row).get("revision")
    known = revision if isinstance(revision, int) else 0
    return LiveRun(made, known, row.get("project_id"), row.get("last_updated_at") or "")


def _linked(experiment: Json) -> int:
    """How many traces an experiment has, there or not."""
    return int(experiment.get("trace_count") or 0)


def _tells_all(row: Json) -> bool:
    """Whether a row of the views will do: it is complete, and what we said of it is not cut."""
    return row.get("output") is not None and not isinstance(row["metadata"], str)


def _item_of(row: Json, experiment_id: str) -> str | None:
    reference = row.get("experiment") or {}
    item_id = reference.get("dataset_item_id") if reference.get("id") == experiment_id else None
    return item_id if isinstance(item_id, str) else None
