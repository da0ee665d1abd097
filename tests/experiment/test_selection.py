"""Which items an experiment evaluates, and that a resume finds the same ones: every combination that Opik gets wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_resume, exceptions, plan_resume
from opik_resume.base.metadata import checkpoints
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import Item
from opik_resume.datasets import Dataset
from opik_resume.experiment.selection import find_again
from opik_resume.samplers import BaseDatasetSampler, RandomDatasetSampler
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers

QUIET: dict[str, Any] = {"verbose": 0, "task_threads": 2}


def id_of(dataset: Dataset, n: int) -> str:
    return next(str(item["id"]) for item in dataset.get_items() if item["n"] == n)


def evaluated_and_resumed(store: Store, **selection: Any) -> list[int]:
    """The items of an evaluation whose runs all fail, checked to be those of its resume."""
    broken = [True]
    task = CountingTask(fail=lambda item, call: broken[0])
    dataset = selection.pop("dataset", None) or numbers(store, 6)
    first = evaluate(dataset, task, experiment_name="e", **selection, **QUIET)
    evaluated = Counter(task.calls)
    dataset.insert([{"n": 50}])  # a resume reads the experiment, not today's dataset
    dataset.delete([item["id"] for item in dataset.get_items() if item["n"] in (2, 3)])
    broken[0] = False
    result = evaluate_resume("e", task, **QUIET)
    assert Counter(task.calls) - evaluated == evaluated, "each failed run once more, nothing else"
    assert result.complete
    assert result.expected == first.expected
    return sorted(evaluated.elements())


def test_ids_and_samples(store: Store) -> None:
    dataset = numbers(store, 6)
    ids = [id_of(dataset, n) for n in (1, 3, 5)]
    assert evaluated_and_resumed(store, dataset=dataset, dataset_item_ids=ids, nb_samples=2) == [3, 5]


def test_ids_and_filter(store: Store) -> None:
    dataset = numbers(store, 6)
    ids = [id_of(dataset, n) for n in (1, 3, 5)]
    chosen = evaluated_and_resumed(store, dataset=dataset, dataset_item_ids=ids, dataset_filter_string='data.n != "3"')
    assert chosen == [1, 5]


def test_filter_and_samples(store: Store) -> None:
    assert evaluated_and_resumed(store, dataset_filter_string='data.n != "5"', nb_samples=2) == [3, 4]


def test_of_the_ids_that_opik_keeps_as_given_its_filter_and_samples_choose() -> None:
    items = [Item(f"id {n}", {"n": n}) for n in (5, 4, 3, 2, 1, 0)]  # newest first
    state = ResumeState("v1", dataset_filter_string='data.n != "4"', nb_samples=2)
    found = find_again(items, state, ["id 1", "id 3", "id 4", "id 5"])
    assert found.runs == {"id 3": 1, "id 5": 1}


class TakesSomeTwice(BaseDatasetSampler):
    """Sampling with replacement, in an order of its own."""

    def sample(self, data_items: Sequence[Any]) -> list[Any]:
        by_number = {item.get_content()["n"]: item for item in data_items}
        return [by_number[n] for n in (0, 4, 0)]


def test_an_item_drawn_twice_is_run_twice_as_often_and_the_samplers_order_stays(store: Store) -> None:
    assert evaluated_and_resumed(store, dataset_sampler=TakesSomeTwice(), trial_count=2) == [0, 0, 0, 0, 4, 4]
    plan_order = evaluate_resume("e", CountingTask(), **QUIET).test_results
    assert [(r.test_case.dataset_item_content["n"], r.trial_id) for r in plan_order] == [
        (0, 0), (0, 1), (0, 2), (0, 3), (4, 0), (4, 1),
    ]  # fmt: skip


def test_a_random_sampler_without_a_seed_is_resumed_on_what_it_drew(store: Store) -> None:
    assert len(evaluated_and_resumed(store, dataset_sampler=RandomDatasetSampler(3))) == 3


def test_a_sampler_after_samples_and_filter(store: Store) -> None:
    sampler = RandomDatasetSampler(10, seed=1)
    assert evaluated_and_resumed(
        store, dataset_sampler=sampler, nb_samples=3, dataset_filter_string='data.n != "4"'
    ) == [2, 3, 5]


def test_without_sampler_or_ids_no_list_of_ids_is_kept(store: Store) -> None:
    result = evaluate(numbers(store, 3), CountingTask(), dataset_filter_string='data.n = "1"', **QUIET)
    experiment = store.get(result.experiment_id)
    assert experiment.item_ids is None
    assert '"requires_local_checkpoint": false' in experiment.metadata["_opik_resume"]


def test_without_the_resolved_ids_a_sampled_experiment_is_not_resumed(store: Store) -> None:
    from dataclasses import replace

    from opik_resume.base.ids import new_id

    result = evaluate(numbers(store, 3), CountingTask(), dataset_sampler=RandomDatasetSampler(2), **QUIET)
    elsewhere = replace(store.get(result.experiment_id), id=new_id(), name="elsewhere", item_ids=None)
    store.create(elsewhere)
    with pytest.raises(exceptions.LocalCheckpointMissing, match="sampler or explicit ids"):
        plan_resume("elsewhere")
    ids = store.get(result.experiment_id).item_ids
    assert ids is not None
    checkpoints.write(elsewhere.id, ids)
    assert len(plan_resume("elsewhere")) == 2, "Opik's own local file will do"


def test_more_than_ten_thousand_items_are_planned_and_resumed(store: Store) -> None:
    broken = set(random.Random(1).sample(range(10_500), 100))
    task = CountingTask(fail=lambda item, call: item["n"] in broken and call == 1)
    evaluate(numbers(store, 10_500), task, experiment_name="large", verbose=0)
    assert len(plan_resume("large")) == 100
    assert evaluate_resume("large", task, verbose=0).complete
    assert task.total == 10_600
    assert len(plan_resume("large")) == 0


def test_a_sampler_that_returns_strangers_is_refused(store: Store) -> None:
    class Strange(BaseDatasetSampler):
        def sample(self, data_items: Sequence[Any]) -> list[Any]:
            return [Item("not one of them", {"n": 1})]

    with pytest.raises(exceptions.ArgumentError, match="only items that it was given"):
        evaluate(numbers(store, 2), CountingTask(), dataset_sampler=Strange(), **QUIET)
    assert store.find() == ([], 0)
