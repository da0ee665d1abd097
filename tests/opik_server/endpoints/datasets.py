"""Datasets and their versions."""

from __future__ import annotations

import re

from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import Answer, Request, Row, body_of, coded, invalid, listed, page_of, required_text
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.state import Dataset, Version

FALLBACK = "Dataset was found in the workspace, not in the project named; this fallback is deprecated"


def version_summary(dataset: Dataset, version: Version) -> Row:
    return {
        "id": version.id,
        "version_hash": version.hash,
        "version_name": dataset.name_of(version),
        "change_description": "Auto-created from SDK batch operation",
        "tags": ["latest"] if version is dataset.versions[-1] else [],
    }


def show_version(dataset: Dataset, version: Version) -> Row:
    return {
        **version_summary(dataset, version),
        "dataset_id": dataset.row["id"],
        "is_latest": version is dataset.versions[-1],
        "items_total": len(version.items),
        "items_added": version.added,
        "items_modified": version.modified,
        "items_deleted": version.deleted,
        "created_at": version.created_at,
        "created_by": "admin",
        "last_updated_at": version.created_at,
        "last_updated_by": "admin",
    }


def show_dataset(context: Context, dataset: Dataset) -> Row:
    experiments = [row for row in context.state.experiments.values() if row["dataset_id"] == dataset.row["id"]]
    latest = dataset.version(None)
    shown = {
        **dataset.row,
        "dataset_items_count": len(latest.items) if latest else 0,
        "experiment_count": len(experiments),
        "optimization_count": 0,
        "status": "unknown",
    }
    if latest and context.state.versioning:
        shown["latest_version"] = version_summary(dataset, latest)
    if experiments:
        shown["most_recent_experiment_at"] = max(row["created_at"] for row in experiments)
    return shown


@routes.add("POST", "/v1/private/datasets")
def create_dataset(context: Context, request: Request) -> Answer:
    return context.created("datasets", context.state.create_dataset(body_of(request)).row["id"])


@routes.add("GET", "/v1/private/datasets")
def find_datasets(context: Context, request: Request) -> Answer:
    project_id, part = request.query.get("project_id"), request.query.get("name", "").casefold()
    found = [
        each
        for each in context.state.datasets.values()
        if part in each.row["name"].casefold() and project_id in {None, each.row["project_id"]}
    ]
    found.sort(key=lambda each: each.row["id"], reverse=True)
    page = page_of(request, found, lambda each: show_dataset(context, each))
    return Answer(200, {**page, "sortable_by": ["id", "name", "created_at", "last_updated_at"]})


@routes.add("POST", "/v1/private/datasets/retrieve")
def retrieve_dataset(context: Context, request: Request) -> Answer:
    body = body_of(request)
    found, elsewhere = context.state.dataset_named(required_text(body, "dataset_name"), body.get("project_name"))
    if found is None:
        raise listed(404, "Dataset not found")
    headers = {"X-Opik-Deprecation": FALLBACK} if elsewhere else {}
    return Answer(200, show_dataset(context, found), headers)


@routes.add("GET", "/v1/private/datasets/{id}")
def get_dataset(context: Context, request: Request) -> Answer:
    return Answer(200, show_dataset(context, context.state.dataset(request.params["id"])))


@routes.add("DELETE", "/v1/private/datasets/{id}")
def delete_dataset(context: Context, request: Request) -> Answer:
    context.state.datasets.pop(request.params["id"], None)
    return Answer()


@routes.add("POST", "/v1/private/datasets/delete")
def delete_named_dataset(context: Context, request: Request) -> Answer:
    body = body_of(request)
    found, _ = context.state.dataset_named(required_text(body, "dataset_name"), body.get("project_name"))
    if found is None:
        raise listed(404, "Dataset not found")
    del context.state.datasets[found.row["id"]]
    return Answer()


def _versioned(context: Context, request: Request) -> Dataset:
    if not context.state.versioning:
        raise coded(403, "Dataset versioning feature is not enabled")
    return context.state.dataset(request.params["id"])


@routes.add("GET", "/v1/private/datasets/{id}/versions")
def find_versions(context: Context, request: Request) -> Answer:
    dataset = _versioned(context, request)
    page = page_of(request, dataset.versions[::-1], lambda each: show_version(dataset, each))
    return Answer(200, {**page, "size": int(request.query.get("size", 10))})  # as asked for, unlike elsewhere


@routes.add("POST", "/v1/private/datasets/{id}/versions/retrieve")
def retrieve_version(context: Context, request: Request) -> Answer:
    dataset = _versioned(context, request)
    name = required_text(body_of(request), "version_name")
    if not re.fullmatch(r"v\d+", name):
        raise invalid('versionName must match "^v\\d+$"')
    for version in dataset.versions:
        if dataset.name_of(version) == name:
            return Answer(200, show_version(dataset, version))
    raise coded(404, f"Version '{name}' not found for dataset '{dataset.row['id']}'")
