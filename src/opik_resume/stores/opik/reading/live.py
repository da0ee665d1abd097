"""The runs of an experiment as they are now, as attempts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from opik_resume.base.process.futures import begun
from opik_resume.base.process.garbage import collector
from opik_resume.base.records import Attempt, Json
from opik_resume.base.text import redaction
from opik_resume.exceptions import IncompleteAnswer, RequestRefused
from opik_resume.stores.opik.reading import attempts
from opik_resume.stores.opik.reading.attempts import LiveRun
from opik_resume.stores.opik.reading.light import LightRuns
from opik_resume.stores.opik.reading.links import Links
from opik_resume.stores.opik.reading.reasons import Theirs, explained
from opik_resume.stores.opik.reading.traces import Traces, placed
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.paging import all_pages

UNEXPLAINED = (
    "This server cannot be asked which scores failed in runs of other programs: such runs count as complete, and what is "
    "missing from them is not shown."
)

logger = redaction.logger("opik_resume")


class LiveRuns:
    """Reads runs of one server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._links = Links(client)
        self._traces = Traces(client, self._links)
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
        placed = self._rows(experiment, light=light, since=since, known=known)
        with collector.rests():
            listed = [self._run(row, experiment, light=light) for row in placed]
        return self._with_reasons(experiment["id"], listed, light=light)

    def light(self, experiment: Json, *, known: Collection[str]) -> LightRuns:
        """Every run, to be made columns of. Arguments and errors as for ``of``."""
        placed = self._rows(experiment, light=True, since=None, known=known)
        runs = LightRuns(experiment["id"], placed)
        theirs = runs.theirs()
        explaining = begun(lambda: self._explained(experiment["id"], theirs, light=True), "opik-resume-reasons")
        _ = runs.as_told  # made while the server looks for reasons
        runs.explained = list(explaining.result().values())
        return runs

    def _rows(self, experiment: Json, *, light: bool, since: datetime | None, known: Collection[str]) -> list[Json]:
        """The traces, each with the item that it ran as its ``item_id``."""
        try:
            found = self._traces.of(experiment, since=since, known=known, light=light)
        except RequestRefused as error:
            if error.status != 400:
                raise
            found = self._links.runs(experiment, light=light, open_ones=since is None)
        return self._placed(found, experiment)

    def extent(self, experiment: Json) -> Json | None:
        """What stays the same as long as no run is added or deleted: see ``Traces.extent``."""
        return self._traces.extent(experiment)

    def trace(self, trace_id: str, *, seen: bool = False) -> Json | None:
        """One trace, whole, or None. ``seen``: it was there, so that a 404 is not believed at once."""
        return self._links.trace(trace_id, seen=seen)

    def whole(self, row: Json) -> LiveRun:
        """A run with all that its trace and its spans tell. ``row`` is its trace, whole."""
        reference = row.get("experiment") or {}
        made = attempts.of_trace(row, reference.get("id", ""), reference.get("dataset_item_id", ""), light=False)
        if made.trial is None or attempts.has_kept_output(made):
            made = attempts.with_spans(made, self.spans(row["id"], row.get("project_id")))
        return attempts.live_run(row, made)

    def spans(self, trace_id: str, project_id: str | None) -> list[Json]:
        """The spans of one trace."""
        query = {"trace_id": trace_id, "truncate": "false", **({"project_id": project_id} if project_id else {})}
        return all_pages(self._client, "spans", query, size=500)

    def _placed(self, rows: list[Json], experiment: Json) -> list[Json]:
        """Each row with its ``item_id``: one linked to several experiments says it of one only."""
        found = (row for row in rows if "item_id" not in row)
        elsewhere = [row for row in found if "item_id" not in placed(row, experiment["id"])]
        links = {row["id"]: row["experiment"] for row in self._links.of(experiment)} if elsewhere else {}
        lost = [row["id"] for row in elsewhere if row["id"] not in links]
        if lost:
            raise IncompleteAnswer(
                f"{self._client.settings.label} does not say which dataset item {len(lost)} runs of this experiment "
                f"belong to ({lost[0]}, …): nothing was decided from that. Try again in a few minutes."
            )
        for row in elsewhere:
            row["item_id"] = links[row["id"]]["dataset_item_id"]
        return rows

    def _run(self, row: Json, experiment: Json, *, light: bool) -> LiveRun:
        made = attempts.of_trace(row, experiment["id"], row["item_id"], light=light)
        return attempts.live_run(row, made)

    # Why a run of another program is not complete, and which of its metrics raised

    def _with_reasons(self, experiment_id: str, listed: list[LiveRun], *, light: bool) -> list[LiveRun]:
        by_project: dict[str, list[Attempt]] = defaultdict(list)
        for run in listed:
            if run.attempt.trial is None and run.project_id:
                by_project[run.project_id].append(run.attempt)
        theirs = {project_id: Theirs.of(runs) for project_id, runs in by_project.items()}
        better = self._explained(experiment_id, theirs, light=light)
        found = [replace(run, attempt=better[run.attempt.id]) if run.attempt.id in better else run for run in listed]
        return found if light else [self._with_kept_output(run) for run in found]

    def _explained(self, experiment_id: str, by_project: Mapping[str, Theirs], *, light: bool) -> dict[str, Attempt]:
        better: dict[str, Attempt] = {}
        try:
            for project_id, theirs in by_project.items():
                better |= explained(self._client, project_id, theirs, light=light)
            self._unexplained.discard(experiment_id)
        except (
            RequestRefused
        ) as error:  # it does not know the filter: the reasons stay those of the traces, and it is said
            logger.info("Spans of experiment %s: %s", experiment_id, error)
            self._unexplained.add(experiment_id)
        return better

    def _with_kept_output(self, run: LiveRun) -> LiveRun:
        if not attempts.has_kept_output(run.attempt):
            return run
        listed = self.spans(run.attempt.id, run.project_id)
        return replace(run, attempt=attempts.with_spans(run.attempt, listed))
