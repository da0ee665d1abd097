"""What every store must do, whichever it is."""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from opik_resume.base.ids import new_id
from opik_resume.base.records import Attempt, ErrorInfo, Experiment, Item, Json, ScoreResult, Try, utc_now
from opik_resume.exceptions import DatasetAlreadyExists, DatasetNotFound, ExperimentNotFound
from opik_resume.stores.protocol import Store
from tests.builders import BOOM, NOON, attempt, complete, failed, failed_score


def items(*values: int) -> list[Item]:
    return [Item(new_id(), {"n": value}) for value in values]


@pytest.fixture
def experiment(store: Store) -> Experiment:
    return make_experiment(store, "first")


def make_experiment(store: Store, name: str) -> Experiment:
    dataset = store.create_dataset(f"dataset of {name}")
    store.insert_items(dataset.id, items(1, 2))
    now = utc_now()
    made = Experiment(new_id(), name, dataset.id, dataset.name, "v1", {"model": "m"}, 2, now, now)
    store.create(made)
    return made


IDS: defaultdict[str, str] = defaultdict(new_id)
"""Ids of items by what a test calls them: a server takes real ones only."""


def of(experiment: Experiment, made: Attempt) -> Attempt:
    return replace(made, experiment_id=experiment.id, item_id=IDS[made.item_id])


def as_made(read: Experiment, made: Experiment) -> Experiment:
    """``read`` without what a server decides: the project, and the times by its own clock."""
    return replace(read, created_at=made.created_at, updated_at=made.updated_at, project_name=made.project_name)


def test_a_dataset_is_found_by_its_name(store: Store) -> None:
    made = store.create_dataset("questions", "about everything")
    assert store.dataset("questions") == made
    with pytest.raises(DatasetNotFound, match="Did you mean 'questions'"):
        store.dataset("question")
    with pytest.raises(DatasetAlreadyExists, match="get_dataset"):
        store.create_dataset("questions")


def test_each_insert_makes_one_version_and_old_versions_stay(store: Store) -> None:
    dataset = store.create_dataset("questions")
    first, second = items(1, 2), items(3)
    store.insert_items(dataset.id, first)
    store.insert_items(dataset.id, second)
    assert [(v.name, v.items_total) for v in store.versions(dataset.id)] == [("v2", 3), ("v1", 2)]
    assert store.items(dataset.id, "v1") == list(reversed(first)), "newest id first"
    assert store.items(dataset.id, "v2") == [*second, *reversed(first)]


def test_duplicates_are_skipped_within_and_across_inserts(store: Store) -> None:
    dataset = store.create_dataset("questions")
    store.insert_items(dataset.id, items(1, 1, 2))
    assert store.insert_items(dataset.id, items(2, 1)) is None
    assert [v.items_total for v in store.versions(dataset.id)] == [2]


def test_an_item_of_the_same_id_is_replaced_in_the_new_version_only(store: Store) -> None:
    dataset = store.create_dataset("questions")
    (item,) = items(1)
    store.insert_items(dataset.id, [item])
    changed = replace(item, data={"n": 10}, runs_per_item=3)
    store.insert_items(dataset.id, [changed])
    assert store.items(dataset.id, "v1") == [item]
    assert store.items(dataset.id, "v2") == [changed]


def test_one_field_of_all_items_is_read_as_they_have_it(store: Store) -> None:
    dataset = store.create_dataset("questions")
    data: list[Json] = [
        {"n": 0, "kind": "b", 'od"d\\': "x", "a.b": "x"},
        {"n": 1, "kind": "ü b", 'od"d\\': "y", "": 0.5, "flag": True},
        {"n": 2, "kind": {"a": 1}, "two\nlines": "z", "$": [1], "flag": False},
        {"n": 3, "kind": None, "a": {"b": "not this"}, '"]': -1},
    ]
    made = [Item(new_id(), each) for each in data]
    store.insert_items(dataset.id, made[:3])
    store.insert_items(dataset.id, made[3:])
    listed = store.listed(dataset.id, "v2")
    for some in (listed, listed.at(np.array([3, 0, 2])), store.listed(dataset.id, "v1")):
        for field in (*{name for each in data for name in each}, "missing", '$"', "a[0]"):
            expected = [item.data.get(field) for item in some.each()]
            scalar = [None if isinstance(value, dict | list) else value for value in expected]
            assert some.column(field) in (expected, scalar), field
            assert list(map(type, some.column(field))) in (list(map(type, expected)), list(map(type, scalar)))


def test_an_experiment_is_read_back_as_it_was_made(store: Store, experiment: Experiment) -> None:
    assert as_made(store.get(experiment.id), experiment) == experiment
    assert [as_made(read, experiment) for read in store.named("first")] == [experiment]
    with pytest.raises(ExperimentNotFound, match="no experiment with the id"):
        store.get(new_id())


def test_experiments_are_paged_newest_first_and_searched(store: Store) -> None:
    made = [make_experiment(store, name) for name in ("alpha", "beta", "100% alpha")]
    assert [e.id for e in store.find()[0]] == [e.id for e in reversed(made)]
    page, total = store.find(offset=1, limit=1)
    assert ([e.name for e in page], total) == (["beta"], 3)
    assert {e.name for e in store.find("alpha")[0]} == {"alpha", "100% alpha"}
    assert [e.name for e in store.find("0% a")[0]] == ["100% alpha"]
    assert store.find("nothing like it") == ([], 0)


def test_experiments_are_sorted(store: Store) -> None:
    made = [make_experiment(store, name).id for name in ("beta", "alpha", "gamma")]
    beta, alpha, gamma = made
    store.update(alpha, status="completed")
    assert ids_by(store, "created_at") == made
    assert ids_by(store, "name") == [alpha, beta, gamma]
    assert ids_by(store, "-name") == [gamma, beta, alpha]
    assert ids_by(store, "-updated_at")[0] == ids_by(store, "updated_at")[-1] == alpha
    assert [e.id for e in store.find(offset=1, limit=1, sort="name")[0]] == [beta], "a page of the whole order"


def ids_by(store: Store, sort: str) -> list[str]:
    return [experiment.id for experiment in store.find(sort=sort)[0]]


def test_the_status_is_updated(store: Store, experiment: Experiment) -> None:
    store.update(experiment.id, status="completed")
    assert store.get(experiment.id).status == "completed"


def test_an_attempt_is_read_back_whole_and_light(store: Store, experiment: Experiment) -> None:
    whole = of(
        experiment,
        failed(
            "item",
            2,
            returned=True,
            task_output={"output": "é 😀", "deep": [{"x": None}]},
            scores=(ScoreResult("s", 0.5, "why", "c", {"k": 1}), failed_score()),
            task_seconds=1.5,
            scoring_seconds=0.25,
            cost=0.0021,
        ),
    )
    store.record([whole])
    assert store.attempts(experiment.id, heavy=True) == [whole]
    assert store.attempt(whole.id) == whole
    (light,) = store.attempts(experiment.id)
    assert light.scores == (ScoreResult("s", 0.5), failed_score()), "why one failed is kept: groups are made of it"
    assert (light.task_output, light.returned, light.failed_metrics, light.cost) == (None, True, ("judge",), 0.0021)
    columns = store.columns(experiment.id, heavy=False)
    assert (columns.began.tolist(), columns.cost.tolist()) == ([whole.started_at.timestamp()], [0.0021])
    assert light.error is not None
    assert (light.error.exception_type, light.error.message, light.error.traceback) == ("ValueError", "boom", "")
    with pytest.raises(KeyError):
        store.attempt(new_id())


def test_recording_twice_changes_nothing(store: Store, experiment: Experiment) -> None:
    made = of(experiment, complete())
    store.record([made])
    store.record([made, made])
    assert store.attempts(experiment.id, heavy=True) == [made]


def test_a_complete_attempt_is_never_made_incomplete_but_its_scores_can_be_repaired(
    store: Store, experiment: Experiment
) -> None:
    done = of(experiment, complete(scores=(failed_score(),)))
    store.record([done])
    store.record([replace(done, complete=False, task_output=None, error=BOOM)])
    assert store.attempt(done.id) == done
    repaired = replace(done, scores=(ScoreResult("judge", 1.0),))
    store.record([repaired])
    assert store.attempt(done.id) == repaired


def test_a_start_that_never_reported_back_is_an_attempt_without_an_end(store: Store, experiment: Experiment) -> None:
    begun, ended = of(experiment, attempt("a")), of(experiment, attempt("b"))
    store.start(begun)
    store.start(ended)
    store.record([replace(ended, complete=True, returned=True, ended_at=utc_now())])
    seen = {a.item_id: (a.complete, a.ended_at is None) for a in store.attempts(experiment.id)}
    assert seen == {IDS["a"]: (False, True), IDS["b"]: (True, False)}
    assert store.attempt(begun.id) == begun


def test_many_threads_record_at_once_and_nothing_is_lost(store: Store, experiment: Experiment) -> None:
    made = [[of(experiment, complete(f"{thread}-{n}")) for n in range(25)] for thread in range(8)]
    threads = [threading.Thread(target=record_one_by_one, args=(store, batch)) for batch in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = sorted(a.id for batch in made for a in batch)
    assert [a.id for a in store.attempts(experiment.id)] == expected, "all of them, in id order"


def record_one_by_one(store: Store, batch: list[Attempt]) -> None:
    for made in batch:
        store.record([made])


def test_attempts_of_one_experiment_are_not_those_of_another(store: Store) -> None:
    one, other = make_experiment(store, "one"), make_experiment(store, "other")
    store.record([of(one, complete())])
    assert store.attempts(other.id) == []


def test_changes_tell_what_was_recorded_since(store: Store, experiment: Experiment) -> None:
    first, second = of(experiment, complete("a")), of(experiment, failed("b"))
    store.record([first])
    seen, cursor = store.changes(experiment.id)
    assert [attempt.id for attempt in seen] == [first.id]
    store.record([second])
    seen, later = store.changes(experiment.id, cursor)
    assert second.id in [attempt.id for attempt in seen]
    assert isinstance(later, str)


def test_a_deleted_experiment_is_gone_with_its_attempts(store: Store, experiment: Experiment) -> None:
    store.record([of(experiment, complete())])
    store.flush(10)
    store.delete(experiment.id)
    store.delete(experiment.id)
    with pytest.raises(ExperimentNotFound):
        store.get(experiment.id)


def test_a_rescored_attempt_becomes_complete(store: Store, experiment: Experiment) -> None:
    broken = of(experiment, failed(returned=True, task_output={"a": 1}))
    store.record([broken])
    assert store.attempt(broken.id) == broken
    whole = replace(broken, complete=True, error=None, scores=(ScoreResult("s", 1.0, "fine"),))
    store.record([whole])
    assert store.attempts(experiment.id, heavy=True) == [whole]


def test_an_empty_output_is_an_output(store: Store, experiment: Experiment) -> None:
    made = of(experiment, complete(task_output={}))
    store.record([made])
    assert store.attempts(experiment.id, heavy=True) == [made]


def test_long_texts_survive_and_light_attempts_are_light(store: Store, experiment: Experiment) -> None:
    long = "x" * 30_000
    score = ScoreResult("judge", 0.0, long, metadata={"error_info": {"traceback": long}}, scoring_failed=True)
    made = of(experiment, complete(task_output={"output": long}, scores=(score, ScoreResult("s", 1.0, long))))
    store.record([made])
    (light,) = store.attempts(experiment.id)
    assert (light.failed_metrics, light.complete, light.trial, light.task_output) == (("judge",), True, 0, None)
    assert store.attempts(experiment.id, heavy=True) == [made]


def test_what_a_run_printed_is_kept_with_it(store: Store, experiment: Experiment) -> None:
    made = of(experiment, failed(prints="asked\nand again\n"))
    store.record([made])
    assert store.attempt(made.id).prints == "asked\nand again\n"
    assert store.attempts(experiment.id)[0].prints is None
    more = replace(made, prints="asked\nand scored\n", error=None, returned=True, complete=True, task_output={"a": 1})
    store.record([more])
    store.flush(20)
    assert store.attempt(made.id).prints == "asked\nand scored\n"
    assert store.attempts(experiment.id, heavy=True)[0].prints == "asked\nand scored\n"


def test_what_was_converted_of_an_output_is_kept(store: Store, experiment: Experiment) -> None:
    made = of(experiment, complete(notes=("set kept as a list: ['a']", "1 more kinds of values were converted")))
    store.record([made])
    assert store.attempts(experiment.id, heavy=True) == [made]
    assert store.attempt(made.id) == made
    assert store.attempts(experiment.id)[0].notes == ()


@pytest.mark.parametrize("output", ["text", ["a", {"b": None}], None])
def test_an_output_that_is_no_dict_is_kept_of_a_task_that_failed(
    store: Store, experiment: Experiment, output: Any
) -> None:
    refused = ErrorInfo("InvalidTaskOutput", "no dict", "InvalidTaskOutput: no dict\n")
    made = of(experiment, failed(error=refused, task_output={"output": output}, notes=("kept",)))
    store.record([made])
    assert store.attempts(experiment.id, heavy=True) == [made]
    assert store.attempt(made.id) == made
    (light,) = store.attempts(experiment.id)
    assert (light.returned, light.task_output, light.complete) == (False, None, False)


def test_scores_that_are_nan_or_infinite_are_kept(store: Store, experiment: Experiment) -> None:
    odd = tuple(ScoreResult(str(value), value, f"because {value}") for value in (math.nan, math.inf, -math.inf))
    made = of(experiment, complete(scores=(ScoreResult("good", 0.5), *odd, failed_score())))
    store.record([made])
    assert store.attempts(experiment.id, heavy=True) == [made]
    (light,) = store.attempts(experiment.id)
    assert repr([score.value for score in light.scores]) == "[0.5, nan, inf, -inf, 0.0]"
    assert light.failed_metrics == ("judge",)


def test_half_a_surrogate_pair_is_kept_or_its_escape(store: Store, experiment: Experiment) -> None:
    store.record([of(experiment, complete(task_output={"output": "é 😀 \ud83d!", "\\ud83d": "\ude00"}))])
    (read,) = store.attempts(experiment.id, heavy=True)
    exact, escaped = {"output": "é 😀 \ud83d!", "\\ud83d": "\ude00"}, {"output": "é 😀 \\ud83d!", "\\ud83d": "\\ude00"}
    assert read.task_output in (exact, escaped)


def test_an_interrupted_attempt_and_scores_of_one_name(store: Store, experiment: Experiment) -> None:
    stopped = of(experiment, attempt("a", ended_at=NOON))
    twice = of(experiment, complete("b", scores=(ScoreResult("s", 0.25), ScoreResult("s", 0.75), failed_score("s"))))
    store.record([stopped, twice])
    assert store.attempts(experiment.id, heavy=True) == [stopped, twice]


@pytest.mark.parametrize("scored_by", [None, (), ("judge", "é")])
@pytest.mark.parametrize("missing", [(), ("co",)])
def test_what_scored_a_run_and_what_was_not_given_are_kept(
    store: Store, experiment: Experiment, scored_by: tuple[str, ...] | None, missing: tuple[str, ...]
) -> None:
    made = of(experiment, complete(scored_by=scored_by, missing_metrics=missing))
    store.record([made])
    assert store.attempts(experiment.id, heavy=True) == [made]
    (light,) = store.attempts(experiment.id)
    assert (light.scored_by, light.missing_metrics) == (scored_by, missing)
    repaired = replace(made, missing_metrics=(), scored_by=("judge", "co"))
    store.record([repaired])
    assert store.attempt(made.id) == repaired


def test_the_tries_of_a_run_are_kept_but_not_looked_at_lightly(store: Store, experiment: Experiment) -> None:
    tries = (Try(1, NOON, 0.25, "RateLimitError", "slow dówn", 12.5), Try(2, NOON + timedelta(seconds=13), 1.0))
    made = of(experiment, complete(tries=tries))
    store.record([made])
    assert store.attempt(made.id) == made
    assert [attempt.tries for attempt in store.attempts(experiment.id)] == [()]
    again = replace(made, tries=tries[:1])
    store.record([again])
    assert store.attempt(made.id) == again
