"""The ``_opik_resume`` blob in an experiment's metadata: what a resume needs to find the same cells again.

Byte-compatible with ``opik`` 2.2.122 (``opik/evaluation/resume/state.py``): a JSON *string*, eight keys when resumable,
read leniently. Our own data never goes into it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from opik_resume.base.records import Json

METADATA_KEY = "_opik_resume"
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What the original evaluation resolved, so that a resume sees the same items."""

    dataset_version_name: str
    default_runs_per_item: int = 1
    dataset_filter_string: str | None = None
    nb_samples: int | None = None
    requires_local_checkpoint: bool = False
    error_tolerance: int = 10


@dataclass(frozen=True, slots=True)
class NotResumable:
    """Why this experiment cannot be resumed."""

    reason: str


def embed(metadata: Json | None, state: ResumeState | NotResumable) -> Json:
    """A copy of ``metadata`` with the blob in it."""
    return {**(metadata or {}), METADATA_KEY: json.dumps(_blob(state))}


def _blob(state: ResumeState | NotResumable) -> Json:
    if isinstance(state, NotResumable):
        return {"schema_version": SCHEMA_VERSION, "resumable": False, "non_resumable_reason": state.reason}
    return {
        "schema_version": SCHEMA_VERSION,
        "resumable": True,
        "default_runs_per_item": state.default_runs_per_item,
        "dataset_filter_string": state.dataset_filter_string,
        "dataset_version_name": state.dataset_version_name,
        "nb_samples": state.nb_samples,
        "requires_local_checkpoint": state.requires_local_checkpoint,
        "error_tolerance": state.error_tolerance,
    }


def read(metadata: Json | None) -> ResumeState | NotResumable:
    """The state in ``metadata``, or why there is none that can be used. Unknown keys are ignored, as Opik does."""
    blob = _decoded((metadata or {}).get(METADATA_KEY))
    if blob is None:
        return NotResumable("it carries no resume state (an older SDK or another program made it)")
    if not blob.get("resumable", False):
        return NotResumable(_text(blob.get("non_resumable_reason")) or "it was marked so, without a reason")
    version = _text(blob.get("dataset_version_name"))
    if version is None:
        return NotResumable("its dataset version was not pinned, so the items may have changed since")
    return ResumeState(
        dataset_version_name=version,
        default_runs_per_item=_positive(blob.get("default_runs_per_item")) or 1,
        dataset_filter_string=_text(blob.get("dataset_filter_string")),
        nb_samples=_positive(blob.get("nb_samples")),
        requires_local_checkpoint=bool(blob.get("requires_local_checkpoint", False)),
        error_tolerance=20 if blob.get("error_tolerance") == 20 else 10,
    )


def _decoded(text: Any) -> Json | None:
    if not isinstance(text, str):
        return None
    try:
        blob = json.loads(text)
    except ValueError:
        return None
    return blob if isinstance(blob, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and value >= 1 else None
