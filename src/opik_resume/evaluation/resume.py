"""``evaluate_resume`` and ``plan_resume``: what is missing from an evaluation, and running it. Signatures are Opik's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from opik_resume.base.metadata import remembered
from opik_resume.base.process.doors import door
from opik_resume.base.text import redaction
from opik_resume.engine import Listener, Run
from opik_resume.engine.backends import refuse_ended
from opik_resume.engine.retrying.policy import MAX_WAIT, Retries
from opik_resume.evaluation import arguments
from opik_resume.evaluation.prompting import task_again
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.fingerprints import Version
from opik_resume.experiment.grid import is_done
from opik_resume.experiment.limits import BREAKER, Limits, Spending
from opik_resume.experiment.planning import drift
from opik_resume.experiment.planning.changes import Drift, changes_since
from opik_resume.experiment.planning.choosing import Only
from opik_resume.experiment.planning.drift import OnDrift
from opik_resume.experiment.planning.plan import ResumePlan, make_plan
from opik_resume.experiment.reading import Reading, find_experiment, why_not_resumable
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.lifecycle.conclude import read_and_finish
from opik_resume.lifecycle.prepare import prepare
from opik_resume.lifecycle.rounds.running import run_until_complete
from opik_resume.lifecycle.wait import run_and_wait
from opik_resume.metrics.base import name_of
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from opik_resume.engine.cells.cell import Task
    from opik_resume.engine.cells.costs import Cost
    from opik_resume.evaluation.arguments import OnEvent, RetryOn
    from opik_resume.lifecycle.display.choosing import Display
    from opik_resume.metrics.base import Metric
    from opik_resume.metrics.scoring import KeyMapping
    from opik_resume.stores.protocol import Store

    Functions = Sequence[Callable[..., Any]]

FIRST_DELIVERY_SECONDS = 2.0  # plans count what the journal has, delivered or not: no need to wait long

logger = redaction.logger("opik_resume")


# fmt: off
@overload
def evaluate_resume(
    experiment_id: str, task: Task | None, scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None, scoring_key_mapping: KeyMapping | None = None,
    experiment_scoring_functions: Functions | None = None, *, verbose: int = 1, task_threads: int = 16,
    reuse_outputs: bool = False, on_drift: OnDrift = "warn", raise_on_failure: bool = False,
    max_runs: int | None = None, max_seconds: float | None = None, max_failures: int | None = None,
    max_consecutive_failures: int | None = None, max_cost: float | None = None, breaker: int | None = BREAKER,
    settle: bool = False, only: Only | None = None, plan: ResumePlan | None = None, dry_run: Literal[False] = False,
    cost: Cost | None = None, capture: bool = True, retries: int = 0, timeout: float | None = None,
    retry_on: RetryOn = (), adaptive: bool = True, max_wait: float = MAX_WAIT, display: Display | None = "auto",
    on_event: OnEvent | None = None, executor: Executor | None = None, until_complete: bool = False, store: Store | None = None,
) -> EvaluationResult: ...
@overload
def evaluate_resume(
    experiment_id: str, task: Task | None, scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None, scoring_key_mapping: KeyMapping | None = None,
    experiment_scoring_functions: Functions | None = None, *, verbose: int = 1, task_threads: int = 16,
    reuse_outputs: bool = False, on_drift: OnDrift = "warn", raise_on_failure: bool = False,
    max_runs: int | None = None, max_seconds: float | None = None, max_failures: int | None = None,
    max_consecutive_failures: int | None = None, max_cost: float | None = None, breaker: int | None = BREAKER,
    settle: bool = False, only: Only | None = None, plan: ResumePlan | None = None, dry_run: Literal[True],
    cost: Cost | None = None, capture: bool = True, retries: int = 0, timeout: float | None = None,
    retry_on: RetryOn = (), adaptive: bool = True, max_wait: float = MAX_WAIT, display: Display | None = "auto",
    on_event: OnEvent | None = None, executor: Executor | None = None, until_complete: bool = False, store: Store | None = None,
) -> ResumePlan: ...
# fmt: on
@door
def evaluate_resume(
    experiment_id: str,
    task: Task | None,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    scoring_key_mapping: KeyMapping | None = None,
    experiment_scoring_functions: Functions | None = None,
    *,
    verbose: int = 1,
    task_threads: int = 16,
    reuse_outputs: bool = False,
    on_drift: OnDrift = "warn",
    raise_on_failure: bool = False,
    max_runs: int | None = None,
    max_seconds: float | None = None,
    max_failures: int | None = None,
    max_consecutive_failures: int | None = None,
    max_cost: float | None = None,
    breaker: int | None = BREAKER,
    settle: bool = False,
    only: Only | None = None,
    plan: ResumePlan | None = None,
    dry_run: bool = False,
    cost: Cost | None = None,
    capture: bool = True,
    retries: int = 0,
    timeout: float | None = None,
    retry_on: RetryOn = (),
    adaptive: bool = True,
    max_wait: float = MAX_WAIT,
    display: Display | None = "auto",
    on_event: OnEvent | None = None,
    executor: Executor | None = None,
    until_complete: bool = False,
    store: Store | None = None,
) -> EvaluationResult | ResumePlan:
    """Finish an interrupted evaluation: run what is missing, keep what is complete, return one merged result.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        task, scoring_metrics, scoring_functions, scoring_key_mapping, experiment_scoring_functions: as given to
            ``evaluate``; callables cannot be stored. Complete runs are not scored again, except with metrics that raised
            on them: new metrics for kept runs are ``evaluate_experiment``'s job. Of an ``evaluate_prompt`` the task may be
            None: prompt and model are kept with the experiment.
        verbose, task_threads, raise_on_failure, settle, cost, capture, retries, timeout, retry_on, adaptive, max_wait,
            display, on_event, executor: as in ``evaluate``.
        max_runs, max_seconds, max_failures, max_consecutive_failures, max_cost, breaker: the stop rules, as in
            ``evaluate``; they count what this call runs.
        reuse_outputs: score the kept output of a run whose scoring failed, instead of running its task again. Metrics then
            get what is stored of it, which is JSON, as they do when a missing score is repaired: not the objects that
            the task returned.
        on_drift: what to do when the task or a metric has changed since the kept runs were made, or metrics of the
            original ``evaluate`` are not given: ``warn`` says so, and the runs made without them lack their scores until a
            later resume makes them; ``ignore`` takes it for meant, and they lack nothing; ``error`` raises before
            anything runs. ``plan_resume(…, task=…).drift`` shows what has changed.
        only: run these alone: ``"failed"``, ``"RateLimitError*"``, a failure group, a metric, ``{"items": […]}``, or a list of
            such: see :meth:`ResumePlan.select`. The rest stays missing, and the experiment unfinished.
        plan: run this plan of :func:`plan_resume`, or a part of it, less what has been done meanwhile: never a cell more.
        dry_run: return the plan, and run nothing.
        until_complete: go on in rounds until every run that was to be run is complete, a stop rule ends it, or only failures
            are left that do not pass by themselves, which are not run again. Before each round it waits: half a minute at first
            and up to ten minutes, or as long as a provider has stated, be it hours; it says how long, and for what. The stop
            rules count all rounds and their pauses. Between two rounds nobody holds the experiment. ``on_event`` is told each
            round as one run, with its own end. With ``dry_run`` it is the plan of the first round.
        store: where the experiment is; the default store when left out.

    Returns:
        The result of the whole experiment, kept and replayed runs alike, however few were to be run; the
        :class:`ResumePlan` of a ``dry_run``.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        ExperimentNotResumable, LocalCheckpointMissing: the message says why, and what to do instead.
        ExperimentBusy: another resume is running it now.
        ArgumentError: an argument cannot be used, ``only`` matches nothing, ``plan`` is of another experiment, or something
            has changed and ``on_drift`` is ``error``.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
    """
    where = store or default_store()
    if task is None:
        task = task_again(find_experiment(experiment_id, where))
    callables = arguments.callables(
        task, scoring_metrics, scoring_functions, scoring_key_mapping, task_threads, experiment_scoring_functions, cost
    )
    limits = arguments.limits(
        max_runs=max_runs,
        max_seconds=max_seconds,
        max_failures=max_failures,
        max_consecutive_failures=max_consecutive_failures,
        max_cost=max_cost,
        breaker=breaker,
    )
    kept, retrying, until_complete = (
        arguments.flag("capture", capture),
        arguments.retries(retries, timeout, retry_on, adaptive, max_wait),
        arguments.flag("until_complete", until_complete),
    )
    retrying = replace(retrying, patient=until_complete)
    callables = replace(arguments.bounded(callables, limits), capture=kept, retries=retrying)
    callables = replace(callables, on_drift=drift.checked(on_drift))
    watching = arguments.watching(verbose, display, on_event)
    callables = callables if dry_run else arguments.elsewhere(callables, executor)
    reuse_outputs = _as_planned(plan, reuse_outputs=reuse_outputs)
    replan = partial(plan_of, scoring_metrics=callables.scoring_metrics, reuse_outputs=reuse_outputs, on_drift=on_drift)
    reading = _read_to_plan(experiment_id, where, for_result=True)
    missing = replan(reading, version=callables.version)
    if missing.warning and on_drift == "error":
        raise ArgumentError(
            f"{_how_it_differs(missing)}. Nothing was run: pass the same task and metrics, or on_drift='ignore'."
        )
    shown = _chosen(missing, plan, only)
    warn_of_drift(missing)
    if dry_run:
        return shown
    if len(shown) and reading.elsewhere is not None:
        logger.warning(reading.elsewhere)
    if until_complete:
        return run_until_complete(
            reading,
            shown,
            replan,
            callables,
            where,
            watching=watching,
            raise_on_failure=raise_on_failure,
            settle=settle,
        )
    ready = partial(prepare, shown, replan, callables, where)
    return run_and_wait(
        reading, shown, ready, callables, where, watching=watching, raise_on_failure=raise_on_failure, settle=settle
    )


@door
def plan_resume(
    experiment_id: str,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    scoring_functions: Functions | None = None,
    reuse_outputs: bool = False,
    on_drift: OnDrift = "warn",
    only: Only | None = None,
    task: Task | None = None,
    store: Store | None = None,
) -> ResumePlan:
    """What ``evaluate_resume`` would do, cell by cell, without doing it.

    Args:
        experiment_id: the experiment's id, or its name when only one has it.
        scoring_metrics: the metrics that would be given: only their missing scores are repaired. None means any.
            The plan's ``warning`` says how they differ from those of the kept runs.
        scoring_functions: those that would be given beside them.
        reuse_outputs, on_drift, only: as in ``evaluate_resume``, which takes the plan, or a part of it (``plan["failed"]``,
            ``plan[:10]``), as its ``plan``.
        task: the task that would be given. The plan's ``drift`` shows what has changed in it, and in the metrics, since the
            kept runs were made: ``print(plan.drift)`` is a unified diff.
        store: where the experiment is; the default store when left out.

    Raises:
        ExperimentNotFound, AmbiguousExperiment, ExperimentNotResumable: as for ``evaluate_resume``.
        ArgumentError: ``only`` matches nothing; the message names what there is.
    """
    metrics = arguments.scoring(scoring_metrics, scoring_functions)
    given = None if scoring_metrics is None and scoring_functions is None else metrics
    version = None if task is None and given is None else Version.of(arguments.optional_task(task), given or ())
    reading = _read_to_plan(experiment_id, store or default_store())
    plan = plan_of(reading, given, version=version, reuse_outputs=reuse_outputs, on_drift=drift.checked(on_drift))
    return plan if only is None else plan.select(only)


def _as_planned(plan: ResumePlan | None, *, reuse_outputs: bool) -> bool:
    """Whether outputs are used again: as the plan was made, if there is one."""
    if plan is None:
        return reuse_outputs
    if not isinstance(plan, ResumePlan):
        raise ArgumentError(f"plan must be a ResumePlan, as plan_resume() returns it, got {type(plan).__name__}")
    if reuse_outputs and not plan.reuse_outputs:
        raise ArgumentError("plan was made without reuse_outputs: make it with plan_resume(…, reuse_outputs=True)")
    return plan.reuse_outputs


def _chosen(missing: ResumePlan, plan: ResumePlan | None, only: Only | None) -> ResumePlan:
    """What is to be run of what is missing. Raises ArgumentError."""
    if plan is not None and plan.experiment_id != missing.experiment_id:
        raise ArgumentError(
            f"plan is of the experiment {plan.experiment_name!r} ({plan.experiment_id}), not of "
            f"{missing.experiment_name!r} ({missing.experiment_id}): make one with plan_resume({missing.experiment_name!r})"
        )
    shown = missing if plan is None else plan
    return shown if only is None else shown.select(only)


def warn_of_drift(plan: ResumePlan) -> None:
    """The one line, before anything runs, about a task and metrics that differ from those of the kept runs."""
    if plan.warning:
        logger.warning("%s: %s.", plan.experiment_name, _how_it_differs(plan))


def _how_it_differs(plan: ResumePlan) -> str:
    """Its warning, and where what has changed can be seen."""
    return "; see ".join(filter(None, (plan.warning, plan.drift.shown_by)))


def _read_to_plan(experiment_id: str, store: Store, *, for_result: bool = False) -> Reading:
    """What an earlier session has left is delivered first, so that a plan and the server agree, if it can be."""
    found = find_experiment(experiment_id, store)
    if store.pending(found.id).waiting:
        store.flush(FIRST_DELIVERY_SECONDS)
    # What the store calls completed is probably whole: then the result is made of this reading, and there is no other.
    return read_and_finish(found, store, heavy=for_result and found.status == "completed")


def plan_of(
    reading: Reading,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    version: Version | None = None,
    reuse_outputs: bool = False,
    on_drift: OnDrift = "warn",
) -> ResumePlan:
    """The plan of an experiment that has been read. ``version``: of task and metrics, to be compared with the kept runs'.

    Raises ExperimentNotResumable.
    """
    why = why_not_resumable(reading)
    if why is not None:
        raise why
    given = None if scoring_metrics is None else arguments.metrics(scoring_metrics)
    names = None if given is None else dict.fromkeys(name_of(metric) for metric in given)
    experiment = reading.experiment
    return make_plan(
        experiment.id,
        experiment.name,
        reading.grid,
        names,
        original=remembered.metric_names(experiment.metadata),
        reuse_outputs=reuse_outputs,
        on_drift=on_drift,
        changes=None if version is None else _changes(reading, version),
    )


def _changes(reading: Reading, version: Version) -> Drift:
    made, marks = (
        reading.grid.versions(is_done(reading.grid.states)),
        remembered.metric_marks(reading.experiment.metadata),
    )
    return changes_since(version, made, reading.callables, marks, len(reading.grid))


def prepare_resume(
    plan: ResumePlan,
    task: Task,
    scoring_metrics: Sequence[Metric] | None = None,
    *,
    scoring_key_mapping: KeyMapping | None = None,
    task_threads: int = 16,
    experiment_scoring_functions: Functions | None = None,
    reuse_outputs: bool = False,
    on_drift: OnDrift = "warn",
    limits: Limits | None = None,
    cost: Cost | None = None,
    capture: bool = True,
    retries: Retries | None = None,
    loop: Any = None,
    executor: Executor | None = None,
    spent: Spending | None = None,
    store: Store | None = None,
    listener: Listener | None = None,
) -> Run:
    """Make a resume of a plan ready: ``run.start()`` starts it in the background.

    Raises:
        ArgumentError: task, metrics or mapping cannot be used, or the loop that coroutines are to run on has ended.
        ExperimentBusy: another resume holds the lease.
    """
    callables = arguments.callables(
        task, scoring_metrics, None, scoring_key_mapping, task_threads, experiment_scoring_functions, cost
    )
    callables = replace(
        arguments.bounded(callables, limits or Limits()),
        on_drift=on_drift,
        capture=capture,
        retries=retries or Retries(),
        loop=loop,
        spent=spent,
    )
    callables = arguments.elsewhere(callables, executor)
    refuse_ended(callables)
    replan = partial(plan_of, scoring_metrics=callables.scoring_metrics, reuse_outputs=reuse_outputs, on_drift=on_drift)
    return prepare(plan, replan, callables, store or default_store(), listener)
