"""Spans: sent in batches, twice when they live long (at their start and at their end)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice

from tests.opik_server.endpoints import filters
from tests.opik_server.endpoints.traces import whole, with_nulls, written
from tests.opik_server.endpoints.views import shape, show_span
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    below_cursor,
    body_of,
    coded,
    flag,
    now,
    one_of,
    page_of,
    required,
    required_list,
    stream_limit,
    words,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import State, restamped, stamps

WRITABLE = words(
    "parent_span_id name type start_time end_time input output metadata model provider tags usage error_info "
    "total_estimated_cost total_estimated_cost_version ttft source environment last_updated_at"
)
FILTERABLE = words(
    "id trace_id name type start_time end_time input output metadata model provider tags usage total_estimated_cost "
    "duration feedback_scores error_info created_at last_updated_at"
)
SORTABLE = words(
    "id name type trace_id parent_span_id input output metadata start_time end_time duration ttft usage.* metadata tags "
    "created_at last_updated_at model provider total_estimated_cost error_info created_by feedback_scores.* environment"
)
COMPUTED = {"duration", "feedback_scores"}  # of the fields that can be filtered


def _new(state: State, row: Row, element: str = "") -> Row:
    required(row, "start_time", element)
    return {
        "id": state.checked_id(row.get("id") or new_id(), "Span"),
        "trace_id": state.checked_id(required(row, "trace_id", element), "Trace"),
        **stamps(),
        "project_id": state.ensure_project(row.get("project_name")),
        **with_nulls(row),
        **_written(row),
    }


def _written(row: Row) -> Row:
    one_of(row, "type", ("general", "tool", "llm", "guardrail"))
    return written(row, WRITABLE)


def _store(context: Context, row: Row) -> None:
    context.state.spans[row["id"]] = row
    context.state.spans_of_trace[row["trace_id"]][row["id"]] = None
    context.aggregates.touch_trace(row["trace_id"])


@routes.add("POST", "/v1/private/spans/batch")
def create_spans(context: Context, request: Request) -> Answer:
    given = required_list(body_of(request), "spans")
    for row in [_new(context.state, row, f"spans[{n}].") for n, row in enumerate(given)]:
        _store(context, whole(context.state.spans.get(row["id"]), row))
    return Answer()


@routes.add("POST", "/v1/private/spans")
def create_span(context: Context, request: Request) -> Answer:
    row = _new(context.state, body_of(request))
    _store(context, {**row, **context.state.spans.get(row["id"], {})})
    return context.created("spans", row["id"])


@routes.add("PATCH", "/v1/private/spans/{id}")
def update_span(context: Context, request: Request) -> Answer:
    state, body = context.state, body_of(request)
    id_ = state.checked_id(request.params["id"], "Span")
    old = state.spans.get(id_)
    known = old or {"id": id_, "trace_id": required(body, "trace_id")}
    row = {**known, **restamped(old), **_written(body)}
    row.setdefault("project_id", state.project_for(body))
    _store(context, {**row, "last_updated_at": now()})
    return Answer()


@routes.add("GET", "/v1/private/spans/{id}")
def get_span(context: Context, request: Request) -> Answer:
    found = context.state.spans.get(request.params["id"])
    if found is None:
        raise coded(404, f"Not found span with id '{request.params['id']}'")
    return Answer(200, show_span(context.state, found))


@routes.add("GET", "/v1/private/spans")
def find_spans(context: Context, request: Request) -> Answer:
    rows = list(_found(context.state, request.query))
    exclude = json.loads(request.query.get("exclude", "[]"))

    def show(row: Row) -> Row:
        return shape(show_span(context.state, row), flag(request, "truncate"), exclude)

    return Answer(200, {**page_of(request, rows, show), "sortable_by": SORTABLE})


@routes.add("POST", "/v1/private/spans/search")
def search_spans(context: Context, request: Request) -> Answer:
    body = body_of(request)
    rows = islice(_found(context.state, body), stream_limit(body))
    truncate, exclude = body.get("truncate") is not False, body.get("exclude") or []  # truncated by default
    return Answer(200, rows=[shape(show_span(context.state, row), truncate, exclude) for row in rows])


def _found(state: State, asked: Row) -> Iterator[Row]:
    wanted = filters.elements(asked.get("filters"), FILTERABLE)
    project = state.project_asked(asked.get("project_id"), asked.get("project_name"))
    trace_id, kind = asked.get("trace_id"), asked.get("type")
    computed = any(element["field"].split(".")[0] in COMPUTED for element in wanted)
    ids = state.spans_of_trace.get(trace_id, {}) if trace_id else state.spans
    for id_ in below_cursor(sorted(ids, reverse=True), asked.get("last_retrieved_id")):
        row = state.spans[id_]
        if (
            row["project_id"] == project
            and kind in {None, row.get("type")}
            and (not wanted or filters.matches(show_span(state, row) if computed else row, wanted))
        ):
            yield row
