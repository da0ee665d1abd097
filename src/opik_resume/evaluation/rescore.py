"""``evaluate_experiment``: new metrics for the runs that an experiment has, without calling the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from opik_resume.base.process.doors import door
from opik_resume.base.records import Json
from opik_resume.engine import Callables
from opik_resume.evaluation import arguments
from opik_resume.exceptions import EmptyExperiment
from opik_resume.experiment.planning.plan import ResumePlan, make_rescoring_plan
from opik_resume.experiment.reading import Reading, find_experiment, read_experiment
from opik_resume.experiment.results.evaluation_result import EvaluationResult
from opik_resume.experiment.results.test_results import TestResult, only
from opik_resume.lifecycle.prepare import prepare
from opik_resume.lifecycle.wait import run_and_wait
from opik_resume.metrics.base import name_of
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from opik_resume.evaluation.arguments import OnEvent
    from opik_resume.lifecycle.display.choosing import Display
    from opik_resume.metrics.base import Metric
    from opik_resume.metrics.scoring import KeyMapping
    from opik_resume.stores.protocol import Store

    Functions = Sequence[Callable[..., Any]]


@door
def evaluate_experiment(
    experiment_name: str,
    scoring_metrics: Sequence[Metric] | None = None,
    scoring_functions: Functions | None = None,
    scoring_threads: int = 16,
    verbose: int = 1,
    scoring_key_mapping: KeyMapping | None = None,
    experiment_id: str | None = None,
    experiment_scoring_functions: Functions | None = None,
    project_name: str | None = None,
    *,
    missing_only: bool = False,
    include_kept: bool = False,
    settle: bool = False,
    capture: bool = True,
    display: Display | None = "auto",
    on_event: OnEvent | None = None,
    executor: Executor | None = None,
    store: Store | None = None,
) -> EvaluationResult:
    """Score the runs that an experiment has, without calling the task: new metrics for kept runs.

    Args:
        experiment_name: the experiment's name, or its id.
        scoring_metrics, scoring_functions, scoring_key_mapping, experiment_scoring_functions: as in ``evaluate``. A new
            score replaces the one of the same name; one that fails now leaves the old one beside its failure.
        scoring_threads: how many runs are scored at a time.
        verbose: as in ``evaluate``.
        experiment_id: the id, for a name that several have.
        project_name: accepted for compatibility with Opik.
        missing_only: leave runs alone that have a score of a metric already.
        settle, capture, display, on_event, executor: as in ``evaluate``.
        include_kept: return the scores that the runs had before beside those of this call. The store always keeps both.
        store: where the experiment is; the default store when left out.

    Returns:
        Every complete run, with the scores that this call made, as in Opik (none on a run that ``missing_only`` left
        alone). ``expected``, ``complete`` and ``failures`` are those of the whole experiment. Experiment scoring functions
        see the same, but of ``missing_only``: then all scores, since what they return is the experiment's.

    Raises:
        ExperimentNotFound, AmbiguousExperiment: which one is meant?
        EmptyExperiment: it has no complete run to score.
        ArgumentError: no metric was given, or an argument cannot be used.
    """
    callables = arguments.callables(
        _never_called, scoring_metrics, scoring_functions, scoring_key_mapping, scoring_threads,
        experiment_scoring_functions,
    )  # fmt: skip
    arguments.some_metrics(callables)
    kept = arguments.flag("capture", capture)
    callables = replace(callables, rescoring=True, fresh=None if include_kept else {}, capture=kept)
    if callables.fresh is not None and not missing_only:
        callables = replace(callables, experiment_scoring_functions=_seeing_only(callables))
    watching = arguments.watching(verbose, display, on_event)
    callables = arguments.elsewhere(callables, executor)
    where = store or default_store()
    replan = partial(_rescoring_plan, callables=callables, missing_only=missing_only)
    reading = read_experiment(find_experiment(experiment_id or experiment_name, where), where)
    if reading.grid.done == 0:
        raise EmptyExperiment(
            f"Experiment {reading.experiment.name!r} has no complete run to score: evaluate_resume() runs it first."
        )
    plan = replan(reading)
    ready = partial(prepare, plan, replan, callables, where)
    return run_and_wait(
        reading, plan, ready, callables, where, watching=watching, raise_on_failure=False, settle=settle
    )


def _rescoring_plan(reading: Reading, callables: Callables, *, missing_only: bool) -> ResumePlan:
    names = [name_of(metric) for metric in callables.scoring_metrics]
    experiment = reading.experiment
    return make_rescoring_plan(experiment.id, experiment.name, reading.grid, names, missing_only=missing_only)


def _seeing_only(callables: Callables) -> Functions:
    """Its experiment scoring functions, which are then shown the scores of this call alone."""

    def of(function: Callable[..., Any]) -> Callable[..., Any]:
        def called(results: list[TestResult]) -> Any:
            return function(only(results, callables.fresh or {}))

        called.__name__ = getattr(function, "__name__", type(function).__name__)
        return called

    return [of(function) for function in callables.experiment_scoring_functions]


def _never_called(_item: Json) -> Json:
    raise AssertionError("scoring never calls the task")
