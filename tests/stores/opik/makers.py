"""Experiments on the stand-in: ours through the doors, others' through its plain API."""

from __future__ import annotations

from opik_resume.base.ids import new_id
from opik_resume.base.metadata import resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import Attempt, Experiment, Json, ScoreResult, utc_now
from opik_resume.stores.opik import OpikStore
from tests.builders import complete, numbers
from tests.experiments import unstarted
from tests.opik_server.api import PROJECT, Api


def ours(store: OpikStore, count: int = 3, name: str = "ours") -> Experiment:
    """An experiment of our own, nothing of it run."""
    return unstarted(store, name, numbers(store, count, f"dataset of {name}"))


def finished(experiment: Experiment, store: OpikStore, **fields: object) -> list[Attempt]:
    """A complete attempt for each item, not recorded yet."""
    items = store.items(experiment.dataset_id, experiment.version_name)
    scores = (ScoreResult("equals", 1.0, "same"),)
    return [complete(i.id, 0, experiment_id=experiment.id, scores=scores, **fields) for i in items]


def theirs(api: Api, count: int = 3) -> tuple[str, list[str]]:
    """An experiment as the SDK makes it, and the ids of its items, newest first."""
    dataset_id = api.dataset(count=count)
    return resumable(api), api.item_ids(dataset_id)


def resumable(api: Api, name: str = "one", state: ResumeState | None = None) -> str:
    """An experiment as the SDK makes it, on a dataset that is there."""
    return api.experiment(name=name, metadata=resume_state.embed(None, state or ResumeState("v1")))


def many_runs(api: Api, experiment_id: str, item_ids: list[str]) -> list[str]:
    """A complete run for each item, written in few requests."""
    now = utc_now().isoformat()
    ids = [new_id() for _ in item_ids]
    for start in range(0, len(ids), 1000):
        chosen = range(start, min(start + 1000, len(ids)))
        links = [
            {"id": new_id(), "experiment_id": experiment_id, "dataset_item_id": item_ids[n], "trace_id": ids[n]}
            for n in chosen
        ]
        traces = [
            {"id": ids[n], "project_name": PROJECT, "start_time": now, "end_time": now, "output": {"n": n}}
            for n in chosen
        ]
        api.ok("POST", "/experiments/items", {"experiment_items": links})
        api.ok("POST", "/traces/batch", {"traces": traces})
    return ids


def many_items(api: Api, count: int, name: str = "numbers") -> list[str]:
    """A dataset of so many items, all of one version; their ids, newest first."""
    dataset_id, group = api.dataset(name, count=0), new_id()
    for start in range(0, count, 1000):
        numbered = range(start, min(start + 1000, count))
        api.insert(name, [{"id": new_id(), "source": "sdk", "data": {"n": n}} for n in numbered], group)
    pages = range(1, -(-count // 2000) + 1)
    return [
        row["id"]
        for page in pages
        for row in api.ok("GET", f"/datasets/{dataset_id}/items", page=page, size=2000)["content"]
    ]


def span(api: Api, trace_id: str, name: str, **fields: object) -> str:
    """A span of a run, of the run's time."""
    row = {
        "id": new_id(),
        "trace_id": trace_id,
        "project_name": PROJECT,
        "name": name,
        "start_time": utc_now().isoformat(),
        **fields,
    }
    api.ok("POST", "/spans/batch", {"spans": [row]})
    return str(row["id"])


def error(kind: str = "ValueError", message: str = "boom") -> Json:
    """What the SDK tells about an exception."""
    return {"exception_type": kind, "message": message, "traceback": f"Traceback …\n{kind}: {message}\n"}
