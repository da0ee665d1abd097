"""What a line says: its options, checked, with the functions that it names and a cell defines."""

from __future__ import annotations

from argparse import Namespace as Arguments
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from opik_resume.base.metadata import remembered
from opik_resume.engine.retrying.policy import MAX_WAIT
from opik_resume.evaluation.arguments import limits, retries
from opik_resume.evaluation.prompting import kept_task
from opik_resume.experiment.limits import Limits
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.candidates import Namespace
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.namespace.lookup import find_metrics, find_task, user_namespace

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment


def limits_of(arguments: Arguments) -> Limits:
    breaker = unquoted(arguments.breaker)
    if breaker not in {"off", "None"} and not breaker.isdecimal():
        raise UsageError(f"--breaker must be a whole number of 1 or more, or off, got {breaker!r}")
    return limits(
        max_runs=arguments.max_runs,
        max_seconds=arguments.max_seconds,
        max_failures=arguments.max_failures,
        max_consecutive_failures=arguments.max_consecutive_failures,
        max_cost=arguments.max_cost,
        breaker=int(breaker) if breaker.isdecimal() else None,
    )


def retries_of(arguments: Arguments) -> Mapping[str, Any]:
    """What the line says of it: the rest is as in the call that began the evaluation, if this process knows."""
    adaptive = False if arguments.no_adaptive else None
    told = {
        "retries": arguments.retries,
        "timeout": arguments.timeout,
        "adaptive": adaptive,
        "max_wait": arguments.max_wait,
    }
    max_wait = MAX_WAIT if arguments.max_wait is None else arguments.max_wait
    checked = retries(arguments.retries or 0, arguments.timeout, (), not arguments.no_adaptive, max_wait)
    return {name: getattr(checked, name) for name, value in told.items() if value is not None}


def given_of(arguments: Arguments, namespace: Namespace) -> Given:
    return Given(
        find_task(unquoted(arguments.task), namespace) if arguments.task else None,
        find_metrics(_names(arguments.metrics), namespace) if arguments.metrics is not None else None,
        task_threads=arguments.threads,
    )


def completed(given: Given, defined: Mapping[str, Any], *, known: bool) -> Given:
    """What no option names is what the cell defines; without a task in it, what evaluate() used or the only one."""
    if given.task is None:
        tasks = candidates.tasks(defined) or ({} if known else candidates.tasks(user_namespace()))
        if len(tasks) > 1:
            raise UsageError(f"which is the task: {_or(tasks)}? Say --task {next(iter(tasks))}")
        given = replace(given, task=next(iter(tasks.values()), None))
    if given.scoring_metrics is None:
        given = replace(given, scoring_metrics=list(candidates.metrics(defined).values()) or None)
    return given


def has_a_task(experiment: Experiment) -> bool:
    """Whether it can be resumed without being given one: of ``evaluate_prompt``, or run by this process."""
    return used_in_process(experiment.id) is not None or kept_task(experiment) is not None


def check_settled(experiment: Experiment, given: Given, name: str) -> None:
    """Names that are only remembered are suggested, never called unasked."""
    if used_in_process(experiment.id) is not None:
        return
    names = remembered.read(experiment.metadata)
    task = given.task and remembered.task_name(given.task)
    line = f"%opik_resume {name} --task {task or names.task or 'my_task'} --metrics {','.join(names.metrics) or 'my_metric'}"
    if given.task is None and kept_task(experiment) is None:
        raise UsageError(f"give the task: {line}")
    if given.scoring_metrics is None and names.metrics:
        raise UsageError(f'give the metrics too: {line} (or --metrics "" for none)')


def _names(text: str) -> list[str]:
    return [name.strip() for name in unquoted(text).split(",") if name.strip()]


def _or(names: Iterable[str]) -> str:
    return " or ".join(names)


def unquoted(text: str) -> str:
    """IPython's argument parser leaves quotes where they are."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
