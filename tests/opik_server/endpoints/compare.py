"""Compare: the dataset items that have runs, with those runs. What SDK resume and the experiment page read."""

from __future__ import annotations

import json
from collections import defaultdict

from tests.opik_server.endpoints import filters
from tests.opik_server.endpoints.dataset_items import SORTABLE, columns
from tests.opik_server.endpoints.views import shape_entry, show_entry
from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import Answer, Request, Row, coded, flag, page_of, words
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.state import Dataset, Version

FILTERABLE = words(
    "id data full_data input output metadata trace_metadata duration feedback_scores total_estimated_cost usage"
)


@routes.add("GET", "/v1/private/datasets/{id}/items/experiments/items")
def compare(context: Context, request: Request) -> Answer:
    dataset = context.state.datasets.get(request.params["id"])
    try:
        asked: list[str] = json.loads(request.query["experiment_ids"])
    except (KeyError, ValueError):
        raise coded(400, "Invalid query param experiment ids") from None
    wanted = filters.elements(request.query.get("filters"), FILTERABLE)
    versions = _pinned(context, dataset, asked)
    pinned = versions[0].items if len(versions) == 1 else {id_: row for v in versions for id_, row in v.items.items()}
    truncate = flag(request, "truncate")

    runs: dict[str, list[Row]] = defaultdict(list)
    for item in _references(context, asked):
        if not wanted or _matches(context, item, pinned, wanted):
            runs[item["dataset_item_id"]].append(item)

    def show(item_id: str) -> Row:
        # The order of the entries is undefined on a real server; here it is one that nobody takes for meaningful.
        entries = sorted(runs[item_id], key=lambda entry: entry["id"][::-1])
        row = pinned.get(item_id) or {"id": item_id, "dataset_item_id": item_id, "source": "sdk", "data": {}}
        return {**row, "experiment_items": [shape_entry(_rendered(context, entry), truncate) for entry in entries]}

    page = page_of(request, sorted(runs, reverse=True), show)
    return Answer(200, {**page, "columns": columns(versions), "sortable_by": SORTABLE})


def _pinned(context: Context, dataset: Dataset | None, asked: list[str]) -> list[Version]:
    """The versions that the experiments are pinned to: their items are shown as they were then."""
    ids = {context.state.experiments.get(id_, {}).get("dataset_version_id") for id_ in asked}
    return [version for version in (dataset.versions if dataset else ()) if version.id in ids]


def _references(context: Context, asked: list[str]) -> list[Row]:
    """The experiments' items: from the picture once there is one, else as they are now."""
    found: list[Row] = []
    for experiment_id in asked:
        picture = context.aggregates.picture(experiment_id)
        if picture:
            found.extend(picture.entries.values())
        else:
            ids = context.state.items_of_experiment.get(experiment_id, {})
            found.extend(context.state.experiment_items[id_] for id_ in ids)
    return found


def _rendered(context: Context, item: Row) -> Row:
    picture = context.aggregates.picture(item["experiment_id"])
    return item if picture else show_entry(context.state, item)


def _matches(context: Context, item: Row, pinned: dict[str, Row], wanted: list[Row]) -> bool:
    data = pinned.get(item["dataset_item_id"], {}).get("data", {})
    entry = _rendered(context, item)
    return filters.matches({**entry, "data": data, "metadata": entry.get("trace_metadata")}, wanted)
