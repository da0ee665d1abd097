"""The doors for scripts: ``evaluate``, ``evaluate_resume``, ``plan_resume``. (``evaluate_experiment`` is in ``rescoring``.)

Each checks its arguments, makes a plan and hands it to ``running``. Signatures and their order are Opik's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from opik_resume import checks, remembered, resume_state
from opik_resume import prompts as linked_prompts
from opik_resume.concluding import read_and_conclude
from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.engine import Listener, Run
from opik_resume.grid import Grid
from opik_resume.ids import new_id
from opik_resume.plan import ResumePlan, make_plan
from opik_resume.reading import Reading, find_experiment, why_not_resumable
from opik_resume.records import ErrorTolerance, Experiment, Json, utc_now
from opik_resume.results import EvaluationResult
from opik_resume.resume_state import ResumeState
from opik_resume.running import prepare, prepare_first
from opik_resume.selection import choose
from opik_resume.stores import default_store
from opik_resume.waiting import run_and_wait

if TYPE_CHECKING:
    from opik_resume.engine.cell import Task
    from opik_resume.metrics.base import Metric
    from opik_resume.scoring import KeyMapping
    from opik_resume.stores.protocol import Store

    Functions = Sequence[Callable[..., Any]]

FIRST_DELIVERY_SECONDS = 2.0  # plans count what the journal has, delivered or not: no need to wait long

logger = logging.getLogger("opik_resume")


def evaluate(
    dataset: Dataset | DatasetVersion,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    experiment_name_prefix: str | None = None,
    experiment_name: str | None = None,
    project_name: str | None = None,
    experiment_config: Json | None = None,
    verbose: int = 1,
    nb_samples: int | None = None,
    task_threads: int = 16,
    prompt: Any = None,
    prompts: Any = None,
    scoring_key_mapping: KeyMapping | None = None,
    dataset_item_ids: list[str] | None = None,
    dataset_sampler: Any = None,
    trial_count: int = 1,
    experiment_scoring_functions: Functions | None = None,
    experiment_tags: list[str] | None = None,
    dataset_filter_string: str | None = None,
    blueprint_id: str | None = None,
    error_tolerance: ErrorTolerance | int = ErrorTolerance.METRIC_ERRORS,
    *,
    raise_on_failure: bool = False,
    store: Store | None = None,
) -> EvaluationResult:
    """Evaluate a task on a dataset, as ``opik.evaluate`` does; what is finished is durable and can be resumed.

    Args:
        dataset: a Dataset (its newest version is pinned now) or a DatasetVersion.
        task: called with an item's dict (its data and ``id``), returns a dict. ``async def`` is awaited.
        scoring_metrics: objects with ``.name`` and ``.score(**kwargs)``, ours or the ``opik`` package's.
        scoring_functions: functions of ``dataset_item`` and ``task_outputs`` that return a ScoreResult or several.
        experiment_name_prefix: start of a made-up name, used when ``experiment_name`` is left out.
        experiment_name: names need not be unique; the id is.
        project_name: kept with the experiment.
        experiment_config: anything JSON can hold, kept with the experiment.
        verbose: 0 prints nothing, 1 shows a progress bar, 2 prints statistics of the scores as well.
        nb_samples: evaluate only the newest ``nb_samples`` of the items that filter and ids leave.
        task_threads: how many runs go on at a time.
        scoring_key_mapping: metric argument → key of item or output, or a callable of all keys.
        dataset_item_ids: evaluate only these items.
        dataset_sampler: an object whose ``sample(items)`` returns some of the items; one drawn twice is run twice as often.
        trial_count: how often the task is run on each item that has no ``execution_policy`` of its own.
        experiment_scoring_functions: functions of all TestResults that return a ScoreResult or several. Stored when the
            experiment is complete.
        experiment_tags: kept with the experiment.
        dataset_filter_string: Opik's filter language, ``data.category = "test" AND data.level = "2"``.
        prompt, prompts: prompts of the ``opik`` package to link with the experiment and its runs. They need an Opik server.
        blueprint_id: Opik's own; it raises.
        error_tolerance: ``METRIC_ERRORS`` (10) or ``ALL_SCORING_ERRORS`` (20): then a missing score argument fails its
            metric only.
        raise_on_failure: raise the first exception of task or scoring, in the order of the items, with the result in its
            ``.result``, as Opik does, instead of returning a result with failures.
        store: the dataset's store; naming another is an error.

    Returns:
        The result, with its failures in ``.failures``: a failing task or metric does not stop the others.

    Raises:
        ArgumentError: an argument cannot be used. Nothing was recorded.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
        StoreError: the store could not be written.
    """
    checks.refuse("evaluate", "agent configurations are Opik's own", blueprint_id=blueprint_id)
    callables = checks.callables(
        task, scoring_metrics, scoring_functions, scoring_key_mapping, task_threads, experiment_scoring_functions
    )
    checks.positive("trial_count", trial_count)
    checks.positive("nb_samples", nb_samples, optional=True)
    where, version = checks.pinned(dataset, store)
    if not where.remote:
        checks.refuse("evaluate", f"the {where.label} has no prompt library", prompt=prompt, prompts=prompts or None)
    state = ResumeState(
        version.version_name,
        default_runs_per_item=trial_count,
        dataset_filter_string=dataset_filter_string,
        nb_samples=nb_samples,
        requires_local_checkpoint=dataset_item_ids is not None or dataset_sampler is not None,
        error_tolerance=checks.tolerance(error_tolerance),
    )
    now = utc_now()
    selection = choose(version.records(), state, dataset_item_ids, dataset_sampler)
    experiment = Experiment(
        id=new_id(),
        name=checks.experiment_name(experiment_name, experiment_name_prefix, version.name),
        dataset_id=version.id,
        dataset_name=version.name,
        version_name=version.version_name,
        metadata=linked_prompts.embed(
            remembered.embed(
                resume_state.embed(checks.json_dict("experiment_config", experiment_config), state), callables
            ),
            prompt,
            prompts,
        ),
        expected=sum(selection.runs.values()),
        created_at=now,
        updated_at=now,
        tags=checks.texts("experiment_tags", experiment_tags),
        project_name=checks.text("project_name", project_name),
        item_ids=selection.resolved_ids,
    )
    made = Reading(experiment, selection.items, Grid(selection.runs, ()), None)
    plan = make_plan(experiment.id, experiment.name, made.grid)
    ready = partial(prepare_first, made, plan, callables, where)
    return run_and_wait(made, plan, ready, callables, where, verbose=verbose, raise_on_failure=raise_on_failure)


def evaluate_resume(
    experiment_id: str,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    scoring_key_mapping: KeyMapping | None = None,
    experiment_scoring_functions: Functions | None = None,
    *,
    verbose: int = 1,
    task_threads: int = 16,
    reuse_outputs: bool = False,
    raise_on_failure: bool = False,
    store: Store | None = None,
) -> EvaluationResult:
    """Finish an interrupted evaluation: run what is missing, keep what is complete, return one merged result.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        task, scoring_metrics, scoring_functions, scoring_key_mapping, experiment_scoring_functions: as given to
            ``evaluate``; callables cannot be stored. Complete runs are not scored again, except with metrics that raised
            on them: new metrics for kept runs are ``evaluate_experiment``'s job.
        verbose, task_threads, raise_on_failure: as in ``evaluate``.
        reuse_outputs: score the kept output of a run whose scoring failed, instead of running its task again.
        store: where the experiment is; the default store when left out.

    Returns:
        The result of the whole experiment, kept and replayed runs alike.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        ExperimentNotResumable, LocalCheckpointMissing: the message says why, and what to do instead.
        ExperimentBusy: another resume is running it now.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
    """
    callables = checks.callables(
        task, scoring_metrics, scoring_functions, scoring_key_mapping, task_threads, experiment_scoring_functions
    )
    where = store or default_store()
    replan = partial(plan_of, scoring_metrics=callables.scoring_metrics, reuse_outputs=reuse_outputs)
    reading = _read_to_plan(experiment_id, where, for_result=True)
    plan = replan(reading)
    if plan.cells and reading.elsewhere is not None:
        logger.warning(reading.elsewhere)
    ready = partial(prepare, plan, replan, callables, where)
    return run_and_wait(reading, plan, ready, callables, where, verbose=verbose, raise_on_failure=raise_on_failure)


def plan_resume(
    experiment_id: str,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    reuse_outputs: bool = False,
    store: Store | None = None,
) -> ResumePlan:
    """What ``evaluate_resume`` would do, cell by cell, without doing it.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        scoring_metrics: the metrics that would be given: only their missing scores are repaired. None means any.
        reuse_outputs: as in ``evaluate_resume``.
        store: where the experiment is; the default store when left out.

    Raises:
        ExperimentNotFound, AmbiguousExperiment, ExperimentNotResumable: as for ``evaluate_resume``.
    """
    reading = _read_to_plan(experiment_id, store or default_store())
    return plan_of(reading, scoring_metrics, reuse_outputs=reuse_outputs)


def _read_to_plan(experiment_id: str, store: Store, *, for_result: bool = False) -> Reading:
    """What an earlier session has left is delivered first, so that a plan and the server agree, if it can be."""
    found = find_experiment(experiment_id, store)
    if store.pending(found.id).waiting:
        store.flush(FIRST_DELIVERY_SECONDS)
    # What the store calls completed is probably whole: then the result is made of this reading, and there is no other.
    return read_and_conclude(found, store, heavy=for_result and found.status == "completed")


def plan_of(
    reading: Reading, scoring_metrics: Sequence[Metric] | None = None, *, reuse_outputs: bool = False
) -> ResumePlan:
    """The plan of an experiment that has been read. Raises ExperimentNotResumable."""
    why = why_not_resumable(reading)
    if why is not None:
        raise why
    names = None if scoring_metrics is None else {metric.name for metric in checks.metrics(scoring_metrics)}
    experiment = reading.experiment
    return make_plan(experiment.id, experiment.name, reading.grid, names, reuse_outputs=reuse_outputs)


def prepare_resume(
    plan: ResumePlan,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    scoring_key_mapping: KeyMapping | None = None,
    task_threads: int = 16,
    experiment_scoring_functions: Functions | None = None,
    reuse_outputs: bool = False,
    store: Store | None = None,
    listener: Listener | None = None,
) -> Run:
    """Make a resume of a plan ready: ``run.start()`` starts it in the background.

    Raises:
        ArgumentError: task, metrics or mapping cannot be used.
        ExperimentBusy: another resume holds the lease.
    """
    callables = checks.callables(
        task, scoring_metrics, None, scoring_key_mapping, task_threads, experiment_scoring_functions
    )
    replan = partial(plan_of, scoring_metrics=callables.scoring_metrics, reuse_outputs=reuse_outputs)
    return prepare(plan, replan, callables, store or default_store(), listener)
