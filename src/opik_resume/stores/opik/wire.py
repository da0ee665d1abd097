"""Datasets and experiments: the server's JSON ↔ our records. Shapes as in ``opik`` 2.2.122's own traffic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from opik_resume.base.metadata import prompts, resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import (
    DatasetRecord,
    Experiment,
    Item,
    ItemFacts,
    Json,
    RunMark,
    ScoreResult,
    VersionRecord,
)

FACTS = "opik_resume"
"""Our own key in the metadata of experiments and of traces."""

_OWN_FACTS = ("expected", "item_ids", "run", "complete")
SMALL_LIST = 500  # resolved item ids that still go into an experiment's metadata, so that any machine can resume it
NO_TIME = datetime.fromtimestamp(0, UTC)  # of a row that does not tell it
_RESERVED = {"id", "trace_id", "span_id", "source", "description", "evaluators", "execution_policy"}
"""Keys that the SDK leaves out of what a task sees, wherever they come from."""


def moment(text: str) -> datetime:
    """A timestamp of the server, of up to nine fractional digits."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def stamp(when: datetime) -> str:
    """A timestamp as the SDK writes it."""
    return when.astimezone(UTC).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def object_of(value: Any) -> Json:
    """A JSON object, or an empty one for whatever else may stand there."""
    return value if isinstance(value, dict) else {}


# Datasets


def dataset(row: Json) -> DatasetRecord:
    tags = tuple(row.get("tags") or ())
    return DatasetRecord(row["id"], row["name"], row.get("description"), moment(row["created_at"]), tags)


def version(row: Json, dataset_id: str) -> VersionRecord:
    number = int(str(row["version_name"]).removeprefix("v"))
    return VersionRecord(
        row["id"],
        dataset_id,
        number,
        int(row.get("items_total") or 0),
        moment(row["created_at"]),
        version_hash=row.get("version_hash") or "",
        items_added=int(row.get("items_added") or 0),
        items_modified=int(row.get("items_modified") or 0),
        items_deleted=int(row.get("items_deleted") or 0),
        is_latest=bool(row.get("is_latest")),
        tags=tuple(row.get("tags") or ()),
        change_description=row.get("change_description"),
        created_by=row.get("created_by"),
    )


def version_key(dataset_id: str, version_name: str) -> str:
    """What names one version among all that is on a server."""
    return f"{dataset_id} {version_name}"


def item(row: Json) -> Item:
    data = {key: value for key, value in object_of(row.get("data")).items() if key not in _RESERVED}
    return Item(row["id"], data, own_runs(row.get("execution_policy")), _facts(row))


def own_runs(policy: Any) -> int | None:
    """The ``runs_per_item`` of the ``execution_policy`` of an item."""
    runs = policy.get("runs_per_item") if isinstance(policy, dict) else None
    return runs if isinstance(runs, int) and runs >= 1 else None


def _facts(row: Json) -> ItemFacts:
    made, updated = ((moment(row[name]) if row.get(name) else None) for name in ("created_at", "last_updated_at"))
    texts = {name: str(row.get(name) or "") for name in ("trace_id", "span_id", "created_by", "last_updated_by")}
    return ItemFacts(made, updated, row.get("source") or "sdk", tuple(row.get("tags") or ()), **texts)


def of_item(record: Item) -> Json:
    row: Json = {"id": record.id, "source": "sdk", "data": record.data}
    if record.runs_per_item is not None:
        row["execution_policy"] = policy(record.runs_per_item)
    return row


def policy(runs: int) -> Json:
    """The SDK asks every run of an item to pass."""
    return {"runs_per_item": runs, "pass_threshold": runs}


# Experiments


def experiment(row: Json) -> Experiment:
    """One whose row cannot be understood must not hide the others: it has a ``problem`` and little else."""
    try:
        return _experiment(row)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Experiment(
            id=row["id"],
            name=str(row.get("name") or ""),
            dataset_id=str(row.get("dataset_id") or ""),
            dataset_name=str(row.get("dataset_name") or ""),
            version_name="",
            metadata={},
            expected=0,
            created_at=NO_TIME,
            updated_at=NO_TIME,
            status="completed",
            problem=f"What the server tells of experiment {row['id']} cannot be understood "
            f"({type(error).__name__}: {error}).",
        )


def _experiment(row: Json) -> Experiment:
    metadata, facts = _split(object_of(row.get("metadata")))
    summary = object_of(row.get("dataset_version_summary"))
    expected, item_ids = facts.get("expected"), facts.get("item_ids")
    return Experiment(
        id=row["id"],
        name=row.get("name") or "",
        dataset_id=row.get("dataset_id") or "",
        dataset_name=row.get("dataset_name") or "(deleted dataset)",
        version_name=summary.get("version_name") or _pinned_name(metadata),
        metadata=metadata,
        expected=expected if isinstance(expected, int) else int(row.get("trace_count") or 0),
        created_at=moment(row["created_at"]),
        updated_at=moment(row.get("last_updated_at") or row["created_at"]),
        status=row.get("status") or "completed",
        tags=tuple(row.get("tags") or ()),
        project_name=row.get("project_name"),
        item_ids=tuple(item_ids) if isinstance(item_ids, list) else None,
        scores=tuple(ScoreResult(score["name"], score["value"]) for score in row.get("experiment_scores") or ()),
        mark=_mark(object_of(facts.get("run"))),
    )


def of_experiment(record: Experiment, project: str | None, version_id: str | None) -> Json:
    """A new experiment. It stays ``running``, which keeps the server's reads of it live, until it is complete."""
    facts: Json = {**object_of(record.metadata.get(FACTS)), "expected": record.expected}
    if record.item_ids is not None and len(record.item_ids) <= SMALL_LIST:
        facts["item_ids"] = list(record.item_ids)
    return {
        "id": record.id,
        "dataset_name": record.dataset_name,
        "project_name": project,
        "name": record.name,
        "metadata": {**record.metadata, FACTS: facts},
        "tags": list(record.tags) or None,
        "type": "regular",
        "evaluation_method": "dataset",
        "status": "running",
        "prompt_versions": [{"id": each} for each in prompts.version_ids(record.metadata)] or None,
        "dataset_version_id": version_id,
    }


def is_ours(row: Json) -> bool:
    """Whether this package has made the experiment."""
    return "expected" in object_of(object_of(row.get("metadata")).get(FACTS))


def concluded(row: Json, extent: Json | None) -> Json:
    """The metadata of one of ours without a mark, and with what its runs were when every cell was complete."""
    facts = {key: value for key, value in object_of(object_of(row.get("metadata")).get(FACTS)).items() if key != "run"}
    if extent is not None:
        facts["complete"] = extent
    else:
        facts.pop("complete", None)
    return {**object_of(row.get("metadata")), FACTS: facts}


def complete_at(row: Json) -> tuple[int, Json] | None:
    """How many cells one of ours has, and what its runs were when all were complete; None when that is not said."""
    facts = object_of(object_of(row.get("metadata")).get(FACTS))
    extent, expected = facts.get("complete"), facts.get("expected")
    if row.get("status") != "completed" or not isinstance(extent, dict) or not isinstance(expected, int):
        return None
    return expected, extent


def marked(row: Json, mark: RunMark | None) -> Json:
    """The metadata of an experiment with this mark and no other."""
    metadata = object_of(row.get("metadata"))
    facts = {key: value for key, value in object_of(metadata.get(FACTS)).items() if key != "run"}
    if mark is not None:
        facts["run"] = {"id": mark.run_id, "host": mark.host, "since": stamp(mark.since)}
    return {**metadata, FACTS: facts}


def _mark(run: Json) -> RunMark | None:
    try:
        return RunMark(run["id"], run["host"], moment(run["since"]))
    except (KeyError, TypeError, ValueError):  # none, or somebody else's
        return None


def of_experiment_scores(scores: Sequence[ScoreResult]) -> list[Json]:
    return [{"name": score.name, "value": score.value} for score in scores if score.finite]


def _split(metadata: Json) -> tuple[Json, Json]:
    """The metadata without what this package added to it, and that."""
    facts = object_of(metadata.get(FACTS))
    rest = {key: value for key, value in facts.items() if key not in _OWN_FACTS}
    others = {key: value for key, value in metadata.items() if key != FACTS or not facts}
    return {**others, FACTS: rest} if rest else others, facts


def _pinned_name(metadata: Json) -> str:
    state = resume_state.read(metadata)
    return state.dataset_version_name if isinstance(state, ResumeState) else ""
