"""An Opik server as a store: its live runs together with what the journal has not delivered yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from opik_resume.base import settings as configuration
from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.items import Items
from opik_resume.base.process.futures import begun
from opik_resume.base.records import (
    Attempt,
    DatasetRecord,
    Experiment,
    Item,
    Json,
    RunDetails,
    ScoreResult,
    Undelivered,
    VersionRecord,
)
from opik_resume.base.settings import OpikSettings
from opik_resume.base.tallies import Expectation, Tally
from opik_resume.base.text.redaction import keep_secret
from opik_resume.exceptions import RequestRefused, ServerError
from opik_resume.stores.file.callables import KeptCallables
from opik_resume.stores.file.database import Database
from opik_resume.stores.file.journal import Entry, Journal
from opik_resume.stores.file.lease.leases import Completed, SqliteLeases
from opik_resume.stores.opik import wire
from opik_resume.stores.opik.datasets import Datasets
from opik_resume.stores.opik.experiments import Experiments
from opik_resume.stores.opik.reading import attempts, views
from opik_resume.stores.opik.reading.attempts import LiveRun
from opik_resume.stores.opik.reading.light import LightRuns
from opik_resume.stores.opik.reading.links import linked
from opik_resume.stores.opik.reading.live import LiveRuns
from opik_resume.stores.opik.reading.recalled import Memory, Recalled
from opik_resume.stores.opik.reading.uniting import shows, united, united_columns
from opik_resume.stores.opik.rest.answers import no_such_path, not_opik
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.scores import refusal, same_attempt
from opik_resume.stores.opik.writing.delivery import Delivery
from opik_resume.stores.opik.writing.mirroring import mirror
from opik_resume.stores.opik.writing.sending import Sender
from opik_resume.stores.protocol import Reader

R = TypeVar("R", list[LiveRun], LightRuns)

LOST_AFTER = 600  # seconds from which on a live reading must show what the server has acknowledged
_NEWEST = 1 << 62  # of runs of other programs, whose rows others may have changed since
_OVERLAP = timedelta(minutes=2)  # clocks of the machines that write traces differ by less


class OpikStore:
    """A :class:`~opik_resume.stores.protocol.Store` on an Opik server.

    Args:
        settings: where the server is, the key, the workspace and, if it was configured, the project to look at.
        path: the local file, for leases and the journal; None means the configured one.
    """

    remote = True

    def __init__(self, settings: OpikSettings, path: Path | None = None) -> None:
        self.settings = settings
        self.path = path or configuration.database_path()
        keep_secret(settings.api_key)
        self._client = Client(settings)
        self._database = Database(self.path)
        self._datasets = Datasets(self._client)
        self._experiments = Experiments(self._client, self._datasets)
        self._live = LiveRuns(self._client)
        self._journal = Journal(self._database, f"{settings.shown_url} {settings.workspace}")
        self._callables = KeptCallables(self._database, self._journal.server)
        self._client.presence.kept = self._journal.knows
        self.leases = SqliteLeases(self._database, Completed("journal", self._journal.server))
        sender = Sender(self._client, self._datasets, self._experiments, self._live)
        self._delivery = Delivery(self._journal, self.leases, sender.send, self._greet)
        self._memory = Memory()
        self._journal.try_again()
        if self._journal.waiting():
            self._delivery.wake()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.settings.label

    def __repr__(self) -> str:
        return f"<{self.label}>"

    def check(self) -> None:
        """Ask the server whether it is there and lets us in.

        Raises:
            ServerUnreachable, NotAuthorized, RequestRefused: the message names the setting to correct.
        """
        try:
            self._client.call("POST", "auth", tries=2)
            found = self._client.call("GET", "auth/workspace", tries=2)
        except RequestRefused as error:
            raise no_such_path(error, self.settings) from error
        if not isinstance(found, dict) or not isinstance(found.get("workspace_name"), str):
            raise not_opik(self.settings)  # it says yes to everything

    def _greet(self) -> None:
        self._client.call("POST", "auth", tries=1)

    def close(self) -> None:
        self._delivery.stop()
        self._delivery.join()  # the request at hand ends: one that loses its client under way may hang, or leak
        self._client.close()
        self._delivery.join()  # and one that hung anyway has been cut
        self.leases.close()
        self._database.close()

    @property
    def moved(self) -> bool:
        """Whether the path leads to another local file by now, or to none."""
        return self._database.moved

    def verify(self) -> None:
        self._database.verify()

    def checkpoint(self) -> None:
        self._database.checkpoint()

    # Datasets

    def create_dataset(
        self, name: str, description: str | None = None, project_name: str | None = None
    ) -> DatasetRecord:
        return self._datasets.create(name, description, project_name=project_name)

    def dataset(self, name: str, project_name: str | None = None) -> DatasetRecord:
        return self._datasets.named(name, project_name)

    def dataset_of_id(self, dataset_id: str) -> DatasetRecord:
        return wire.dataset(self._datasets.row(dataset_id))

    def delete_dataset(self, name: str, project_name: str | None = None) -> None:
        self._datasets.remove(name, project_name)

    def project_of(self, dataset_id: str) -> str | None:
        return self._datasets.project_of(dataset_id)

    def insert_items(self, dataset_id: str, items: Sequence[Item], *, deduplicate: bool = True) -> VersionRecord | None:
        return self._datasets.insert(dataset_id, items, deduplicate=deduplicate)

    def delete_items(self, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
        return self._datasets.delete(dataset_id, item_ids)

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        return self._datasets.versions(dataset_id)

    def items(self, dataset_id: str, version: str) -> list[Item]:
        return self._datasets.items(dataset_id, version)

    def listed(self, dataset_id: str, version: str) -> Items:
        return self._datasets.listed(dataset_id, version)

    def mirror(self, record: DatasetRecord, versions: Sequence[tuple[VersionRecord, list[Item]]]) -> None:
        """Make a dataset of another store be here, too: see :func:`~opik_resume.stores.opik.writing.mirroring.mirror`."""
        mirror(self._datasets, record, versions)

    # Experiments

    def create(self, experiment: Experiment) -> None:
        self._experiments.create(experiment)
        self._memory.saw(experiment.id, [], heavy=True, waiting=())

    def get(self, experiment_id: str) -> Experiment:
        return wire.experiment(self._experiments.row(experiment_id))

    def named(self, name: str) -> list[Experiment]:
        return self._experiments.named(name)

    def find(
        self, search: str = "", offset: int = 0, limit: int = 50, sort: str = "-created_at"
    ) -> tuple[list[Experiment], int]:
        return self._experiments.find(search, offset, limit, sort)

    def unfinished(self, dataset_id: str, version: str) -> list[Experiment]:
        """Of those that this process has seen."""
        return self._experiments.unfinished(dataset_id, version)

    def done(self, experiment_id: str) -> int | None:
        known = self.offline(experiment_id)
        if known is None:
            return None
        return len({(attempt.item_id, attempt.trial) for attempt in known.attempts(experiment_id) if attempt.complete})

    def complete(self, experiment_id: str) -> int | None:
        row = self._experiments.recalled(experiment_id)
        said = wire.complete_at(row) if row is not None else None
        if row is None or said is None or any(self._kept(experiment_id)):
            return None
        expected, extent = said
        return expected if self._live.extent(row) == extent else None

    def update(
        self, experiment_id: str, *, status: str | None = None, scores: Sequence[ScoreResult] | None = None
    ) -> None:
        self._experiments.update(experiment_id, status, scores, self._live.extent)

    def mark(self, experiment_id: str, run_id: str | None) -> None:
        self._experiments.mark(experiment_id, run_id)

    def delete(self, experiment_id: str) -> None:
        self._experiments.delete(experiment_id)
        self._journal.forget(experiment_id)
        self._callables.forget(experiment_id)

    def keep_callables(self, experiment_id: str, version: str, made_of: Json) -> None:
        self._callables.keep(experiment_id, version, made_of)

    def callables(self, experiment_id: str) -> dict[str, Json]:
        """Of those versions that have run on this machine."""
        return self._callables.read(experiment_id)

    def link(self, experiment: Experiment) -> str | None:
        return self._experiments.page(experiment)

    # Attempts

    def start(self, attempt: Attempt) -> None:
        self._database.verify()
        self._journal.start(attempt)

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Durable in the journal on return; delivered from there by a thread of its own."""
        kept = [attempt for attempt in attempts if attempt.complete or not self._memory.has_completed(attempt)]
        self._journal.record(kept)
        self._memory.recorded(kept)
        self._delivery.wake(len(attempts))

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        """The server's attempts as they are now, with those that are still on their way to it.

        Raises:
            IncompleteAnswer: it cannot be established that these are all.
        """
        # Before the live read: what is delivered meanwhile is then seen twice, never not at all.
        starts, entries = self._kept(experiment_id)
        known = {entry.attempt.id for entry in entries}
        live = self._read_live(experiment_id, partial(self._live.of, light=not heavy, known=known))
        self._send_again(live, entries)
        waiting = self._not_shown(live, entries)
        self._memory.saw(experiment_id, [run.attempt for run in live], heavy=heavy, waiting=waiting)
        return united(live, starts, waiting.values(), heavy=heavy)

    def columns(self, experiment_id: str, *, heavy: bool = False) -> AttemptColumns:
        if heavy:
            return AttemptColumns.of(self.attempts(experiment_id, heavy=True))
        starts, entries = self._kept(experiment_id)
        known = {entry.attempt.id for entry in entries}
        runs = self._read_live(experiment_id, partial(self._live.light, known=known))
        live = runs.runs(known)
        self._send_again(live, entries)
        waiting = self._not_shown(live, entries)
        self._memory.saw_lightly(experiment_id, runs, waiting=waiting)
        return united_columns(runs, starts, waiting.values())

    def tallies(self, wanted: Sequence[Expectation]) -> dict[str, Tally]:
        """None: a server's cells are read."""
        return {}

    def _read_live(self, experiment_id: str, read: Callable[[Json], R]) -> R:
        """Every run. They are looked for where the experiment was last told to be while it is asked for itself.

        What it has become since then, in another project or with more runs, is read again. ``read``: of its row.
        """
        just_told = self._experiments.just_told(experiment_id)
        if just_told is not None:
            return read(just_told)
        told = self._experiments.recalled(experiment_id)
        asked = begun(partial(self._experiments.row, experiment_id), "opik-resume-experiment")
        if told is not None:
            try:
                live = read(told)
            except ServerError:
                if _place(told) == _place(asked.result()):
                    raise
            else:
                project, number = _place(asked.result())
                if project == _place(told)[0] and number <= max(len(live), linked(told)):
                    return live
        return read(asked.result())

    def note(self, experiment_id: str) -> str | None:
        return self._live.note(experiment_id)

    def attempt(self, attempt_id: str) -> Attempt:
        kept = self._journal.find(attempt_id)
        if isinstance(kept, Entry) and kept.state != "delivered":
            return kept.attempt
        row = self._live.trace(attempt_id)
        run = self._live.whole(row) if row is not None else None
        if isinstance(kept, Entry) and (run is None or not shows(run, kept)):
            return kept.attempt
        if run is not None:
            return run.attempt
        if kept is None:
            raise KeyError(attempt_id)
        return kept.attempt if isinstance(kept, Entry) else kept

    def details(self, attempt_id: str) -> RunDetails | None:
        row = self._live.trace(attempt_id)
        if row is None:
            return None
        project_id = row.get("project_id")
        url = self._experiments.page_of_trace(attempt_id, str(project_id)) if project_id else None
        return attempts.details(row, self._live.spans(attempt_id, project_id), url)

    def changes(self, experiment_id: str, cursor: str | None = None) -> tuple[list[Attempt], str]:
        kept = self._kept(experiment_id)
        since = wire.moment(cursor) - _OVERLAP if cursor else None
        row = self._experiments.last_row(experiment_id) if since else self._experiments.row(experiment_id)
        live = self._live.of(row, light=True, since=since)
        latest = max([run.updated_at for run in live] + ([cursor] if cursor else []), key=_moment_key, default="")
        return united(live, kept[0], self._not_shown(live, kept[1]).values(), heavy=False), latest

    def lacking(self, experiment_id: str, wanted: Sequence[Attempt]) -> list[Attempt]:
        """Those of these attempts that it does not have as they are, as far as it can have them so."""
        there = {attempt.id: attempt for attempt in self.attempts(experiment_id, heavy=True)}
        return [a for a in wanted if a.id not in there or not same_attempt(a, there[a.id])]

    def refusal(self, score: ScoreResult) -> str | None:
        return refusal(score)

    def pending(self, experiment_id: str | None = None) -> Undelivered:
        return self._journal.undelivered(experiment_id, self._delivery.problem)

    def flush(self, timeout: float) -> bool:
        return self._delivery.flush(timeout)

    def unseen(self, experiment_id: str, attempts: Sequence[Attempt]) -> int:
        return views.unseen(self._client, self._experiments.last_row(experiment_id), attempts)

    def offline(self, experiment_id: str) -> Reader | None:
        """What this process knows by itself; None when it does not know the experiment whole."""
        row = self._experiments.recalled(experiment_id)
        if row is None:
            return None
        experiment = wire.experiment(row)
        items = self._datasets.remembered(experiment.dataset_id, experiment.version_name)
        starts, entries = self._kept(experiment_id)
        known = self._memory.attempts(experiment_id, {entry.attempt.id: entry.attempt for entry in entries})
        if items is None or known is None:
            return None
        by_id = {start.id: start for start in starts} | known
        return Recalled(experiment, items, [by_id[key] for key in sorted(by_id)], self.leases, self.callables)

    def _kept(self, experiment_id: str) -> tuple[list[Attempt], list[Entry]]:
        return self._journal.starts(experiment_id), self._journal.entries(experiment_id)

    def _not_shown(self, live: Sequence[LiveRun], entries: Sequence[Entry]) -> dict[str, Entry]:
        """What the journal has to keep, by id: what a live reading has shown leaves it."""
        seen = {run.attempt.id: run for run in live}
        shown = [e for e in entries if (run := seen.get(e.attempt.id)) is not None and shows(run, e)]
        self._journal.shown(shown)
        gone = {entry.attempt.id for entry in shown}
        return {entry.attempt.id: entry for entry in entries if entry.attempt.id not in gone}

    def _send_again(self, live: Sequence[LiveRun], entries: Sequence[Entry]) -> None:
        """What the server has acknowledged long ago and a whole live reading does not show is not there."""
        revisions = {run.attempt.id: run.revision if run.attempt.trial is not None else _NEWEST for run in live}
        long_ago = time.time_ns() // 1000 - LOST_AFTER * 1_000_000
        lost = [
            entry
            for entry in entries
            if entry.state == "delivered" and revisions.get(entry.attempt.id, -1) < entry.revision <= long_ago
        ]
        if lost:
            self._journal.lost(lost)
            self._delivery.wake()


def _place(experiment: Json) -> tuple[str | None, int]:
    """Where an experiment's runs are, mostly, and how many they are."""
    return experiment.get("project_id"), linked(experiment)


def _moment_key(text: str) -> float:
    return wire.moment(text).timestamp() if text else 0.0
