"""Spans of the ``opik`` package nest under our runs, on the server that our runs are recorded on.

While a task or a metric of a run is called, the package's context holds our trace and our span. So what ``@opik.track``
functions, LLM integrations (``track_openai`` and its like) and the package's own metrics trace becomes part of the run,
with its tokens and cost, instead of traces of its own. It holds in coroutines and in threads with a copied context, too.

- The package is never imported by us, since that takes a second and 85 MB: we act when the user's program has imported
  it by the time a task or a metric is called. Of a task that imports it only inside, the first calls (as many as there
  are workers, at most) leave traces of their own; from then on everything nests. A metric that looks at the span of the
  task is the one reason for which we import it.
- Whatever the package is configured for, inside a run it sends to the server, workspace and project of the run: its
  trace is there, and a span without its trace is of no use. Outside of runs the package is left as it is.
- Every run starts with a clean context of its own. Spans that are left open, by a Ctrl-C or by the cell that called us,
  reach no other run, and ours do not reach the user's program.
- We send the trace and our spans ourselves, with what the user's code gave to them (``update_current_span`` outside of
  any tracked function, ``update_current_trace``). Where the task or a metric is itself a tracked function, its span is
  the package's, as in the package's own evaluations, and we send none.
- A finished run waits a while for the package to send what it has; a stopped one does not, and the package sends it
  in the background.
"""

from __future__ import annotations

import contextvars
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt
from opik_resume.base.settings import OpikSettings
from opik_resume.base.text.redaction import redacted
from opik_resume.engine.cells.tracing import NOTHING, Relay, Seen
from opik_resume.exceptions import ArgumentError
from opik_resume.integrations.seen import ScoringSeen, TaskSeen
from opik_resume.metrics.arguments import SPAN
from opik_resume.stores.opik import runs

if TYPE_CHECKING:
    from opik import Opik
    from opik.api_objects.span import SpanData
    from opik.api_objects.trace import TraceData

_DEFAULT_PROJECT = "Default Project"  # where the server puts a trace that names none
_LOST = ("input", "output")  # of a trace: ours has its own


class OpikTracing:
    """A :class:`~opik_resume.engine.Tracing` for the runs of one experiment.

    Args:
        settings: the server, key and workspace of the store.
        project: the experiment's project.
        looking: whether a metric looks at the spans of the task.
        relay: what traces on workers of an executor instead.
    """

    spans = True

    def __init__(
        self, settings: OpikSettings | None, project: str | None, *, looking: bool = False, relay: Relay | None = None
    ) -> None:
        self._settings = settings
        self._project = project or _DEFAULT_PROJECT
        self._looking = looking
        self._relay = relay
        self._lock = threading.RLock()  # guards the three below
        self._client: Opik | None = None
        self._unusable = False
        self._notes: dict[str, None] = {}  # each is said once
        if looking:
            self._client_in_use()
            if self._unusable:
                raise ArgumentError(f"a metric asks for {SPAN}, which cannot be made. {' '.join(self.said())}")

    def task(self, attempt: Attempt, task: Callable[..., Any]) -> AbstractContextManager[Seen | None]:
        """Nest under the root span, or let a tracked task make it."""
        client = self._client_in_use()
        if client is None:
            return NOTHING
        span = self._span(attempt.id, runs.task_span_id(attempt.id), "task")
        return self._inside(client, TaskSeen(client, span, made_by_task=_tracked(task), looking=self._looking))

    def scoring(self, attempt: Attempt, *, looking: bool = False) -> AbstractContextManager[object]:
        """Nest under the span of the scoring. We send none for the runs of another program, so it is sent here."""
        client = self._client_in_use()
        if client is None:
            return NOTHING
        role, name = ("looking", runs.LOOKING_SPAN) if looking else ("scoring", runs.SCORING_SPAN)
        ours = attempt.trial is not None
        span = self._span(attempt.id, runs.derived_id(attempt.id, role) if ours else new_id(), name)
        return self._inside(client, ScoringSeen(client, span, ours=ours))

    def traced(self, function: Callable[..., Any]) -> bool:
        return _tracked(function) and self._client_in_use() is not None

    def relay(self) -> Relay | None:
        return self._relay

    def take(self, told: bytes) -> None:
        """Messages of the package's, with what our trace and our span were given: they are on their way to the server then."""
        try:
            messages, notes = pickle.loads(told)  # noqa: S301  # our own worker's
            client: Any = self._client_in_use()  # None: it does not trace here
            for message in messages if client is not None else ():
                client._streamer.put(message)  # noqa: SLF001  # there is no other way in
        except Exception as error:
            notes = [f"What the opik package traced on a worker could not be sent: {redacted(repr(error))}"]
        for note in notes:
            self._note(note)

    def finish(self, timeout: float) -> list[str]:
        """Wait until the package has sent what it traced, at most ``timeout`` seconds, and say what went wrong."""
        client = self._client
        if client is not None and timeout and not _flushed(client, timeout):
            self._note(
                "Not all that the opik package traced in the runs has reached the server: tokens and cost may be missing."
            )
        return self.said()

    def said(self) -> list[str]:
        """What went wrong so far."""
        with self._lock:
            return list(self._notes)

    def _note(self, sentence: str) -> None:
        with self._lock:
            self._notes[sentence] = None

    def _client_in_use(self) -> Opik | None:
        """The package's client for our server, or None when the user's program does not use the package."""
        if self._unusable or not (self._looking or sys.modules.get("opik") is not None):
            return None
        with self._lock:
            if self._client is None and not self._unusable:
                self._connect()
        return self._client if self._client is not None and _tracing_active() else None

    def _connect(self) -> None:
        """Make the client, and rehearse once what is done in every run: another version may not have all it takes."""
        try:
            if not _tracing_active():
                return
            client = self._made_client()
            contextvars.copy_context().run(self._rehearse, client)
        except Exception as error:
            self._unusable = True
            self._notes[f"What the opik package traces did not become part of the runs: {redacted(str(error))}"] = None
        else:
            self._client = client

    def _made_client(self) -> Opik:
        """One with the same configuration shares the connection of the user's own client."""
        from opik import Opik

        settings = self._settings
        if settings is None:
            return Opik()
        return Opik(host=settings.url, workspace=settings.workspace, api_key=settings.api_key)

    def _rehearse(self, client: Opik) -> None:
        """Once, before any task is paid for."""
        seen = TaskSeen(client, self._span(new_id(), new_id(), "rehearsal"), made_by_task=False, looking=self._looking)
        with self._inside(client, seen):
            _tracing_active()
        seen.told()
        if self._looking:
            seen.task_span({"name": "rehearsal"}, {}, {})

    def _span(self, trace_id: str, span_id: str, name: str) -> SpanData:
        from opik.api_objects.span import SpanData

        return SpanData(trace_id=trace_id, id=span_id, name=name, project_name=self._project, source="experiment")

    @contextmanager
    def _inside(self, client: Opik, seen: TaskSeen | ScoringSeen) -> Iterator[Any]:
        """Set the package's context, and clear it: this copy of the context is the run's alone."""
        from opik import context_storage, set_global_client
        from opik.api_objects.trace import TraceData

        span = seen.span
        trace = TraceData(
            id=span.trace_id,
            name=runs.TRACE_NAME,
            project_name=self._project,
            source="experiment",
            created_by="evaluation",
        )
        set_global_client(seen.client, context_wise=True)
        context_storage.clear_all()
        context_storage.try_acquire_context_project_name(self._project, span.id)
        context_storage.set_trace_data(trace)
        if not seen.made_by_task:
            context_storage.add_span_data(span)
        try:
            yield seen
        finally:
            context_storage.clear_all()
            self._keep_given(client, trace, seen)

    def _keep_given(self, client: Opik, trace: TraceData, seen: TaskSeen | ScoringSeen) -> None:
        """Keep what the user's code gave to our trace and our span. What cannot be kept must not cost the run."""
        lost = [name for name in _LOST if getattr(trace, name) is not None]
        if lost:
            self._note(
                f"What update_current_trace() was given as {' and '.join(lost)} was not kept: our trace has its own."
            )
        try:
            _send_scores(client, trace)
            seen.keep(trace)
        except Exception as error:
            self._note(
                f"What the task or a metric gave to its trace or span could not be kept: {redacted(repr(error))}"
            )


def _tracing_active() -> bool:
    from opik import is_tracing_active

    return is_tracing_active()


def _flushed(client: Opik, timeout: float) -> bool:
    """Whether all has arrived within so many seconds, whatever the package's own queue does."""
    arrived: list[bool] = []
    seconds = max(1, round(timeout))  # 0 would mean for ever
    flush = threading.Thread(
        target=lambda: arrived.append(client.flush(seconds)), name="opik-resume-traces", daemon=True
    )
    flush.start()
    flush.join(timeout)
    return arrived == [True]


def _send_scores(client: Opik, trace: TraceData) -> None:
    if trace.feedback_scores:
        scores: list[Any] = [{**score, "id": trace.id} for score in trace.feedback_scores]
        client.log_traces_feedback_scores(scores, trace.project_name)


def _tracked(function: Callable[..., Any]) -> bool:
    return getattr(function, "opik_tracked", False) is True
