"""Opik's local checkpoint: the item ids that a sampler or explicit ids resolved to.

``~/.opik/resume/<experiment id>.json``, byte-compatible in both directions with ``opik`` 2.2.122
(``opik/evaluation/resume/checkpoint.py``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from opik_resume.base.text import redaction

SCHEMA_VERSION = 1

logger = redaction.logger("opik_resume")


def path_of(experiment_id: str) -> Path:
    """Where the checkpoint of that experiment is, there or not."""
    return Path.home() / ".opik" / "resume" / f"{experiment_id}.json"


def write(experiment_id: str, item_ids: Sequence[str]) -> None:
    """Write it whole or not at all: into a file beside it first, then renamed."""
    target = path_of(experiment_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    payload = {
        "schema_version": SCHEMA_VERSION,
        "experiment_id": experiment_id,
        "resolved_dataset_item_ids": list(item_ids),
    }
    beside = target.with_suffix(".json.tmp")
    beside.write_text(json.dumps(payload))
    beside.replace(target)


def read(experiment_id: str) -> tuple[str, ...] | None:
    """The ids, or None when there is no usable file. Like Opik's reader, it does not look at the schema version."""
    try:
        payload = json.loads(path_of(experiment_id).read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        logger.warning("The checkpoint %s cannot be read (%s): taken as missing.", path_of(experiment_id), error)
        return None
    ids = payload.get("resolved_dataset_item_ids") if isinstance(payload, dict) else None
    if not isinstance(ids, list) or not all(isinstance(item_id, str) for item_id in ids):
        return None
    return tuple(ids)


def delete(experiment_id: str) -> None:
    """Remove it, if it is there: the experiment is complete or gone."""
    path_of(experiment_id).unlink(missing_ok=True)
