"""``evaluate``: a fresh evaluation, made so that it can be resumed. Its signature and its order are Opik's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from opik_resume.base.ids import new_id
from opik_resume.base.metadata import prompts as linked_prompts
from opik_resume.base.metadata import remembered, resume_state
from opik_resume.base.metadata.resume_state import NotResumable, ResumeState
from opik_resume.base.process.doors import caller, door
from opik_resume.base.records import ErrorTolerance, Experiment, Json, utc_now
from opik_resume.datasets.dataset import Dataset
from opik_resume.datasets.version import DatasetVersion
from opik_resume.engine.retrying.policy import MAX_WAIT
from opik_resume.evaluation import arguments, nothing
from opik_resume.evaluation.unfinished import warn_of_unfinished
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.limits import BREAKER
from opik_resume.experiment.planning.plan import make_plan
from opik_resume.experiment.reading import Reading
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.selection import choose
from opik_resume.lifecycle.prepare import prepare_first
from opik_resume.lifecycle.wait import run_and_wait

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from opik_resume.engine.cells.cell import Task
    from opik_resume.engine.cells.costs import Cost
    from opik_resume.evaluation.arguments import OnEvent, RetryOn
    from opik_resume.integrations.opik_datasets import OpikDataset
    from opik_resume.lifecycle.display.choosing import Display
    from opik_resume.metrics.base import Metric
    from opik_resume.metrics.scoring import KeyMapping
    from opik_resume.stores.protocol import Store

    Functions = Sequence[Callable[..., Any]]


_UNPINNED = NotResumable("nothing had been inserted into its dataset, so there was no version to pin")


@door
def evaluate(
    dataset: Dataset | DatasetVersion | OpikDataset,
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
    max_runs: int | None = None,
    max_seconds: float | None = None,
    max_failures: int | None = None,
    max_consecutive_failures: int | None = None,
    max_cost: float | None = None,
    breaker: int | None = BREAKER,
    settle: bool = False,
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
    store: Store | None = None,
) -> EvaluationResult:
    """Evaluate a task on a dataset, as ``opik.evaluate`` does; what is finished is durable and can be resumed.

    Args:
        dataset: a Dataset (its newest version is pinned now) or a DatasetVersion. One of the ``opik`` package is the same
            dataset on its own server, whatever the default store is. Without items the result is empty, with a warning.
        task: called with an item's dict (its data and ``id``), returns a dict. ``async def`` is awaited. The values may be
            anything: metrics get the objects themselves (generators as lists), and what is stored is JSON, converted as
            Opik's SDK does; NaN and infinity are kept as ``<float NaN>`` and ``<float Infinity>``, and what has no text
            of its own as ``<repr> …``. The run's ``notes`` say what was converted.
        scoring_metrics: objects with ``.name`` and ``.score(**kwargs)``, ours or the ``opik`` package's.
        scoring_functions: functions of ``dataset_item`` and ``task_outputs`` that return a ScoreResult or several.
        experiment_name_prefix: start of a made-up name, used when ``experiment_name`` is left out.
        experiment_name: names need not be unique; the id is.
        project_name: kept with the experiment; that of the dataset comes first, if it belongs to one.
        experiment_config: anything JSON can hold, kept with the experiment.
        verbose: 0 shows and prints nothing, 1 shows how far it is, 2 prints statistics of the scores as well.
        nb_samples: evaluate only the newest ``nb_samples`` of the items that filter and ids leave.
        task_threads: how many runs go on at a time. With 1, a sync task and its metrics run in the thread that called
            this, as in Opik, so that they may use what belongs to it (``signal.alarm``, a ``sqlite3`` connection); ■ and
            Ctrl-C then interrupt the running task. With more, and from the widget, they run in threads of their own.
        scoring_key_mapping: metric argument → key of item or output, or a callable of all keys.
        dataset_item_ids: evaluate only these items; ids that are not there are ignored, with a warning.
        dataset_sampler: an object whose ``sample(items)`` returns some of the items; one drawn twice is run twice as often.
        trial_count: how often the task is run on each item that has no ``execution_policy`` of its own.
        experiment_scoring_functions: functions of all TestResults that return a ScoreResult or several. Stored when the
            experiment is complete.
        experiment_tags: kept with the experiment.
        dataset_filter_string: Opik's filter language, ``data.category = "test" AND tags contains "new"``.
        prompt, prompts: prompts of the ``opik`` package to link with the experiment and its runs. They need an Opik server.
        blueprint_id: Opik's own; it raises.
        error_tolerance: ``METRIC_ERRORS`` (10) or ``ALL_SCORING_ERRORS`` (20): then a missing score argument fails its
            metric only.
        raise_on_failure: raise the first exception of task or scoring, in the order of the items, with the result in its
            ``.result``, as Opik does, instead of returning a result with failures.
        max_runs, max_seconds, max_failures, max_consecutive_failures: stop rules: start no more than so many runs, none
            after so many seconds, none once so many have failed in task or scoring, altogether or in a row. What is on
            its way is waited for. The partial result is returned; its ``stopped_by`` says what stopped it.
        max_cost: stop in the same way once the runs of this call have cost so many US dollars. It needs ``cost``. What is
            on its way then may go beyond it; the reason in ``stopped_by`` says by how much.
        breaker: stop in the same way when the first so many runs to end have all failed in one group that does not pass
            by itself (a wrong key, not a rate limit); after one success it is out of play. None turns it off.
        settle: on an Opik server, wait at the end until its own views show what was recorded, which takes a minute or
            two: other programs believe those, and ``opik.evaluate_resume`` would run again what they do not show. Ctrl-C
            ends the waiting and nothing else. The embedded store has nothing to wait for.
        cost: a function of an item's dict and the task's output for it that returns what the run cost, in US dollars. It is
            kept with the run. One that raises, or returns no finite number of 0 or more, fails no run: that is noted, and
            the run has no cost.
        capture: keep what task and metrics print, warn of and log with their run (bounded: both ends of a long text; without
            keys), where the widget shows it. In a cell it is not shown then, where the runs would mix; in a terminal it
            is. What threads of the task's own print is not the run's, unless they were started with its context. False
            leaves everything alone.
        retries: call the task again, so many times at most, when it fails with what passes by itself: rate limits,
            time-outs, lost connections, a server's own errors, whichever provider's; never an exhausted quota or a
            refused key. Waits grow from a second to a minute, half of it by chance, or are what the provider states
            (``Retry-After``, reset headers; more than five minutes fail the run instead). All tries are one run: its
            ``tries`` keep what each raised. A stop ends the wait, and no wait begins that ``max_seconds`` would end.
        timeout: seconds that each call of the task may take. A coroutine is cancelled. A plain function cannot be cut off,
            and runs in a thread of its own for that, with ``task_threads=1`` as well: it is left alone there, what it
            returns later is dropped, and its run is neither tried nor started again in this process while it lives.
        retry_on: what is worth another try besides: exception classes, or globs of their names (``"acme.*Busy*"``).
        adaptive: heed what the provider bears: when it refuses calls because they are too many (429, overloaded,
            whichever client says so; not an exhausted quota or a refused key), fewer runs are at work and begin more slowly,
            and slowly more again, up to ``task_threads``. What was refused is called again when its wait is over, with
            ``retries=0`` as well: such tries do not count as retries. A metric that is refused is heeded as well, but not
            called again: its run is complete without that score, which a resume asks for. False: a refusal is an error as
            any other.
        max_wait: seconds that one run waits so at most; then it fails, and so it does at once when the provider states a
            longer wait, or has refused every call for so long. A stop, Ctrl-C and ``max_seconds`` end every wait.
        display: how it is shown how far it is. ``"bar"`` is one line that is drawn again, with failures, rate, time left and
            what is known of the cost; ``"lines"`` is such a line each 30 s and at the end; ``"grid"`` is the live grid of
            cells, in any Jupyter kernel. ``"auto"`` takes the grid in a notebook that is open somewhere, lines in one that is only
            executed (nbconvert, papermill) and in pipes, the bar in terminals. None shows nothing.
        on_event: called with every event of the run, in order, on a thread of its own: the classes are in
            ``opik_resume.events``. Before this returns, everything has been told. What it raises is logged, and fails no run.
        executor: any ``concurrent.futures.Executor``, whose workers call task, metrics and ``cost`` instead of this process:
            a ``ProcessPoolExecutor``, ``client.get_executor()`` of dask, that of ipyparallel; ``task_threads`` is how many
            runs it is given at a time. Recording, limits, retries and stopping stay here. What is called goes there with
            cloudpickle (``pip install opik-resume[dask]``), so notebook functions do, too; workers need this package and
            what yours import. Coroutines run on a loop of the worker's. The runs of a worker that is lost are interrupted,
            and not begun again by this call. See ``docs/scaling.md``.
        store: the dataset's store; naming another is an error.

    Returns:
        The result, with its failures in ``.failures``: a failing task or metric does not stop the others, but for the
        stop rules and the breaker.

    Raises:
        ArgumentError: an argument cannot be used. Nothing was recorded.
        EvaluationInterrupted: stopped by Ctrl-C or ■; ``.result`` holds what there is.
        ExecutorBroken: ``executor`` takes no more runs; ``.result`` holds what there is.
        StoreError: the store could not be written.
    """
    arguments.refuse("evaluate", "agent configurations are Opik's own", blueprint_id=blueprint_id)
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
    kept, retrying = (
        arguments.flag("capture", capture),
        arguments.retries(retries, timeout, retry_on, adaptive, max_wait),
    )
    callables = replace(arguments.bounded(callables, limits), capture=kept, retries=retrying)
    watching = arguments.watching(verbose, display, on_event)
    callables = arguments.elsewhere(callables, executor)
    arguments.positive("trial_count", trial_count)
    arguments.positive("nb_samples", nb_samples, optional=True)
    where, version = arguments.pinned(dataset, store)
    if not where.remote:
        arguments.refuse("evaluate", f"the {where.label} has no prompt library", prompt=prompt, prompts=prompts or None)
    state = ResumeState(
        version.version_name,
        default_runs_per_item=trial_count,
        dataset_filter_string=dataset_filter_string,
        nb_samples=nb_samples,
        requires_local_checkpoint=dataset_item_ids is not None or dataset_sampler is not None,
        error_tolerance=arguments.tolerance(error_tolerance),
    )
    config = arguments.json_dict("experiment_config", experiment_config)
    metadata = remembered.embed(
        resume_state.embed(config, state if version.version_id else _UNPINNED),
        callables.task,
        callables.scoring_metrics,
        callables.task_threads,
        marks=callables.version.marks if callables.version is not None else None,
    )
    now = utc_now()
    selection = choose(
        version.listed(), state, dataset_item_ids, dataset_sampler, caller().call
    )  # a sampler is user code
    experiment = Experiment(
        id=new_id(),
        name=arguments.experiment_name(experiment_name, experiment_name_prefix, version.name),
        dataset_id=version.id,
        dataset_name=version.name,
        version_name=version.version_name,
        metadata=linked_prompts.embed(metadata, prompt, prompts),
        expected=selection.runs.total,
        created_at=now,
        updated_at=now,
        tags=arguments.texts("experiment_tags", experiment_tags),
        project_name=arguments.project(project_name, version),
        item_ids=selection.resolved_ids,
    )
    made = Reading(experiment, selection.items, Grid(selection.runs, ()), None)
    if selection.items:
        warn_of_unfinished(version, callables, where)
    else:
        made = nothing.record(
            made,
            version,
            where,
            dataset_filter_string=dataset_filter_string,
            dataset_item_ids=dataset_item_ids,
            dataset_sampler=dataset_sampler,
        )
    plan = make_plan(experiment.id, experiment.name, made.grid)
    ready = partial(prepare_first, made, plan, callables, where)
    return run_and_wait(
        made, plan, ready, callables, where, watching=watching, raise_on_failure=raise_on_failure, settle=settle
    )
