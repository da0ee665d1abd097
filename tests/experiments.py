"""Experiments in a wanted state, made through the product's own doors."""

from __future__ import annotations

from opik_resume.base.ids import new_id
from opik_resume.base.metadata import resume_state
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import Experiment, utc_now
from opik_resume.datasets import Dataset
from opik_resume.experiment.reading import read_experiment
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle import wait
from opik_resume.stores.protocol import Store


def result_of(experiment_id: str, store: Store) -> EvaluationResult:
    """The result of an experiment as it stands in the store."""
    return wait.result_of(read_experiment(store.get(experiment_id), store, heavy=True), store)


def unstarted(store: Store, name: str, dataset: Dataset, trial_count: int = 1) -> Experiment:
    """An experiment on the newest version of which no cell has run."""
    version = dataset.latest()
    assert version is not None
    now = utc_now()
    experiment = Experiment(
        id=new_id(),
        name=name,
        dataset_id=dataset.id,
        dataset_name=dataset.name,
        version_name=version.version_name,
        metadata=resume_state.embed(None, ResumeState(version.version_name, trial_count)),
        expected=sum(item.runs_per_item or trial_count for item in version.records()),
        created_at=now,
        updated_at=now,
    )
    store.create(experiment)
    return experiment
