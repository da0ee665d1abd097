"""The ``_opik_resume`` blob: written as Opik writes it, read as leniently as Opik reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opik_resume.base.metadata.resume_state import METADATA_KEY, NotResumable, ResumeState, embed, read


def test_written_exactly_as_opik_writes_it() -> None:
    metadata = embed({"model": "m"}, ResumeState("v3", default_runs_per_item=2, nb_samples=5))
    assert metadata["model"] == "m"
    assert metadata[METADATA_KEY] == (
        '{"schema_version": 1, "resumable": true, "default_runs_per_item": 2, "dataset_filter_string": null, '
        '"dataset_version_name": "v3", "nb_samples": 5, "requires_local_checkpoint": false, "error_tolerance": 10}'
    )


def test_what_is_written_is_read_back() -> None:
    state = ResumeState("v1", 3, 'data.a = "b"', 7, requires_local_checkpoint=True, error_tolerance=20)
    assert read(embed(None, state)) == state


def test_the_minimum_that_works() -> None:
    assert read({METADATA_KEY: '{"resumable":true,"dataset_version_name":"v1"}'}) == ResumeState("v1")


@pytest.mark.parametrize("runs", [0, -1, "3", None, 1.5])
def test_a_senseless_number_of_runs_counts_as_one(runs: Any) -> None:
    blob = json.dumps({"resumable": True, "dataset_version_name": "v1", "default_runs_per_item": runs})
    assert read({METADATA_KEY: blob}) == ResumeState("v1")


@pytest.mark.parametrize(
    ("blob", "why"),
    [
        (None, "no resume state"),
        ({"resumable": True}, "no resume state"),
        ("not json", "no resume state"),
        ("[1]", "no resume state"),
        ('{"resumable": true}', "not pinned"),
        ('{"resumable": false, "non_resumable_reason": "versioning is off"}', "versioning is off"),
        ('{"resumable": false}', "without a reason"),
    ],
)
def test_what_cannot_be_resumed_says_why(blob: Any, why: str) -> None:
    state = read({METADATA_KEY: blob} if blob is not None else {})
    assert isinstance(state, NotResumable)
    assert why in state.reason
