"""``%opik_resume``: the browser, or one resume with a live grid, by typing."""

# IPython's decorators have no annotations.
# mypy: disable-error-code="no-untyped-call,untyped-decorator"

from __future__ import annotations

from argparse import Namespace as Arguments
from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from opik_resume import checks
from opik_resume.evaluation import plan_of
from opik_resume.exceptions import OpikResumeError
from opik_resume.notebook.background import desk
from opik_resume.notebook.namespace import Namespace, find_metrics, find_task, user_namespace
from opik_resume.notebook.offers import Given, Offers
from opik_resume.notebook.widget import ResumeBrowser, browser
from opik_resume.reading import find_experiment, read_experiment
from opik_resume.running import wait_or_interrupt
from opik_resume.stores import default_store

if TYPE_CHECKING:
    from opik_resume.results import EvaluationResult
    from opik_resume.stores.protocol import Store

_NO_TASK = "give the task: %opik_resume {name} --task my_task --metrics my_metric"


@magics_class
class ResumeMagics(Magics):
    """The magics of ``%load_ext opik_resume``."""

    @magic_arguments()
    @argument("experiment", nargs="?", help="name or id of the experiment to resume; quote a name with spaces")
    @argument("-t", "--task", help="name of the function that takes an item and returns a dict")
    @argument("-m", "--metrics", help="names of the metrics, with commas between them: of variables, or their .name")
    @argument("--threads", type=int, help="how many runs go on at a time (16)")
    @line_magic
    def opik_resume(self, line: str) -> ResumeBrowser | EvaluationResult:
        """Browse experiments, or finish an interrupted one: only what is missing is run.

        ::

            %opik_resume
                every experiment: look at one, click Resume
            %opik_resume my-experiment --task answer --metrics equals,judge
                run what is missing with a live grid, wait, return the EvaluationResult
            result = %opik_resume "a name with spaces" --task answer --threads 4

        ■ stops it: what has finished is kept, and EvaluationInterrupted carries the result so far. Without --task it
        uses what evaluate() used for this experiment since the kernel started.
        """
        arguments = parse_argstring(self.opik_resume, line)
        given = _given(arguments, user_namespace())
        if arguments.experiment is None:
            return browser(given)
        return _resume(_unquoted(arguments.experiment), given, default_store())


def _resume(name: str, given: Given, store: Store) -> EvaluationResult:
    """Nothing is shown, and nothing changes, before every name is found and the resume can be planned."""
    experiment = find_experiment(name, store)
    offers = Offers(given)
    calls = offers.calls(experiment.id)
    if calls is None:
        raise UsageError(_NO_TASK.format(name=name))
    reading = read_experiment(experiment, store)
    plan = plan_of(reading, calls.scoring_metrics)
    view = ResumeBrowser(store, offers, mode="run")
    try:
        run = desk.prepare(plan, calls, store=store, blocking=True)
    except OpikResumeError:
        view.close()
        raise
    try:
        view.show(reading)
        display(view)
        return wait_or_interrupt(run, store)
    except BaseException:
        desk.stop(experiment.id, "interrupted")  # ■ may have come before the wait began
        raise


def _given(arguments: Arguments, namespace: Namespace) -> Given:
    checks.positive("--threads", arguments.threads, optional=True)
    return Given(
        find_task(_unquoted(arguments.task), namespace) if arguments.task else None,
        find_metrics(_names(arguments.metrics), namespace) if arguments.metrics else None,
        task_threads=arguments.threads,
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in _unquoted(text).split(",") if name.strip()]


def _unquoted(text: str) -> str:
    """IPython's argument parser leaves quotes where they are."""
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
