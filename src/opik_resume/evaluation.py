"""``evaluate``, ``evaluate_resume``, ``plan_resume``: they compose the store, the plan and the engine.

One code path: the blocking doors are the background run plus ``wait_or_interrupt``.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from opik_resume import checks, resume_state
from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.engine import Callables, Job, Listener, Run, stopping
from opik_resume.exceptions import EvaluationInterrupted, ExperimentNotResumable
from opik_resume.grid import Grid
from opik_resume.ids import new_id
from opik_resume.plan import ResumePlan, make_plan
from opik_resume.progress import progress_bar
from opik_resume.reading import Reading, expected_runs, find_experiment, read_experiment
from opik_resume.records import CellKey, ErrorTolerance, Experiment, Item, Json, utc_now
from opik_resume.results import EvaluationResult, build_result
from opik_resume.resume_state import NotResumable, ResumeState
from opik_resume.stores import default_store

if TYPE_CHECKING:
    from opik_resume.engine.cell import Task
    from opik_resume.metrics.base import Metric
    from opik_resume.scoring import KeyMapping
    from opik_resume.stores.protocol import Store

SETTLE_SECONDS = 0.3  # after ■: short enough to be "at once", long enough for most runs to be recorded
_REMEMBERED = 200  # experiments whose callables this process remembers

logger = logging.getLogger("opik_resume")


def evaluate(
    dataset: Dataset | DatasetVersion,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Any = None,
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
    experiment_scoring_functions: Any = None,
    experiment_tags: list[str] | None = None,
    dataset_filter_string: str | None = None,
    blueprint_id: str | None = None,
    error_tolerance: ErrorTolerance | int = ErrorTolerance.METRIC_ERRORS,
    *,
    store: Store | None = None,
) -> EvaluationResult:
    """Evaluate a task on a dataset, as ``opik.evaluate`` does; what is finished is durable and can be resumed.

    Args:
        dataset: a Dataset (its newest version is pinned now) or a DatasetVersion.
        task: called with an item's dict (its data and ``id``), returns a dict.
        scoring_metrics: objects with ``.name`` and ``.score(**kwargs)``.
        experiment_name_prefix: start of a made-up name, used when ``experiment_name`` is left out.
        experiment_name: names need not be unique; the id is.
        experiment_config: anything JSON can hold, kept with the experiment.
        verbose: 0 prints nothing, 1 and above show a progress bar.
        nb_samples: evaluate only the newest ``nb_samples`` items.
        task_threads: how many runs go on at a time.
        scoring_key_mapping: metric argument → key of item or output, or a callable of all keys.
        trial_count: how often the task is run on each item that has no ``execution_policy`` of its own.
        store: the dataset's store; naming another is an error.

    The other arguments of ``opik.evaluate`` are not supported yet and raise.

    Returns:
        The result, with its failures in ``.failures``: a failing task or metric does not stop the others.

    Raises:
        ArgumentError: an argument cannot be used. Nothing was recorded.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
        StoreError: the store could not be written.
    """
    checks.refuse_unsupported(
        "evaluate",
        scoring_functions=scoring_functions,
        project_name=project_name,
        prompt=prompt,
        prompts=prompts,
        dataset_item_ids=dataset_item_ids,
        dataset_sampler=dataset_sampler,
        experiment_scoring_functions=experiment_scoring_functions,
        experiment_tags=experiment_tags,
        dataset_filter_string=dataset_filter_string,
        blueprint_id=blueprint_id,
        error_tolerance=None if error_tolerance == ErrorTolerance.METRIC_ERRORS else error_tolerance,
    )
    callables = checks.callables(task, scoring_metrics, scoring_key_mapping, task_threads)
    checks.positive("trial_count", trial_count)
    checks.positive("nb_samples", nb_samples, optional=True)
    where, version = checks.pinned(dataset, store)
    name = checks.experiment_name(experiment_name, experiment_name_prefix, version.name)
    metadata = checks.json_dict("experiment_config", experiment_config)
    items = version.records()[:nb_samples]
    state = ResumeState(version.version_name, default_runs_per_item=trial_count, nb_samples=nb_samples)
    experiment = _create(where, version, name, resume_state.embed(metadata, state), items, trial_count)
    plan = make_plan(experiment.id, name, Grid(expected_runs(items, trial_count), ()))
    return _run_and_wait(plan, callables, where, verbose)


def evaluate_resume(
    experiment_id: str,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Any = None,
    scoring_key_mapping: KeyMapping | None = None,
    experiment_scoring_functions: Any = None,
    *,
    verbose: int = 1,
    task_threads: int = 16,
    store: Store | None = None,
) -> EvaluationResult:
    """Finish an interrupted evaluation: run what is missing, keep what is complete, return one merged result.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        task, scoring_metrics, scoring_key_mapping: as given to ``evaluate``; callables cannot be stored. Complete runs
            are not scored again, except with metrics that raised on them.
        verbose, task_threads: as in ``evaluate``.
        store: where the experiment is; the default store when left out.

    Returns:
        The result of the whole experiment, kept and replayed runs alike.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        ExperimentNotResumable: the message says why, and what to do instead.
        ExperimentBusy: another resume is running it now.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
    """
    checks.refuse_unsupported(
        "evaluate_resume",
        scoring_functions=scoring_functions,
        experiment_scoring_functions=experiment_scoring_functions,
    )
    callables = checks.callables(task, scoring_metrics, scoring_key_mapping, task_threads)
    where = store or default_store()
    plan = plan_resume(experiment_id, callables.scoring_metrics, store=where)
    return _run_and_wait(plan, callables, where, verbose)


def plan_resume(
    experiment_id: str, scoring_metrics: Sequence[Metric] | None = None, *, store: Store | None = None
) -> ResumePlan:
    """What ``evaluate_resume`` would do, cell by cell, without doing it.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        scoring_metrics: the metrics that would be given: only their missing scores are repaired. None means any.
        store: where the experiment is; the default store when left out.

    Raises:
        ExperimentNotFound, AmbiguousExperiment, ExperimentNotResumable: as for ``evaluate_resume``.
    """
    where = store or default_store()
    return plan_of(read_experiment(find_experiment(experiment_id, where), where), scoring_metrics)


def plan_of(reading: Reading, scoring_metrics: Sequence[Metric] | None = None) -> ResumePlan:
    """The plan of an experiment that has been read. Raises ExperimentNotResumable."""
    experiment = reading.experiment
    if isinstance(reading.resume_state, NotResumable):
        raise ExperimentNotResumable(
            f"Experiment {experiment.name!r} cannot be resumed: {reading.resume_state.reason}. "
            "Start a fresh evaluate() on its dataset instead."
        )
    names = None if scoring_metrics is None else {metric.name for metric in scoring_metrics}
    return make_plan(experiment.id, experiment.name, reading.grid, names)


def prepare_resume(
    plan: ResumePlan,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    scoring_key_mapping: KeyMapping | None = None,
    task_threads: int = 16,
    store: Store | None = None,
    listener: Listener | None = None,
) -> Run:
    """Make a resume ready: ``run.start()`` starts it in the background, ``wait_or_interrupt`` starts and waits.

    Takes the lease, reads the experiment again and takes what is in ``plan`` *and* still missing, never a cell more. The
    cells that fell away are in ``run.dropped``.

    Raises:
        ArgumentError: task, metrics or mapping cannot be used.
        ExperimentBusy: another resume holds the lease.
    """
    callables = checks.callables(task, scoring_metrics, scoring_key_mapping, task_threads)
    return _prepare(plan, callables, store or default_store(), listener)


def result_of(experiment_id: str, store: Store) -> EvaluationResult:
    """The result of an experiment as it is recorded now."""
    return build_result(read_experiment(store.get(experiment_id), store, heavy=True))


def wait_or_interrupt(run: Run, store: Store) -> EvaluationResult:
    """Start a run and wait for it. Ctrl-C and ■ stop it and give control back at once, as EvaluationInterrupted."""
    try:
        run.start()
        while not run.wait(0.5):  # a wait without a time-out cannot be interrupted on every platform
            pass
    except KeyboardInterrupt:
        run.stop("interrupted")
        run.settle(SETTLE_SECONDS)
        raise _interrupted(run, store) from None
    if run.error is not None:
        raise run.error
    if run.outcome == "stopped":
        raise _interrupted(run, store)
    return result_of(run.experiment_id, store)


def used_in_process(experiment_id: str) -> Callables | None:
    """What this process last ran the experiment with, or None."""
    return _used.get(experiment_id)


_used: OrderedDict[str, Callables] = OrderedDict()


def _remember(experiment_id: str, callables: Callables) -> None:
    _used[experiment_id] = callables
    _used.move_to_end(experiment_id)
    while len(_used) > _REMEMBERED:
        _used.popitem(last=False)


def _create(
    store: Store, version: DatasetVersion, name: str, metadata: Json, items: list[Item], trial_count: int
) -> Experiment:
    now = utc_now()
    experiment = Experiment(
        id=new_id(),
        name=name,
        dataset_id=version.id,
        dataset_name=version.name,
        version_name=version.version_name,
        metadata=metadata,
        expected=sum(expected_runs(items, trial_count).values()),
        created_at=now,
        updated_at=now,
    )
    store.create(experiment)
    return experiment


def _run_and_wait(plan: ResumePlan, callables: Callables, store: Store, verbose: int) -> EvaluationResult:
    with progress_bar(plan.experiment_name, len(plan), shown=verbose > 0) as listener:
        run = _prepare(plan, callables, store, listener)
        result = wait_or_interrupt(run, store)
    _warn_about(result)
    return result


def _warn_about(result: EvaluationResult) -> None:
    if result.failed_runs:
        logger.warning(
            "%s. See result.failures; evaluate_resume(%r, …) repairs them.", result.summary(), result.experiment_id
        )


def _prepare(plan: ResumePlan, callables: Callables, store: Store, listener: Listener | None) -> Run:
    lease = store.leases.acquire(plan.experiment_id, new_id())
    try:
        reading = read_experiment(store.get(plan.experiment_id), store)
        current = plan_of(reading, callables.scoring_metrics).restricted_to(plan)
        run = Run(
            plan.experiment_id,
            _jobs(current, reading),
            callables,
            store,
            lease,
            listener=listener,
            at_end=lambda: _complete(plan.experiment_id, store),
        )
        run.dropped.update(_fallen_away(plan, current))
        _remember(plan.experiment_id, callables)
    except BaseException:
        lease.release()
        raise
    return run


def _jobs(plan: ResumePlan, reading: Reading) -> list[Job]:
    jobs = [
        Job(cell, reading.items[cell.key.item_id], _attempt_id(reading, cell.key) if cell.action == "score" else None)
        for cell in plan.cells
    ]
    # A task of a stopped run may still be on a cell: those come last, so that no worker waits for them early.
    jobs.sort(key=lambda job: stopping.is_running(stopping.RunningCell(plan.experiment_id, job.cell.key)))
    return jobs


def _attempt_id(reading: Reading, key: CellKey) -> str:
    attempt = reading.grid.attempts[reading.grid.index(key)]
    if attempt is None:
        raise KeyError(key)
    return attempt.id


def _fallen_away(shown: ResumePlan, current: ResumePlan) -> dict[CellKey, str]:
    still = {cell.key for cell in current.cells}
    return {cell.key: "no longer missing" for cell in shown.cells if cell.key not in still}


def _complete(experiment_id: str, store: Store) -> None:
    reading = read_experiment(store.get(experiment_id), store)
    if reading.grid.complete and reading.experiment.status != "completed":
        store.update(experiment_id, status="completed")


def _interrupted(run: Run, store: Store) -> EvaluationInterrupted:
    result = result_of(run.experiment_id, store)
    running = len(run.on_the_way)
    late = f" {running} still running are recorded if they return." if running else ""
    return EvaluationInterrupted(
        f"Stopped: {result.summary()}.{late} Nothing that finished is lost: "
        f"%opik_resume {result.experiment_id} or evaluate_resume({result.experiment_id!r}, …) runs the rest.",
        result,
    )
