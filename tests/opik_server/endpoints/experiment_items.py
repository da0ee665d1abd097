"""Experiment items: which trace is a run of which dataset item. Nothing they name needs to exist yet."""

from __future__ import annotations

from tests.opik_server.endpoints.experiments import named_experiments
from tests.opik_server.endpoints.views import shape_entry, show_entry
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    after_cursor,
    body_of,
    coded,
    required,
    required_list,
    required_text,
    stream_limit,
    without_nulls,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import State, restamped


@routes.add("POST", "/v1/private/experiments/items")
def create_items(context: Context, request: Request) -> Answer:
    state = context.state
    rows = [_checked(state, row) for row in required_list(body_of(request), "experiment_items")]
    experiments = {row["experiment_id"] for row in rows}
    state.refuse_foreign("experiments", experiments, "Upserting experiment item with 'experiment_id' not in workspace")
    for row in rows:
        old = state.experiment_items.get(row["id"])
        if old:
            state.items_of_experiment[old["experiment_id"]].pop(old["id"], None)
            state.relinked(old["experiment_id"])
            state.items_of_trace[old["trace_id"]].pop(old["id"], None)
        state.experiment_items[row["id"]] = {**row, **restamped(old)}
        state.items_of_experiment[row["experiment_id"]][row["id"]] = None
        state.items_of_trace[row["trace_id"]][row["id"]] = None
        state.relinked(row["experiment_id"])
        context.aggregates.touch(row["experiment_id"])
    return Answer()


def _checked(state: State, row: Row) -> Row:
    checked = {
        "id": state.checked_id(row.get("id") or new_id(), "Experiment Item"),
        "experiment_id": state.checked_id(required(row, "experiment_id"), "Experiment Item experiment"),
        "dataset_item_id": state.checked_id(required(row, "dataset_item_id"), "Experiment Item datasetItem"),
        "trace_id": state.checked_id(required(row, "trace_id"), "Experiment Item trace"),
        "project_id": state.ensure_project(row["project_name"]) if row.get("project_name") else None,
    }
    policy = row.get("execution_policy") or _policy(state, checked)
    return without_nulls({**checked, "execution_policy": policy})


def _policy(state: State, row: Row) -> Row:
    """The dataset item's own, else the default."""
    experiment = state.experiments.get(row["experiment_id"])
    dataset = state.datasets.get(experiment["dataset_id"]) if experiment else None
    latest = dataset.version(None) if dataset else None
    item = latest.items.get(row["dataset_item_id"], {}) if latest else {}
    return dict(item.get("execution_policy") or {"runs_per_item": 1, "pass_threshold": 1})


@routes.add("POST", "/v1/private/experiments/items/delete")
def delete_items(context: Context, request: Request) -> Answer:
    state = context.state
    ids = required_list(body_of(request), "ids")
    for id_ in ids:
        item = state.experiment_items.pop(id_, None)
        if item:
            state.items_of_experiment[item["experiment_id"]].pop(id_, None)
            state.items_of_trace[item["trace_id"]].pop(id_, None)
            state.relinked(item["experiment_id"])
            context.aggregates.touch(item["experiment_id"])
    context.aggregates.forget_items(set(ids))
    return Answer()


@routes.add("GET", "/v1/private/experiments/items/{id}")
def get_item(context: Context, request: Request) -> Answer:
    found = context.state.experiment_items.get(request.params["id"])
    if found is None:
        raise coded(404, f"Not found experiment item with id '{request.params['id']}'")
    return Answer(200, {key: value for key, value in found.items() if key != "execution_policy"})


@routes.add("POST", "/v1/private/experiments/items/stream")
def stream_items(context: Context, request: Request) -> Answer:
    body = body_of(request)
    limit = stream_limit(body)
    entries: dict[str, Row | None] = {}  # rendered already when they come from a picture
    for experiment_id in named_experiments(context, required_text(body, "experiment_name"), body.get("project_name")):
        picture = context.aggregates.picture(experiment_id)
        entries.update(picture.entries if picture else context.state.items_of_experiment.get(experiment_id, {}))
    chosen = after_cursor(sorted(entries, reverse=True), body.get("last_retrieved_id"), limit)
    rows = [entries[id_] or show_entry(context.state, context.state.experiment_items[id_]) for id_ in chosen]
    truncate = body.get("truncate") is not False  # the default of streams
    return Answer(200, rows=[shape_entry(row, truncate) for row in rows])
