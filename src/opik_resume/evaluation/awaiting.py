"""``aevaluate``, ``aevaluate_resume`` and ``aevaluate_experiment``: the doors for a running event loop, to be awaited."""

from __future__ import annotations

from opik_resume.base.process.async_doors import awaited
from opik_resume.evaluation.evaluator import evaluate
from opik_resume.evaluation.rescore import evaluate_experiment
from opik_resume.evaluation.resume import evaluate_resume

_HOW = """

    Coroutines of task and metrics run on the loop of whoever awaits this, so that a client made there works; plain
    functions run in threads of their own, with one of them at a time if ``{threads}=1``. ``{threads}`` limits how many
    coroutines are on the way, too; they take no thread each.

    To cancel it is to stop it, as Ctrl-C stops ``{name}``: nothing more is started, and the ``CancelledError`` goes on when
    what there is has been put together, which is in the ``.result`` of its ``__cause__``, an EvaluationInterrupted. To
    cancel it twice is not to wait for that. The loop must go on while something runs: when it ends, its coroutines do.
    """

aevaluate = awaited(
    evaluate,
    "aevaluate",
    "Evaluate a task on a dataset from within a running event loop: what ``evaluate`` does, with its arguments."
    + _HOW.format(threads="task_threads", name="evaluate"),
)
aevaluate_resume = awaited(
    evaluate_resume,
    "aevaluate_resume",
    "Finish an interrupted evaluation from within a running event loop: what ``evaluate_resume`` does, with its arguments."
    + _HOW.format(threads="task_threads", name="evaluate_resume"),
)
aevaluate_experiment = awaited(
    evaluate_experiment,
    "aevaluate_experiment",
    "Score the runs of an experiment from within a running event loop: what ``evaluate_experiment`` does, with its arguments."
    + _HOW.format(threads="scoring_threads", name="evaluate_experiment"),
)
