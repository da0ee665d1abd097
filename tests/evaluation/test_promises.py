"""What Opik's documentation promises of ``evaluate_resume``, sentence by sentence, a test each.

Each test takes a *died* evaluation: 4 items × 3 trials, of which some runs are complete, some failed, some never began.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, evaluate, evaluate_resume, exceptions
from opik_resume.base.ids import new_id
from opik_resume.base.metadata import resume_state
from opik_resume.base.records import CellState, Experiment, ScoreResult
from opik_resume.datasets import Dataset
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.metrics import Equals
from opik_resume.samplers import RandomDatasetSampler
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, complete, failed, numbers
from tests.experiments import unstarted

TRIALS = 3


@dataclass
class Died:
    """An experiment that died, and the door to finish it."""

    store: Store
    dataset: Dataset
    experiment: Experiment

    def ids(self) -> dict[int, str]:
        return {item["n"]: item["id"] for item in self.dataset.get_items()}

    def record(self, make: Callable[..., Any], n: int, trial: int, **fields: Any) -> None:
        self.store.record([make(self.ids()[n], trial, experiment_id=self.experiment.id, **fields)])

    def resume(self, task: Any = None, **options: Any) -> tuple[CountingTask, EvaluationResult]:
        task = task or CountingTask()
        return task, evaluate_resume(self.experiment.id, task, [Equals()], verbose=0, **options)


@pytest.fixture
def died(store: Store) -> Died:
    dataset = numbers(store, 4)
    return Died(store, dataset, unstarted(store, "died", dataset, trial_count=TRIALS))


def completed_runs_are_kept_as_they_are(died: Died) -> None:
    score = ScoreResult("equals_metric", 0.25, reason="as it was")
    died.record(complete, 2, 1, task_output={"output": "the old answer"}, scores=(score,))
    _, result = died.resume()
    kept = next(r for r in result.test_results if r.test_case.task_output == {"output": "the old answer"})
    assert (kept.trial_id, kept.score_results) == (1, [score])


def completed_runs_are_never_invoked_again(died: Died) -> None:
    for trial in range(TRIALS):
        died.record(complete, 0, trial)
    task, _ = died.resume()
    assert 0 not in task.calls


def runs_whose_task_failed_replay(died: Died) -> None:
    died.record(failed, 1, 0)
    task, result = died.resume()
    assert (task.calls[1], result.complete) == (TRIALS, True)


def runs_whose_scoring_failed_replay(died: Died) -> None:
    died.record(failed, 1, 0, returned=True, task_output={"output": "unscored"})
    task, result = died.resume()
    assert (task.calls[1], result.complete) == (TRIALS, True)


def items_never_reached_replay(died: Died) -> None:
    task, _ = died.resume()
    assert set(task.calls) == {0, 1, 2, 3}


def missing_trials_replay(died: Died) -> None:
    died.record(complete, 3, 1)
    task, result = died.resume()
    assert task.calls[3] == TRIALS - 1
    trials = [r.trial_id for r in result.test_results if r.test_case.dataset_item_content["n"] == 3]
    assert trials == [0, 1, 2]


def one_merged_result_covers_the_whole_experiment(died: Died) -> None:
    died.record(complete, 0, 0)
    _, result = died.resume()
    assert len(result.test_results) == result.expected == 4 * TRIALS


def dataset_sample_count_and_name_are_read_back(died: Died) -> None:
    task = CountingTask(fail=lambda item, call: call == 1)
    first = evaluate(died.dataset, task, experiment_name="sampled", nb_samples=2, verbose=0)
    result = evaluate_resume(first.experiment_id, task, verbose=0)
    assert (result.experiment_name, result.dataset_id, result.expected) == ("sampled", died.dataset.id, 2)


def only_items_that_the_original_saw_are_run(died: Died) -> None:
    died.dataset.insert([{"n": 100, "reference": "100"}])
    died.dataset.delete([died.ids()[1]])
    task, _ = died.resume()
    assert set(task.calls) == {0, 1, 2, 3}


def without_a_pinned_version_it_is_not_resumable(died: Died) -> None:
    blob = json.dumps({"schema_version": 1, "resumable": True, "default_runs_per_item": 1})
    refuse(died, {resume_state.METADATA_KEY: blob}, exceptions.ExperimentNotResumable, "not pinned")


def without_resume_state_it_is_not_resumable(died: Died) -> None:
    refuse(died, {}, exceptions.ExperimentNotResumable, "no resume state")


def refuse(died: Died, metadata: dict[str, Any], error: type[Exception], says: str) -> None:
    other = replace(died.experiment, id=new_id(), name="other", metadata=metadata)
    died.store.create(other)
    with pytest.raises(error, match=says):
        evaluate_resume(other.id, CountingTask(), verbose=0)


def a_sampler_needs_what_the_original_resolved(died: Died) -> None:
    result = evaluate(died.dataset, CountingTask(), dataset_sampler=RandomDatasetSampler(2), verbose=0)
    metadata = died.store.get(result.experiment_id).metadata
    refuse(died, metadata, exceptions.LocalCheckpointMissing, "not on this machine")


def without_sampler_or_ids_any_machine_will_do(died: Died) -> None:
    died.record(complete, 0, 0)
    other_machine = Path(str(died.store.path)).with_name("other machine.sqlite3")
    died.store.close()
    shutil.copy(died.store.path, other_machine)
    task = CountingTask()
    result = evaluate_resume("died", task, verbose=0, store=connect(other_machine))
    assert (task.total, result.complete) == (4 * TRIALS - 1, True)


def the_original_error_tolerance_is_read_back(died: Died) -> None:
    result = evaluate(died.dataset, CountingTask(fail=lambda item, call: call == 1), error_tolerance=20, verbose=0)
    resumed = evaluate_resume(result.experiment_id, lambda item: {"answer": "x"}, [Equals()], verbose=0)
    assert resumed.complete
    assert set(resumed.failures.state) == {CellState.scores_missing.name}


PROMISES: dict[str, Callable[[Died], None]] = {
    "items that already have the expected number of completed runs are skipped": completed_runs_are_never_invoked_again,
    "previously completed items keep their original stored scores": completed_runs_are_kept_as_they_are,
    "runs that failed in the task are replayed": runs_whose_task_failed_replay,
    "runs that failed in scoring are replayed": runs_whose_scoring_failed_replay,
    "items the run never reached are executed": items_never_reached_replay,
    "items with fewer than expected get the remaining trials executed": missing_trials_replay,
    "the result describes the full experiment": one_merged_result_covers_the_whole_experiment,
    "dataset, sample count and name come from the experiment": dataset_sample_count_and_name_are_read_back,
    "only the items the original evaluation saw": only_items_that_the_original_saw_are_run,
    "not resumable without a pinned dataset version": without_a_pinned_version_it_is_not_resumable,
    "not resumable without embedded resume state": without_resume_state_it_is_not_resumable,
    "LocalCheckpointMissing when the resolved ids are not on this machine": a_sampler_needs_what_the_original_resolved,
    "no sampler, no explicit ids: any machine": without_sampler_or_ids_any_machine_will_do,
    "a resumed run does not revert to the default tolerance": the_original_error_tolerance_is_read_back,
}


@pytest.mark.parametrize("promise", PROMISES)
def test_promise(promise: str, died: Died) -> None:
    PROMISES[promise](died)


def test_the_grid_of_the_fixture_is_what_it_says(died: Died) -> None:
    assert died.experiment.expected == len(Grid(dict.fromkeys(died.ids().values(), TRIALS), ()))
