"""``%opik_resume``: the browser, or one resume with a live grid, by typing. ``%%opik_resume``: with what a cell defines."""

# IPython's decorators have no annotations.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

import re
from argparse import Namespace as Arguments
from typing import TYPE_CHECKING

from IPython import get_ipython
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from opik_resume.evaluation.arguments import positive
from opik_resume.exceptions import OpikResumeError
from opik_resume.experiment.limits import BREAKER
from opik_resume.experiment.reading import find_experiment
from opik_resume.notebook.browsing import browser
from opik_resume.notebook.magics.cellbody import run_body
from opik_resume.notebook.magics.options import (
    check_settled,
    completed,
    given_of,
    has_a_task,
    limits_of,
    retries_of,
    unquoted,
)
from opik_resume.notebook.magics.resuming import resume
from opik_resume.notebook.namespace.lookup import find_function, user_namespace
from opik_resume.notebook.widget.control import ResumeBrowser
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from opik_resume.experiment.results.evaluation_result import EvaluationResult


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
            return browser(given_of(arguments, user_namespace()))
        rules = limits_of(arguments)
        asked = {
            "retrying": {**retries_of(arguments), "patient": arguments.until_complete},
            "reuse_outputs": arguments.reuse_outputs,
            "settle": arguments.settle,
            "until_complete": arguments.until_complete,
            "capture": not arguments.no_capture,
        }
        store = default_store()
        experiment = find_experiment(unquoted(arguments.experiment), store)  # before anything is run
        defined = run_body(get_ipython(), cell) if cell is not None else None
        given = given_of(arguments, user_namespace())
        if defined is not None:
            given = completed(given, defined, known=has_a_task(experiment))
        check_settled(experiment, given, arguments.experiment)
        cost = find_function(unquoted(arguments.cost), user_namespace()) if arguments.cost else None
        only = [unquoted(word) for word in arguments.only or ()]
        return resume(experiment, given, rules, store, only=only, cost=cost, **asked)


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
