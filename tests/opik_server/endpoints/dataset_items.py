"""Dataset items: every group of writes makes one version, every read is of one version, newest item first."""

from __future__ import annotations

from collections.abc import Iterable

from tests.opik_server.endpoints import filters
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    after_cursor,
    body_of,
    coded,
    invalid,
    listed,
    now,
    one_of,
    page_of,
    required,
    required_list,
    required_text,
    stream_limit,
    without_nulls,
    words,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import Dataset, State, Version, restamped

SOURCES = ("manual", "trace", "span", "sdk")
SORTABLE = words(
    "id name description tags created_at last_updated_at created_by last_updated_by last_created_experiment_at "
    "last_created_optimization_at duration feedback_scores.* data.* output.* input.* metadata.* comments "
    "total_estimated_cost usage.*"
)
WRITABLE = ("trace_id", "span_id", "source", "data", "description", "tags", "evaluators", "execution_policy")
FILTERABLE = words(
    "id data full_data source trace_id span_id tags description created_at last_updated_at created_by last_updated_by"
)


@routes.add("PUT", "/v1/private/datasets/items")
def put_items(context: Context, request: Request) -> Answer:
    state, body = context.state, body_of(request)
    rows = [_checked(state, row, f"items[{n}].") for n, row in enumerate(required_list(body, "items"))]
    if body.get("dataset_id"):
        dataset = state.dataset(body["dataset_id"])
    else:
        name = required_text(body, "dataset_name")
        found, _ = state.dataset_named(name, body.get("project_name"))
        dataset = found or state.create_dataset({**body, "name": name})
    version = writable_version(dataset, body.get("batch_group_id"))
    for row in rows:
        old = version.items.get(row["id"])
        version.items[row["id"]] = {
            "tags": [],
            **row,
            "dataset_item_id": row["id"],
            "dataset_id": dataset.row["id"],
            **restamped(old),
        }
        version.added += old is None
        version.modified += old is not None and any(old.get(key) != row.get(key) for key in WRITABLE if key != "tags")
    version.changed()
    dataset.row = {**dataset.row, "last_updated_at": now()}
    return Answer()


@routes.add("POST", "/v1/private/datasets/items/delete")
def delete_items(context: Context, request: Request) -> Answer:
    state, body = context.state, body_of(request)
    if body.get("item_ids") is not None:
        doomed = set(required_list(body, "item_ids"))
        hosts = [each for each in state.datasets.values() if each.versions and doomed & each.versions[-1].items.keys()]
    elif body.get("dataset_id"):
        hosts = [state.dataset(body["dataset_id"])]
        wanted = filters.elements(body.get("filters"), FILTERABLE)
        latest = hosts[0].version(None)
        doomed = {id_ for id_, row in latest.items.items() if filters.matches(row, wanted)} if latest else set()
    else:
        raise invalid("Either 'item_ids' or 'dataset_id' must be provided")
    for dataset in hosts:
        if not (dataset.versions and doomed & dataset.versions[-1].items.keys()):
            continue  # it would be a version in which nothing changes
        version = writable_version(dataset, body.get("batch_group_id"))
        gone = doomed & version.items.keys()
        for id_ in gone:
            del version.items[id_]
        version.deleted += len(gone)
        version.changed()
    return Answer()


def writable_version(dataset: Dataset, group: str | None) -> Version:
    """The group's own version; without a group the latest one, changed in place as for old clients."""
    for version in dataset.versions if group else ():
        if version.group == group:
            return version
    if group is None and dataset.versions:
        return dataset.versions[-1]
    items = dict(dataset.versions[-1].items) if dataset.versions else {}
    dataset.versions.append(Version(new_id(), group, items))
    return dataset.versions[-1]


def _checked(state: State, row: Row, element: str) -> Row:
    data = row.get("data")
    if not isinstance(data, dict) or not data:
        raise invalid(f"{element}data must not be empty")
    required(row, "source", element)
    one_of(row, "source", SOURCES)
    _check_policy(row.get("execution_policy"), f"{element}executionPolicy.")
    id_ = state.checked_id(row.get("id") or new_id(), "dataset_item")
    return {"id": id_, **without_nulls({key: row.get(key) for key in WRITABLE})}


def _check_policy(policy: Row | None, element: str) -> None:
    if policy is None:
        return
    runs, threshold = policy.get("runs_per_item", 1), policy.get("pass_threshold", 1)
    wrong = {
        f"{element}runsPerItem must be greater than or equal to 1": runs < 1,
        f"{element}passThreshold must be greater than or equal to 1": threshold < 1,
        f"{element} pass_threshold must be less than or equal to runs_per_item": threshold > runs,
    }
    if any(wrong.values()):
        raise invalid(*[words for words, is_so in wrong.items() if is_so])


@routes.add("POST", "/v1/private/datasets/items/stream")
def stream_items(context: Context, request: Request) -> Answer:
    body = body_of(request)
    name, limit = required_text(body, "dataset_name"), stream_limit(body, "steam_limit", 2000)  # spelt so on the wire
    wanted = filters.elements(body.get("filters"), FILTERABLE)
    dataset, _ = context.state.dataset_named(name, body.get("project_name"))
    version = dataset.version(body.get("dataset_version")) if dataset else None
    if version is None:
        return Answer(200, rows=[])  # 200 was sent before anybody looked
    rows = [version.items[id_] for id_ in after_cursor(_ids(version, wanted), body.get("last_retrieved_id"), limit)]
    return Answer(200, rows=rows)


@routes.add("GET", "/v1/private/datasets/{id}/items")
def find_items(context: Context, request: Request) -> Answer:
    dataset = context.state.dataset(request.params["id"])
    wanted = filters.elements(request.query.get("filters"), FILTERABLE)
    asked = request.query.get("version")
    version = dataset.version(asked)
    if version is None and asked:
        raise coded(404, f"Version with hash or tag '{asked}' not found for dataset '{dataset.row['id']}'")
    ids = _ids(version, wanted) if version else []
    items = version.items if version else {}
    return Answer(
        200,
        {
            **page_of(request, ids, items.__getitem__),
            "columns": columns([version] if version else []),
            "sortable_by": SORTABLE,
        },
    )


@routes.add("GET", "/v1/private/datasets/items/{itemId}")
def get_item(context: Context, request: Request) -> Answer:
    for dataset in context.state.datasets.values():
        for version in reversed(dataset.versions):
            if request.params["itemId"] in version.items:
                return Answer(200, version.items[request.params["itemId"]])
    raise listed(404, "Dataset item not found")


def columns(versions: Iterable[Version]) -> list[Row]:
    """What a page says of the fields of the items' content."""
    kinds: dict[str, set[str]] = {}
    for version in versions:
        for name, found in version.kinds().items():
            kinds[name] = kinds.get(name, set()) | found
    return [
        {"name": name, "types": sorted(found), "filter_field_prefix": "data", "filterField": f"data.{name}"}
        for name, found in sorted(kinds.items())
    ]


def _ids(version: Version, wanted: list[Row]) -> list[str]:
    ids = version.newest_first()
    return [id_ for id_ in ids if filters.matches(version.items[id_], wanted)] if wanted else ids
