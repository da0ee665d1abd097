"""Spans of the ``opik`` package nest under our runs, on the server that our runs are recorded on.

While a task or a metric of a run is called, the package's context holds our trace and our span. So what ``@opik.track``
functions, LLM integrations (``track_openai`` and its like) and the package's own metrics trace becomes part of the run,
with its tokens and cost, instead of traces of its own. It holds in coroutines and in threads with a copied context, too.

- The package is never imported by us, since that takes a second and 85 MB: we act when the user's program has imported
  it by the time a task or a metric is called. Of a task that imports it only inside, the first calls (as many as there
  are workers, at most) leave traces of their own; from then on everything nests.
- Whatever the package is configured for, inside a run it sends to the server, workspace and project of the run: its
  trace is there, and a span without its trace is of no use. Outside of runs the package is left as it is.
- Every run starts with a clean context of its own. Spans that are left open, by a Ctrl-C or by the cell that called us,
  reach no other run, and ours do not reach the user's program.
- We send the trace and our spans ourselves. What the user's code adds to our span (``update_current_span`` outside of
  any tracked function) is sent as a span below it. Feedback scores given to the trace are sent; its other fields are
  ours, and the end of the run says that they were not kept.
- A finished run waits a while for the package to send what it has; a stopped one does not, and the package sends it
  in the background.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt
from opik_resume.base.settings import OpikSettings
from opik_resume.base.text.redaction import redacted
from opik_resume.engine.tracing import NOTHING
from opik_resume.stores.opik import runs

if TYPE_CHECKING:
    from opik import Opik
    from opik.api_objects.span import SpanData
    from opik.api_objects.trace import TraceData

_DEFAULT_PROJECT = "Default Project"  # where the server puts a trace that names none
_GIVEN = (
    "input", "output", "metadata", "tags", "usage", "model", "provider", "total_cost", "error_info", "attachments",
    "feedback_scores",
)  # fmt: skip
_OURS = ("input", "output", "metadata", "tags", "thread_id")


class OpikTracing:
    """A :class:`~opik_resume.engine.Tracing` for the runs of one experiment.

    Args:
        settings: the server, key and workspace of the store.
        project: the experiment's project.
    """

    def __init__(self, settings: OpikSettings, project: str | None) -> None:
        self._settings = settings
        self._project = project or _DEFAULT_PROJECT
        self._lock = threading.RLock()  # guards the three below
        self._client: Opik | None = None
        self._unusable = False
        self._notes: dict[str, None] = {}  # each is said once

    def task(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Nest under the root span."""
        client = self._client_in_use()
        if client is None:
            return NOTHING
        return self._inside(client, self._span(attempt.id, runs.task_span_id(attempt.id), "task"))

    def scoring(self, attempt: Attempt) -> AbstractContextManager[object]:
        """Nest under the span of the scoring. We send none for the runs of another program, so it is sent here."""
        client = self._client_in_use()
        if client is None:
            return NOTHING
        ours = attempt.trial is not None
        span = self._span(attempt.id, runs.derived_id(attempt.id, "scoring") if ours else new_id(), runs.SCORING_SPAN)
        return self._inside(client, span, ours=ours)

    def finish(self, timeout: float) -> list[str]:
        """Wait until the package has sent what it traced, at most ``timeout`` seconds, and say what went wrong."""
        client = self._client
        if client is not None and timeout and not _flushed(client, timeout):
            self._note(
                "Not all that the opik package traced in the runs has reached the server: tokens and cost may be missing."
            )
        with self._lock:
            return list(self._notes)

    def _note(self, sentence: str) -> None:
        with self._lock:
            self._notes[sentence] = None

    def _client_in_use(self) -> Opik | None:
        """The package's client for our server, or None when the user's program does not use the package."""
        if self._unusable or sys.modules.get("opik") is None:
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
            client = _client(self._settings)
            contextvars.copy_context().run(self._rehearse, client)
        except Exception as error:
            self._unusable = True
            self._notes[f"What the opik package traces did not become part of the runs: {redacted(str(error))}"] = None
        else:
            self._client = client

    def _rehearse(self, client: Opik) -> None:
        with self._inside(client, self._span(new_id(), new_id(), "rehearsal")):
            _tracing_active()

    def _span(self, trace_id: str, span_id: str, name: str) -> SpanData:
        from opik.api_objects.span import SpanData

        return SpanData(trace_id=trace_id, id=span_id, name=name, project_name=self._project, source="experiment")

    @contextmanager
    def _inside(self, client: Opik, span: SpanData, *, ours: bool = True) -> Iterator[None]:
        """Set the package's context, and clear it: this copy of the context is the run's alone."""
        from opik import context_storage, set_global_client
        from opik.api_objects.trace import TraceData

        trace = TraceData(
            id=span.trace_id,
            name=runs.TRACE_NAME,
            project_name=self._project,
            source="experiment",
            created_by="evaluation",
        )
        set_global_client(client, context_wise=True)
        context_storage.clear_all()
        context_storage.try_acquire_context_project_name(self._project, span.id)
        context_storage.set_trace_data(trace)
        context_storage.add_span_data(span)
        try:
            yield
        finally:
            context_storage.clear_all()
            self._keep_given(client, trace, span, ours=ours)

    def _keep_given(self, client: Opik, trace: TraceData, span: SpanData, *, ours: bool) -> None:
        """Send what the user's code gave to our trace and our span. What cannot be sent must not cost the run."""
        lost = [name for name in _OURS if getattr(trace, name) is not None]
        if lost:
            self._note(
                f"What update_current_trace() was given as {' and '.join(lost)} was not kept: our trace has its own."
            )
        try:
            _send_scores(client, trace)
            _send_given(client, span, ours=ours)
        except Exception as error:
            self._note(
                f"What the task or a metric gave to its trace or span could not be sent: {redacted(repr(error))}"
            )


def _client(settings: OpikSettings) -> Opik:
    """One with the same configuration shares the connection of the user's own client."""
    from opik import Opik

    return Opik(host=settings.url, workspace=settings.workspace, api_key=settings.api_key)


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


def _send_given(client: Opik, span: SpanData, *, ours: bool) -> None:
    given = {name: getattr(span, name) for name in _GIVEN if getattr(span, name) is not None}
    if not ours:
        _send(client, span, id=span.id, **given)
    elif given:
        _send(client, span.create_child_span_data(name=span.name, start_time=span.start_time), **given)


def _send(client: Opik, span: SpanData, **fields: Any) -> None:
    client.span(
        trace_id=span.trace_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        start_time=span.start_time,
        end_time=span.init_end_time().end_time,
        project_name=span.project_name,
        **fields,
    )
