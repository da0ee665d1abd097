"""Traces: three ways to write one, each merging differently, and the live way to read an experiment."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.opik_server.endpoints import filters
from tests.opik_server.endpoints.views import shape, show_trace
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    below_cursor,
    body_of,
    coded,
    flag,
    instant,
    listed,
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
    "name start_time end_time input output metadata tags error_info thread_id ttft source environment last_updated_at"
)
FILTERABLE = words(
    "id name start_time end_time input output metadata tags total_estimated_cost duration usage feedback_scores "
    "span_feedback_scores experiment_id error_info thread_id source created_at last_updated_at ttft"
)


SORTABLE = words(
    "id name input output start_time end_time duration ttft metadata thread_id span_count llm_span_count usage.* "
    "total_estimated_cost tags error_info created_by feedback_scores.* experiment_id environment"
)
FREE = ("input", "output", "metadata")  # any JSON
NEVER = "1970-01-01T00:00:00Z"  # the start of a trace of which only a PATCH has come


# --- writing


SOURCES = words("sdk experiment playground optimization evaluator")


def written(row: Row, writable: list[str]) -> Row:
    """The fields of a write that set something: null leaves a field as absent as before, and so does text of no length.

    Not so where any JSON is at home: ``{}``, ``[]``, ``""`` and false are what they are. Error infos are not looked at.
    """
    one_of(row, "source", SOURCES)
    return {key: row[key] for key in writable if row.get(key) is not None and (key in FREE or row[key] != "")}


def with_nulls(row: Row) -> Row:
    """The explicit nulls of a row that is written whole: they are kept where any JSON is at home."""
    return {key: None for key in FREE if key in row and row[key] is None}


def whole(old: Row | None, new: Row) -> Row:
    """What a batch leaves: the row replaced, unless the stored one states a later ``last_updated_at``."""
    if old and instant(new["last_updated_at"]) < instant(old["last_updated_at"]):
        return old
    return {**new, "created_at": old["created_at"] if old else new["created_at"]}


def _new(state: State, row: Row, element: str = "") -> Row:
    required(row, "start_time", element)
    return {
        "id": state.checked_id(row.get("id") or new_id(), "Trace"),
        **stamps(),
        "project_id": state.ensure_project(row.get("project_name")),
        **with_nulls(row),
        **written(row, WRITABLE),
    }


@routes.add("POST", "/v1/private/traces/batch")
def create_traces(context: Context, request: Request) -> Answer:
    state = context.state
    rows = [_new(state, row, f"traces[{n}].") for n, row in enumerate(required_list(body_of(request), "traces"))]
    for row in rows:
        old = state.traces.get(row["id"])
        if old is not None and old["project_id"] != row["project_id"]:
            state.traces_elsewhere[row["id"]][old["project_id"]] = old
            old = state.traces_elsewhere[row["id"]].pop(row["project_id"], None)
        state.traces[row["id"]] = whole(old, row)
        context.aggregates.touch_trace(row["id"])
    return Answer()


@routes.add("POST", "/v1/private/traces")
def create_trace(context: Context, request: Request) -> Answer:
    row = _new(context.state, body_of(request))
    old = context.state.traces.get(row["id"], {})
    if old.get("start_time") not in {None, NEVER}:
        raise listed(409, "Trace already exists")
    context.state.traces[row["id"]] = {
        **row,
        **old,
        "start_time": row["start_time"],
    }  # after a PATCH: the old value wins
    context.aggregates.touch_trace(row["id"])
    return context.created("traces", row["id"])


@routes.add("PATCH", "/v1/private/traces/{id}")
def update_trace(context: Context, request: Request) -> Answer:
    state, body = context.state, body_of(request)
    id_ = state.checked_id(request.params["id"], "Trace")
    partial = {"id": id_, "project_id": state.project_for(body), "start_time": NEVER}  # also before its create
    old = state.traces.get(id_) or partial
    state.traces[id_] = {**old, **restamped(old if "created_at" in old else None), **written(body, WRITABLE)}
    state.traces[id_]["last_updated_at"] = now()
    context.aggregates.touch_trace(id_)
    return Answer()


@routes.add("DELETE", "/v1/private/traces/{id}")
def delete_trace(context: Context, request: Request) -> Answer:
    _delete(context, [request.params["id"]])
    return Answer()


@routes.add("POST", "/v1/private/traces/delete")
def delete_traces(context: Context, request: Request) -> Answer:
    _delete(context, required_list(body_of(request), "ids"))
    return Answer()


def _delete(context: Context, ids: list[str]) -> None:
    state = context.state
    for id_ in ids:
        context.aggregates.touch_trace(id_)
        state.traces.pop(id_, None)
        state.traces_elsewhere.pop(id_, None)
        state.scores.pop(id_, None)
        for span_id in state.spans_of_trace.pop(id_, {}):
            state.spans.pop(span_id, None)


# --- reading


@routes.add("GET", "/v1/private/traces/{id}")
def get_trace(context: Context, request: Request) -> Answer:
    found = context.state.traces.get(request.params["id"])
    if found is None:
        raise coded(404, f"Trace id: {request.params['id']} not found")
    return Answer(200, show_trace(context.state, found))


@routes.add("GET", "/v1/private/traces")
def find_traces(context: Context, request: Request) -> Answer:
    rows = _found(context.state, request.query)
    exclude = set(json.loads(request.query.get("exclude", "[]")))

    truncate = flag(request, "truncate")

    def show(row: Row) -> Row:
        return shape(show_trace(context.state, row, exclude), truncate, exclude)

    return Answer(200, {**page_of(request, rows, show), "sortable_by": SORTABLE})


@routes.add("POST", "/v1/private/traces/search")
def search_traces(context: Context, request: Request) -> Answer:
    body = body_of(request)
    rows = _found(context.state, body)[: stream_limit(body)]
    truncate, exclude = body.get("truncate") is not False, set(body.get("exclude") or ())  # truncated by default
    return Answer(200, rows=[shape(show_trace(context.state, row, exclude), truncate, exclude) for row in rows])


def _found(state: State, asked: Row) -> Sequence[Row]:
    """Newest first. Always the truth: experiments are looked up through the raw items, not the aggregates."""
    wanted = filters.elements(asked.get("filters"), FILTERABLE)
    project = state.project_asked(asked.get("project_id"), asked.get("project_name"))
    ids: list[str] | None = None
    for element in [each for each in wanted if each["field"] == "experiment_id" and each["operator"] == "="]:
        wanted.remove(element)
        ids = state.traces_of(element["value"])
    listed_ids = sorted(state.traces, reverse=True) if ids is None else ids
    rows = _in_project(state, below_cursor(listed_ids, asked.get("last_retrieved_id")), project)
    return [row for row in rows if filters.matches(show_trace(state, row), wanted)] if wanted else rows


def _in_project(state: State, ids: Sequence[str], project: str) -> Sequence[Row]:
    """Each page of a large experiment asks for all of them: they are found once, as long as no trace is written."""
    before, of, found = state.traces_found
    now_of = (project, state.traces_written, len(state.traces))
    if before is not ids or of != now_of:
        found = [row for id_ in ids if (row := _row_of(state, id_, project)) is not None]
        state.traces_found = ids, now_of, found
    return found


def _row_of(state: State, id_: str, project: str) -> Row | None:
    row = state.traces.get(id_)
    return row if row is None or row["project_id"] == project else state.traces_elsewhere.get(id_, {}).get(project)
