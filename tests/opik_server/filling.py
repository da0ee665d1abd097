"""Large amounts, put there without a socket: an experiment as the SDK leaves it after so many of its runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tests.opik_server.serving.server import OpikServer
from tests.opik_server.serving.wire import Request, Row, now
from tests.opik_server.tables.ids import new_id

MOST = 1000  # elements of a request
BLOB = {
    "schema_version": 1,
    "resumable": True,
    "default_runs_per_item": 1,
    "dataset_filter_string": None,
    "dataset_version_name": "v1",
    "nb_samples": None,
    "requires_local_checkpoint": False,
    "error_tolerance": 10,
}
"""What the SDK keeps with an experiment in order to resume it."""


def fill(server: OpikServer, items: int, complete: int) -> str:
    """An experiment of so many items, the newest of which have been run, without a metric. Returns its id."""
    name = f"{complete} of {items}"
    rows = [{"id": new_id(), "source": "sdk", "data": {"n": n, "reference": str(n)}} for n in range(items)]
    _ask(server, "POST", "datasets", {"name": name})
    group = new_id()
    for part in _parts(rows):
        _ask(server, "PUT", "datasets/items", {"dataset_name": name, "batch_group_id": group, "items": part})
    metadata = {"_opik_resume": json.dumps(BLOB)}
    experiment = {"id": new_id(), "dataset_name": name, "name": name, "metadata": metadata}
    _ask(server, "POST", "experiments", experiment)
    for part in _parts(rows[::-1][:complete]):
        _run(server, str(experiment["id"]), part)
    return str(experiment["id"])


def _run(server: OpikServer, experiment_id: str, items: Sequence[Row]) -> None:
    traces = [_trace(item) for item in items]
    links = [
        {"id": new_id(), "experiment_id": experiment_id, "dataset_item_id": item["id"], "trace_id": trace["id"]}
        for item, trace in zip(items, traces, strict=True)
    ]
    spans = [{**trace, "id": new_id(), "trace_id": trace["id"], "name": "task"} for trace in traces]
    _ask(server, "POST", "traces/batch", {"traces": traces})
    _ask(server, "POST", "experiments/items", {"experiment_items": links})
    _ask(server, "POST", "spans/batch", {"spans": spans})


def _trace(item: Row) -> Row:
    moment = now()
    return {
        "id": new_id(),
        "name": "evaluation_task",
        "start_time": moment,
        "end_time": moment,
        "input": {**item["data"], "id": item["id"]},
        "output": {"output": str(item["data"]["n"])},
        "source": "experiment",
    }


def _ask(server: OpikServer, method: str, path: str, body: Row) -> None:
    answer = server.serve(Request(method, f"/v1/private/{path}", {}, {}, body), None)
    assert answer.status < 300, answer


def _parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    for start in range(0, len(rows), MOST):
        yield list(rows[start : start + MOST])
