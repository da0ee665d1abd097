"""Experiments as they stand: find one, read its items and its grid.

A resume reads the experiment, never today's dataset: the items are those of the pinned version, in Opik's order.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from opik_resume.base.columns.ids import Runs
from opik_resume.base.columns.items import Items
from opik_resume.base.ids import is_id
from opik_resume.base.metadata import checkpoints, remembered, resume_state
from opik_resume.base.metadata.resume_state import NotResumable, ResumeState
from opik_resume.base.process.futures import begun
from opik_resume.base.records import Attempt, Experiment, Item, Json, LeaseHolder
from opik_resume.base.tallies import Expectation
from opik_resume.base.text import redaction
from opik_resume.base.text.jsontext import clean
from opik_resume.exceptions import (
    AmbiguousExperiment,
    DatasetNotFound,
    ExperimentNotFound,
    ExperimentNotResumable,
    LocalCheckpointMissing,
    OpikResumeError,
    StoreError,
)
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.selection import Selection, find_again

if TYPE_CHECKING:
    from opik_resume.base.columns.attempts import AttemptColumns
    from opik_resume.stores.protocol import Reader, Store

CLOSED = "cancelled"  # the status of an experiment whose user gave up on what is missing
UNREAD = "unread"  # the state of a row of a list whose experiment could not be read
_PAGE = 500
logger = redaction.logger("opik_resume")


@dataclass(frozen=True)
class Reading:
    """One experiment as it stood when it was read.

    ``obstacle`` says why nobody can tell which cells it should have: it cannot be resumed, and the grid shows the
    runs that there are. ``heavy``: its attempts carry outputs, tracebacks and reasons. ``note`` says what the store could
    not tell of them, or is None.
    """

    experiment: Experiment
    items: Items
    grid: Grid
    holder: LeaseHolder | None
    obstacle: ExperimentNotResumable | None = None
    heavy: bool = False
    note: str | None = None
    callables: Callable[[], Mapping[str, Json]] = dict
    """What this machine has kept of the versions of task and metrics that ran."""

    @cached_property
    def resume_state(self) -> ResumeState | NotResumable:
        """What its metadata says about resuming it."""
        return resume_state.read(self.experiment.metadata)

    @property
    def whole(self) -> bool:
        """Whether all the cells that it should have, which is known, are complete (a score may be missing)."""
        begun = len(self.grid) > 0 or self.experiment.status == "completed"  # one of nothing was completed at once
        return self.obstacle is None and begun and self.grid.complete

    @property
    def state(self) -> str:
        """``running``, ``complete``, ``resumable``, ``closed`` or ``not_resumable``."""
        if self.holder is None and self.obstacle is not None:
            return "not_resumable"
        return state_named(self.experiment, self.holder, whole=self.whole)

    @property
    def elsewhere(self) -> str | None:
        """The sentence about a run that another machine has begun and that may still be going on there, or None."""
        mark = self.experiment.mark
        if mark is None or mark.host == socket.gethostname():  # here the lease knows better
            return None
        return (
            f"A run of {self.experiment.name!r} was started on {mark.host} at {mark.since:%Y-%m-%d %H:%M} UTC and has not "
            "said that it ended. If it still goes on there, stop it first: both would pay for the same cells."
        )


def state_named(experiment: Experiment, holder: LeaseHolder | None, *, whole: bool) -> str:
    """The state of an experiment whose cells are known."""
    if holder is not None:
        return "running"
    if whole:
        return "complete"
    return "closed" if experiment.status == CLOSED else "resumable"


def expectation_of(experiment: Experiment) -> Expectation | None:
    """Which cells it has, where that is told by its metadata alone."""
    state = resume_state.read(experiment.metadata)
    if isinstance(state, NotResumable) or state.requires_local_checkpoint or state.dataset_filter_string is not None:
        return None
    version, runs = state.dataset_version_name, state.default_runs_per_item
    return Expectation(experiment.id, experiment.dataset_id, version, runs, state.nb_samples)


def find_experiment(name_or_id: str, store: Store) -> Experiment:
    """The experiment of that id, or of exactly that name.

    Raises:
        ExperimentNotFound: there is none; the message lists names that are near.
        AmbiguousExperiment: several have that name; the message lists their ids, and which of them are unfinished.
    """
    name_or_id = clean(name_or_id)
    if is_id(name_or_id):
        return store.get(name_or_id.lower())
    named = store.named(name_or_id)
    if not named:
        recent, _ = store.find(limit=_PAGE)
        raise ExperimentNotFound.near("experiment", name_or_id, [e.name for e in recent], store.label)
    if len(named) > 1:
        ids = "\n".join(f"  {e.id}  of {e.created_at:%Y-%m-%d %H:%M} UTC{_how_far(e, store)}" for e in named)
        raise AmbiguousExperiment(f"{len(named)} experiments are named {name_or_id!r}: pass the id of one.\n{ids}")
    return named[0]


def _how_far(experiment: Experiment, store: Store) -> str:
    """Whether it is finished, as far as that is told at once."""
    done, expected = store.done(experiment.id), experiment.expected
    if experiment.status == CLOSED:
        return ", closed"
    if done is None:
        return ", unfinished" if experiment.status == "running" else ""
    whole = f", complete: {expected:,} runs"
    return whole if done >= expected else f", unfinished: {done:,} of {expected:,} runs complete"


def read_experiment(experiment: Experiment, store: Reader, *, heavy: bool = False) -> Reading:
    """An experiment as it stands: its items, attempts and lease. ``heavy``: with outputs, tracebacks and reasons.

    Raises:
        StoreError: it cannot be read; ServerError of a server.
        ExperimentNotFound: it was deleted meanwhile.
    """
    if experiment.problem is not None:
        raise StoreError(experiment.problem)
    holder = store.leases.holder(experiment.id)  # before the attempts: what it records meanwhile is seen
    # A server's answers take their time.
    selecting = begun(partial(selection_of, experiment, store), "opik-resume-items")
    attempts = store.columns(experiment.id, heavy=heavy)
    try:
        selection, obstacle = selecting.result(), None
    except ExperimentNotResumable as error:
        selection, obstacle = _what_there_is(experiment, attempts, store), error
    note, kept = store.note(experiment.id), partial(store.callables, experiment.id)
    return Reading(experiment, selection.items, Grid(selection.runs, attempts), holder, obstacle, heavy, note, kept)


def _what_there_is(experiment: Experiment, attempts: AttemptColumns, store: Reader) -> Selection:
    """As many runs of an item as it has had; of items that have had none one each, unless some were left out on purpose."""
    try:
        listed = store.items(experiment.dataset_id, experiment.version_name) if experiment.version_name else []
    except DatasetNotFound:
        listed = []
    had = attempts.by_item()
    chosen = isinstance(resume_state.read(experiment.metadata), ResumeState)
    items = {item_id: Item(item_id, {}) for item_id in had} | {i.id: i for i in listed if i.id in had or not chosen}
    order = sorted(items, reverse=True)  # newest first, as everywhere
    runs = {item_id: had.get(item_id, 1) for item_id in order}
    return Selection(Items.of([items[item_id] for item_id in order]), Runs.of(runs))


def in_memory(reading: Reading, attempts: Sequence[Attempt]) -> Reading:
    """Its cells with these attempts and no others, for a store of which nothing can be read any more."""
    items = Items(reading.items.ids, reading.items.own_runs, lambda ids: [Item(item_id, {}) for item_id in ids])
    return replace(reading, items=items, grid=Grid(reading.grid.runs, attempts))


def why_unread(error: Exception) -> str:
    """Why an experiment could not be read, as one sentence: its row in a list is then ``unread``."""
    return str(error) if isinstance(error, OpikResumeError) else f"{type(error).__name__}: {error}"


def recall_experiment(experiment_id: str, store: Store) -> Reading | None:
    """An experiment as this process knows it, heavy, without asking a server; None when not all of it is known here.

    Never to plan from: others may have run cells meanwhile.
    """
    known = store.offline(experiment_id)
    return read_experiment(known.get(experiment_id), known, heavy=True) if known is not None else None


def selection_of(experiment: Experiment, store: Reader) -> Selection:
    """The items that the original evaluation saw, in its order, and the number of runs each expects.

    Raises:
        ExperimentNotResumable: it does not say, or they are gone.
        LocalCheckpointMissing: a sampler or explicit ids chose them, and what they resolved to is not on this machine.
    """
    state = resume_state.read(experiment.metadata)
    if isinstance(state, NotResumable):
        raise _not_resumable(experiment, state.reason)
    ids = _resolved_ids(experiment, state)
    try:
        items = store.listed(experiment.dataset_id, state.dataset_version_name)
    except DatasetNotFound as error:
        raise _not_resumable(experiment, str(error).rstrip(".")) from error
    return find_again(items, state, ids)


def _resolved_ids(experiment: Experiment, state: ResumeState) -> tuple[str, ...] | None:
    if not state.requires_local_checkpoint:
        return None
    ids = experiment.item_ids if experiment.item_ids is not None else checkpoints.read(experiment.id)
    if ids is None:
        raise LocalCheckpointMissing(
            f"Experiment {experiment.name!r} was evaluated on items that a sampler or explicit ids chose, and their list "
            f"({checkpoints.path_of(experiment.id)}) is not on this machine: resume it where it was started, copy that "
            "file, or start a fresh evaluate() with the same dataset_item_ids."
        )
    if remembered.ours(experiment.metadata):
        return ids
    # The SDK lists an item twice that it has run once, and asks for one run. An empty list it takes for none.
    return tuple(dict.fromkeys(ids)) or None


def why_not_resumable(reading: Reading) -> ExperimentNotResumable | None:
    """The error that says why it cannot be resumed and what to do instead, or None when it can."""
    experiment = reading.experiment
    if reading.obstacle is not None:
        return type(reading.obstacle)(str(reading.obstacle))  # raised many times, the same one would grow
    if experiment.status == CLOSED:
        return ExperimentNotResumable(
            f"Experiment {experiment.name!r} was closed: reopen_experiment({experiment.id!r}) makes it resumable."
        )
    return None


def _not_resumable(experiment: Experiment, reason: str) -> ExperimentNotResumable:
    return ExperimentNotResumable(
        f"Experiment {experiment.name!r} cannot be resumed: {reason}. Start a fresh evaluate() on its dataset; "
        "what is there stays readable."
    )
