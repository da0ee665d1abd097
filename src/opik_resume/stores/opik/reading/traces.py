"""The traces of an experiment as they are now, in whatever projects they are.

Not the views that the server computes beforehand: those lag behind by a minute or more once they exist, and a resume
planned from them pays twice. Traces filtered by ``experiment_id`` are looked up through the raw links.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial

from opik_resume.base.process.futures import begun
from opik_resume.base.records import Json
from opik_resume.base.text import redaction
from opik_resume.exceptions import IncompleteAnswer, RequestRefused, ServerError
from opik_resume.stores.opik.reading.links import Links, linked
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import PAGE, all_at_once, condition, count, everything, page
from opik_resume.stores.opik.wire import stamp

_UNUSED = ["comments", "guardrails_validations", "tags"]
_NOT_LIGHT = [
    "input", "name", "created_by", "last_updated_by", "span_feedback_scores", "span_count", "llm_span_count",
    "has_tool_spans", "duration", "ttft", "thread_id", "visibility_mode", "providers", "created_at", "source", "environment",
]  # fmt: skip
"""What a light reading does not look at either. Servers compute some of it for each trace; older ones do not know all."""
_ALL_BUT_THE_ID = [*_UNUSED, "usage", "input", "output", "metadata"]
FEW = 200  # traces that are streamed, and counted at the same time; pages of more tell with them how many there are
_REMEMBERED = 1000  # experiments of which is known that they have runs in other projects than their own

logger = redaction.logger("opik_resume")


class Traces:
    """Finds traces of one server."""

    def __init__(self, client: Client, links: Links) -> None:
        self._client = client
        self._links = links
        self._knows_all_fields = True  # as far as is known, the server does
        self._elsewhere: dict[str, tuple[str, ...]] = {}  # projects of runs, besides the experiment's own, by its id

    def of(self, experiment: Json, *, since: datetime | None, known: Collection[str], light: bool) -> list[Json]:
        """Every trace of an experiment; with ``since`` those of the projects that are known, written from then on.

        Of a light reading the output of a trace may be True, and the item that it ran its ``item_id``: see :func:`placed`.
        What links lead to and is nowhere was deleted, or has not arrived. Arguments and errors as for ``LiveRuns.of``.
        """
        wanted = [condition("experiment_id", "string", "=", experiment["id"])]
        if since is not None:
            wanted.append(condition("last_updated_at", "date_time", ">=", stamp(since)))
        expected = linked(experiment) if since is None else 0
        found = self._where_known(experiment, wanted, expected, light=light)
        if len(found) < expected:
            links = self._links.of(experiment)
            self._links.check_whole(experiment, {row["id"] for row in (*found, *links)}, expected)
            there = {row["id"] for row in found}.union(known)
            missing = [row for row in links if row["id"] not in there]
            found += self._hunted(experiment, wanted, missing, light=light)
        return found

    def extent(self, experiment: Json) -> Json | None:
        """How many traces there are in the experiment's project now, and the id of the newest.

        As long as both stay the same, these are the same traces: whatever is added later has a greater id. None when that
        cannot be asked.
        """
        wanted = [condition("experiment_id", "string", "=", experiment["id"])]
        query = {
            "project_id": experiment.get("project_id"),
            "filters": json.dumps(wanted),
            "truncate": "true",
            "exclude": json.dumps(_ALL_BUT_THE_ID),
        }
        try:
            found, total = page(self._client, "traces", query, 1, 1)
        except RequestRefused as error:
            logger.info("Traces of experiment %s could not be counted: %s", experiment["id"], error)
            return None
        return {"runs": total, "newest": found[0]["id"]} if found else None

    def _where_known(self, experiment: Json, wanted: list[Json], about: int, *, light: bool) -> list[Json]:
        """What is in the experiment's own project, and where runs of it were found before."""
        found: list[Json] = []
        if experiment.get("project_id"):
            try:
                found = self._of_project(experiment["project_id"], wanted, about, light=light)
            except RequestRefused as error:
                if error.status != 404:
                    raise
                raise self._gone(experiment, error) from error
        for project_id in self._elsewhere.get(experiment["id"], ()):
            found += self._of_other(project_id, wanted, about - len(found), light=light)
        return found

    def _gone(self, experiment: Json, error: RequestRefused) -> RequestRefused:
        return RequestRefused(
            f"The runs of experiment {experiment.get('name')!r} cannot be read: its project was deleted ({error})", 404
        )

    def _hunted(self, experiment: Json, wanted: list[Json], missing: Sequence[Json], *, light: bool) -> list[Json]:
        """The traces of links that are in other projects: one of them tells its project, that project tells the rest.

        A few more are looked at for each look in vain: traces that were deleted are as many looks as they are, but not
        one after the other.
        """
        found: list[Json] = []
        left = {row["id"]: row for row in sorted(missing, key=_may_be_gone)}
        looks = 1
        while left:
            chosen = [left.pop(trace_id) for trace_id in list(left)[:looks]]
            seen = self._links.looked_up(chosen)
            looks = 1 if seen else looks * 2
            for row in self._with_others_of_their_projects(experiment, wanted, seen, len(left), light=light):
                left.pop(row["id"], None)
                found.append(row)
        return found

    def _with_others_of_their_projects(
        self, experiment: Json, wanted: list[Json], seen: Sequence[Json], about: int, *, light: bool
    ) -> Iterator[Json]:
        """These traces, and all of the experiment that are in projects of theirs where nobody has looked yet."""
        by_id = {row["id"]: row for row in seen}
        for row in seen:
            project_id, others = row.get("project_id"), self._elsewhere.get(experiment["id"], ())
            if project_id and project_id not in (*others, experiment.get("project_id")):
                self._remember(experiment["id"], (*others, project_id))
                by_id = {r["id"]: r for r in self._of_other(project_id, wanted, about, light=light)} | by_id
        yield from by_id.values()

    def _remember(self, experiment_id: str, projects: tuple[str, ...]) -> None:
        if len(self._elsewhere) >= _REMEMBERED:
            self._elsewhere.clear()
        self._elsewhere[experiment_id] = projects

    def _of_other(self, project_id: str, wanted: list[Json], about: int, *, light: bool) -> list[Json]:
        """None when that project is no more: what is still there of it is looked up one by one."""
        try:
            return self._of_project(project_id, wanted, about, light=light)
        except RequestRefused as error:
            if error.status != 404:
                raise
            return []

    def _of_project(self, project_id: str, wanted: list[Json], about: int, *, light: bool) -> list[Json]:
        """The traces in one project, of which there are about so many."""
        if light and self._knows_all_fields:
            try:
                return self._without([*_UNUSED, *_NOT_LIGHT], project_id, wanted, about, light=True)
            except RequestRefused as error:
                if error.status != 400:
                    raise
                self._knows_all_fields = False
        return self._without([*_UNUSED, "input"], project_id, wanted, about, light=light)

    def _without(
        self, exclude: list[str], project_id: str, wanted: list[Json], about: int, *, light: bool
    ) -> list[Json]:
        body = {"project_id": project_id, "filters": wanted, "truncate": light, "exclude": exclude}
        query = {
            "project_id": project_id,
            "filters": json.dumps(wanted),
            "truncate": "true" if light else "false",
            "exclude": json.dumps(exclude),
        }
        counting = query | {"truncate": "true", "exclude": json.dumps(_ALL_BUT_THE_ID)}

        def total() -> int:
            return count(self._client, "traces", counting)

        def found() -> list[Json]:
            if about > FEW:
                rows = all_at_once(self._client, "traces", query, about, each=partial(_left, wanted, light=light))
            else:
                rows = self._at_once(body, total)
            return rows if rows is not None else list(everything(self._client, "traces/search", body, at_least=total))

        rows = self._client.presence.ask(project_id, found)
        return self._with_whole_facts(rows, body) if light else rows

    def _at_once(self, body: Json, total: Callable[[], int]) -> list[Json] | None:
        """Traces that fit one page, asked for and counted at the same time; None when it is not plain that these are all."""
        counted = begun(total, "opik-resume-count")
        try:
            rows, problem = self._client.stream("traces/search", {**body, "limit": PAGE, "last_retrieved_id": None})
        except ServerError:
            counted.exception()  # nothing is asked any more once it is said that it failed
            raise
        whole = counted.result() <= len(rows) < PAGE and problem is None
        return rows if whole else None

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


def placed(row: Json, experiment_id: str) -> Json:
    """The row, with the item that it ran in that experiment as its ``item_id``, if it says so: of several it tells one."""
    reference = row.get("experiment")
    if reference and reference.get("id") == experiment_id and isinstance(reference.get("dataset_item_id"), str):
        row["item_id"] = row.pop("experiment")["dataset_item_id"]
    return row


def _left(wanted: Sequence[Json], row: Json, *, light: bool) -> Json:
    """What is kept of a trace as soon as it is read: of a light one hardly an object, of many they would be most of all."""
    if light and row.get("output") is not None:
        row["output"] = True
    return placed(row, wanted[0]["value"])


def _may_be_gone(row: Json) -> bool:
    """Whether a link shows nothing of its trace: it may have been deleted."""
    return row.get("output") is None and row.get("metadata") is None
