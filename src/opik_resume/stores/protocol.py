"""What a store does. Plan and engine cannot tell one store from another: they see only these protocols.

All three are synchronous and safe to call from any thread. Stores return attempts, never cells: only ``grid`` says
what is complete.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from opik_resume.base.records import (
    Attempt,
    CellKey,
    DatasetRecord,
    Experiment,
    Item,
    Json,
    LeaseHolder,
    RunDetails,
    ScoreResult,
    Undelivered,
    VersionRecord,
)
from opik_resume.base.tallies import Expectation, Tally
from opik_resume.exceptions import LeaseLost

if TYPE_CHECKING:
    from opik_resume.base.columns.attempts import AttemptColumns
    from opik_resume.base.columns.items import Items

SORTS = ("-created_at", "created_at", "-updated_at", "updated_at", "name", "-name")
"""The orders in which experiments can be listed; a minus is the last first."""


class DatasetStore(Protocol):
    """Datasets and their immutable versions."""

    def create_dataset(
        self, name: str, description: str | None = None, project_name: str | None = None
    ) -> DatasetRecord:
        """Make an empty dataset, in the project if one is named. Raises DatasetAlreadyExists."""

    def dataset(self, name: str, project_name: str | None = None) -> DatasetRecord:
        """The dataset of that name, in the project or else wherever it is. Raises DatasetNotFound with near matches."""

    def dataset_of_id(self, dataset_id: str) -> DatasetRecord:
        """The dataset of that id, as it is now. Raises DatasetNotFound."""

    def delete_dataset(self, name: str, project_name: str | None = None) -> None:
        """Delete the dataset of that name; experiments on it stay. Raises DatasetNotFound with near matches."""

    def project_of(self, dataset_id: str) -> str | None:
        """The name of the project that a dataset belongs to, if it belongs to one."""

    def insert_items(self, dataset_id: str, items: Sequence[Item], *, deduplicate: bool = True) -> VersionRecord | None:
        """Add items as one new version, skipping those whose content is there already; None if nothing was new.

        An item whose id is there already replaces that one. ``deduplicate=False``: none is skipped.
        """

    def delete_items(self, dataset_id: str, item_ids: Sequence[str]) -> VersionRecord | None:
        """Leave items out of a new version; older versions keep them. None if none of them was there."""

    def versions(self, dataset_id: str) -> list[VersionRecord]:
        """Every version, newest first."""

    def items(self, dataset_id: str, version: str) -> list[Item]:
        """The items of one version (``"v3"``), newest id first, which is Opik's order."""

    def listed(self, dataset_id: str, version: str) -> Items:
        """As ``items``, by their ids: what is in one may be read when it is looked at."""


class ExperimentStore(Protocol):
    """Experiments and the attempts at their cells."""

    @property
    def path(self) -> Path:
        """The local file: of the embedded store, or of a server's journal and leases."""

    def create(self, experiment: Experiment) -> None:
        """Record a new experiment."""

    def get(self, experiment_id: str) -> Experiment:
        """One experiment. Raises ExperimentNotFound."""

    def named(self, name: str) -> list[Experiment]:
        """Every experiment of exactly that name, newest first."""

    def find(
        self, search: str = "", offset: int = 0, limit: int = 50, sort: str = "-created_at"
    ) -> tuple[list[Experiment], int]:
        """One page of those whose name contains ``search``, and how many there are.

        The embedded store looks at the names of their datasets, too. ``sort`` is one of :data:`SORTS`.
        """

    def unfinished(self, dataset_id: str, version: str) -> list[Experiment]:
        """The latest experiments on that version that have not been completed or closed, newest first.

        As far as this is known without asking a server: evaluations do not wait for it.
        """

    def done(self, experiment_id: str) -> int | None:
        """How many cells of one of ours are complete; None where only a server could tell."""

    def complete(self, experiment_id: str) -> int | None:
        """How many cells an experiment has, if all are complete, nothing has changed since, and no reading tells it sooner.

        Of one that was just listed, in one small request. None: read it.
        """

    def update(
        self, experiment_id: str, *, status: str | None = None, scores: Sequence[ScoreResult] | None = None
    ) -> None:
        """Set the status (``running``, ``completed``, ``cancelled``) or the experiment's own scores, or both."""

    def mark(self, experiment_id: str, run_id: str | None) -> None:
        """Tell other machines that this run has begun or, with None, that it has ended: see ``Experiment.mark``."""

    def delete(self, experiment_id: str) -> None:
        """Forget an experiment and its attempts. Deleting what is not there changes nothing."""

    def keep_callables(self, experiment_id: str, version: str, made_of: Json) -> None:
        """Keep what a version of task and metrics is made of, in the local file only. Returns at once.

        As :meth:`~opik_resume.experiment.fingerprints.Version.to_json` tells it. The latest ones are kept, up to a bound.
        """

    def callables(self, experiment_id: str) -> dict[str, Json]:
        """What has been kept of the versions that have run on this machine, by version, the oldest first."""

    def start(self, attempt: Attempt) -> None:
        """Note that an attempt has begun. Returns at once; durable a moment later. Verifies, as ``verify`` does."""

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Keep ended attempts: idempotent by id, durable on return. A complete attempt is never made incomplete."""

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        """Every attempt, in id order, and every start that never reported back (without ``ended_at``).

        Light ones leave out outputs, tracebacks and the reasons of scores, but for those that failed.
        """

    def columns(self, experiment_id: str, *, heavy: bool = False) -> AttemptColumns:
        """All of them as columns. ``heavy``: those that are looked at are whole."""

    def tallies(self, wanted: Sequence[Expectation]) -> dict[str, Tally]:
        """What the grids of these would count, exactly, by experiment id; without those whose cells have to be read."""

    def note(self, experiment_id: str) -> str | None:
        """What the last reading of its attempts could not tell, as a sentence for people, or None."""

    def attempt(self, attempt_id: str) -> Attempt:
        """One attempt, whole. Raises KeyError."""

    def details(self, attempt_id: str) -> RunDetails | None:
        """What the store knows of a run besides its attempt, or None. Embedded stores know nothing more."""

    def changes(self, experiment_id: str, cursor: str | None = None) -> tuple[list[Attempt], str]:
        """The light attempts that may have changed since ``cursor`` (None: all of them), and the cursor for next time.

        For runs made elsewhere. Attempts that have not changed may be among them.
        """

    def pending(self, experiment_id: str | None = None) -> Undelivered:
        """What has been recorded and is not on the server yet, of one experiment or of all. Local stores: nothing."""

    def refusal(self, score: ScoreResult) -> str | None:
        """Why the server will not take a score, which is then kept with the run instead; None for one that it takes."""

    def flush(self, timeout: float) -> bool:
        """Deliver now, and wait until nothing waits any more, at most ``timeout`` seconds. Returns whether that is so.

        With 0 seconds the delivery sets out, and nobody waits for it.
        """

    def unseen(self, experiment_id: str, attempts: Sequence[Attempt]) -> int:
        """How many of these ended attempts other programs do not see as they are. Local stores: none."""

    def link(self, experiment: Experiment) -> str | None:
        """The web page of an experiment, if it has one."""

    def verify(self) -> None:
        """Look, in microseconds and without a request, whether what is recorded now would be kept.

        Raises:
            StoreError: the local file was deleted, replaced or emptied by somebody else: nothing may be started.
        """

    def checkpoint(self) -> None:
        """A run has ended: bring what is durable into the one file that people copy. Failing at it is no error."""

    def offline(self, experiment_id: str) -> Reader | None:
        """What this process knows of an experiment by itself, when the server cannot be asked. None: not all of it.

        Never to plan from: others may have run cells meanwhile.
        """


class Reader(Protocol):
    """What reading one experiment takes."""

    @property
    def leases(self) -> Leases:
        """Who runs which experiment."""

    def get(self, experiment_id: str) -> Experiment:
        """As in :class:`ExperimentStore`."""

    def items(self, dataset_id: str, version: str) -> list[Item]:
        """As in :class:`DatasetStore`."""

    def listed(self, dataset_id: str, version: str) -> Items:
        """As in :class:`DatasetStore`."""

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        """As in :class:`ExperimentStore`."""

    def columns(self, experiment_id: str, *, heavy: bool = False) -> AttemptColumns:
        """As in :class:`ExperimentStore`."""

    def callables(self, experiment_id: str) -> dict[str, Json]:
        """As in :class:`ExperimentStore`."""

    def note(self, experiment_id: str) -> str | None:
        """As in :class:`ExperimentStore`."""


class Lease(Protocol):
    """The right to run one experiment's cells, held by one resume."""

    @property
    def run_id(self) -> str:
        """The resume that holds it."""

    def beat(self) -> bool:
        """Say that we are alive. False when somebody else has taken over: start nothing more."""

    def claim(self, cells: Sequence[CellKey]) -> dict[CellKey, str]:
        """Look at cells right before their tasks are called: those of which they must not be, and why not.

        One look at the local file, never a request: which cells are completed by attempts that this machine has
        recorded, and on which a living task of an ended run is. Raises LeaseLost when somebody else has taken over.
        """

    def lost(self) -> LeaseLost:
        """Who has taken over, and when: for one who was told so by ``beat``."""

    def stopping(self) -> None:
        """Nothing more will start under it: another resume of this process may take over."""

    def release(self, still_running: Collection[CellKey] = ()) -> None:
        """Give it back. Releasing twice, or after a take-over, changes nothing.

        ``still_running`` are the cells that tasks of ours still are on: until they come back, or our process ends, no
        resume runs them.
        """

    def came_back(self, key: CellKey, *, completed: bool) -> None:
        """One that was still running at the release has come back and is recorded. Returns at once."""


class Leases(Protocol):
    """Who runs what. Always kept in the local SQLite file."""

    def acquire(self, experiment_id: str, run_id: str) -> Lease:
        """Take the lease. Raises ExperimentBusy, saying who holds it."""

    def holder(self, experiment_id: str) -> LeaseHolder | None:
        """Who holds it and is alive, or None."""

    def ask_to_stop(self, experiment_id: str) -> bool:
        """Have whoever holds it, in whatever process, start nothing more and release it. False when nobody does."""

    def living(self, experiment_id: str) -> dict[CellKey, str]:
        """The cells that tasks of ended runs still are on, in whatever process, and a sentence about each."""


class Store(DatasetStore, ExperimentStore, Protocol):
    """A whole store: datasets, experiments, and the leases beside them."""

    @property
    def label(self) -> str:
        """What people call it, for example ``local store``."""

    @property
    def remote(self) -> bool:
        """Whether it is a server: its answers take their time, others write there, and it has a library of prompts."""

    @property
    def leases(self) -> Leases:
        """Who runs which experiment."""

    def close(self) -> None:
        """Commit what is queued and let go of files and connections."""
