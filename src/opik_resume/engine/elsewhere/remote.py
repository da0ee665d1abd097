"""The worker's side: imports, unpacks and calls the user's code, and never raises.

A function of this module is all that an executor is asked to call. It needs the package installed where it runs, and
nothing else of ours: no store, no lease.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from opik_resume.base.process.forks import in_each_process
from opik_resume.base.records import CellKey, ScoreResult, Try
from opik_resume.base.text.tracebacks import in_words
from opik_resume.engine.backends import Awaiter
from opik_resume.engine.calling import Calls
from opik_resume.engine.capture.routing import Capture
from opik_resume.engine.cells.cell import CellWork
from opik_resume.engine.cells.costs import Costs
from opik_resume.engine.cells.tracing import Untraced
from opik_resume.engine.elsewhere import clusters
from opik_resume.engine.elsewhere.messages import Address, Answer, Call, Done, Fit
from opik_resume.engine.elsewhere.packing import Kit, cloudpickle
from opik_resume.engine.retrying.judging import Judging
from opik_resume.engine.retrying.policy import Pause
from opik_resume.engine.retrying.tries import Tries
from opik_resume.engine.retrying.trying import Heedful, Trying

KITS = 8  # that a worker keeps: a cluster may serve several runs in turn
ERROR_LIMIT = 1_000_000  # bytes of an exception that are sent; its text goes in any case

_lock: threading.Lock  # guards the two below
_kits: dict[str, Kit] = {}
_stopped: dict[str, None] = {}


def _begin() -> None:
    global _lock
    _lock = threading.Lock()


in_each_process(_begin)


def answer(
    fit: tuple[str, str], address: tuple[str, str, str, str], calls: Sequence[bytes], payload: bytes | None = None
) -> bytes:
    """Make some calls of a run, one after the other, unless the run is stopped. Returns a pickled ``Answer`` of each."""
    where = Address(*address)
    try:
        kit = _kit_for(Fit(*fit), where, payload)
    except Exception as error:
        kit = _unfit(error)
    return pickle.dumps([_answer(kit, where, call) if isinstance(kit, Kit) else kit for call in calls])


def stop(run_id: str) -> None:
    """Begin no further call of this run in this process."""
    with _lock:
        _stopped[run_id] = None


def _kit_for(fit: Fit, address: Address, payload: bytes | None) -> Kit | Answer:
    """What is called, or why nothing is."""
    if fit != Fit.here():
        return "unfit", f"the worker has {Fit.here()}, and here is {fit}: install the same there"
    try:
        kit = _kit(address.digest, payload)
    except Exception as error:  # a module that is not there, or whatever its import raises
        return "unfit", (
            f"a worker cannot unpack task and metrics: {in_words(error)}. Install there what they import, or "
            "define them in the notebook or script itself."
        )
    if kit is None:
        return "missing", None
    if _is_stopped(address):
        return "refused", None
    return kit if clusters.first_time(address.run_id, address.ticket) else ("again", None)


def _answer(kit: Kit, address: Address, call: bytes) -> Answer:
    if _is_stopped(address):
        return "refused", None
    try:
        return "done", _Work(kit, pickle.loads(call)).done()  # noqa: S301  # ours, as all that travels
    except Exception as error:
        return _unfit(error)


def _unfit(error: Exception) -> Answer:
    """The user's code raises within its run: this is something of ours."""
    return "unfit", f"a worker failed at a run: {in_words(error)}"


def _is_stopped(address: Address) -> bool:
    return address.run_id in _stopped or os.path.exists(address.stop_mark)  # noqa: PTH110  # before each call: 1 µs


def _kit(digest: str, payload: bytes | None) -> Kit | None:
    with _lock:
        if digest not in _kits and payload is not None:
            _kits[digest] = cloudpickle().loads(payload)
            while len(_kits) > KITS:
                del _kits[next(iter(_kits))]
        return _kits.get(digest)


@dataclass
class _Spanned(Untraced):
    """Nothing around, but how things were called is noted for the spans that a server shows."""

    spans: bool = False


class _OneTry(Trying):
    """Calls the task once: whether and when there is another try is decided where the run is."""

    tries: Tries

    def begin(self) -> Tries:
        return self.tries


class _Work:
    """One call: what is told meanwhile is kept for the answer."""

    def __init__(self, kit: Kit, call: Call) -> None:
        self._kit, self._call = kit, call
        self._error: BaseException | None = None
        self._pause: Pause | None = None
        self._refused: list[float | None] = []
        self._fresh: dict[str, tuple[ScoreResult, ...]] = {}
        calls = Calls(Awaiter())
        judging = Judging(calls, _Heard(self._refused))
        self._trying = self._one_try(calls, judging)
        self._costs = Costs(kit.cost, calls) if kit.cost is not None else None
        terms = call.terms
        self._tracing = terms.relay.begin() if terms.relay is not None else _Spanned(terms.spans)
        self._work = CellWork(
            kit.task,
            kit.scoring_metrics,
            kit.scoring_key_mapping,
            calls,
            tolerant=terms.tolerant,
            on_error=self._note,
            tracing=self._tracing,
            required=terms.required,
            fresh=self._fresh,
            version=terms.version,
            costs=self._costs,
            trying=self._trying,
            judging=judging,
        )

    def done(self) -> Done:
        call = self._call
        again = call.metrics is not None
        work = partial(self._work.rescore, names=call.metrics or ()) if again else self._work.run
        attempt = Capture(wanted=call.terms.capture).of(work, call.attempt, call.item)
        return Done(
            attempt,
            self._tries,
            self._pause,
            _pickled(self._error),
            self._error is not None,
            self._fresh.get(attempt.id),
            self._costs.problem if self._costs is not None else None,
            self._trying.tries.pressed if self._trying is not None else None,
            bool(self._refused),
            self._refused[-1] if self._refused else None,
            self._tracing.told(),
        )

    @property
    def _tries(self) -> tuple[Try, ...]:
        return self._trying.tries.made if self._trying is not None else ()

    def _one_try(self, calls: Calls, heed: Heedful) -> _OneTry | None:
        retries = self._kit.retry_on
        if retries.plain:
            return None
        trying = _OneTry(retries, calls, _Asked(self), lambda key, late: None, heed)
        trying.tries = Tries(retries, made=self._call.tries, pressed=self._call.pressed)
        return trying

    def asked(self, pause: Pause) -> None:
        self._pause = pause

    def _note(self, key: CellKey, error: BaseException) -> None:
        self._error = error


@dataclass
class _Heard:
    """What the provider said of being called too often: it is heeded where the run is."""

    refusals: list[float | None]

    def passed(self, began: float) -> None:
        self.refusals.clear()

    def refused(self, began: float, stated: float | None) -> None:
        self.refusals.append(stated)


class _Asked:
    """Stands for the wait before another try: it is noted, and waited for where the run is."""

    def __init__(self, work: _Work) -> None:
        self._work = work

    def __call__(self, key: CellKey, pause: Pause) -> bool:
        self._work.asked(pause)
        return False

    async def awaited(self, key: CellKey, pause: Pause) -> bool:
        return self(key, pause)


def _pickled(error: BaseException | None) -> bytes | None:
    """The exception itself, for whoever wants it raised; None when it cannot be sent: what it says is in the attempt."""
    if error is None:
        return None
    try:
        packed: bytes = cloudpickle().dumps(error)
    except Exception:  # of the user's own kind, whatever it is
        return None
    return packed if len(packed) <= ERROR_LIMIT else None
