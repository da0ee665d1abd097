"""``%opik_resume``: the browser, or one resume with a live grid, by typing. ``%%opik_resume``: with what a cell defines."""

# IPython's decorators have no annotations.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
from argparse import Namespace as Arguments
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython import get_ipython
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from opik_resume.base.metadata import remembered
from opik_resume.base.process import hosts
from opik_resume.base.process.doors import caller, door
from opik_resume.engine.retrying.policy import MAX_WAIT
from opik_resume.evaluation.arguments import bounded, limits, positive, retries
from opik_resume.evaluation.prompting import kept_task
from opik_resume.evaluation.resume import plan_of, warn_of_drift
from opik_resume.exceptions import OpikResumeError
from opik_resume.experiment.limits import BREAKER, Limits
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.lifecycle import settling
from opik_resume.lifecycle.display.choosing import chosen
from opik_resume.lifecycle.display.watching import Watching, drawn, progress_of
from opik_resume.lifecycle.registry import used_in_process
from opik_resume.lifecycle.rounds.between import counted_together
from opik_resume.lifecycle.rounds.pending import Pending
from opik_resume.lifecycle.rounds.running import Rounds
from opik_resume.lifecycle.wait import wait_or_interrupt, warn_about
from opik_resume.notebook.background.desk import desk
from opik_resume.notebook.background.waiting import needs, running_loop
from opik_resume.notebook.browsing import browser
from opik_resume.notebook.magics.cellbody import run_body
from opik_resume.notebook.namespace import candidates
from opik_resume.notebook.namespace.candidates import Namespace
from opik_resume.notebook.namespace.choosing import Given
from opik_resume.notebook.namespace.lookup import find_function, find_metrics, find_task, user_namespace
from opik_resume.notebook.showing import show
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.notebook.widget.finishing.offers import Offers
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from opik_resume.base.records import Experiment
    from opik_resume.engine import Callables, Run
    from opik_resume.engine.cells.costs import Cost
    from opik_resume.experiment.planning.plan import ResumePlan
    from opik_resume.experiment.reading import Reading
    from opik_resume.experiment.results.evaluation_result import EvaluationResult
    from opik_resume.stores.protocol import Store


@magics_class
class ResumeMagics(Magics):
    """The magics of ``%load_ext opik_resume``."""

    @magic_arguments()
    @argument("experiment", nargs="?", help="name or id of the experiment to resume; quote a name with spaces")
    @argument("-t", "--task", help="name of the function that takes an item and returns a dict")
    @argument("-m", "--metrics", help="names of the metrics, with commas between them: of variables, or their .name")
    @argument("--threads", type=int, help="how many runs go on at a time; else as in evaluate()")
    @argument("--reuse-outputs", action="store_true", help="score the kept output of a run whose scoring failed")
    @argument(
        "--only", action="append", help="run these alone: failed, an exception's type, a failure group; repeatable"
    )
    @argument("--max-runs", type=int, help="start no more runs than this")
    @argument("--max-seconds", type=float, help="start no run after so many seconds")
    @argument("--max-failures", type=int, help="stop once so many runs have failed")
    @argument("--max-consecutive-failures", type=int, help="stop once so many runs have failed in a row")
    @argument("--max-cost", type=float, help="start no run once so many US dollars are spent; needs the cost of a run")
    @argument("--cost", help="name of the function of item and output that returns what a run cost, in US dollars")
    @argument("--breaker", default=str(BREAKER), help="stop when the first so many runs fail alike; off: do not")
    @argument("--retries", type=int, help="call the task again, so often at most, after what passes by itself")
    @argument("--timeout", type=float, help="seconds that each call of the task may take")
    @argument(
        "--no-adaptive",
        action="store_true",
        help="a refusal of the provider's fails a run, instead of being waited for",
    )
    @argument("--max-wait", type=float, help="seconds that one run waits for a provider that refuses calls")
    @argument(
        "--until-complete",
        action="store_true",
        help="go on in rounds, with pauses, as long as some have failed of what passes by itself",
    )
    @argument("--settle", action="store_true", help="wait at the end until other programs see it on the server")
    @argument("--no-capture", action="store_true", help="show what task and metrics print here, instead of keeping it")
    @line_cell_magic
    def opik_resume(self, line: str, cell: str | None = None) -> ResumeBrowser | EvaluationResult:
        """Browse experiments, or finish an interrupted one: only what is missing is run.

        ::

            %opik_resume
                every experiment: look at one, click Resume
            %opik_resume my-experiment --task answer --metrics equals,judge
                run what is missing with a live grid, wait, return the EvaluationResult
            result = %opik_resume "a name with spaces" --task answer --threads 4
            %opik_resume my-experiment --only failed --only "RateLimit*"
                run these alone: a state, a type of exceptions, a failure group, a metric

            %%opik_resume my-experiment
            def answer(item): ...
                run the cell, then resume with the task and the metrics that it defines

        ■ stops it: what has finished is kept, and EvaluationInterrupted carries the result so far. Without --task it
        uses what evaluate() used for this experiment since the kernel started.
        """
        __tracebackhide__ = True
        arguments = _parsed(self.opik_resume, line)
        positive("--threads", arguments.threads, optional=True)
        if arguments.experiment is None:
            if cell is not None:
                raise UsageError("name the experiment: %%opik_resume my-experiment")
            if arguments.only:
                raise UsageError(f"name the experiment: %opik_resume my-experiment --only {arguments.only[0]}")
            return browser(_given(arguments, user_namespace()))
        rules = _limits(arguments)
        asked = {
            "retrying": {**_retries(arguments), "patient": arguments.until_complete},
            "reuse_outputs": arguments.reuse_outputs,
            "settle": arguments.settle,
            "until_complete": arguments.until_complete,
            "capture": not arguments.no_capture,
        }
        store = default_store()
        experiment = find_experiment(_unquoted(arguments.experiment), store)  # before anything is run
        defined = run_body(get_ipython(), cell) if cell is not None else None
        given = _given(arguments, user_namespace())
        if defined is not None:
            given = _completed(given, defined, known=_has_a_task(experiment))
        _check_settled(experiment, given, arguments.experiment)
        cost = find_function(_unquoted(arguments.cost), user_namespace()) if arguments.cost else None
        only = [_unquoted(word) for word in arguments.only or ()]
        return _resume(experiment, given, rules, store, only=only, cost=cost, **asked)


def _parsed(magic: object, line: str) -> Arguments:
    """Raises UsageError; of a name with spaces it says what to do."""
    try:
        parsed: Arguments = parse_argstring(magic, line)
    except UsageError:
        __tracebackhide__ = True
        name = _unquoted_name(line)
        if name is None:
            raise
        quote = "'" if '"' in name else '"'
        rest = line.strip().removeprefix(name)
        raise UsageError(f"quote the name: %opik_resume {quote}{name}{quote}{rest}") from None
    return parsed


def _unquoted_name(line: str) -> str | None:
    """The longest beginning of the line, of several words, that is the name of an experiment."""
    words = re.split(r"\s-", line.strip())[0].split(" ")
    names = [" ".join(words[:count]).strip() for count in range(len(words), 1, -1)]
    try:
        return next((name for name in names if " " in name and default_store().named(name)), None)
    except OpikResumeError:  # nobody can tell: then what is wrong is said as it was found
        return None


def _resume(
    experiment: Experiment,
    given: Given,
    rules: Limits,
    store: Store,
    *,
    only: Sequence[str] = (),
    cost: Cost | None = None,
    reuse_outputs: bool,
    settle: bool,
    until_complete: bool = False,
    capture: bool = True,
    retrying: Mapping[str, Any] | None = None,
) -> EvaluationResult:
    """Nothing is shown, and nothing changes, before the resume can be planned."""
    offers = Offers(given)
    calls = offers.calls(experiment)
    calls = replace(calls, cost=cost or calls.cost, capture=capture, retries=replace(calls.retries, **(retrying or {})))
    calls = _blocking(bounded(calls, rules))
    reading = read_experiment(experiment, store)
    plan = plan_of(reading, calls.scoring_metrics, version=calls.version, reuse_outputs=reuse_outputs)
    plan = plan.select(only) if only else plan
    warn_of_drift(plan)
    view = ResumeBrowser(store, offers, mode="run") if hosts.in_kernel() else None
    return _run_shown(
        view, reading, plan, calls, store, reuse_outputs=reuse_outputs, settle=settle, until_complete=until_complete
    )


def _blocking(calls: Callables) -> Callables:
    """What a cell that blocks can call: the kernel's own event loop stands still meanwhile."""
    here = running_loop()
    if calls.loop is None or calls.loop is not here:
        return calls
    if needs(here, calls):
        raise UsageError(
            "aevaluate() ran its coroutines on the kernel's own event loop, and what they use may belong to it. This line "
            "would block that loop. Nothing was run: press Resume in %opik_resume, which runs them there, or "
            "await aevaluate_resume(…)"
        )
    return replace(calls, loop=None)


@door
def _run_shown(
    view: ResumeBrowser | None,
    reading: Reading,
    plan: ResumePlan,
    calls: Callables,
    store: Store,
    *,
    reuse_outputs: bool,
    settle: bool,
    until_complete: bool = False,
) -> EvaluationResult:
    """Without a view, where no widget can be shown, and where nobody is known to look at it, it is told in lines of text."""
    calls = counted_together(calls) if until_complete else calls
    kind = chosen("auto", 1, hosts.place())
    shown = False

    def once(plan: ResumePlan, pending: Pending) -> tuple[Run, EvaluationResult]:
        """One round, the first of which shows the view."""
        nonlocal shown
        run = _prepared(view if not shown else None, plan, calls, store, reuse_outputs=reuse_outputs)
        try:
            if view is not None and not shown:
                caller().call(show, view, reading)
                shown = True
            text = progress_of(
                plan.experiment_name, len(plan), kind if kind != "grid" else None, brief=view is not None
            )
            run.listen(text)
            pending.follow(run)
            with drawn(text):
                return run, wait_or_interrupt(run, store, None, reading, text)
        except BaseException:
            desk.stop(plan.experiment_id, "interrupted")  # the caller may have left before the wait began
            raise

    if until_complete and len(plan):
        replan = partial(plan_of, scoring_metrics=calls.scoring_metrics, reuse_outputs=reuse_outputs)
        result = Rounds(reading, replan, calls, store, Watching().say).run(plan, once)
    else:
        _, result = once(plan, Pending())
    if view is not None:
        view.keep_picture()
    warn_about(result)
    if settle:
        settling.settle(result, store, verbose=1)
    return result


def _prepared(
    view: ResumeBrowser | None, plan: ResumePlan, calls: Callables, store: Store, *, reuse_outputs: bool
) -> Run:
    """The run of a plan, ready. The view that is about to be shown is closed if it cannot be."""
    try:
        return desk.prepare(plan, calls, store=store, blocking=True, reuse_outputs=reuse_outputs)
    except OpikResumeError:
        if view is not None:
            view.close()
        raise


def _limits(arguments: Arguments) -> Limits:
    breaker = _unquoted(arguments.breaker)
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


def _retries(arguments: Arguments) -> Mapping[str, Any]:
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


def _given(arguments: Arguments, namespace: Namespace) -> Given:
    return Given(
        find_task(_unquoted(arguments.task), namespace) if arguments.task else None,
        find_metrics(_names(arguments.metrics), namespace) if arguments.metrics is not None else None,
        task_threads=arguments.threads,
    )


def _completed(given: Given, defined: Mapping[str, Any], *, known: bool) -> Given:
    """What no option names is what the cell defines; without a task in it, what evaluate() used or the only one."""
    if given.task is None:
        tasks = candidates.tasks(defined) or ({} if known else candidates.tasks(user_namespace()))
        if len(tasks) > 1:
            raise UsageError(f"which is the task: {_or(tasks)}? Say --task {next(iter(tasks))}")
        given = replace(given, task=next(iter(tasks.values()), None))
    if given.scoring_metrics is None:
        given = replace(given, scoring_metrics=list(candidates.metrics(defined).values()) or None)
    return given


def _has_a_task(experiment: Experiment) -> bool:
    """Whether it can be resumed without being given one: of ``evaluate_prompt``, or run by this process."""
    return used_in_process(experiment.id) is not None or kept_task(experiment) is not None


def _check_settled(experiment: Experiment, given: Given, name: str) -> None:
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
    return [name.strip() for name in _unquoted(text).split(",") if name.strip()]


def _or(names: Iterable[str]) -> str:
    return " or ".join(names)


def _unquoted(text: str) -> str:
    """IPython's argument parser leaves quotes where they are."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
