"""The doors and the files beside them, compared with the real ``opik`` package."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import opik_resume
from opik_resume import metrics, samplers
from opik_resume.base import records
from opik_resume.base.metadata import checkpoints, resume_state
from opik_resume.datasets import Dataset
from opik_resume.experiment.results import evaluation_result as results
from opik_resume.experiment.results.test_results import TestCase, TestResult
from tests import opik_peer

opik = opik_peer.opik


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """Names, kinds and defaults, in order; defaults that are enum members as their numbers."""
    found = []
    for p in inspect.signature(function).parameters.values():
        default = int(p.default) if isinstance(p.default, int) and not isinstance(p.default, bool) else p.default
        found.append((p.name, p.kind, default))
    return found


def positional(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    return [p for p in parameters(function) if p[1] is inspect.Parameter.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize(
    "door", ["evaluate", "evaluate_resume", "evaluate_experiment", "evaluate_prompt", "evaluate_on_dict_items"]
)
def test_a_door_takes_opiks_arguments_in_opiks_order_and_ours_by_keyword_only(door: str) -> None:
    ours, theirs = getattr(opik_resume, door), getattr(opik.evaluation, door)
    given = positional(ours)
    if door == "evaluate_experiment":  # metrics may be left out when functions are given
        given[1] = (*given[1][:2], inspect.Parameter.empty)
    assert given == positional(theirs)
    by_keyword = {p[0]: p[2] for p in parameters(ours) if p[1] is inspect.Parameter.KEYWORD_ONLY}
    for name, kind, default in parameters(theirs):
        if kind is inspect.Parameter.KEYWORD_ONLY:
            assert by_keyword[name] == default


@pytest.mark.parametrize("method", ["insert_from_pandas", "get_items", "delete", "update", "clear", "get_version_view"])
def test_datasets_take_what_opiks_take(method: str) -> None:
    ours = [p[0] for p in parameters(getattr(Dataset, method))]
    theirs = [p[0] for p in parameters(getattr(opik.Dataset, method))]
    assert ours == theirs[: len(ours)]


def test_score_results_and_tolerances_are_the_same() -> None:
    theirs = opik.evaluation.metrics.score_result.ScoreResult
    assert [p[0] for p in parameters(records.ScoreResult)] == [p[0] for p in parameters(theirs)]
    assert {m.name: m.value for m in records.ErrorTolerance} == {m.name: m.value for m in opik.ErrorTolerance}


def test_what_has_opiks_name_has_opiks_constructor() -> None:
    for module, theirs in ((metrics, opik.evaluation.metrics), (samplers, opik.evaluation.samplers)):
        shared = {name for name in dir(module) if inspect.isclass(getattr(theirs, name, None))}
        assert shared
        for name in {name for name in shared if not issubclass(getattr(module, name), Exception)}:
            assert parameters(getattr(module, name)) == parameters(getattr(theirs, name)), name


scores = st.builds(
    lambda name, value, failed: (name, value, failed),
    st.sampled_from(["a", "b"]),
    st.sampled_from([0, 1, 0.25, 1e9, -3.5, math.nan, math.inf, -math.inf]),
    st.booleans(),
)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.integers(0, 2), st.lists(scores, max_size=3)), max_size=6))
def test_aggregates_are_opiks_without_nan_and_infinity(
    runs: list[tuple[str, int, list[tuple[str, Any, bool]]]],
) -> None:
    from opik.evaluation import evaluation_result as theirs
    from opik.evaluation import test_case, test_result
    from opik.evaluation.metrics.score_result import ScoreResult

    ours_of = [
        TestResult(TestCase("t", item, {}), [records.ScoreResult(n, v, scoring_failed=f) for n, v, f in made], trial)
        for item, trial, made in runs
    ]
    theirs_of = [
        test_result.TestResult(
            test_case.TestCase("t", item, {}), [ScoreResult(n, v, scoring_failed=f) for n, v, f in made], trial
        )
        for item, trial, made in runs
    ]
    ours = results.EvaluationResult("e", "d", "n", ours_of, None, 1)
    other = theirs.EvaluationResult("e", "d", "n", theirs_of, None, 1)

    def told(statistics: dict[str, Any]) -> dict[str, Any]:
        return {n: (s.mean, s.max, s.min, s.values, s.std, s.failed_count) for n, s in statistics.items()}

    wanted = told(other.aggregate_evaluation_scores().aggregated_scores)
    assert told(ours.aggregate_evaluation_scores().aggregated_scores) == wanted
    assert told(results.EvaluationResultOnDictItems(ours_of).aggregate_evaluation_scores()) == wanted
    groups, of_them = ours.group_by_dataset_item_view(), other.group_by_dataset_item_view()
    assert {i: told(group.scores) for i, group in groups.dataset_items.items()} == {
        i: told(group.scores) for i, group in of_them.dataset_items.items()
    }
    assert {i: [r.trial_id for r in group.test_results] for i, group in groups.dataset_items.items()} == {
        i: [r.trial_id for r in group.test_results] for i, group in of_them.dataset_items.items()
    }


states = st.builds(
    resume_state.ResumeState,
    dataset_version_name=st.text(min_size=1, max_size=5),
    default_runs_per_item=st.integers(1, 9),
    dataset_filter_string=st.none() | st.text(min_size=1, max_size=20),
    nb_samples=st.none() | st.integers(1, 99),
    requires_local_checkpoint=st.booleans(),
    error_tolerance=st.sampled_from([10, 20]),
)


@given(states)
def test_the_blob_is_opiks_to_the_byte_and_reads_both_ways(ours: resume_state.ResumeState) -> None:
    from opik.evaluation.resume import state as theirs

    fields = {name: getattr(ours, name) for name in ours.__slots__}
    fields["error_tolerance"] = opik.ErrorTolerance(ours.error_tolerance)
    written = theirs.embed_resumable_state({"a": 1}, theirs.ResumableState(**fields))
    assert resume_state.embed({"a": 1}, ours) == written
    assert resume_state.read(written) == ours
    experiment = SimpleNamespace(get_experiment_data=lambda: SimpleNamespace(metadata=resume_state.embed(None, ours)))
    assert theirs.read_resume_state(experiment) == theirs.ResumableState(**fields)  # type: ignore[arg-type]


@given(st.text(max_size=20))
def test_opiks_refusals_are_read_with_their_reason(reason: str) -> None:
    from opik.evaluation.resume import state as theirs

    written = theirs.embed_non_resumable_state(None, theirs.NonResumableState(reason=reason))
    read = resume_state.read(written)
    assert isinstance(read, resume_state.NotResumable)
    assert read.reason == (reason or "it was marked so, without a reason")


def test_the_checkpoint_file_is_opiks_and_reads_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from opik.evaluation.resume import checkpoint as theirs

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(theirs, "LOCAL_CHECKPOINT_DIR", tmp_path / ".opik" / "resume")
    checkpoints.write("ours", ["b", "a"])
    theirs.write_checkpoint("theirs", ["b", "a"])
    assert theirs.read_checkpoint("ours") == ["b", "a"]
    assert checkpoints.read("theirs") == ("b", "a")
    mine = checkpoints.path_of("ours").read_text()
    assert mine.replace('"ours"', '"theirs"') == theirs.checkpoint_path("theirs").read_text()
    checkpoints.delete("ours")
    assert checkpoints.read("ours") is None


@pytest.mark.parametrize("broken", ["", "[]", "{}", json.dumps({"resolved_dataset_item_ids": [1]}), "\x00"])
def test_a_broken_checkpoint_counts_as_missing(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    checkpoints.write("e", ["a"])
    checkpoints.path_of("e").write_text(broken)
    assert checkpoints.read("e") is None
