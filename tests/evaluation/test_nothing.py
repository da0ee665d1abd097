"""An evaluation of nothing: an empty result, a warning, and an experiment that is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opik_resume import (
    create_dataset,
    evaluate,
    evaluate_experiment,
    evaluate_resume,
    exceptions,
    experiments,
    plan_resume,
)
from opik_resume.base.ids import new_id
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers

QUIET: dict[str, Any] = {"scoring_metrics": [Equals()], "verbose": 0}


class Nobody:
    def sample(self, data_items: list[Any]) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (
            {"dataset_filter_string": 'data.n = "77"'},
            "dataset_filter_string: none of the 3 items of 'numbers' v1 is left",
        ),
        ({"dataset_filter_string": 'tags contains "x"'}, "dataset_filter_string: none of the 3 items"),
        ({"dataset_item_ids": [new_id()]}, "dataset_item_ids: none of the 3 items"),
        ({"dataset_sampler": Nobody()}, "dataset_sampler: none of the 3 items"),
        (
            {"dataset_filter_string": "data.n = 1", "dataset_sampler": Nobody()},
            "dataset_filter_string and dataset_sampler: none of the 3 items",
        ),
    ],
)
def test_what_leaves_nothing_gives_an_empty_result_and_says_why(
    store: Store, chosen: dict[str, Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    dataset, task = numbers(store, 3), CountingTask()
    result = evaluate(dataset, task, experiment_name="e", experiment_scoring_functions=[len], **chosen, **QUIET)
    assert (result.test_results, result.expected, result.complete, len(result.failures)) == ([], 0, True, 0)
    assert result.experiment_scores == []
    assert f"e: nothing was evaluated: {says}" in caplog.text
    assert experiments().set_index("name").state["e"] == "complete"
    dataset.insert([{"n": 77, "reference": "77"}])
    assert len(plan_resume("e")) == 0
    assert evaluate_resume("e", task, **QUIET).test_results == []
    assert task.total == 0, "and never everything"


@pytest.mark.parametrize("emptied", [False, True])
def test_an_empty_dataset_gives_an_empty_result_and_says_so(
    store: Store, emptied: bool, caplog: pytest.LogCaptureFixture
) -> None:
    dataset, task = create_dataset("numbers"), CountingTask()
    if emptied:
        dataset.insert([{"n": 1}])
        dataset.clear()
    result = evaluate(dataset, task, experiment_name="e", trial_count=2, **QUIET)
    assert (result.test_results, result.complete, result.dataset_id) == ([], True, dataset.id)
    assert "e: nothing was evaluated: the dataset 'numbers' has no items: insert some first." in caplog.text
    dataset.insert([{"n": 1, "reference": "1"}])
    if emptied:
        assert evaluate_resume("e", task, **QUIET).test_results == []
    else:
        with pytest.raises(exceptions.ExperimentNotResumable, match="nothing had been inserted"):
            evaluate_resume("e", task, **QUIET)
    assert task.total == 0
    with pytest.raises(exceptions.EmptyExperiment):
        evaluate_experiment("e", [Equals()])


def test_ids_that_are_not_there_are_ignored_and_named(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    dataset, task = numbers(store, 3), CountingTask()
    strangers = sorted(new_id() for _ in range(4))
    known = next(item["id"] for item in dataset.get_items() if item["n"] == 1)
    result = evaluate(dataset, task, dataset_item_ids=[*strangers, known.upper()], **QUIET)
    assert (len(result.test_results), task.calls) == (1, {1: 1})
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == (
        "dataset_item_ids: 4 of 5 ids are not in this version of the dataset and are ignored: "
        f"{', '.join(strangers[:3])}, …"
    )


@pytest.mark.parametrize(
    ("of_dataset", "given", "used", "warned"),
    [("mine", "another", "mine", True), ("mine", "mine", "mine", False), ("mine", None, "mine", False),
     (None, "another", "another", False), (None, None, None, False)],
)  # fmt: skip
def test_the_project_of_the_dataset_comes_first(
    store: Store,
    of_dataset: str | None,
    given: str | None,
    used: str | None,
    warned: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    dataset = create_dataset("numbers", project_name=of_dataset)
    dataset.insert([{"n": 1, "reference": "1"}])
    evaluate(dataset, CountingTask(), experiment_name="e", project_name=given, **QUIET)
    assert store.named("e")[0].project_name == used
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == warned
    assert all(
        "deprecated" in text and "evaluate()" in text and "'mine'" in text and "'another'" in text for text in said
    )


def test_items_are_chosen_by_what_is_known_of_them(store: Store, tmp_path: Path) -> None:
    dataset, task = create_dataset("numbers"), CountingTask()
    dataset.insert([{"n": 0, "reference": "0"}])
    dataset.insert([{"n": 1, "reference": "1"}])
    latest = dataset.get_version_view("v2").created_at.isoformat().replace("+00:00", "Z")
    result = evaluate(
        dataset, task, experiment_name="e", dataset_filter_string=f'created_at >= "{latest}" and tags is_empty', **QUIET
    )
    assert (len(result.test_results), task.calls) == (1, {1: 1})
    dataset.insert([{"n": 2, "reference": "2"}])
    assert len(plan_resume("e")) == 0
