"""Experiments: created, listed, changed, finished."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.opik_server.endpoints import filters
from tests.opik_server.endpoints.datasets import version_summary
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    ApiError,
    Request,
    Row,
    after_cursor,
    body_of,
    coded,
    invalid,
    now,
    one_of,
    page_of,
    required_list,
    required_text,
    stream_limit,
    without_nulls,
    words,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import Dataset, State, stamps

STATUSES = {"running", "completed", "cancelled"}
FILTERABLE = words("metadata dataset_id project_id prompt_ids tags feedback_scores experiment_scores")
SORTABLE = words(
    "id name created_at last_updated_at created_by last_updated_by tags trace_count total_estimated_cost "
    "total_estimated_cost_avg feedback_scores.* experiment_metrics.* duration.* pass_rate"
)


@routes.add("POST", "/v1/private/experiments")
def create_experiment(context: Context, request: Request) -> Answer:
    state, body = context.state, body_of(request)
    id_ = state.checked_id(body.get("id") or new_id(), "Experiment")
    dataset_name = required_text(body, "dataset_name")
    one_of(body, "type", ("regular", "trial", "mini-batch", "mutation"))
    one_of(body, "evaluation_method", ("dataset", "evaluation_suite"))
    state.refuse_foreign("experiments", {id_}, "Experiment already exists in another workspace")
    if id_ in state.experiments:
        return context.created("experiments", id_)  # and nothing changes
    found, _ = state.dataset_named(dataset_name, body.get("project_name"))
    dataset = found or state.create_dataset({"name": dataset_name, "project_name": body.get("project_name")})
    row = {
        "id": id_,
        "dataset_id": dataset.row["id"],
        "project_id": state.project_for(body) if body.get("project_id") or body.get("project_name") else None,
        "name": (body.get("name") or "").strip() or f"nameless_otter_{random.randrange(10_000)}",
        "metadata": body.get("metadata"),
        "tags": body.get("tags"),
        "type": body.get("type") or "regular",
        "evaluation_method": body.get("evaluation_method") or "dataset",
        "optimization_id": body.get("optimization_id"),
        "status": body["status"] if body.get("status") in STATUSES else "completed",
        "experiment_scores": body.get("experiment_scores"),
        "prompt_versions": _prompt_links(state, body),
        "dataset_version_id": _version_id(state, dataset, body.get("dataset_version_id")),
        **stamps(),
    }
    state.experiments[id_] = without_nulls(row)
    return context.created("experiments", id_)


def project_of(state: State, row: Row) -> str | None:
    """An experiment's own project, or else that of its runs."""
    if row.get("project_id"):
        return str(row["project_id"])
    items = (state.experiment_items[id_] for id_ in state.items_of_experiment.get(row["id"], ()))
    return next(
        (state.traces[item["trace_id"]]["project_id"] for item in items if item["trace_id"] in state.traces), None
    )


def _version_id(state: State, dataset: Dataset, asked: str | None) -> str | None:
    if asked is None:
        return dataset.versions[-1].id if dataset.versions and state.versioning else None
    if asked not in {version.id for version in dataset.versions}:
        raise coded(409, "Dataset version not found")
    return asked


def _prompt_links(state: State, body: Row) -> list[Row] | None:
    asked = body.get("prompt_versions")
    if asked is None and body.get("prompt_version"):
        asked = [body["prompt_version"]]
    if asked is None:
        return None
    known = {row["id"]: row for row in state.prompt_versions}
    if any(link["id"] not in known for link in asked):
        raise coded(409, "Prompt version not found")
    rows = [known[link["id"]] for link in asked]
    return [
        {
            "prompt_version_id": row["id"],
            "commit": row["commit"],
            "prompt_id": row["prompt_id"],
            "prompt_name": row["name"],
        }
        for row in rows
    ]


def show_experiment(context: Context, row: Row) -> Row:
    state = context.state
    dataset = state.datasets.get(row["dataset_id"])
    project_id = project_of(state, row)
    project = state.projects.get(project_id) if project_id else None
    shown = {
        **row,
        "project_id": project_id,
        "project_name": project["name"] if project else None,
        **context.aggregates.numbers(row["id"]),
    }
    for version in dataset.versions if dataset else ():
        if dataset and version.id == row.get("dataset_version_id"):
            shown["dataset_version_summary"] = version_summary(dataset, version)
    return {**without_nulls(shown), "dataset_name": dataset.row["name"] if dataset else None}


@routes.add("GET", "/v1/private/experiments/{id}")
def get_experiment(context: Context, request: Request) -> Answer:
    row = existing(context, request.params["id"])
    if context.aggregates.misses_it(row["id"], request):
        raise not_found(row["id"])
    if not context.aggregates.has(row["id"]) and row["status"] != "running":
        context.aggregates.queue(row["id"])  # even looking at one does this
    return Answer(200, show_experiment(context, row))


def existing(context: Context, id_: str) -> Row:
    row = context.state.experiments.get(id_)
    if row is None:
        raise not_found(id_)
    return row


def not_found(id_: str) -> ApiError:
    return coded(404, f"Not found experiment with id '{id_}'")


@routes.add("PATCH", "/v1/private/experiments/{id}")
def update_experiment(context: Context, request: Request) -> Answer:
    id_, body = request.params["id"], body_of(request)
    old = context.state.experiments.get(id_)
    if old is None:
        raise coded(404, f"Experiment not found: '{id_}'")
    if body.get("name") is not None and not body["name"].strip():
        raise invalid("name must not be blank")
    fields = ("name", "metadata", "tags", "type", "experiment_scores")
    row = {**old, **without_nulls({key: body.get(key) for key in fields}), "last_updated_at": now()}
    if body.get("status") is not None:
        row["status"] = body["status"] if body["status"] in STATUSES else "completed"
    if body.get("tags_to_add") or body.get("tags_to_remove"):
        kept = set(row.get("tags", ())) | set(body.get("tags_to_add") or ())
        row["tags"] = sorted(kept - set(body.get("tags_to_remove") or ()))
    context.state.experiments[row["id"]] = row
    context.aggregates.touch(row["id"])
    return Answer()


@routes.add("POST", "/v1/private/experiments/delete")
def delete_experiments(context: Context, request: Request) -> Answer:
    state = context.state
    for id_ in required_list(body_of(request), "ids"):
        state.experiments.pop(id_, None)
        context.aggregates.forget(id_)
        for item_id in state.items_of_experiment.pop(id_, {}):
            item = state.experiment_items.pop(item_id)
            state.items_of_trace[item["trace_id"]].pop(item_id, None)  # the trace itself stays
    return Answer()


@routes.add("POST", "/v1/private/experiments/finish")
def finish_experiments(context: Context, request: Request) -> Answer:
    for id_ in required_list(body_of(request), "ids"):
        context.aggregates.queue(id_)  # whatever its status; no field changes
    return Answer()


@routes.add("GET", "/v1/private/experiments")
def find_experiments(context: Context, request: Request) -> Answer:
    return _find(context, request, request.query.get("project_id"))


@routes.add("GET", "/v1/private/projects/{projectId}/experiments")
def find_project_experiments(context: Context, request: Request) -> Answer:
    return _find(context, request, request.params["projectId"])


def _find(context: Context, request: Request, project_id: str | None) -> Answer:
    query, state = request.query, context.state
    part = query.get("name", "").casefold()
    ids, types = _json_list(query, "experiment_ids"), _json_list(query, "types")
    wanted = filters.elements(query.get("filters"), FILTERABLE)
    rows = [
        row
        for row in (state.experiments[id_] for id_ in sorted(state.experiments, reverse=True))
        if part in row["name"].casefold()
        and project_id in {None, project_of(state, row)}
        and query.get("datasetId") in {None, row["dataset_id"]}
        and query.get("optimization_id") in {None, row.get("optimization_id")}
        and (types is None or row["type"] in types)
        and (ids is None or row["id"] in ids)
        and (query.get("dataset_deleted") != "true" or row["dataset_id"] not in state.datasets)
        and (not wanted or filters.matches(show_experiment(context, row), wanted))
    ]
    for sorting in reversed(json.loads(query.get("sorting") or "[]")):
        rows.sort(key=_sort_key(context, sorting["field"]), reverse=sorting.get("direction") == "DESC")
    page = page_of(request, rows, lambda row: show_experiment(context, row))
    content = [row for row in page["content"] if not context.aggregates.misses_it(row["id"], request)]
    page |= {"content": content, "size": len(content)}
    return Answer(200, {**page, "sortable_by": SORTABLE})


def _json_list(query: dict[str, str], name: str) -> list[str] | None:
    try:
        return list(json.loads(query[name])) if query.get(name) else None
    except ValueError:
        raise coded(400, f"Invalid query param {name} '{query[name]}'") from None


def _sort_key(context: Context, name: str) -> Callable[[Row], Any]:
    name, _, rest = name.partition(".")

    def key(row: Row) -> Any:
        value = show_experiment(context, row).get(name)
        if name == "feedback_scores":
            value = next((score["value"] for score in value or () if score["name"] == rest), None)
        elif rest:
            value = (value or {}).get(rest)
        return (value is not None, value if value is None or not isinstance(value, list) else str(value))

    return key


@routes.add("POST", "/v1/private/experiments/stream")
def stream_experiments(context: Context, request: Request) -> Answer:
    body = body_of(request)
    ids, limit = named_experiments(context, required_text(body, "name"), body.get("project_name")), stream_limit(body)
    rows = (context.state.experiments[id_] for id_ in after_cursor(ids, body.get("last_retrieved_id"), limit))
    return Answer(200, rows=[show_experiment(context, row) for row in rows])


def named_experiments(context: Context, name: str, project_name: str | None) -> list[str]:
    """Ids, newest first, of those whose name *contains* the text."""
    state = context.state
    project = state.project_named(project_name) if project_name else None
    if project_name and project is None:
        return []
    return sorted(
        (
            row["id"]
            for row in state.experiments.values()
            if name.casefold() in row["name"].casefold()
            and (project is None or project_of(state, row) == project["id"])
        ),
        reverse=True,
    )
