"""opik-resume: see what is missing from an interrupted LLM evaluation, and run only that.

Names are loaded when first used (PEP 562): importing this package imports neither pandas nor any widget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opik_resume.base import opiks
from opik_resume.base.lazy import loader
from opik_resume.base.version import __version__
from opik_resume.lifecycle.display import hook

if TYPE_CHECKING:
    from opik_resume import evaluation, events, exceptions, metrics, samplers
    from opik_resume.base.records import ErrorTolerance, ScoreResult
    from opik_resume.datasets.dataset import Dataset
    from opik_resume.datasets.opening import create_dataset, delete_dataset, get_dataset, get_or_create_dataset
    from opik_resume.evaluation.awaiting import aevaluate, aevaluate_experiment, aevaluate_resume
    from opik_resume.evaluation.dict_items import evaluate_on_dict_items
    from opik_resume.evaluation.evaluator import evaluate
    from opik_resume.evaluation.listing import experiments
    from opik_resume.evaluation.managing import close_experiment, delete_experiment, recover, reopen_experiment
    from opik_resume.evaluation.prompting import evaluate_prompt, prompt_task
    from opik_resume.evaluation.pushing import push
    from opik_resume.evaluation.rescore import evaluate_experiment
    from opik_resume.evaluation.resume import evaluate_resume, plan_resume
    from opik_resume.experiment.results.evaluation_result import EvaluationResult
    from opik_resume.notebook.browsing import browse
    from opik_resume.stores.connections import connect

__all__ = [
    "Dataset",
    "ErrorTolerance",
    "EvaluationResult",
    "ScoreResult",
    "__version__",
    "aevaluate",
    "aevaluate_experiment",
    "aevaluate_resume",
    "browse",
    "close_experiment",
    "connect",
    "create_dataset",
    "delete_dataset",
    "delete_experiment",
    "evaluate",
    "evaluate_experiment",
    "evaluate_on_dict_items",
    "evaluate_prompt",
    "evaluate_resume",
    "evaluation",
    "events",
    "exceptions",
    "experiments",
    "get_dataset",
    "get_or_create_dataset",
    "metrics",
    "plan_resume",
    "prompt_task",
    "push",
    "recover",
    "reopen_experiment",
    "samplers",
]

_HOMES = {
    "Dataset": "datasets.dataset",
    "ErrorTolerance": "base.records",
    "EvaluationResult": "experiment.results.evaluation_result",
    "ScoreResult": "base.records",
    "browse": "notebook.browsing",
    "close_experiment": "evaluation.managing",
    "connect": "stores.connections",
    "create_dataset": "datasets.opening",
    "delete_dataset": "datasets.opening",
    "delete_experiment": "evaluation.managing",
    "aevaluate": "evaluation.awaiting",
    "aevaluate_experiment": "evaluation.awaiting",
    "aevaluate_resume": "evaluation.awaiting",
    "evaluate": "evaluation.evaluator",
    "evaluate_experiment": "evaluation.rescore",
    "evaluate_on_dict_items": "evaluation.dict_items",
    "evaluate_prompt": "evaluation.prompting",
    "evaluate_resume": "evaluation.resume",
    "evaluation": "evaluation",
    "events": "events",
    "exceptions": "exceptions",
    "experiments": "evaluation.listing",
    "get_dataset": "datasets.opening",
    "get_or_create_dataset": "datasets.opening",
    "metrics": "metrics",
    "plan_resume": "evaluation.resume",
    "prompt_task": "evaluation.prompting",
    "push": "evaluation.pushing",
    "recover": "evaluation.managing",
    "reopen_experiment": "evaluation.managing",
    "samplers": "samplers",
}

__getattr__ = loader(__name__, _HOMES, opiks.of_top)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _show_grid(*run: Any) -> Callable[[], None]:
    """The live grid of a run. Here, above all floors, since those that run it know no notebook."""
    from opik_resume.notebook.showing import show_run

    return show_run(*run)


hook.fill(_show_grid)


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext opik_resume``: the magics ``%opik_resume`` and ``%%opik_resume``."""
    from opik_resume.notebook import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext opik_resume``."""
    from opik_resume.notebook import unload_ipython_extension as unload

    unload(ipython)
