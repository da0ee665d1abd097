"""opik-resume: see what is missing from an interrupted LLM evaluation, and run only that.

Names are loaded when first used (PEP 562): importing this package imports neither pandas nor any widget.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "ErrorTolerance": "records",
    "EvaluationResult": "results",
    "ScoreResult": "records",
    "browse": "notebook",
    "close_experiment": "managing",
    "connect": "stores",
    "create_dataset": "datasets",
    "delete_experiment": "managing",
    "evaluate": "evaluation",
    "evaluate_experiment": "rescoring",
    "evaluate_resume": "evaluation",
    "experiments": "overview",
    "get_dataset": "datasets",
    "get_or_create_dataset": "datasets",
    "plan_resume": "evaluation",
    "push": "pushing",
    "reopen_experiment": "managing",
}
_MODULES = ("exceptions", "metrics", "samplers")

__all__ = [
    "ErrorTolerance",
    "EvaluationResult",
    "ScoreResult",
    "browse",
    "close_experiment",
    "connect",
    "create_dataset",
    "delete_experiment",
    "evaluate",
    "evaluate_experiment",
    "evaluate_resume",
    "exceptions",
    "experiments",
    "get_dataset",
    "get_or_create_dataset",
    "metrics",
    "plan_resume",
    "push",
    "reopen_experiment",
    "samplers",
]

if TYPE_CHECKING:
    from opik_resume import exceptions, metrics, samplers
    from opik_resume.datasets import create_dataset, get_dataset, get_or_create_dataset
    from opik_resume.evaluation import evaluate, evaluate_resume, plan_resume
    from opik_resume.managing import close_experiment, delete_experiment, reopen_experiment
    from opik_resume.notebook import browse
    from opik_resume.overview import experiments
    from opik_resume.pushing import push
    from opik_resume.records import ErrorTolerance, ScoreResult
    from opik_resume.rescoring import evaluate_experiment
    from opik_resume.results import EvaluationResult
    from opik_resume.stores import connect


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext opik_resume``: the magics ``%opik_resume`` and ``%%opik_resume``."""
    from opik_resume.notebook import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext opik_resume``."""
    from opik_resume.notebook import unload_ipython_extension as unload

    unload(ipython)
