"""What this process knows of an experiment by itself: what it saw on the server, and what it has recorded since."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.items import Items
from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import Attempt, Experiment, Item, Json
from opik_resume.stores.opik.reading.attempts import lightened
from opik_resume.stores.opik.reading.light import LightRuns
from opik_resume.stores.protocol import Leases

_REMEMBERED = 8  # experiments


@dataclass(frozen=True)
class Recalled:
    """A :class:`~opik_resume.stores.protocol.Reader` of one experiment, without a server."""

    experiment: Experiment
    known_items: Sequence[Item]
    known_attempts: Sequence[Attempt]
    leases: Leases
    kept_callables: Callable[[str], dict[str, Json]]

    def get(self, experiment_id: str) -> Experiment:
        return self.experiment

    def items(self, dataset_id: str, version: str) -> list[Item]:
        return list(self.known_items)

    def listed(self, dataset_id: str, version: str) -> Items:
        return Items.of(self.known_items)

    def note(self, experiment_id: str) -> str | None:
        return None

    def callables(self, experiment_id: str) -> dict[str, Json]:
        return self.kept_callables(experiment_id)

    def attempts(self, experiment_id: str, *, heavy: bool = False) -> list[Attempt]:
        return [attempt if heavy else lightened(attempt) for attempt in self.known_attempts]

    def columns(self, experiment_id: str, *, heavy: bool = False) -> AttemptColumns:
        return AttemptColumns.of(self.attempts(experiment_id, heavy=heavy))


@dataclass(frozen=True)
class _Picture:
    """The server's attempts of an experiment as last seen, and the ids of those recorded here that it may not show.

    ``whole``: the attempts, of a heavy reading; None of a light one.
    """

    ids: frozenset[str]
    complete: frozenset[str]
    whole: Sequence[Attempt] | None
    recorded: set[str] = field(default_factory=set)


class Memory:
    """The latest experiments of which this process has seen or recorded attempts. Safe to use from any thread."""

    def __init__(self) -> None:
        in_each_process(self._begin)

    def _begin(self) -> None:
        self._lock = threading.Lock()  # guards the dict, and the sets in it
        self._pictures: OrderedDict[str, _Picture] = OrderedDict()

    def saw(self, experiment_id: str, attempts: Sequence[Attempt], *, heavy: bool, waiting: Collection[str]) -> None:
        """A live reading showed these. ``waiting``: the ids of those that it does not show as they were recorded."""
        complete = frozenset(attempt.id for attempt in attempts if attempt.complete)
        ids = frozenset(attempt.id for attempt in attempts)
        self._keep(experiment_id, _Picture(ids, complete, attempts if heavy else None), waiting)

    def saw_lightly(self, experiment_id: str, runs: LightRuns, *, waiting: Collection[str]) -> None:
        """As ``saw``, of a light reading."""
        picture = _Picture(frozenset(runs.every_id()), frozenset(runs.every_id(complete=True)), None)
        self._keep(experiment_id, picture, waiting)

    def _keep(self, experiment_id: str, picture: _Picture, waiting: Collection[str]) -> None:
        with self._lock:
            before = self._pictures.get(experiment_id)
            picture.recorded.update(before.recorded - (picture.ids - {*waiting}) if before is not None else waiting)
            self._pictures[experiment_id] = picture
            self._pictures.move_to_end(experiment_id)
            while len(self._pictures) > _REMEMBERED:
                self._pictures.popitem(last=False)

    def recorded(self, attempts: Sequence[Attempt]) -> None:
        """These are in the journal, for the moment."""
        with self._lock:
            for attempt in attempts:
                picture = self._pictures.get(attempt.experiment_id)
                if picture is not None:
                    picture.recorded.add(attempt.id)

    def has_completed(self, attempt: Attempt) -> bool:
        """Whether the server was seen to have it complete."""
        with self._lock:
            picture = self._pictures.get(attempt.experiment_id)
        return picture is not None and attempt.id in picture.complete

    def attempts(self, experiment_id: str, kept: Mapping[str, Attempt]) -> dict[str, Attempt] | None:
        """Every attempt, whole, by id; ``kept`` is what the journal has of them.

        None when some are known only to the server: another process's reading may have taken them out of the journal.
        """
        with self._lock:
            picture = self._pictures.get(experiment_id)
            if picture is None or not picture.recorded <= kept.keys():
                return None
        if picture.whole is None and not picture.ids <= kept.keys():
            return None
        return {**{attempt.id: attempt for attempt in picture.whole or ()}, **kept}
