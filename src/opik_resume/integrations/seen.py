"""What the ``opik`` package saw of one call: what was given to our span, and the spans below it for metrics that look."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from opik_resume.base.records import Json
from opik_resume.base.text.encoding import encoded

if TYPE_CHECKING:
    from opik import Opik
    from opik.api_objects.span import SpanData
    from opik.api_objects.trace import TraceData
    from opik.message_processing.emulation.models import SpanModel

_GIVEN = ("input", "output", "metadata", "tags", "usage", "model", "provider", "total_cost", "error_info")
_KEPT_OF_TRACE = ("tags", "metadata", "thread_id")


class TaskSeen:
    """A :class:`~opik_resume.engine.cells.tracing.Seen`.

    Args:
        client: what the package sends with.
        span: our span of the task.
        made_by_task: the task is a tracked function, and makes the span itself.
        looking: metrics are going to look at the spans.
    """

    def __init__(self, client: Opik, span: SpanData, *, made_by_task: bool, looking: bool = False) -> None:
        self.span = span
        self.made_by_task = made_by_task
        self.client = client
        self._told: Json = {"task": {"traced": True}} if made_by_task else {}
        self._plain = client
        self._tree = _Tree() if looking else None
        if self._tree is not None:
            self.client = overheard(client, self._tree.process)

    def keep(self, trace: TraceData) -> None:
        """The call has ended."""
        self.span.init_end_time()
        if not self.made_by_task:
            self._told |= self._given()
        of_trace = {name: value for name in _KEPT_OF_TRACE if (value := getattr(trace, name)) is not None}
        if of_trace:
            self._told["trace"] = encoded(of_trace)[0]

    def told(self) -> Json:
        return self._told

    def _given(self) -> Json:
        span = self.span
        if span.feedback_scores:
            scores: list[Any] = [{**score, "id": span.id} for score in span.feedback_scores]
            self._plain.log_spans_feedback_scores(scores, span.project_name)
        if span.attachments:
            _send(self._plain, span.create_child_span_data(name=span.name), attachments=span.attachments)
        if all(getattr(span, name) is None for name in _GIVEN) and span.name == "task":
            return {}
        fields = _as_sent(self._plain, span)
        given = {name: fields[name] for name in (*_GIVEN, "total_estimated_cost") if fields.get(name) is not None}
        given.pop("total_cost", None)
        named = {"name": span.name} if span.name != "task" else {}
        return {"task": {**named, "given": encoded(given)[0]}}

    def task_span(self, called: Json, content: Json, output: Json) -> SpanModel:
        if self._tree is None:
            raise RuntimeError("nobody has listened to what the task traced")
        if not self.made_by_task:
            span = copy.copy(self.span)
            key = called.get("key") or "item"
            arguments = {key: [content] if called.get("listed") else content, **called.get("more", {})}
            span.name = span.name if span.name != "task" else called["name"]
            span.input = {**arguments, **(span.input or {})}
            span.output = span.output or output
            overheard(self._plain, self._tree.process, sending=False).__internal_api__span__(**_fields(span))
        return self._tree.root(self.span.trace_id)


class ScoringSeen:
    """What metrics without a span of their own gave to the span of the scoring is sent as a span below it."""

    made_by_task = False

    def __init__(self, client: Opik, span: SpanData, *, ours: bool) -> None:
        self.client = client
        self.span = span
        self._ours = ours

    def keep(self, trace: TraceData) -> None:
        span = self.span
        names = (*_GIVEN, "attachments", "feedback_scores")
        given = {name: getattr(span, name) for name in names if getattr(span, name) is not None}
        if not self._ours:
            _send(self.client, span, id=span.id, **given)
        elif given:
            _send(self.client, span.create_child_span_data(name=span.name, start_time=span.start_time), **given)


class _Tree:
    """Spans as the package's own evaluation collects them for such metrics."""

    def __init__(self) -> None:
        from opik.message_processing.emulation.local_emulator_message_processor import LocalEmulatorMessageProcessor

        self._emulator = LocalEmulatorMessageProcessor(active=True)

    def process(self, message: Any) -> None:
        self._emulator.process(message)

    def root(self, trace_id: str) -> SpanModel:
        _ = self._emulator.span_trees  # looking at it puts the tree together
        parents = self._emulator.parent_span_ids_for_trace(trace_id)
        roots = [self._emulator.get_span(id_) for id_, parent in parents.items() if parent is None]
        found = [span for span in roots if span is not None]
        if not found:
            raise ValueError("the task has left no span: is tracing switched off?")
        return min(found, key=lambda span: span.start_time)


class _Overhearing:
    """A streamer of the package, and somebody who is told every message before it is sent, if it is."""

    def __init__(self, streamer: Any, hear: Callable[[Any], object], *, sending: bool) -> None:
        self._streamer = streamer
        self._hear = hear
        self._sending = sending

    def put(self, message: Any, *args: Any, **more: Any) -> None:
        self._hear(message)
        if self._sending:
            self._streamer.put(message, *args, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._streamer, name)


def overheard(client: Opik, hear: Callable[[Any], object], *, sending: bool = True) -> Opik:
    """The same client, whose messages are heard, and sent or not."""
    other: Any = copy.copy(client)
    other._streamer = _Overhearing(client._streamer, hear, sending=sending)  # noqa: SLF001  # there is no other way in
    return other  # type: ignore[no-any-return]


def _as_sent(client: Opik, span: SpanData) -> Json:
    """The fields of a span as the package sends them: it knows the providers' ways to count tokens."""
    heard: list[Any] = []
    overheard(client, heard.append, sending=False).__internal_api__span__(**_fields(span))
    fields: Json = heard[0].as_payload_dict()
    return fields


def _fields(span: SpanData) -> Json:
    fields: Json = span.as_parameters
    return fields | {"attachments": None, "feedback_scores": None, "end_time": span.end_time or datetime.now(UTC)}


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
